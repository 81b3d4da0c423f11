"""Trust from end to end: chains of certificates made with python-ndn, its checks of ours, and Docker's pulls."""

import base64
import subprocess

import pytest
from Cryptodome.PublicKey import ECC
from ndn import appv2
from ndn.app_support.security_v2 import parse_certificate
from ndn.encoding import Component, Name, parse_data, parse_interest
from ndn.security.validator.known_key_validator import EccChecker, verify_ecdsa

from conftest import IMAGE
from harness import blobs, peers
from harness.parts import PREFIX, binary, blob_name
from harness.refusing import RefusingForwarder
from harness.tamper import Tamper, flip
from harness.trust import Key, PacketProducer, segments

REPOSITORY = "demo/blobs"
ROOT = "/example"


def run(*arguments) -> str:
    done = subprocess.run([str(binary()), *map(str, arguments)], capture_output=True, text=True, timeout=30,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def chain(case: str, root: Key) -> tuple[Key, list[Key]]:
    """Who signs the blob, and whose certificates can be fetched."""
    site = Key(PREFIX)
    if case == "expired":
        return site.certified(root, days=(-20, -10)), [site]
    if case == "not yet valid":
        return site.certified(root, days=(10, 20)), [site]
    if case == "expired above":
        middle = Key(PREFIX, "middle").certified(root, days=(-20, -10))
        return site.certified(middle), [site, middle]
    if case == "unknown anchor":
        stranger = Key(ROOT, "stranger")
        stranger.certified(stranger)
        return site.certified(stranger), [site, stranger]
    if case == "missing":
        return site.certified(root), []
    if case == "missing above":
        return site.certified(Key(PREFIX, "middle").certified(root)), [site]
    if case == "other identity":
        other = Key(ROOT + "/other").certified(root)
        return other, [other]
    if case == "impostor":
        impostor = Key(PREFIX)
        impostor.certificate_name = site.certified(root).certificate_name
        return impostor, [site]
    if case == "loop":
        one, two = Key(PREFIX, "one"), Key(PREFIX, "two")
        # Two's certificate names the key of one, which has no certificate yet; one's names that of two.
        one.certified(two.certified(one))
        return one, [one, two]
    keys, last = [], root
    for depth in range({"one": 1, "three": 3, "five": 5, "too long": 6}[case]):
        last = Key(PREFIX, f"depth{depth}").certified(last)
        keys.append(last)
    return last, keys


@pytest.fixture
def pull(start, blob, folder):
    """Pulls a blob from a producer of python-ndn with a trust anchor: (the request's log line, client)."""
    def work(case: str):
        digest, octets = blob(20_000)
        root = Key(ROOT)
        root.certified(root)
        signer, published = chain(case, root)
        packets = segments(REPOSITORY, digest, octets, signer.signer)
        producer = start.keep(PacketProducer(packets + [key.certificate for key in published]))
        client = start.client(router=producer.address, options=["--trust-anchor", root.file(folder / "root.ndncert")])
        assert blobs.get(client.address, REPOSITORY, digest) == octets
        return client.request(digest), client
    return work


@pytest.mark.parametrize("case", ["one", "three", "five"])
def test_a_chain_of_python_ndn_is_trusted(pull, case):
    request, client = pull(case)
    assert (request["source"], request["upstream_bytes"]) == ("ndn", 0), request
    assert not client.program.events("Data refused")


@pytest.mark.parametrize(("case", "rule", "name"), [
    ("expired", "expired or not yet valid", "/KEY/k/issuer/"),
    ("not yet valid", "expired or not yet valid", "/KEY/k/issuer/"),
    ("expired above", "expired or not yet valid", "/KEY/middle/issuer/"),
    ("too long", "chain of certificates is too long", "/KEY/depth0/"),
    ("loop", "leads back to itself", "/KEY/one"),
    ("unknown anchor", "no trust anchor", "/KEY/stranger/self/"),
    ("missing", "the certificate did not arrive", "/KEY/k/issuer/"),
    ("missing above", "the certificate did not arrive", "/KEY/middle/issuer/"),
    ("other identity", "no prefix of the name", "/seg=0"),
    ("impostor", "the signature is not genuine", "/seg=0"),
], ids=lambda value: value if " " not in value and "/" not in value else None)
def test_a_chain_that_is_not_trusted_is_told_and_not_used(pull, case, rule, name):
    request, client = pull(case)
    assert (request["source"], request["ndn_bytes"]) == ("upstream", 0), request
    event = client.program.event("Data refused")
    assert rule in event["rule"] and name in event["for"], event


def test_python_ndn_verifies_our_data_by_its_certificate(start, blob, folder):
    digest, _ = blob(100_000)
    run("keygen", PREFIX, "--keychain", folder / "keys")
    server = start.server(options=["--keychain", folder / "keys"])
    name = Name.from_str(blob_name(REPOSITORY, digest)) + [Component.from_segment(3)]
    unknown = Name.from_str(blob_name(REPOSITORY, "sha256:" + "00" * 32)) + [Component.from_bytes(b"metadata", 32)]

    async def ask(app):
        raw = (await app.express(name, appv2.pass_all, lifetime=4000))[2]["raw_packet"]
        locator = parse_data(raw, True)[3].signature_info.key_locator.name
        certificate = (await app.express(locator, appv2.pass_all, lifetime=4000))[2]["raw_packet"]
        value = parse_certificate(certificate)
        checker = EccChecker.from_key(value.name[:-2], bytes(value.content))
        # An exception unless the checker says yes.
        _, content, _ = await app.express(name, checked(checker), lifetime=4000)
        nack = await app.express(unknown, checked(checker), lifetime=8000, must_be_fresh=True)
        return bytes(content), nack[2]["meta_info"].content_type
    content, kind = peers.with_app(peers.udp_face(server.udp), ask)
    assert len(content) == peers.CHUNK and kind == peers.NACK


def checked(checker):
    async def validate(name, signature, _context):
        return appv2.ValidResult.PASS if await checker(name, signature) else appv2.ValidResult.FAIL
    return validate


def test_python_ndn_verifies_our_commands(start, folder):
    run("keygen", PREFIX, "--keychain", folder / "keys")
    run("cert", "export", PREFIX, "--certificate-only", "--keychain", folder / "keys", "-o", folder / "cert")
    forwarder = start.keep(RefusingForwarder(folder / "refusing.sock"))
    subprocess.run([binary(), "register", PREFIX, "--router", forwarder.socket, "--keychain", folder / "keys"],
                   capture_output=True, timeout=30, stdin=subprocess.DEVNULL, check=False)
    certificate = parse_certificate(base64.b64decode((folder / "cert").read_text()))
    key = ECC.import_key(bytes(certificate.content))
    assert forwarder.wires
    for wire in forwarder.wires:
        name, _, _, signature = parse_interest(wire, True)
        assert Name.to_str(name).startswith("/localhost/nfd/rib/register/")
        assert Name.to_str(signature.signature_info.key_locator.name) == Name.to_str(certificate.name)
        assert signature.signature_info.signature_time and signature.signature_info.signature_nonce
        assert verify_ecdsa(key, signature)
    times = [parse_interest(wire, True)[3].signature_info.signature_time for wire in forwarder.wires]
    assert times == sorted(set(times))


def altered(place: str):
    """Changes one bit of every packet of a kind, at the same place each time it passes."""
    def change(packet: bytes) -> bytes:
        if packet[0] != 6:
            return packet
        name, meta, content, signature = parse_data(packet, True)
        if place == "certificate":
            hit = meta.content_type == 2
        else:
            hit = Component.get_type(name[-1]) == Component.TYPE_SEGMENT and Component.to_number(name[-1]) == 9
        part = bytes(signature.signature_value_buf if place == "signature" else content)
        return flip(packet, packet.index(part) + len(part) // 2) if hit else packet
    return change


@pytest.mark.parametrize("place", [None, "content", "signature", "certificate"])
def test_docker_pulls_signed_data(start, layout, folder, docker, place):
    run("keygen", PREFIX, "--keychain", folder / "keys")
    top, keys = folder / "root", folder / "keys"
    run("keygen", ROOT, "--keychain", top)
    run("cert", "export", ROOT, "--certificate-only", "--keychain", top, "-o", folder / "root.ndncert")
    run("cert", "request", "--keychain", keys, "-o", folder / "request")
    run("cert", "issue", folder / "request", "--key", ROOT, "--keychain", top, "-o", folder / "site.ndncert")
    run("cert", "install", folder / "site.ndncert", "--keychain", keys)
    server = start.server(options=["--keychain", keys])
    way = start.keep(Tamper(server.udp, altered(place))) if place else None
    client = start.client(router=way.address if way else server.udp,
                          options=["--trust-anchor", folder / "root.ndncert"])
    docker.forget()
    assert docker.pull(client.address, IMAGE) == layout[1]
    for part in layout[2]:
        request = client.request(part.digest)
        if place is None:
            assert (request["source"], request["upstream_bytes"]) == ("ndn", 0), request
        elif place == "certificate":
            assert (request["source"], request["ndn_bytes"]) == ("upstream", 0), request
        elif part.size > 10 * peers.CHUNK:
            # What was altered came from the registry, and nothing else.
            assert (request["ndn_bytes"], request["upstream_bytes"]) == (part.size - peers.CHUNK, peers.CHUNK), request
    assert bool(way and way.changed) == bool(place)
    assert bool(client.program.events("Data refused")) == bool(place)
