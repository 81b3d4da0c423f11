"""A client of two registries, and what came through a client over NDN."""

from __future__ import annotations

from pathlib import Path

from . import parts
from .program import event_of
from .registry import Registry


class Mirror(parts.Part):
    """A client before the shared registry as alpha.example, and before another one as beta.example and docker.io."""

    def __init__(self, folder: Path, alpha: Registry, beta: Registry, router: str, options: list = ()):
        configuration = folder / "mirrors.toml"
        configuration.write_text(
            f'[[registry]]\nhosts = ["alpha.example"]\nurl = "{alpha.url}"\nname = "{parts.PREFIX}"\n\n'
            f'[[registry]]\nhosts = ["beta.example", "docker.io"]\nurl = "{beta.url}"\nname = "/example/beta"\n'
            f'listen = ["127.0.0.1:0"]\n')
        super().__init__("mirror", folder, ["client", "--mirrors", configuration, "--router", router,
                                            "--listen", "127.0.0.1:0", *options], listeners=2)
        self.start()

    @property
    def address(self) -> str:
        return parts.authority(self.uris[0])

    @property
    def beta_address(self) -> str:
        return parts.authority(self.uris[1])

    requests = parts.Client.requests
    request = parts.Client.request


def count(client) -> int:
    """How many lines its log has so far."""
    return len(client.program.lines)


def came_over_ndn(client, blobs: list, seen: int) -> None:
    """Asserts it of each blob, of what was asked for after so many lines of the log. The line of a request comes when all of
    the blob was sent, and so may come after whoever asked for it has ended."""
    for blob in blobs:
        def is_get(event: dict) -> bool:
            return event.get("digest") == blob.digest and event["method"] == "GET"
        client.program.event("request", is_get, start=seen)
        events = filter(None, map(event_of, client.program.lines[seen:]))
        gets = [event for event in events if event["message"] == "request" and is_get(event)]
        assert all(request["source"] == "ndn" for request in gets), (blob, gets)
