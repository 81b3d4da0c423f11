"""Our forwarder as the cache of a site, with routes over UDP to servers on other hosts: how routes are given, what happens when a
server is gone, and who may give them."""

import itertools
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import parts
from harness.namespaces import Star
from harness.parts import PREFIX, Part
from harness.program import Program

REPOSITORY = "demo/blobs"
NOWHERE = "http://127.0.0.1:9"
PORT = 6363


class Site:
    """A forwarder and a client in the middle, where no registry is reached, and a server at the end of each arm."""

    def __init__(self, start, star, folder, storage):
        self._start, self._storage = start, storage
        self.star, self.folder = star, folder
        self.servers = [self.serve(arm) for arm in range(2)]
        self.targets = [f"udp://{address}:{PORT}" for address in star.addresses]

    def serve(self, arm: int, uplink: str = "none", listens: bool = True) -> Part:
        listener = ["--listen", f"udp://{self.star.addresses[arm]}:{PORT}"] if listens else []
        server = Part(f"server{arm}", self.folder, [
            "server", "--registry", self._storage, "--name", PREFIX, "--uplink", uplink, *listener],
            within=self.star.arms[arm])
        server.start()
        return self._start.keep(server)

    def open(self, routes: list, host: str = "127.0.0.1") -> None:
        self.forwarder = self._start.forwarder(
            within=self.star.middle, host=host,
            options=[word for target in routes for word in ("--route", f"{PREFIX}={target}")])
        client = Part("client", self.folder, ["client", "--upstream", NOWHERE, "--name", PREFIX, "--router",
                                              self.forwarder.unix, "--listen", "127.0.0.1:0"], within=self.star.middle)
        client.start()
        self.client = self._start.keep(client)

    def pull(self, digest: str) -> subprocess.CompletedProcess:
        url = f"http://{parts.authority(self.client.uri('http'))}/v2/{REPOSITORY}/blobs/{digest}"
        return subprocess.run([*self.star.middle, "curl", "--silent", "--show-error", "--fail", url], capture_output=True,
                              timeout=60, check=False)

    def manage(self, *arguments, router=None, within=None, fails=0) -> str:
        command = [*(within or self.star.middle), parts.binary(), *arguments, "--router", router or self.forwarder.unix]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, cwd=self.folder,
                              stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == fails, (done.returncode, done.stdout, done.stderr)
        return done.stderr if fails else done.stdout

    def rows(self, *arguments) -> list[list[str]]:
        return [line.split() for line in self.manage(*arguments).splitlines()[1:]]

    def sent(self) -> list[int]:
        """Interests that each arm was sent."""
        faces = {row[1].rpartition("/")[2]: int(row[9]) for row in self.rows("faces")}
        return [faces[f"{address}:{PORT}"] for address in self.star.addresses]


@pytest.fixture
def star(needs_root):
    made = Star(2)
    yield made
    made.stop()


@pytest.fixture
def site(start, star, folder, shared_registry):
    return Site(start, star, folder, f"file://{shared_registry.folder / 'data'}")


@pytest.fixture
def blobs(blob):
    """One blob after the other, each a new one: (digest, octets)."""
    seeds = itertools.count(900)
    return lambda size=100_000: blob(size, seed=next(seeds))


def test_what_is_pulled_twice_crosses_the_link_once(site, blobs):
    site.open(site.targets[:1])
    listed = site.rows("routes")
    assert [row[0] for row in listed] == [PREFIX] and listed[0][2] == "static", listed
    assert listed[0][5] == "never" and listed[0][6] in ("untried", "answers"), listed
    faces = {row[0]: row for row in site.rows("faces")}
    assert faces[listed[0][1]][1] == f"udp4://{site.star.addresses[0]}:{PORT}"
    assert faces[listed[0][1]][4] == "permanent"
    digest, octets = blobs(8 << 20)
    assert site.pull(digest).stdout == octets
    assert site.rows("routes")[0][6] == "answers"
    sent = int({row[0]: row for row in site.rows("faces")}[listed[0][1]][9])
    assert site.pull(digest).stdout == octets
    again = int({row[0]: row for row in site.rows("faces")}[listed[0][1]][9])
    assert sent > 1000 and again - sent < 20, (sent, again)


@pytest.mark.parametrize("end", ["killed", "cut"])
def test_another_server_takes_over(site, blobs, end):
    """The server's program is killed, which its host says, or its link is cut, which nobody says."""
    site.open(site.targets)
    digest, octets = blobs()
    assert site.pull(digest).stdout == octets
    digest, octets = blobs(2 << 20)
    before = site.sent()
    assert site.pull(digest).stdout == octets
    used = max((0, 1), key=lambda arm: site.sent()[arm] - before[arm])
    other = 1 - used
    if end == "killed":
        site.servers[used].program.kill()
    else:
        site.star.cut(used)
    begin = time.monotonic()
    digest, octets = blobs(2 << 20)
    done = site.pull(digest)
    assert done.stdout == octets, (done.stderr, site.client.program.tail())
    assert time.monotonic() - begin < 5
    # From then on it is as quick as ever.
    begin = time.monotonic()
    digest, octets = blobs(2 << 20)
    assert site.pull(digest).stdout == octets
    assert time.monotonic() - begin < 1.5
    if end == "cut":
        return
    # The route has stayed, and leads to the server again once that is back.
    site.forwarder.program.event("no program listens there, asking until one does")
    site.servers[used].restart()
    site.forwarder.program.event("connected again")
    site.servers[other].program.kill()
    digest, octets = blobs(2 << 20)
    assert site.pull(digest).stdout == octets
    assert len(site.rows("routes")) == 2


def test_without_any_server_the_client_is_told_at_once(site, blobs):
    site.open(site.targets)
    digest, octets = blobs()
    assert site.pull(digest).stdout == octets
    for server in site.servers:
        server.program.kill()
    begin = time.monotonic()
    assert site.pull(blobs()[0]).returncode != 0, "there is no upstream"
    assert "no route to the blob's prefix" in site.client.program.event("NDN path down; blobs come from the upstream meanwhile")["error"]
    assert time.monotonic() - begin < 3


def test_a_route_by_command(site, blobs):
    site.open([])
    for word in ("face", "face"):
        assert f"for {word}" in site.manage("register", PREFIX, "--face", site.targets[0])
    listed = site.rows("routes")
    assert len(listed) == 1 and listed[0][2] == "static", listed
    digest, octets = blobs()
    assert site.pull(digest).stdout == octets
    site.servers[0].program.kill()
    site.servers[0].restart()
    digest, octets = blobs()
    assert site.pull(digest).stdout == octets
    assert "unregistered" in site.manage("unregister", PREFIX, "--face", site.targets[0])
    assert site.rows("routes") == []
    face = next(row[0] for row in site.rows("faces") if row[4] == "permanent")
    assert f"face {face} is no more" in site.manage("faces", "--destroy", face)
    assert [row for row in site.rows("faces") if row[4] == "permanent"] == []
    # Over TCP nobody knows who asks: what such a program has made all programs may change, and not the operator's.
    local = f"tcp://{site.forwarder.tcp}"
    site.manage("register", PREFIX, "--face", site.targets[0], router=local)
    site.manage("register", PREFIX, "--face", site.targets[1])
    refused = site.manage("register", "/a", "--face", site.targets[1], router=local, fails=1)
    assert "only root and the forwarder's user" in refused and "as one of them" in refused, refused


def test_data_on_its_way_is_not_sent_again(site, blobs):
    """NFD passes other consumers' Interests on before the first can have been answered; a small blob is one datagram."""
    digest, _ = blobs(1000)
    name = f"{parts.blob_name(REPOSITORY, digest)}/seg=0"
    asked = subprocess.run([*site.star.middle, sys.executable, "-m", "harness.asker", site.star.addresses[0], str(PORT), name],
                           capture_output=True, text=True, timeout=60, cwd=Path(__file__).parent, check=False)
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout) == {
        "first": 1, "unknown": 1, "asked back": True, "late": 1, "early": 0, "late again": 1}
    assert site.servers[0].program.statistics()["repeated"] == 1


def test_from_another_host_no_route_and_no_face(site):
    middle = "10.112.0.1"
    site.open([], host=middle)
    udp = f"udp://{site.forwarder.udp}"
    refused = site.manage("register", PREFIX, router=udp, within=site.star.arms[0], fails=1)
    assert "406 registry-ndn forwarder takes routes over its Unix socket" in refused, refused
    refused = site.manage("register", PREFIX, "--face", site.targets[0], router=udp, within=site.star.arms[0], fails=1)
    assert "connect over its Unix socket" in refused, refused
    assert site.rows("routes") == []
    assert [row for row in site.rows("faces") if row[4] != "on-demand"] == []


def test_a_server_that_may_not_register_is_told_what_to_do(site, blobs):
    site.open([], host="10.112.0.1")
    site.servers[0].stop()
    server = Program("refused", [*site.star.arms[0], parts.binary(), "server", "--registry", NOWHERE, "--name", PREFIX,
                                 "--uplink", f"udp://{site.forwarder.udp}"], site.folder)
    try:
        said = server.find(lambda line: "cannot register" in line and line)
    finally:
        server.stop()
    assert "406" in said and "--uplink none --listen udp://" in said, said
    assert f"registry-ndn register {PREFIX} --face udp://" in said, said
    assert f"registry-ndn forwarder --route {PREFIX}=udp://" in said, said
    # What it says works.
    site.servers[0].restart()
    site.manage("register", PREFIX, "--face", site.targets[0])
    digest, octets = blobs()
    assert site.pull(digest).stdout == octets


@pytest.mark.parametrize("route", ["/a", "/a=sctp://x", "/localhost/x=udp://127.0.0.1", "udp://127.0.0.1"])
def test_routes_that_make_no_sense_are_refused(route, folder):
    done = parts.registry_ndn("forwarder", "--route", route, folder=folder)
    assert done.returncode == 64 and "--route" in done.stderr, done.stderr
