"""Parts that die mid-blob, lossy networks and poisoned caches: identical octets or a visible failure within 30 s."""

import socket
import time

import pytest

from conftest import IMAGE
from harness import blobs, peers, pulls, relay
from harness.parts import blob_name

REPOSITORY = "demo/blobs"
LARGE = 96 << 20


def begin_download(client, digest):
    """A reader that has the first MiB and then holds back, so that the blob is mid-way."""
    download = blobs.Download(client.address, REPOSITORY, digest)
    assert download.status == 200 and download.length == LARGE
    return download, download.read(1 << 20)


@pytest.mark.parametrize("again", [False, True], ids=["stays dead", "restarted"])
@pytest.mark.parametrize("victim", ["forwarder", "server"])
def test_killed_mid_blob(chain, blob, victim, again):
    digest, octets = blob(LARGE)
    forwarder, server, client = chain
    download, head = begin_download(client, digest)
    part = {"forwarder": forwarder, "server": server}[victim]
    begin = time.monotonic()
    part.program.kill()
    if again:
        part.restart()
    assert head + download.rest() == octets
    assert time.monotonic() - begin < 30
    request = client.request(digest)
    assert request["ndn_bytes"] > 0 and request["ndn_bytes"] + request["upstream_bytes"] == LARGE, request


def test_the_server_says_that_its_registry_is_missing_and_when_it_is_there(start, blob):
    registry = start.own_registry()
    registry.stop()
    server = start.server(registry=registry)
    event = server.program.event("the registry is not there as it should be; blobs that are not cached cannot be "
                                 "served until it is")
    assert event["level"] == "warning" and registry.url in event["url"] and "refused" in event["why"], event
    registry.start()
    server.program.event("the registry answers now", timeout=30)


def test_registry_killed_mid_blob(start, blob):
    digest, octets, registry = own_blob(start)
    client = behind(start, registry)
    download, head = begin_download(client, digest)
    begin = time.monotonic()
    registry.program.kill()
    try:
        whole = head + download.rest()
    except blobs.BROKEN_OFF:
        whole = None
    assert whole is None or whole == octets
    assert time.monotonic() - begin < 30


def test_registry_killed_mid_blob_and_restarted(start, blob):
    digest, octets, registry = own_blob(start)
    client = behind(start, registry)
    download, head = begin_download(client, digest)
    begin = time.monotonic()
    registry.program.kill()
    registry.start()
    try:
        whole = head + download.rest()
    except blobs.BROKEN_OFF:
        whole = None
    assert whole is None or whole == octets
    # Whatever became of that download, the next one works.
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert time.monotonic() - begin < 30


def own_blob(start):
    """A blob of its own in a registry of its own, which may be killed."""
    import random
    registry = start.own_registry()
    octets = random.Random("killed").randbytes(LARGE)
    return registry.put_blob(REPOSITORY, octets), octets, registry


def behind(start, registry):
    forwarder = start.forwarder()
    start.server(uplink=forwarder.unix, registry=registry)
    return start.client(router=forwarder.unix, registry=registry)


def test_no_server_at_all(start, blob):
    digest, octets = blob(200_000)
    client = start.client(router=start.forwarder().unix)
    begin = time.monotonic()
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert time.monotonic() - begin < 5
    assert client.request(digest)["source"] == "upstream"


@pytest.mark.parametrize("way", ["forwarder", "direct"])
def test_loss_and_reordering(start, blob, way):
    digest, octets = blob(8 << 20)
    if way == "forwarder":
        forwarder = start.forwarder()
        start.server(uplink=forwarder.unix)
        target = forwarder.udp
    else:
        target = start.server().udp
    between = relay.Relay(target, loss=0.03, reorder=0.03)
    client = start.client(router=between.address)
    try:
        begin = time.monotonic()
        assert blobs.get(client.address, REPOSITORY, digest) == octets
        assert time.monotonic() - begin < 30
        request = client.request(digest)
        assert (request["source"], request["upstream_bytes"]) == ("ndn", 0), request
        assert request["retries"] > 0 and between.lost > 0 and between.reordered > 0
    finally:
        between.close()


def poison(start, forwarder, known, digests):
    """Fills the forwarder's cache with Data that is signed and sized well but holds a flipped bit."""
    producer = peers.Producer(peers.unix_face(forwarder.socket), peers.wrong_answer(known, {5, 40}))
    for repository, digest in digests:
        name = blob_name(repository, digest)
        peers.with_app(peers.unix_face(forwarder.socket), lambda app: peers.fetch_blob(app, name))
    producer.stop()


def test_poisoned_cache_never_looks_complete(start, blob):
    digest, octets = blob(1_000_000)
    forwarder = start.forwarder()
    poison(start, forwarder, {bytes.fromhex(digest[7:]): octets}, [(REPOSITORY, digest)])
    start.server(uplink=forwarder.unix)
    client = start.client(router=forwarder.unix)
    download = blobs.Download(client.address, REPOSITORY, digest)
    with pytest.raises(blobs.BROKEN_OFF):
        download.rest()
    # From then on this blob comes from the registry only.
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert client.request(digest, count=2)["source"] == "upstream"
    # And in full, whatever is asked: Docker resumes where it stopped, and would keep a bad beginning.
    resumed = blobs.Download(client.address, REPOSITORY, digest, {"Range": "bytes=500000-"})
    assert resumed.status == 200 and resumed.rest() == octets


def test_docker_pulls_in_spite_of_a_poisoned_cache(start, layout, docker):
    path, image_id, image_blobs = layout
    victim = max(image_blobs, key=lambda one: one.size if one.size < 9 << 20 else 0)
    octets = (path / "blobs" / victim.digest.replace(":", "/")).read_bytes()
    forwarder = start.forwarder()
    repository = IMAGE.partition(":")[0]
    poison(start, forwarder, {bytes.fromhex(victim.digest[7:]): octets}, [(repository, victim.digest)])
    start.server(uplink=forwarder.unix)
    client = start.client(router=forwarder.unix)
    docker.forget()
    assert docker.pull(client.address, IMAGE, timeout=120) == image_id
    # The first answer was the wrong one, so this did test something.
    assert client.request(victim.digest)["ndn_bytes"] > 0
    assert len(client.requests(victim.digest)) >= 2


def test_tls_on_the_plain_port_is_refused_at_once(chain):
    host, _, port = chain[2].address.partition(":")
    seconds = []
    for _ in range(5):
        begin = time.monotonic()
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            # The beginning of a ClientHello, as Docker sends it to any registry first.
            connection.sendall(bytes.fromhex("1603010200010001fc0303") + bytes(506))
            answer = b""
            while part := connection.recv(4096):
                answer += part
        seconds.append(time.monotonic() - begin)
        assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert min(seconds) < 0.1, seconds
