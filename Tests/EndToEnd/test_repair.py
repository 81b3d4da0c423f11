"""Segments that are visibly faulty, twice: those octets come from the registry, the others over NDN."""

import base64
import concurrent.futures

import pytest

from harness import blobs
from harness.exchange import exchange
from harness.faulty import KINDS, FaultyProducer
from harness.guarded import PASSWORD, USER, GuardedRegistry, by_password
from harness.peers import CHUNK
from harness.trust import Key

REPOSITORY = "demo/blobs"
SIZE = 2_000_000
LAST = (SIZE - 1) // CHUNK
# Two neighbours, one for itself, and the last, which is shorter.
SOME = [30, 31, 100, LAST]
COST = 3 * CHUNK + SIZE - LAST * CHUNK


def producer(start, digest, octets, faulty, **options):
    return start.keep(FaultyProducer(REPOSITORY, digest, octets, faulty, **options))


def cost(client, digest, count=1):
    request = client.request(digest, count)
    return request["ndn_bytes"], request["upstream_bytes"], int(request.get("repaired_bytes", 0)), request["source"]


@pytest.mark.parametrize("kind", KINDS)
def test_faulty_segments_come_from_the_registry(start, blob, kind):
    digest, octets = blob(SIZE)
    source = producer(start, digest, octets, dict.fromkeys(SOME, kind))
    client = start.client(router=source.address)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert cost(client, digest) == (SIZE - COST, COST, COST, "both")
    # Asked for once more each, however often one was lost.
    assert all(source.interests[number] >= 2 for number in SOME)
    assert not client.program.events("NDN path down; blobs come from the upstream meanwhile")


def test_an_untrusted_segment_comes_from_the_registry(start, blob, folder):
    digest, octets = blob(SIZE)
    root, site, impostor = Key("/example"), Key("/example/docker"), Key("/example/docker")
    root.certified(root)
    site.certified(root)
    impostor.certificate_name = site.certificate_name
    source = producer(start, digest, octets, dict.fromkeys(SOME, "signature"), signer=site.signer,
                      impostor=impostor.signer, more=(site.certificate,))
    client = start.client(router=source.address, options=["--trust-anchor", root.file(folder / "root.ndncert")])
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert cost(client, digest) == (SIZE - COST, COST, COST, "both")
    assert client.program.event("Data refused")["rule"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_right_past_the_caches_comes_over_ndn(start, blob, kind):
    digest, octets = blob(SIZE)
    source = producer(start, digest, octets, dict.fromkeys(SOME, kind), times=1)
    client = start.client(router=source.address)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert cost(client, digest) == (SIZE, 0, 0, "ndn")
    assert all(source.interests[number] >= 2 for number in SOME)


def test_a_blob_that_is_mostly_faulty_falls_back(start, blob):
    digest, octets = blob(SIZE)
    source = producer(start, digest, octets, dict.fromkeys(range(50, LAST), "length"))
    client = start.client(router=source.address)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    request = client.request(digest)
    assert "has 7778 octets" in request["fallback"], request
    # The rest from the first gap on, and what had been asked for in vain by then.
    rest = SIZE - 50 * CHUNK
    assert rest - CHUNK <= request["upstream_bytes"] <= rest + 70 * CHUNK, request
    assert request["source"] == "both"


@pytest.mark.parametrize("first,last,segments", [
    (30 * CHUNK + 5, 30 * CHUNK + 9, [30, LAST]), (29 * CHUNK, 40 * CHUNK, [30, 31, LAST]),
    (SIZE - 5, SIZE - 1, [LAST]), (0, SIZE - 1, SOME)])
def test_ranges(start, blob, first, last, segments):
    digest, octets = blob(SIZE)
    source = producer(start, digest, octets, dict.fromkeys(SOME, "nack"))
    client = start.client(router=source.address)
    answer = exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{digest}", {"Range": f"bytes={first}-{last}"})
    assert (answer.status, answer.is_whole) == (206, True)
    assert answer.body == octets[first:last + 1]
    # Whole segments, among them the one that tells the size.
    lengths = [CHUNK if number < LAST else SIZE - LAST * CHUNK for number in segments]
    assert cost(client, digest)[1:3] == (sum(lengths), sum(lengths))


@pytest.mark.parametrize("policy", ["redirect", "fail"])
def test_without_a_fallback_the_registry_is_not_read(start, blob, policy):
    digest, octets = blob(SIZE)
    source = producer(start, digest, octets, {100: "length"})
    client = start.client(router=source.address, options=["--fallback", policy])
    with pytest.raises(blobs.BROKEN_OFF):
        blobs.Download(client.address, REPOSITORY, digest).rest()
    assert cost(client, digest)[1:3] == (0, 0)


def test_everybody_repairs_with_his_own_credentials(start, blob, shared_registry, folder):
    digest, octets = blob(SIZE)
    guarded = start.keep(GuardedRegistry(folder, shared_registry.folder / "data", by_password(folder)))
    source = producer(start, digest, octets, {100: "length"})
    client = start.client(router=source.address, registry=guarded)
    path = f"/v2/{REPOSITORY}/blobs/{digest}"
    known = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
    # Together, so that some of them read the same fetch; one of two is unknown to the registry.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [known if number % 2 else {} for number in range(8)]
        answers = list(pool.map(lambda headers: exchange(client.address, "GET", path, headers), asked))
    for headers, answer in zip(asked, answers):
        if headers:
            assert answer.is_whole and answer.body == octets
        else:
            # What comes over NDN is public, but not what comes with the credentials of another.
            assert answer.status == 401 or not answer.is_whole and octets[:len(answer.body)] == answer.body
            assert len(answer.body) <= 100 * CHUNK
