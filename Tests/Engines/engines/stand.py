"""The registries, and the clients before them that engines pull through."""

from __future__ import annotations

from pathlib import Path

from harness import guarded, parts
from harness.guarded import GuardedRegistry
from harness.registry import Registry, containers_environment, run

from .images import Made

PRIVATE, BETA = "/example/private", "/example/beta"


class Several(parts.Part):
    """A client of three registries: alpha.example, which is docker.io too, private.example, for which it has credentials,
    and beta.example. `address` is for all of them; each has one of its own too."""

    def __init__(self, folder: Path, alpha: Registry, private: Registry, beta: Registry, router: str, credentials: Path):
        configuration = folder / "mirrors.toml"
        configuration.write_text(
            f'[[registry]]\nhosts = ["alpha.example", "docker.io"]\nurl = "{alpha.url}"\nname = "{parts.PREFIX}"\n'
            f'listen = ["127.0.0.1:0"]\n\n'
            f'[[registry]]\nhosts = ["private.example"]\nurl = "{private.url}"\nname = "{PRIVATE}"\n'
            f'listen = ["127.0.0.1:0"]\ncredentials = "{credentials}"\n\n'
            f'[[registry]]\nhosts = ["beta.example"]\nurl = "{beta.url}"\nname = "{BETA}"\nlisten = ["127.0.0.1:0"]\n')
        super().__init__("several", folder, ["client", "--mirrors", configuration, "--router", router,
                                             "--listen", "127.0.0.1:0"], listeners=4)
        self.start()

    @property
    def address(self) -> str:
        return parts.authority(self.uris[0])

    @property
    def alpha(self) -> str:
        return parts.authority(self.uris[1])

    @property
    def private(self) -> str:
        return parts.authority(self.uris[2])

    @property
    def beta(self) -> str:
        return parts.authority(self.uris[3])

    requests = parts.Client.requests
    request = parts.Client.request


class Stand:
    """`alpha` lets everybody in, `private` nobody without the password; they have the same storage; `beta` is empty at
    first. `one` is a client of alpha alone, `guarded` one of private alone that has no credentials, `pushing` one of beta
    alone, `several` a client of all."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._started: list = []
        try:
            self.alpha = self._keep(Registry(folder, "alpha"))
            self.private = self._keep(GuardedRegistry(folder, folder / "alpha" / "data", guarded.by_password(folder)))
            self.beta = self._keep(Registry(folder, "beta"))
            credentials = guarded.credentials_file(folder, self.private.address)
            self.forwarder = self._keep(parts.Forwarder(folder))
            router = self.forwarder.unix
            self._keep(parts.Server(folder, self.alpha, router))
            self._keep(parts.Server(folder, self.private, router, "server-private", [
                "--credentials", credentials, "--repository", "**"], prefix=PRIVATE))
            self.one = self._keep(parts.Client(folder, self.alpha, router, "one"))
            self.guarded = self._keep(parts.Client(folder, self.private, router, "guarded", prefix=PRIVATE))
            self._keep(parts.Server(folder, self.beta, router, "server-beta", prefix=BETA))
            self.pushing = self._keep(parts.Client(folder, self.beta, router, "pushing", prefix=BETA))
            self.several = self._keep(Several(folder, self.alpha, self.private, self.beta, router, credentials))
        except BaseException:
            self.stop()
            raise

    def _keep(self, part):
        self._started.append(part)
        return part

    def publish(self, made: Made, name: str, options: list = ()) -> None:
        """Pushes an image to alpha, which is private's storage too."""
        run("skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", *options,
            f"oci:{made.layout}:latest", f"docker://{self.alpha.address}/{name}",
            environment=containers_environment(self.folder))

    def stop(self) -> None:
        for part in reversed(self._started):
            part.stop()


class Watched:
    """What a client was asked for from now on."""

    def __init__(self, client):
        self._client = client
        self._seen, self._line = len(client.requests()), len(client.program.lines)

    @property
    def requests(self) -> list[dict]:
        return self._client.requests()[self._seen:]

    def gets(self, digest: str) -> list[dict]:
        return [request for request in self.requests if request.get("digest") == digest and request["method"] == "GET"]

    def awaited_gets(self, digest: str) -> list[dict]:
        """The same once the first of them has its line in the log, which comes when the client has sent all of it."""
        self._client.program.event("request", lambda event: event.get("digest") == digest and event["method"] == "GET",
                                   start=self._line)
        return self.gets(digest)

    def came_over_ndn(self, blobs) -> None:
        """Asserts it of each blob."""
        for blob in blobs:
            gets = self.awaited_gets(blob.digest)
            assert gets and all(get["source"] == "ndn" for get in gets), (blob, gets)
