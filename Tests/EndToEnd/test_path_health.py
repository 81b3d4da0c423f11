"""A path that is dead or falls silent: skipped at once, probed in the background, found again; nobody waits for it twice."""

import signal
import time

from ndn.security import DigestSha256Signer

from harness import blobs
from harness.exchange import exchange
from harness.metrics import scrape
from harness.parts import PREFIX
from harness.peers import CHUNK
from harness.trust import Key, PacketProducer, segments

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


class Trickle(PacketProducer):
    """Answers for the ends of a blob at once, and for its other segments with one in `pause` seconds."""

    def __init__(self, packets, pause):
        self._pause, self._next, self._fast = pause, 0.0, {id(packets[0]), id(packets[-1])}
        super().__init__(packets)

    def _answer(self, interest):
        packet = super()._answer(interest)
        if packet is None or id(packet) in self._fast:
            return packet
        now = time.monotonic()
        if now < self._next:
            return None
        self._next = now + self._pause
        return packet


def test_a_path_that_trickles_is_left_for_a_faster_upstream(start, blob):
    digest, octets = blob(2_000_000)
    other = blob(200_000)
    producer = start.keep(Trickle(segments(REPOSITORY, digest, octets, DigestSha256Signer()), 0.5))
    client = start.client(router=producer.address)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    request = client.request(digest)
    assert request["source"] == "both" and request["duration_ms"] < 15_000, request
    assert request["fallback"] == "NDN leaves most Interests unanswered, and the upstream is much faster", request
    event = client.program.event("NDN path left for 1 minute, since it leaves most Interests unanswered; "
                                 "blobs come from the upstream meanwhile")
    assert int(event["upstream_bytes_per_second"]) > 2 * int(event["ndn_bytes_per_second"]), event
    # What the path answers meanwhile does not bring it back.
    assert blobs.get(client.address, REPOSITORY, other[0]) == other[1]
    assert client.request(other[0])["fallback"] == request["fallback"]
    assert scrape(client.address).value("registry_ndn_fallbacks_total", reason="path_left") == 2


def test_a_blob_that_trickles_ends_with_its_time(start, blob):
    digest, octets = blob(2_000_000)
    producer = start.keep(Trickle(segments(REPOSITORY, digest, octets, DigestSha256Signer()), 0.2))
    client = start.client(router=producer.address, options=["--fallback", "fail", "--timeout", "2s"])
    begin = time.monotonic()
    answer = exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{digest}")
    assert len(answer.body) < len(octets) and time.monotonic() - begin < 8
    request = client.request(digest)
    assert request["fallback"] == "the time limit for the whole blob passed" and request["upstream_bytes"] == 0, request


def test_a_path_whose_key_is_not_trusted_stays_down(start, blob, folder):
    digest, octets = blob(20_000)
    root, stranger = Key("/example"), Key("/example", "stranger")
    root.certified(root)
    stranger.certified(stranger)
    signer = Key(PREFIX).certified(stranger)
    packets = segments(REPOSITORY, digest, octets, signer.signer)
    producer = start.keep(PacketProducer(packets + [signer.certificate, stranger.certificate]))
    client = start.client(router=producer.address, options=[
        "--fallback", "fail", "--trust-anchor", root.file(folder / "root.ndncert")])
    assert exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{digest}").status == 504
    client.program.event("NDN path down; requests for blobs fail meanwhile, as --fallback fail says")
    # Probes bring Data of the wrong key, and go on.
    answered = producer.answered
    producer.until(lambda: producer.answered >= answered + 3)
    assert exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{digest}").status == 504
    assert not client.program.events("NDN path up")


def test_a_cache_does_not_speak_for_a_server_that_stands_still(start, blob):
    """The forwarder has the begins of blobs, and answers for them while nobody is behind it."""
    forwarder = start.forwarder()
    server = start.server(uplink=forwarder.unix)
    client = start.client(router=forwarder.unix, options=["--progress-timeout", "1s"])
    made = [blob(4_000_000, seed=seed) for seed in range(70, 73)]
    for digest, octets in made:
        answer = exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{digest}", headers={"Range": "bytes=0-999999"})
        assert (answer.status, answer.body) == (206, octets[:1_000_000])
    server.program.signal(signal.SIGSTOP)
    for digest, octets in made:
        assert blobs.get(client.address, REPOSITORY, digest) == octets
    requests = [client.request(digest, count=2) for digest, _ in made]
    assert requests[0]["source"] == "both", requests
    assert requests[2]["fallback"] == "NDN path down", requests
    assert len(client.program.events(DOWN)) == 1 and not client.program.events("NDN path up")
    server.program.signal(signal.SIGCONT)
    client.program.event("NDN path up", timeout=30)
