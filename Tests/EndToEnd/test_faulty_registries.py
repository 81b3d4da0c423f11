"""Registries that treat Range badly, or break off, behind the server and behind the client: identical octets, or a visible end."""

import concurrent.futures
import hashlib
import signal
import time

import pytest

from harness import blobs, parts
from harness.exchange import exchange
from harness.standin import BLOCK, Fault, GeneratingRegistry, block

REPOSITORY = "demo/blobs"
NOWHERE = "127.0.0.1:9"
NOT_SERVED = "a blob is not served over NDN"
NO_RANGES = "the upstream does not give ranges as they are asked for: such blobs are read from their begin, and cut"


def digest_of(address: str, digest: str, timeout: float = 60.0) -> str:
    """Reads a whole blob; the digest of what came."""
    download = blobs.Download(address, REPOSITORY, digest, timeout=timeout)
    assert download.status == 200
    sink = hashlib.sha256()
    while octets := download.read(1 << 20):
        sink.update(octets)
    download.close()
    return "sha256:" + sink.hexdigest()


# The registry behind the server


def test_ranges_are_cut_as_the_blob_passes(start):
    """Where Range is ignored the registry sends the blob twice at most: once for the final segment, which tells the size."""
    registry = start.keep(GeneratingRegistry(REPOSITORY, 48_000_001, fault=Fault.IGNORES_RANGE))
    server = start.server(registry=registry)
    client = start.client(server.udp, registry=registry)
    assert digest_of(client.address, registry.digest) == registry.digest
    request = client.request(registry.digest)
    assert (request["source"], request["ndn_bytes"]) == ("ndn", registry.size), request
    assert len(registry.asked) <= 3, registry.asked
    assert not server.program.events(NOT_SERVED)


def test_what_is_too_far_is_said_once(start):
    """More than 64 MiB to skip: every pull has the blob from the registry, and the server's log has one line of it."""
    registry = start.keep(GeneratingRegistry(REPOSITORY, 120_000_001, fault=Fault.IGNORES_RANGE))
    server = start.server(registry=registry)
    clients = [start.client(server.udp, registry=registry)]
    clients.append(start.keep(parts.Client(server.folder, registry, server.udp, name="other-client")))
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        pulls = [pool.submit(digest_of, clients[number % 2].address, registry.digest) for number in range(6)]
        assert all(pull.result() == registry.digest for pull in pulls)
    # Nor does it try again for those who come later.
    before = server.program.statistics()["registry_streams"]
    assert digest_of(clients[0].address, registry.digest) == registry.digest
    assert server.program.statistics()["registry_streams"] == before
    assert len(server.program.events(NOT_SERVED)) == 1
    assert registry.digest in server.program.events(NOT_SERVED)[0]["why"]


@pytest.mark.parametrize("fault, lines", [(Fault.REFUSES_RANGE, 1), (Fault.HIDES_TOTAL, 1), (Fault.WRONG_RANGE, 1),
                                          (Fault.SLICES, 0)], ids=lambda it: getattr(it, "value", ""))
def test_whatever_becomes_of_a_range_the_blob_goes_over_ndn(start, fault, lines):
    """It is asked for without Range then, and cut, which is said once; what comes in slices is asked for slice by slice."""
    registry = start.keep(GeneratingRegistry(REPOSITORY, 9_000_001, fault=fault))
    server = start.server(registry=registry)
    client = start.client(server.udp, registry=registry)
    assert digest_of(client.address, registry.digest) == registry.digest
    request = client.request(registry.digest)
    assert (request["source"], request["ndn_bytes"]) == ("ndn", registry.size), request
    assert len(server.program.events(NO_RANGES)) == lines, server.program.tail()


def test_one_blob_s_trouble_is_not_the_path_s(start):
    """A server that may not read a blob says so at once: the client has it from the registry, and goes on asking over NDN."""
    forbidding = start.keep(GeneratingRegistry(REPOSITORY, 9_000_001, fault=Fault.FORBIDS))
    well = start.keep(GeneratingRegistry(REPOSITORY, 9_000_001))
    server = start.server(registry=forbidding)
    client = start.client(server.udp, registry=well)
    begin = time.monotonic()
    assert digest_of(client.address, well.digest) == well.digest
    assert client.request(well.digest)["upstream_bytes"] == well.size and time.monotonic() - begin < 5
    assert "403" in server.program.event("cannot read from the registry")["why"]
    assert not [event for event in client.program.events() if "NDN path" in event["message"]]


@pytest.mark.parametrize("fault", [Fault.ODD_STATUS, Fault.SWITCHES, Fault.EMPTY, Fault.FAILS, Fault.BREAKS_CHUNKS],
                         ids=lambda fault: fault.value)
def test_an_odd_answer_to_the_server_is_told_to_the_client(start, fault):
    """At once and for each blob: the path is not condemned for it, and nobody waits until it would be."""
    odd = start.keep(GeneratingRegistry(REPOSITORY, 9_000_001, fault=fault))
    well = start.keep(GeneratingRegistry(REPOSITORY, 9_000_001))
    server = start.server(registry=odd)
    client = start.client(server.udp, registry=well)
    for count in (1, 2):
        begin = time.monotonic()
        assert digest_of(client.address, well.digest) == well.digest
        request = client.request(well.digest, count)
        assert request["upstream_bytes"] == well.size and "does not have" in request["fallback"], request
        assert time.monotonic() - begin < 1.5
    assert not [event for event in client.program.events() if "NDN path" in event["message"]]


@pytest.mark.parametrize("fault", [Fault.STOPS], ids=lambda fault: fault.value)
def test_a_server_that_gets_no_range(start, fault):
    """What it cannot read rightly it does not serve; the client has the blob from a registry that is well."""
    broken = start.keep(GeneratingRegistry(REPOSITORY, 9_000_001, fault=fault))
    well = start.keep(GeneratingRegistry(REPOSITORY, 9_000_001))
    server = start.server(registry=broken)
    client = start.client(server.udp, registry=well)
    assert digest_of(client.address, well.digest) == well.digest
    server.program.event("cannot read from the registry")
    request = client.request(well.digest)
    assert request["ndn_bytes"] + request["upstream_bytes"] == well.size and request["upstream_bytes"] > 0, request
    # And over NDN once the registry is well again.
    broken.fault = None
    assert exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{well.digest}", {"Range": "bytes=5-9"}).status == 206


def test_a_read_that_ends_with_the_server_is_no_fault(start):
    """Whoever stops a server is not told that its registry cannot be read."""
    stalling = start.keep(GeneratingRegistry(REPOSITORY, 64_000_001, fault=Fault.STALLS))
    server = start.server(registry=stalling)
    client = start.client(server.udp, registry=stalling)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pull = pool.submit(exchange, client.address, "GET", f"/v2/{REPOSITORY}/blobs/{stalling.digest}",
                           {"Range": "bytes=20000000-20000009"})
        deadline = time.monotonic() + 10
        while not any(asked and asked.startswith("bytes=19") for asked in stalling.asked) and time.monotonic() < deadline:
            time.sleep(0.02)
        server.program.signal(signal.SIGTERM)
        assert server.program.wait(10) == 0
        stalling.released.set()
        pull.result()
    assert any(asked and asked.startswith("bytes=19") for asked in stalling.asked), stalling.asked
    assert not server.program.events("cannot read from the registry"), server.program.tail()


def test_a_server_whose_registry_stalls(start):
    """The size is known, and 5 s later no octet: the request moves to the upstream before containerd's 30 s are over."""
    size = 64_000_001
    stalling = start.keep(GeneratingRegistry(REPOSITORY, size, fault=Fault.STALLS))
    well = start.keep(GeneratingRegistry(REPOSITORY, size))
    server = start.server(registry=stalling)
    client = start.client(server.udp, registry=well)
    begin = time.monotonic()
    answer = exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{well.digest}", {"Range": "bytes=30000000-30999999"})
    assert time.monotonic() - begin < 30
    assert (answer.status, answer.body) == (206, octets_of(30_000_000, 31_000_000))
    assert client.request(well.digest)["upstream_bytes"] == 1_000_000


def octets_of(first: int, end: int) -> bytes:
    """Octets of any generated blob."""
    begin = first // BLOCK
    whole = b"".join(block(number) for number in range(begin, end // BLOCK + 1))
    return whole[first - begin * BLOCK:end - begin * BLOCK]


# The registry behind the client, without NDN


@pytest.fixture
def alone(start):
    """Makes a client of a faulty registry: (client, registry)."""
    def make(fault, size=9_000_001):
        registry = start.keep(GeneratingRegistry(REPOSITORY, size, fault=fault))
        return start.client(NOWHERE, registry=registry), registry
    return make


@pytest.mark.parametrize("fault", [Fault.IGNORES_RANGE, Fault.REFUSES_RANGE, Fault.WRONG_RANGE, Fault.HIDES_TOTAL],
                         ids=lambda fault: fault.value)
@pytest.mark.parametrize("value, first, last", [("bytes=1000-", 1000, 9_000_000), ("bytes=1000-2000000", 1000, 2_000_000)])
def test_a_range_is_cut_where_the_registry_gives_none(alone, fault, value, first, last):
    """Who resumes at an offset would fail otherwise."""
    client, registry = alone(fault)
    whole = b"".join(block(number) for number in range(9))[:registry.size]
    answer = exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{registry.digest}", {"Range": value})
    assert (answer.status, answer.headers["content-range"]) == (206, f"bytes {first}-{last}/9000001")
    assert answer.body == whole[first:last + 1]


def test_a_blob_that_stops_half_way_breaks_off(alone):
    client, registry = alone(Fault.STOPS)
    download = blobs.Download(client.address, REPOSITORY, registry.digest)
    with pytest.raises(blobs.BROKEN_OFF):
        download.rest()
    client.request(registry.digest)


@pytest.mark.parametrize("wanted", [None, "bytes=1000000-", "bytes=0-999999,3000000-8999999"], ids=["whole", "open range", "parts"])
def test_a_body_whose_connection_ends_goes_on_over_another(alone, wanted):
    client, registry = alone(Fault.STOPS_TWICE)
    path = f"/v2/{REPOSITORY}/blobs/{registry.digest}"
    answer = exchange(client.address, "GET", path, {"Range": wanted} if wanted else {})
    assert answer.is_whole and answer.status == (206 if wanted else 200)
    if wanted and "," in wanted:
        assert octets_of(3_000_000, 9_000_000) in answer.body and octets_of(0, 1_000_000) in answer.body
    else:
        assert answer.body == octets_of(1_000_000 if wanted else 0, registry.size)
    assert len(registry.asked) >= 3, registry.asked


@pytest.mark.parametrize("fault, wanted, seconds", [(Fault.FALLS_SILENT, None, 5), (Fault.FALLS_SILENT, "bytes=1000000-", 5),
                                                    (Fault.FALLS_SILENT_TWICE, None, 15)],
                         ids=["whole", "open range", "whole twice"])
def test_a_body_that_falls_silent_goes_on_over_another_connection(alone, fault, wanted, seconds):
    """After 5 s, then after 10 s: a registry that is merely slow is not asked again and again."""
    client, registry = alone(fault)
    begin = time.monotonic()
    download = blobs.Download(client.address, REPOSITORY, registry.digest, {"Range": wanted} if wanted else {}, timeout=90)
    assert download.rest() == octets_of(1_000_000 if wanted else 0, registry.size)
    assert seconds - 0.5 < time.monotonic() - begin < seconds + 5
    said = client.program.events("a body from the registry fell silent in the middle, going on over another connection")
    times = ["the upstream sent nothing for 5 s", "the upstream sent nothing for 10 s"]
    assert [event["error"] for event in said] == times[:len(registry.asked) - 1]
    assert len(said) == (2 if fault is Fault.FALLS_SILENT_TWICE else 1), registry.asked


# The registry behind the client, when NDN ends half-way


@pytest.mark.parametrize("fault, whole", [(None, True), (Fault.IGNORES_RANGE, True), (Fault.WRONG_RANGE, True),
                                          (Fault.REFUSES_RANGE, True), (Fault.SLICES, True), (Fault.STOPS, False),
                                          (Fault.STOPS_TWICE, True)],
                         ids=["well", "ignores", "wrong", "refuses", "slices", "stops", "stops twice"])
def test_the_rest_from_a_faulty_registry(start, fault, whole):
    """What is missing is cut out of a whole answer, or put together from slices; a wrong one never becomes part of the blob."""
    size = 96 << 20
    well = start.keep(GeneratingRegistry(REPOSITORY, size))
    faulty = start.keep(GeneratingRegistry(REPOSITORY, size, fault=fault))
    server = start.server(registry=well)
    client = start.client(server.udp, registry=faulty, options=["--progress-timeout", "2s"])
    download = blobs.Download(client.address, REPOSITORY, well.digest, timeout=60)
    begin = download.read(1 << 20)
    server.program.kill()
    if whole:
        assert "sha256:" + hashlib.sha256(begin + download.rest()).hexdigest() == well.digest
    else:
        with pytest.raises(blobs.BROKEN_OFF):
            download.rest()
    request = client.request(well.digest)
    assert request["ndn_bytes"] >= len(begin) and faulty.asked[0].startswith("bytes="), request
    assert (request["ndn_bytes"] + request["upstream_bytes"] == size) == whole, request
