"""Routers on hosts of their own, in network namespaces: the one that is used vanishes without a word."""

import subprocess
import sys
import time

import pytest

from harness import parts
from harness.namespaces import Star
from harness.parts import PREFIX
from harness.program import Program

REPOSITORY = "demo/blobs"


@pytest.fixture
def star(needs_root):
    made = Star(3)
    yield made
    made.stop()


@pytest.fixture
def client(start, star, folder):
    """In the middle, where no registry is reached: what does not come over NDN does not come. (client, its address)"""
    routers = []
    for number, address in enumerate(star.addresses):
        forwarder = start.forwarder(name=f"forwarder{number}", host=address, within=star.arms[number])
        # Unix sockets have no network: the servers are beside their registry.
        start.server(uplink=forwarder.unix, name=f"server{number}")
        routers.append(forwarder.udp)
    service = start.keep(Program("fch", [*star.middle, sys.executable, "-m", "harness.fch", *routers], folder,
                                 {"PYTHONPATH": str(parts.ROOT / "Tests" / "EndToEnd")}))
    made = start.keep(Program("client", [
        *star.middle, parts.binary(), "client", "--upstream", start.registry.url, "--name", PREFIX, "--listen",
        "127.0.0.1:0", "--router", "fch", "--fch-url", service.ready()], folder, {"XDG_CACHE_HOME": str(folder / "cache")}, cwd=folder))
    return made, parts.authority(made.ready().partition(" ")[0])


def arm_in_use(client: Program, star: Star, start: int = 0) -> int:
    chosen = parts.authority(client.event("router chosen", start=start)["router"]).rpartition(":")[0]
    return star.addresses.index(chosen)


def pull(star, address, digest, target, *options) -> subprocess.Popen:
    url = f"http://{address}/v2/{REPOSITORY}/blobs/{digest}"
    return subprocess.Popen([*star.middle, "curl", "--silent", "--show-error", "--fail", *options, "-o", str(target), url],
                            stderr=subprocess.PIPE, text=True)


def test_routers_that_vanish_one_after_the_other(client, star, blob, folder):
    program, address = client
    digest, octets = blob(48 << 20)
    target = folder / "blob"
    first = arm_in_use(program, star)
    # In the middle of a blob: the spare goes on where the first one stopped.
    download = pull(star, address, digest, target, "--limit-rate", "24M")
    deadline = time.monotonic() + 30
    while not target.exists() or target.stat().st_size < 1 << 20:
        assert time.monotonic() < deadline and download.poll() is None, download.stderr.read()
    star.cut(first)
    assert download.wait(90) == 0, (download.stderr.read(), program.tail())
    assert target.read_bytes() == octets
    event = program.event("router failed, using the next", timeout=30)
    assert parts.authority(event["router"]).startswith(star.addresses[first] + ":")
    # Between two blobs: the next pull goes through the last one that is left.
    second = star.addresses.index(parts.authority(event["next"]).rpartition(":")[0])
    assert second != first
    star.cut(second)
    digest, octets = blob(2_000_000)
    download = pull(star, address, digest, target)
    assert download.wait(60) == 0, (download.stderr.read(), program.tail())
    assert target.read_bytes() == octets
