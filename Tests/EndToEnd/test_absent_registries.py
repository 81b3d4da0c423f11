"""Two servers of one prefix, each beside a registry of its own with the same content, and one of these registries is away: the
other server takes over at once, and the first one serves again when its registry is back."""

import itertools
import threading
import time

import pytest

from harness import blobs
from harness.absent import Absentee
from harness.parts import PREFIX, registry_ndn

REPOSITORY = "demo/blobs"


class Nowhere:
    """A registry that nobody reaches."""

    url = "http://127.0.0.1:9"


class Pair:
    """Two servers that listen, a forwarder that prefers the first, and a client that reaches no registry."""

    def __init__(self, start, registry):
        self.near = start.keep(Absentee(registry.address))
        self.servers = [start.server(registry=one, name=name) for one, name in ((self.near, "near"), (registry, "far"))]
        near, far = (f"udp://{server.udp}" for server in self.servers)
        self.forwarder = start.forwarder(options=["--route", f"{PREFIX}={near}"])
        done = registry_ndn("register", PREFIX, "--face", far, "--cost", "1", "--router", self.forwarder.unix,
                            folder=self.forwarder.folder)
        assert done.returncode == 0, done.stderr
        self.client = start.client(router=self.forwarder.unix, registry=Nowhere, options=["--fallback", "fail"])

    def pull(self, blob: tuple[str, bytes]) -> float:
        """Pulls a blob, over NDN alone; how many seconds it took."""
        begin = time.monotonic()
        assert blobs.get(self.client.address, REPOSITORY, blob[0]) == blob[1]
        return round(time.monotonic() - begin, 3)

    def _listed(self) -> list[list[str]]:
        """What the forwarder says of the face to each server."""
        done = registry_ndn("faces", "--router", self.forwarder.unix, folder=self.forwarder.folder)
        rows = {row[1].rpartition("/")[2]: row for row in (line.split() for line in done.stdout.splitlines()[1:])}
        return [rows[server.udp] for server in self.servers]

    def sent(self) -> list[int]:
        """Interests that the forwarder has sent to each server."""
        return [int(row[9]) for row in self._listed()]

    def health(self) -> list[str]:
        """Whether the forwarder says that they answer."""
        return [row[-1] for row in self._listed()]


@pytest.fixture
def made(blob):
    """One blob after the other, each a new one: (digest, octets)."""
    seeds = itertools.count(7300)
    return lambda size=4 << 20: blob(size, seed=next(seeds))


def test_after_a_pull_a_next_hop_still_answers(start, shared_registry, made):
    """Interests for the blob's metadata are left, which a server that has the blob does not answer."""
    pair = Pair(start, shared_registry)
    for _ in range(2):
        pair.pull(made(10_000))
        time.sleep(2.5)
        assert pair.health() == ["answers", "untried"]


@pytest.mark.parametrize("how", ["refuse", "hang", "be_busy"])
def test_the_other_server_takes_over(start, shared_registry, made, how):
    pair = Pair(start, shared_registry)
    pair.pull(made())
    assert pair.sent()[0] > pair.sent()[1]
    getattr(pair.near, how)()
    before = pair.sent()
    seconds = pair.pull(made())
    middle = pair.sent()
    for _ in range(3):
        pair.pull(made())
    first, later = ([now - then for now, then in zip(*two)] for two in ((middle, before), (pair.sent(), middle)))
    # Of the first blob the near one may be asked for much: nobody knows yet. It used to be asked for each segment of each blob.
    assert first[0] < 600 and first[1] > 500, (seconds, first)
    assert later[0] < 60 and later[1] > 1500, later
    assert pair.health()[0] in ("refuses", "silent"), pair.health()

    pair.near.answer()
    # Trials that nothing came of are 16 s apart at last.
    end = time.monotonic() + 40
    while time.monotonic() < end:
        before = pair.sent()[0]
        pair.pull(made(1 << 20))
        if pair.sent()[0] - before > 100:
            return
        time.sleep(0.5)
    raise AssertionError("the near server is not used again")


@pytest.mark.parametrize("way", ["direct", "forwarder"])
@pytest.mark.parametrize("how", ["refuse", "hang"])
def test_a_short_outage_of_the_only_registry_fails_no_pull(start, shared_registry, made, how, way):
    registry = start.keep(Absentee(shared_registry.address))
    server = start.server(registry=registry)
    router = server.udp
    if way == "forwarder":
        router = start.forwarder(options=["--route", f"{PREFIX}=udp://{server.udp}"]).unix
    client = start.client(router=router, registry=Nowhere, options=["--fallback", "fail", "--memory", "8MiB"])
    digest, octets = made(100_000)
    assert blobs.get(client.address, REPOSITORY, digest) == octets

    def away(seconds: float) -> None:
        getattr(registry, how)()
        threading.Timer(seconds, registry.answer).start()

    digest, octets = made(1 << 20)
    away(0.3)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    digest, octets = made(32 << 20)
    download = blobs.Download(client.address, REPOSITORY, digest, buffer=65536)
    head = download.read(1 << 20)
    away(2.5)
    assert head + download.rest() == octets
