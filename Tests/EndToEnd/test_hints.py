"""Blobs whose sizes a manifest has told: all segments of a small one are asked for at once, and a wrong size changes nothing but that."""

import json
import select

import pytest

from ndn.encoding import Name, parse_interest
from ndn.security import DigestSha256Signer

from harness import trust
from harness.exchange import exchange

REPOSITORY = "demo/blobs"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SIZE = 100_000
# Of 7777 octets, and the Interest for the metadata.
FIRST_FLIGHT = 13 + 1


class PatientProducer(trust.PacketProducer):
    """Answers nothing until it has been asked for `together` things."""

    together = 0
    seen = 0

    def _answer(self, interest):
        held, client = {self._name(interest): interest}, None
        while len(held) < self.together and select.select([self._socket], [], [], 0.4)[0]:
            octets, client = self._socket.recvfrom(65536)
            held[self._name(octets)] = octets
        self.seen, self.together = max(self.seen, len(held)), 0
        for other in list(held.values())[1:]:
            if answer := super()._answer(other):
                self._socket.sendto(answer, client)
        return super()._answer(interest)

    @staticmethod
    def _name(interest):
        return bytes(Name.to_bytes(parse_interest(interest, True)[0]))


def manifest(registry, sizes):
    """The digest of a manifest that says of blobs how large they are."""
    layers = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": size} for digest, size in sizes]
    config = layers[0] | {"mediaType": "application/vnd.oci.image.config.v1+json"}
    octets = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}).encode()
    return registry.put_manifest(REPOSITORY, octets, MANIFEST)


def pull(client, digest):
    return exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{digest}")


@pytest.fixture
def started(start, blob, shared_registry):
    """A producer of a first blob, which was read, and a second one; a client; and the second one's digest and octets."""
    signer = DigestSha256Signer()
    (first, some), (second, octets) = blob(20_000, seed=201), blob(SIZE, seed=202)
    producer = start.keep(PatientProducer(
        trust.segments(REPOSITORY, first, some, signer) + trust.segments(REPOSITORY, second, octets, signer)))
    client = start.client(router=producer.address)
    assert pull(client, first).body == some
    return producer, client, second, octets


def came_over_ndn(client, digest, answer, octets):
    assert (answer.status, answer.body == octets) == (200, True)
    assert answer.headers["content-length"] == str(len(octets))
    request = client.request(digest)
    assert (request["source"], request["upstream_bytes"], request["segments"]) == ("ndn", 0, 13), request


def test_all_of_a_small_blob_is_asked_for_at_once(started, shared_registry):
    producer, client, digest, octets = started
    named = manifest(shared_registry, [(digest, SIZE)])
    answer = exchange(client.address, "GET", f"/v2/{REPOSITORY}/manifests/{named}", {"Accept": MANIFEST})
    assert answer.status == 200
    producer.seen, producer.together = 0, FIRST_FLIGHT
    came_over_ndn(client, digest, pull(client, digest), octets)
    assert producer.seen == FIRST_FLIGHT


def test_the_head_of_a_blob_tells_its_size_too(started):
    producer, client, digest, octets = started
    assert exchange(client.address, "HEAD", f"/v2/{REPOSITORY}/blobs/{digest}").status == 200
    producer.seen, producer.together = 0, FIRST_FLIGHT
    answer = pull(client, digest)
    assert answer.body == octets and producer.seen == FIRST_FLIGHT


@pytest.mark.parametrize("size", [1, SIZE - 1, SIZE + 1, SIZE - 7777, SIZE + 7777, 10 * SIZE, 2**62])
def test_a_wrong_size_changes_nothing(started, shared_registry, size):
    _, client, digest, octets = started
    named = manifest(shared_registry, [(digest, size)])
    answer = exchange(client.address, "GET", f"/v2/{REPOSITORY}/manifests/{named}", {"Accept": MANIFEST})
    assert answer.status == 200
    came_over_ndn(client, digest, pull(client, digest), octets)
