"""Random and mutated packets at every listening socket while somebody pulls."""

import subprocess
import sys
import time
from pathlib import Path

from harness import blobs

REPOSITORY = "demo/blobs"
RATE = 10_000
HERE = Path(__file__).resolve().parent


def test_garbage_on_every_socket(start, blob, long):
    seconds = 60 if long else 10
    forwarder = start.forwarder()
    server = start.server(uplink=forwarder.unix, name="uplink-server")
    direct = start.server(name="direct-server")
    client = start.client(router=forwarder.unix)
    parts = [forwarder, server, direct, client]
    sockets = [*forwarder.uris, direct.uri("udp"), client.uri("http")]
    throwers = [subprocess.Popen(
        [sys.executable, "-m", "harness.garbage", uri, "--seconds", str(seconds), "--rate", str(RATE), "--seed",
         str(number)], cwd=HERE, stdout=subprocess.PIPE, text=True) for number, uri in enumerate(sockets)]
    begin, size, pulled = time.monotonic(), 4 << 20, 0
    half_way = {}
    try:
        while any(thrower.poll() is None for thrower in throwers):
            digest, octets = blob(size, seed=pulled % 3)
            assert blobs.get(client.address, REPOSITORY, digest) == octets
            pulled += 1
            if not half_way and time.monotonic() - begin > seconds / 2:
                half_way = {part.name: part.program.memory() for part in parts}
    finally:
        for thrower in throwers:
            thrower.kill()
    assert pulled > 0
    for thrower, uri in zip(throwers, sockets):
        sent = int(thrower.stdout.read().split()[1])
        print(f"{uri}: {sent / seconds:.0f} packets/s")
        assert sent >= 0.8 * RATE * seconds, f"only {sent} packets went to {uri}"
    for part in parts:
        assert part.program.running, f"{part.name} died\n{part.program.tail()}"
        now = part.program.memory()
        print(f"{part.name}: {half_way[part.name] >> 20} MiB half-way, {now >> 20} MiB at the end")
        assert now <= half_way[part.name] * 1.15 + (8 << 20), f"{part.name} grows: {half_way[part.name]} to {now}"
    # And it still works.
    digest, octets = blob(size, seed=9)
    assert blobs.get(client.address, REPOSITORY, digest) == octets


def test_memory_does_not_grow_with_the_blob(start, blob, long):
    digest, octets = blob((1 << 30) if long else 188_000_000)
    server = start.server()
    client = start.client(router=server.udp)
    assert blobs.get(client.address, REPOSITORY, digest, timeout=60) == octets
    assert client.request(digest)["ndn_bytes"] == len(octets)
    for part in (client, server):
        assert part.program.peak_memory() <= 128 << 20, f"{part.name}: {part.program.peak_memory() >> 20} MiB"
