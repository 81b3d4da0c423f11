"""A path that is dead or falls silent: skipped at once, probed in the background, found again; nobody waits for it twice."""

from ndn.security import DigestSha256Signer

from harness import blobs
from harness.exchange import exchange
from harness.peers import CHUNK
from harness.trust import PacketProducer, segments

REPOSITORY = "demo/blobs"
DOWN = "NDN path down; blobs come from the upstream meanwhile"


def test_a_dead_path_is_skipped_until_a_probe_is_answered(start, blob):
    server = start.server()
    server.program.kill()
    client = start.client(router=server.udp)
    first, second, third = (blob(200_000, seed=seed) for seed in range(3))
    assert blobs.get(client.address, REPOSITORY, first[0]) == first[1]
    request = client.request(first[0])
    assert (request["source"], request["ndn_bytes"]) == ("upstream", 0), request
    client.program.event(DOWN)
    assert blobs.get(client.address, REPOSITORY, second[0]) == second[1]
    request = client.request(second[0])
    assert (request["source"], request["fallback"]) == ("upstream", "NDN path down"), request
    server.restart()
    # Nobody asks for a blob meanwhile.
    client.program.event("NDN path up", timeout=60)
    assert blobs.get(client.address, REPOSITORY, third[0]) == third[1]
    request = client.request(third[0])
    assert (request["source"], request["upstream_bytes"]) == ("ndn", 0), request


def test_a_prefix_that_nobody_serves_does_not_condemn_another(start, blob, shared_registry):
    forwarder = start.forwarder()
    start.server(uplink=forwarder.unix)
    client = start.client(router=forwarder.unix,
                          options=["--mirror", f"dead.example={shared_registry.url},/example/dead"])
    for seed in range(3):
        digest, octets = blob(200_000, seed=seed)
        answer = exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{digest}?ns=dead.example")
        assert (answer.status, answer.body) == (200, octets)
        assert client.request(digest)["source"] == "upstream"
        assert blobs.get(client.address, REPOSITORY, digest) == octets
        assert client.request(digest, count=2)["source"] == "ndn"
    assert client.program.event(DOWN)["prefix"] == "/example/dead"
    assert client.request(digest)["fallback"] == "NDN path down"


def test_a_producer_that_falls_silent_costs_the_progress_timeout(start, blob):
    size, begin = 2_000_000, 60
    digest, octets = blob(size)
    packets = segments(REPOSITORY, digest, octets, DigestSha256Signer())
    producer = start.keep(PacketProducer(packets[:begin] + packets[-1:]))
    client = start.client(router=producer.address, options=["--progress-timeout", "1s"])
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    request = client.request(digest)
    assert request["fallback"] == "no further segments arrive", request
    assert request["duration_ms"] >= 1000
    # All that came in order was used.
    assert (request["ndn_bytes"], request["upstream_bytes"]) == (begin * CHUNK, size - begin * CHUNK), request
