"""Interrupted pulls that resume, ranges side by side, and what they cost in segments."""

import concurrent.futures
import hashlib
import time

import pytest

from ndn.security import DigestSha256Signer

from conftest import IMAGE
from harness import blobs, chunked, pulls
from harness.cutter import Cutter
from harness.exchange import exchange
from harness.standin import GeneratingRegistry
from harness.trust import PacketProducer, segments

REPOSITORY = "demo/blobs"
CHUNK = 7777


def segments_of(first: int, last: int) -> int:
    return last // CHUNK - first // CHUNK + 1


def gets(client, digest):
    return [request for request in client.requests(digest) if request["method"] == "GET"]


def await_gets(client, digest, number):
    deadline = time.monotonic() + 15
    while len(gets(client, digest)) < number and time.monotonic() < deadline:
        time.sleep(0.02)
    return gets(client, digest)


def test_a_range_costs_the_segments_that_cover_it(start, blob):
    digest, octets = blob(20_000_000)
    client = start.client(router=start.server().udp)
    path = f"/v2/{REPOSITORY}/blobs/{digest}"
    wanted = [(5_000_000, 5_999_999), (12_345_678, 12_345_678), (0, 7776), (19_999_999, 19_999_999)]
    for number, (first, last) in enumerate(wanted):
        answer = exchange(client.address, "GET", path, {"Range": f"bytes={first}-{last}"})
        assert (answer.status, answer.headers["content-range"]) == (206, f"bytes {first}-{last}/20000000")
        assert answer.body == octets[first:last + 1]
        request = await_gets(client, digest, number + 1)[number]
        assert int(request["ndn_bytes"]) == last + 1 - first and request["source"] == "ndn", request
        # The first request also asks for the first and the last segment, which tell the size.
        extra = 2 if number == 0 else 0
        assert int(request["segments"]) == segments_of(first, last) + extra, request


def test_parallel_ranges_cost_the_blob_once(start, blob):
    """As containerd reads from release 2.1 on; its requests are imitated."""
    size, part = 40_000_000, 4_000_000
    digest, octets = blob(size)
    server = start.server()
    client = start.client(router=server.udp)
    path = f"/v2/{REPOSITORY}/blobs/{digest}"

    def read(first):
        return exchange(client.address, "GET", path, {"Range": f"bytes={first}-{first + part - 1}"}).body
    with concurrent.futures.ThreadPoolExecutor(size // part) as pool:
        assert b"".join(pool.map(read, range(0, size, part))) == octets
    requests = await_gets(client, digest, size // part)
    asked = sum(int(request["segments"]) for request in requests)
    # A segment that two ranges meet in may be asked for by both.
    assert asked <= segments_of(0, size - 1) + 2 + size // part, asked
    assert all(request["source"] == "ndn" for request in requests)


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
def test_ranges_that_are_hung_up_on_cost_the_blob_once(start, blob, is_open):
    """containerd asks for all that follows an offset, and hangs up after its chunk: nothing is fetched ahead for nobody."""
    size, part = 100_000_000, 4 << 20
    server = start.server()
    client = start.client(router=server.udp)
    moved, sent, before = [], [], 0
    # On a busy machine a reader may hang up later than the client waits for it.
    for attempt in range(3):
        digest, octets = blob(size, seed=21 + attempt)
        path = f"/v2/{REPOSITORY}/blobs/{digest}"
        assert chunked.pull(client.address, path, size, chunk=part, is_open=is_open) == octets
        requests = await_gets(client, digest, -(-size // part))
        assert all(request["source"] == "ndn" and request["level"] == "info" for request in requests), requests
        # By the last octet of a range nobody hangs up.
        assert len([request for request in requests if "ended" in request]) >= (20 if is_open else 0)
        moved.append(sum(request["ndn_bytes"] for request in requests) / size)
        data = server.program.statistics()["data"]
        sent.append((data - before) / segments_of(0, size - 1))
        before = data
        if moved[-1] <= 1.05 and sent[-1] <= 1.1:
            break
    assert min(moved) <= 1.05 and min(sent) <= 1.1, (moved, sent)
    statistics = client.program.statistics()
    assert statistics["failures"] == 0, statistics


def resumed(client, digest, size):
    """The requests of a blob whose download broke off once: the second brought only what was missing."""
    requests = await_gets(client, digest, 2)
    assert len(requests) == 2, requests
    first, second = requests
    missing = int(second["ndn_bytes"])
    assert 0 < missing < size and second["status"] == 206 and second["source"] == "ndn", requests
    assert int(second["segments"]) <= segments_of(0, missing) + 3, second
    assert int(first["ndn_bytes"]) + missing >= size


def test_docker_resumes(chain, layout, docker):
    client = chain[2]
    large = max(layout[2], key=lambda blob: blob.size)
    # Only the largest layer is longer than that.
    cutter = Cutter(client.address, after=large.size * 2 // 3, times=1)
    docker.forget()
    assert docker.pull(cutter.address, IMAGE) == layout[1]
    cutter.stop()
    assert cutter.cuts == 1
    resumed(client, large.digest, large.size)


def test_containerd_resumes(chain, layout, docker, folder):
    client = chain[2]
    large = max(layout[2], key=lambda blob: blob.size)
    cutter = Cutter(client.address, after=large.size * 2 // 3, times=1)
    ctr = pulls.Ctr(docker, folder)
    ctr.fetch(f"{cutter.address}/{IMAGE}")
    cutter.stop()
    assert cutter.cuts == 1
    assert all(ctr.has(blob.digest) for blob in layout[2])
    ctr.forget()
    resumed(client, large.digest, large.size)


def test_two_hundred_requests_at_once(start, blob):
    size = 2_000_000
    digest, octets = blob(size, seed=200)
    client = start.client(router=start.server().udp)
    path = f"/v2/{REPOSITORY}/blobs/{digest}"

    def ask(number):
        if number % 4 == 0:
            return exchange(client.address, "GET", path).body == octets
        if number % 4 == 1:
            first = number * 9_000
            answer = exchange(client.address, "GET", path, {"Range": f"bytes={first}-{first + 99_999}"})
            return answer.status == 206 and answer.body == octets[first:first + 100_000]
        if number % 4 == 2:
            return exchange(client.address, "HEAD", path).status == 200
        return exchange(client.address, "GET", "/v2/").status == 200
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        assert all(pool.map(ask, range(200)))


def test_registry_restarted_mid_pull(start):
    """Without NDN: the answer breaks off visibly, and goes on by a range once the registry is back."""
    registry = start.own_registry()
    octets = hashlib.shake_128(b"restart").digest(96 << 20)
    digest = registry.put_blob(REPOSITORY, octets)
    # Nobody listens there.
    client = start.client(router="127.0.0.1:9", registry=registry)
    download = blobs.Download(client.address, REPOSITORY, digest)
    begin = download.read(1 << 20)
    registry.program.kill()
    try:
        begin += download.rest()
        pytest.fail("the answer looked complete") if begin != octets else None
    except blobs.BROKEN_OFF as cut:
        begin += getattr(cut, "partial", b"")
    registry.start()
    assert octets.startswith(begin)
    if len(begin) < len(octets):
        rest = blobs.Download(client.address, REPOSITORY, digest, {"Range": f"bytes={len(begin)}-"})
        assert rest.status == 206
        begin += rest.rest()
    assert begin == octets


@pytest.mark.parametrize("policy, status", [("proxy", 200), ("redirect", 307), ("fail", 504)])
def test_fallback(start, blob, shared_registry, policy, status):
    digest, octets = blob(100_000)
    client = start.client(router="127.0.0.1:9", options=["--fallback", policy])
    path = f"/v2/{REPOSITORY}/blobs/{digest}"
    answer = exchange(client.address, "GET", path)
    assert answer.status == status
    if policy == "proxy":
        assert answer.body == octets
        ranged = exchange(client.address, "GET", path, {"Range": "bytes=10-19"})
        assert (ranged.status, ranged.body) == (206, octets[10:20])
    if policy == "redirect":
        assert answer.headers["location"] == f"{shared_registry.url}{path}"
    if policy == "fail":
        assert b'"UNAVAILABLE"' in answer.body
        assert exchange(client.address, "GET", "/v2/").status == 200


def test_a_layer_larger_than_any_memory(start, long):
    """5 GB from a registry that makes them up, into a sink that hashes them."""
    registry = start.keep(GeneratingRegistry(REPOSITORY, 5_000_000_000 if long else 400_000_001))
    server = start.server(registry=registry)
    client = start.client(router=server.udp, registry=registry)
    download = blobs.Download(client.address, REPOSITORY, registry.digest, timeout=60)
    assert (download.status, download.length) == (200, registry.size)
    sink = hashlib.sha256()
    while octets := download.read(1 << 20):
        sink.update(octets)
    assert "sha256:" + sink.hexdigest() == registry.digest
    request = client.request(registry.digest)
    assert (request["source"], request["ndn_bytes"]) == ("ndn", registry.size), request
    for part, limit in ((client, 64), (server, 128)):
        assert part.program.peak_memory() <= limit << 20, f"{part.name}: {part.program.peak_memory() >> 20} MiB"


@pytest.mark.parametrize("wanted", ["0-", "0-1999999", "-2000000"])
def test_a_range_that_is_the_whole_blob_is_verified(start, blob, wanted):
    digest, octets = blob(2_000_000, seed=81)
    wrong = octets[:1_500_000] + bytes([octets[1_500_000] ^ 1]) + octets[1_500_001:]
    producer = start.keep(PacketProducer(segments(REPOSITORY, digest, wrong, DigestSha256Signer())))
    client = start.client(router=producer.address)
    path = f"/v2/{REPOSITORY}/blobs/{digest}"
    answer = exchange(client.address, "GET", path, {"Range": f"bytes={wanted}"})
    assert (answer.status, answer.headers["content-range"]) == (206, "bytes 0-1999999/2000000")
    assert not answer.is_whole
    # From now on the registry is asked.
    assert exchange(client.address, "GET", path, {"Range": f"bytes={wanted}"}).body == octets
