"""python-ndn as our server's consumer, as the original server for our client, and as the original client."""

import hashlib
import time

import pytest
from ndn import appv2
from ndn.encoding import Name

from harness import blobs, peers
from harness.parts import blob_name

REPOSITORY = "demo/blobs"


@pytest.mark.parametrize("way", ["forwarder", "direct"])
def test_python_ndn_reads_a_blob(start, blob, way):
    digest, octets = blob(1_500_000)
    if way == "forwarder":
        forwarder = start.forwarder()
        start.server(uplink=forwarder.unix)
        face = peers.unix_face(forwarder.socket)
    else:
        face = peers.udp_face(start.server().udp)
    name = blob_name(REPOSITORY, digest)
    assert peers.with_app(face, lambda app: peers.fetch_blob(app, name)) == octets


def test_the_original_client_reads_a_blob(start, blob):
    digest, octets = blob(700_000)
    server = start.server()
    name = blob_name(REPOSITORY, digest)
    face = peers.udp_face(server.udp)
    assert peers.with_app(face, lambda app: peers.original_client(app, name, 5)) == octets


def test_the_original_client_hears_nothing_of_an_unknown_blob(start):
    server = start.server()
    name = blob_name(REPOSITORY, "sha256:" + "1" * 64)
    face = peers.udp_face(server.udp)
    assert peers.with_app(face, lambda app: peers.original_client(app, name, 3)) is None


def test_an_unknown_blob_is_denied_at_its_metadata_name(start):
    server = start.server()
    name = Name.from_str(blob_name(REPOSITORY, "sha256:" + "3" * 64) + "/32=metadata")

    async def ask(app):
        _, content, context = await app.express(name, appv2.pass_all, can_be_prefix=True, must_be_fresh=True,
                                                lifetime=3000)
        return bytes(content or b""), context["meta_info"]
    content, info = peers.with_app(peers.udp_face(server.udp), ask)
    assert (info.content_type, info.freshness_period, content) == (peers.NACK, 1000, b"")


def serve_as_original(start, known):
    forwarder = start.forwarder()
    producer = start.keep(peers.Producer(peers.unix_face(forwarder.socket), peers.original_answer(known)))
    return producer, start.client(router=forwarder.unix)


@pytest.mark.parametrize("size", [1, 7777, 7778, 1_000_000])
def test_our_client_reads_from_the_original_server(start, blob, size):
    digest, octets = blob(size)
    producer, client = serve_as_original(start, {hashlib.sha256(octets).digest(): octets})
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    request = client.request(digest)
    assert (request["source"], request["ndn_bytes"], request["upstream_bytes"]) == ("ndn", size, 0)
    assert max(producer.interests) <= (size - 1) // peers.CHUNK


def test_our_client_falls_back_on_the_original_servers_nack(start, blob):
    digest, octets = blob(300_000)
    _, client = serve_as_original(start, {})
    begin = time.monotonic()
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert time.monotonic() - begin < 3
    assert client.request(digest)["source"] == "upstream"
