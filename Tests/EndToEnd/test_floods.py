"""Whoever asks for what does not exist does not keep others from what does."""

import socket
import time

import pytest

from harness import blobs
from harness.distant import DistantRegistry
from harness.flood import Flood

REPOSITORY = "demo/app"
SIZE = 4 << 20


@pytest.fixture(scope="module")
def contents():
    return [blobs.seeded(f"flood {number}", SIZE) for number in range(2)]


@pytest.mark.parametrize("way", ["at one forwarder", "direct"])
def test_blobs_come_over_ndn_during_a_flood_for_random_digests(start, contents, way):
    registry = start.keep(DistantRegistry(REPOSITORY, contents, delay=0.05))
    if way == "direct":
        server = start.server(registry=registry)
        router, target = server.udp, server.udp
    else:
        # The flood and the client share the server's only face.
        forwarder = start.forwarder()
        server = start.server(registry=registry, uplink=forwarder.unix)
        router, target = forwarder.unix, forwarder.udp
    client = start.client(router=router, registry=registry)

    start.keep(Flood(target, REPOSITORY, rate=500))
    while len(registry.misses) < 60:
        assert server.program.running
        time.sleep(0.05)
    for number, octets in enumerate(contents):
        assert blobs.get(client.address, REPOSITORY, registry.digests[number]) == octets
    assert registry.busiest_second() <= 50
    # How fast, scripts/bench --only flood measures; on a busy machine one may be late and come from the registry.
    assert SIZE in [client.request(digest)["ndn_bytes"] for digest in registry.digests]


def test_idle_connections_leave_the_forwarder_working(start, blob):
    """Four times as many as it has descriptors for."""
    forwarder = start.forwarder(within=["prlimit", "--nofile=96:96"])
    server = start.server(uplink=forwarder.unix)
    host, _, port = forwarder.tcp.rpartition(":")
    idle = [socket.create_connection((host, int(port)), timeout=5) for _ in range(300)]
    begin, used = time.monotonic(), forwarder.program.cpu_seconds()
    # Whoever comes later is served all the same, and so are those who were there before.
    client = start.client(router=forwarder.unix, options=["--fallback", "fail"])
    digest, octets = blob(1 << 20)
    assert blobs.get(client.address, "demo/blobs", digest) == octets
    while time.monotonic() - begin < 2:
        time.sleep(0.1)
    # Accepting again and again what cannot be accepted took all of a core.
    assert forwarder.program.cpu_seconds() - used < 0.5 * (time.monotonic() - begin)
    assert len(forwarder.program.events("too many peers, new ones are refused")) <= 1
    # One of each listener at most.
    assert len(forwarder.program.events("cannot accept connections: close some, or raise the limit of open files "
                                        "(ulimit -n, LimitNOFILE=)")) <= 2
    assert forwarder.program.running and server.program.running
    for connection in idle:
        connection.close()
