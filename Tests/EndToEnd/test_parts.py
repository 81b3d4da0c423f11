"""Several ranges in one request: multipart answers over NDN, from the registry, and from both."""

import random

import pytest

from harness import blobs
from harness.exchange import exchange
from harness.multipart import ask, expected, field, parts_of
from harness.standin import BLOCK, Fault, GeneratingRegistry, block

REPOSITORY = "demo/blobs"
NOWHERE = "127.0.0.1:9"
CHUNK = 7777
# Parts that meet in a segment, that touch, with and without the first and the last octet.
RANGES = [[(0, 9), (20, 29)], [(7776, 7776), (7777, 7777)], [(0, 0), (2_999_999, 2_999_999)],
          [(100, 199), (1_000_000, 1_999_999), (2_000_000, 2_000_000), (2_500_000, 9_999_999)],
          [(number * 2900, number * 2900 + 99) for number in range(1024)]]


def path(digest):
    return f"/v2/{REPOSITORY}/blobs/{digest}"


def covering(ranges, size):
    return {segment for first, last in ranges for segment in range(first // CHUNK, min(last, size - 1) // CHUNK + 1)}


def generated(first, last, size):
    """Octets of the blob of a GeneratingRegistry."""
    begin = first // BLOCK
    whole = b"".join(block(number) for number in range(begin, last // BLOCK + 1))
    return whole[first - begin * BLOCK:min(last + 1, size) - begin * BLOCK]


@pytest.mark.parametrize("ranges", RANGES, ids=lambda ranges: f"{len(ranges)} ranges")
def test_parts_cost_the_segments_that_cover_them(start, blob, ranges):
    digest, octets = blob(3_000_000, seed=31)
    client = start.client(router=start.server().udp)
    assert parts_of(ask(client.address, path(digest), ranges)) == expected(octets, ranges)
    request = client.request(digest)
    asked = sum(min(last, 2_999_999) + 1 - first for first, last in ranges)
    assert (request["source"], request["ndn_bytes"], request["status"]) == ("ndn", asked, 206), request
    # The first and the last one tell the size.
    assert request["segments"] == len(covering(ranges, 3_000_000) | {0, 2_999_999 // CHUNK}), request


def test_one_range_is_an_ordinary_answer(start, blob):
    digest, octets = blob(3_000_000, seed=31)
    client = start.client(router=start.server().udp)
    for value, first, last in (("bytes=5-9,", 5, 9), ("bytes=5-9, 3000000-3000009", 5, 9)):
        answer = exchange(client.address, "GET", path(digest), {"Range": value})
        assert (answer.status, answer.headers["content-range"]) == (206, f"bytes {first}-{last}/3000000"), value
        assert answer.body == octets[first:last + 1]
    beyond = exchange(client.address, "GET", path(digest), {"Range": "bytes=3000000-3000001,4000000-"})
    assert (beyond.status, beyond.headers["content-range"]) == (416, "bytes */3000000")


@pytest.mark.parametrize("router", ["server", NOWHERE])
@pytest.mark.parametrize("value, word", [("bytes=5-9,0-1", "0-1"), ("bytes=0-5,5-9", "5-9"), ("bytes=0-,9-10", "9-10"),
                                         (field([(n * 2, n * 2) for n in range(1025)]), "1025 ranges")],
                         ids=["unsorted", "overlapping", "open", "too many"])
def test_ranges_out_of_order_are_refused(start, blob, router, value, word):
    """With 400, after which podman asks for fewer, or for the whole; no other status has that effect."""
    digest, _ = blob(3_000_000, seed=31)
    client = start.client(router=start.server().udp if router == "server" else router)
    answer = exchange(client.address, "GET", path(digest), {"Range": value})
    assert answer.status == 400 and b"RANGE_INVALID" in answer.body and word.encode() in answer.body, answer
    assert word in client.request(digest)["failure"]


def test_parts_with_the_registry_dead(start):
    """The engine's requests for manifests fail then; what it asks NDN for does not."""
    registry = start.own_registry()
    octets = random.Random("dead").randbytes(5_000_000)
    digest = registry.put_blob(REPOSITORY, octets)
    server = start.server(registry=registry)
    client = start.client(router=server.udp, registry=registry)
    assert exchange(client.address, "GET", path(digest)).body == octets
    registry.stop()
    ranges = [(number * 500_000, number * 500_000 + 70_000) for number in range(10)]
    assert parts_of(ask(client.address, path(digest), ranges)) == expected(octets, ranges)
    assert client.request(digest, count=2)["source"] == "ndn"


@pytest.mark.parametrize("fault", [None, Fault.SLICES, Fault.IGNORES_RANGE, Fault.REFUSES_RANGE, Fault.WRONG_RANGE,
                                   Fault.HIDES_TOTAL], ids=lambda fault: fault.value if fault else "none")
def test_parts_without_ndn_are_asked_for_one_by_one(start, fault):
    """Whatever the registry makes of several ranges, and of one."""
    size = 9_000_001
    registry = start.keep(GeneratingRegistry(REPOSITORY, size, fault=fault))
    client = start.client(NOWHERE, registry=registry)
    ranges = [(10, 19), (300, 399), (1_000_000, 3_500_000), (3_500_001, 3_600_000), (8_000_000, 99_000_000)]
    parts = parts_of(ask(client.address, path(registry.digest), ranges))
    assert parts == [(first, min(last, size - 1), size, generated(first, last, size)) for first, last in ranges]
    request = client.request(registry.digest)
    assert (request["source"], request["ndn_bytes"]) == ("upstream", 0), request
    assert not [asked for asked in registry.asked if asked and "," in asked]
    if fault is None:
        # Neighbours in one request; those after the first are asked for at one time, and arrive in any order.
        assert registry.asked[0] == "bytes=10-399", registry.asked
        assert sorted(registry.asked[1:]) == ["bytes=1000000-3600000", "bytes=8000000-"], registry.asked
    if fault is Fault.IGNORES_RANGE:
        assert len(registry.asked) == 1, "the whole blob comes once, whatever number of parts is cut out of it"


def test_a_registry_that_refuses_is_heard(start):
    registry = start.keep(GeneratingRegistry(REPOSITORY, 9_000_001, fault=Fault.FORBIDS))
    client = start.client(NOWHERE, registry=registry)
    assert ask(client.address, path(registry.digest), [(0, 1), (5, 6)]).status == 403
    assert ask(client.address, path("sha256:" + "1" * 64), [(0, 1), (5, 6)]).status == 404


@pytest.mark.parametrize("policy, status", [("redirect", 307), ("fail", 504)])
def test_parts_with_other_fallbacks(start, blob, policy, status):
    digest, _ = blob(100_000)
    client = start.client(router=NOWHERE, options=["--fallback", policy])
    assert ask(client.address, path(digest), [(0, 1), (5, 6)]).status == status


def test_what_ndn_leaves_missing_of_parts_comes_from_the_registry(start):
    size = 60_000_001
    registry = start.keep(GeneratingRegistry(REPOSITORY, size))
    server = start.server(registry=registry)
    client = start.client(server.udp, registry=registry, options=["--memory", "2MiB", "--progress-timeout", "1s"])
    ranges = [(number * 6_000_000 + 1_000, number * 6_000_000 + 4_000_000) for number in range(10)]
    download = blobs.Download(client.address, REPOSITORY, registry.digest, {"Range": field(ranges)}, timeout=60)
    begin = download.read(9_000_000)
    server.stop()
    body = begin + download.rest()
    assert len(body) == download.length
    boundary = download.response.headers["Content-Type"].partition("boundary=")[2]
    wanted = [generated(first, last, size) for first, last in ranges]
    parts = body.split(b"--" + boundary.encode())
    assert [part.partition(b"\r\n\r\n")[2][:-2] for part in parts[1:-1]] == wanted
    request = client.request(registry.digest)
    assert request["source"] == "both" and request["ndn_bytes"] + request["upstream_bytes"] == sum(map(len, wanted)), request


def test_parts_larger_than_the_memory(start):
    size = 400_000_001
    registry = start.keep(GeneratingRegistry(REPOSITORY, size))
    client = start.client(start.server(registry=registry).udp, registry=registry)
    ranges = [(number * 390_000, number * 390_000 + 380_000) for number in range(1000)]
    download = blobs.Download(client.address, REPOSITORY, registry.digest, {"Range": field(ranges)}, timeout=60)
    octets = 0
    while piece := download.read(1 << 20):
        octets += len(piece)
    assert octets == download.length and octets > 380_000_000
    assert client.request(registry.digest)["source"] == "ndn"
    assert client.program.peak_memory() <= 64 << 20, f"{client.program.peak_memory() >> 20} MiB"


def test_who_leaves_in_the_middle_stops_it(start):
    size = 400_000_001
    registry = start.keep(GeneratingRegistry(REPOSITORY, size))
    server = start.server(registry=registry)
    client = start.client(server.udp, registry=registry)
    ranges = [(number * 4_000_000, number * 4_000_000 + 3_900_000) for number in range(100)]
    download = blobs.Download(client.address, REPOSITORY, registry.digest, {"Range": field(ranges)}, timeout=60)
    download.read(1_000_000)
    download.close()
    request = client.request(registry.digest)
    assert request["ndn_bytes"] < 100_000_000, request
