"""Our own programs: forwarder, server and client, each restartable at the address it had."""

from __future__ import annotations

import os
import subprocess
import urllib.parse
from pathlib import Path
from typing import Optional

from .program import Program
from .registry import Registry

ROOT = Path(__file__).resolve().parents[3]
PREFIX = "/example/docker"


def binary() -> Path:
    """The program under test: $REGISTRY_NDN, else the release build."""
    return Path(os.environ.get("REGISTRY_NDN") or ROOT / ".build" / "release" / "registry-ndn")


def registry_ndn(*arguments, folder: Path, timeout: float = 30,
                 environment: Optional[dict] = None) -> subprocess.CompletedProcess:
    """Runs a subcommand to its end in `folder`, where no .env is, with these variables beside ours."""
    return subprocess.run([str(binary()), *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                          cwd=folder, stdin=subprocess.DEVNULL, check=False, env={**os.environ, **(environment or {})})


class Part:
    """A running subcommand. `listeners` is how many ready lines it prints; `within` is put before the command, such as
    what enters a network namespace."""

    def __init__(self, name: str, folder: Path, arguments: list, listeners: int = 1, within: list = ()):
        self.name = name
        self.folder = folder
        self._arguments = arguments
        self._listeners = listeners
        self._within = list(within)
        self.program: Optional[Program] = None
        self.uris: list[str] = []

    def start(self) -> None:
        # An empty folder to run in, so that no .env is read.
        cwd = self.folder / "cwd"
        cwd.mkdir(exist_ok=True)
        self.program = Program(self.name, [*self._within, binary(), *self._arguments], self.folder, cwd=cwd)
        try:
            self.uris = self._ready_lines()
        except BaseException:
            self.program.stop()
            raise

    def _ready_lines(self) -> list[str]:
        uris: list[str] = []
        position = 0
        for _ in range(self._listeners):
            uris.append(self.program.ready(start=position))
            position = next(number for number, line in enumerate(self.program.lines)
                            if number >= position and line.startswith("ready ")) + 1
        return uris

    def uri(self, scheme: str) -> str:
        """The URI of its listener of that scheme (`udp` also finds `udp4`)."""
        return next(uri for uri in self.uris if uri.startswith(scheme)).partition(" ")[0]

    def stop(self) -> int:
        return self.program.stop()

    def restart(self) -> None:
        """Starts again, after `stop` or a kill, at the same addresses."""
        self.start()


class Forwarder(Part):
    """The embedded forwarder on a Unix socket, UDP and TCP."""

    def __init__(self, folder: Path, name: str = "forwarder", cache: str = "512MiB", host: str = "127.0.0.1",
                 within: list = (), options: list = ()):
        self.socket = folder / f"{name}.sock"
        self._cache = cache
        self._more = list(options)
        super().__init__(name, folder, self._options(f"{host}:0", f"{host}:0"), listeners=3, within=within)
        self.start()
        # From now on the ports it was given.
        self._arguments = self._options(self.udp, self.tcp)

    def _options(self, udp: str, tcp: str) -> list:
        return ["forwarder", "--unix", self.socket, "--udp", udp, "--tcp", tcp, "--cache-size", self._cache,
                *self._more]

    def move(self, host: str) -> None:
        """Starts again at another address, with the ports it had."""
        udp, tcp = (f"{host}:{address.rpartition(':')[2]}" for address in (self.udp, self.tcp))
        self._arguments = self._options(udp, tcp)
        self.start()

    @property
    def unix(self) -> str:
        return f"unix://{self.socket}"

    @property
    def udp(self) -> str:
        return authority(self.uri("udp"))

    @property
    def tcp(self) -> str:
        return authority(self.uri("tcp"))


class Server(Part):
    """Serves a registry's blobs through a forwarder (`uplink`), or directly over UDP."""

    def __init__(self, folder: Path, registry: Registry, uplink: Optional[str] = None, name: str = "server",
                 options: list = (), prefix: str = PREFIX):
        common = ["server", "--registry", registry.url, "--name", prefix, *options]
        self._common = common
        way = ["--uplink", uplink] if uplink else ["--uplink", "none", "--listen", "udp://127.0.0.1:0"]
        super().__init__(name, folder, common + way)
        self.start()
        if not uplink:
            self._arguments = common + ["--uplink", "none", "--listen", f"udp://{self.udp}"]

    @property
    def udp(self) -> str:
        return authority(self.uri("udp"))


class Client(Part):
    """The HTTP endpoint that Docker is pointed at."""

    def __init__(self, folder: Path, registry: Registry, router: str, name: str = "client", options: list = (),
                 within: list = (), prefix: str = PREFIX):
        common = ["client", "--upstream", registry.url, "--name", prefix, "--router", router, *options]
        super().__init__(name, folder, common + ["--listen", "127.0.0.1:0"], within=within)
        self.start()
        self._arguments = common + ["--listen", self.address]

    @property
    def address(self) -> str:
        return authority(self.uri("http"))

    def requests(self, digest: Optional[str] = None) -> list[dict]:
        """The finished blob requests it logged."""
        return [event for event in self.program.events("request")
                if digest is None or event.get("digest") == digest]

    def request(self, digest: str, count: int = 1, timeout: float = 15.0) -> dict:
        """The `count`th request of a blob; waits for its log line."""
        seen: list[dict] = []

        def accept(event: dict) -> bool:
            if event.get("digest") == digest:
                seen.append(event)
            return len(seen) >= count
        self.program.event("request", accept, timeout)
        return seen[count - 1]


def authority(uri: str) -> str:
    """`udp4://127.0.0.1:6363`, and `udp4://127.0.0.1:6363 via unix:///x`, give `127.0.0.1:6363`."""
    return urllib.parse.urlsplit(uri.partition(" ")[0]).netloc


def blob_name(repository: str, digest: str, prefix: str = PREFIX) -> str:
    """The URI of a blob's NDN name."""
    octets = bytes.fromhex(digest.removeprefix("sha256:"))
    return f"{prefix}/{urllib.parse.quote(repository, safe='')}/" + "".join(f"%{octet:02X}" for octet in octets)
