"""Keys, signed Data and trust: the programs with each other, and with python-ndn."""

import os
import subprocess

import pytest
from Cryptodome.Hash import SHA256
from Cryptodome.PublicKey import ECC
from Cryptodome.Signature import DSS
from ndn import appv2
from ndn.encoding import Name, parse_data

from harness import blobs, peers
from harness.parts import PREFIX, ROOT, binary, blob_name
from harness.tamper import Tamper, flip

REPOSITORY = "demo/blobs"


def run(*arguments, status: int = 0) -> str:
    done = subprocess.run([str(binary()), *map(str, arguments)], capture_output=True, text=True, timeout=30,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def names(output: str) -> dict:
    return dict(line.split("\t") for line in output.splitlines() if "\t" in line)


@pytest.fixture
def site(folder):
    """A root key, and a server's key that it vouches for: (root's certificate, root's keychain, server's keychain)."""
    root, keys = folder / "root", folder / "keys"
    top = "/" + PREFIX.split("/")[1]
    run("keygen", top, "--keychain", root)
    run("keygen", PREFIX, "--keychain", keys)
    run("cert", "export", top, "--certificate-only", "--keychain", root, "-o", folder / "root.ndncert")
    run("cert", "request", "--keychain", keys, "-o", folder / "request")
    run("cert", "issue", folder / "request", "--key", top, "--keychain", root, "-o", folder / "site.ndncert")
    run("cert", "install", folder / "site.ndncert", "--keychain", keys)
    return folder / "root.ndncert", root, keys


def test_python_ndn_verifies_our_data(start, blob, site):
    digest, _ = blob(300_000)
    server = start.server(options=["--keychain", site[2]])
    uri = blob_name(REPOSITORY, digest)

    async def ask(app):
        packets = []
        for segment in range(5):
            name = Name.from_str(f"{uri}/seg={segment}")
            data = await app.express(name, appv2.pass_all, lifetime=3000)
            packets.append(bytes(data[2]["raw_packet"]))
        located = parse_data(packets[0], True)[3].signature_info.key_locator.name
        certificate = await app.express(located, appv2.pass_all, lifetime=3000)
        return packets, bytes(certificate[1])
    packets, spki = peers.with_app(peers.udp_face(server.udp), ask)
    key = DSS.new(ECC.import_key(spki), "fips-186-3", encoding="der")
    for packet in packets:
        signature = parse_data(packet, True)[3]
        hashed = SHA256.new()
        for part in signature.signature_covered_part:
            hashed.update(part)
        key.verify(hashed, bytes(signature.signature_value_buf))
    assert len({len(packet) for packet in packets}) == 1


def test_a_pull_with_a_trust_anchor(start, blob, site):
    digest, octets = blob(1_500_000)
    server = start.server(options=["--keychain", site[2]])
    client = start.client(router=server.udp, options=["--trust-anchor", site[0], "--fallback", "fail"])
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert client.request(digest)["source"] == "ndn"


@pytest.mark.parametrize("what", ["digest", "other key"])
def test_a_server_that_is_not_trusted(start, blob, site, folder, what):
    digest, octets = blob(100_000)
    options = ["--signing", "digest"]
    if what == "other key":
        run("keygen", PREFIX, "--keychain", folder / "stranger")
        options = ["--keychain", folder / "stranger"]
    server = start.server(options=options)
    client = start.client(router=server.udp, options=["--trust-anchor", site[0]])
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    request = client.request(digest)
    assert (request["source"], request["ndn_bytes"]) == ("upstream", 0)
    event = client.program.event("Data refused")
    assert "anchor" in event["rule"] or "names no key" in event["rule"]


@pytest.mark.parametrize("place", ["payload", "signature", "certificate"])
def test_a_changed_bit_never_reaches_http(start, blob, site, place):
    digest, octets = blob(100_000)
    server = start.server(options=["--keychain", site[2]])

    def change(packet: bytes) -> bytes:
        if packet[0] != 6:
            return packet
        _, meta, content, signature = parse_data(packet, True)
        if (meta.content_type == 2) != (place == "certificate"):
            return packet
        part = bytes(signature.signature_value_buf if place == "signature" else content)
        return flip(packet, packet.index(part) + len(part) // 2)
    tamper = start.keep(Tamper(server.udp, change))
    client = start.client(router=tamper.address, options=["--trust-anchor", site[0]])
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    request = client.request(digest)
    assert (request["source"], request["ndn_bytes"]) == ("upstream", 0)
    assert tamper.changed > 0
    assert client.program.event("Data refused")["data"]


def test_a_foreign_keychain_is_left_alone(start, blob, folder):
    digest, octets = blob(100_000)
    foreign = folder / "ndnts"
    foreign.mkdir()
    (foreign / "keys.json").write_text("{}")
    server = start.server(options=["--keychain", foreign])
    client = start.client(router=server.udp)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert [path.name for path in foreign.iterdir()] == ["keys.json"]
    assert any("going on without keys" in line for line in server.program.lines)
    assert "nothing is written there" in run("keygen", "/a", "--keychain", foreign, status=1)


def test_safebags_pass_between_keychains(folder):
    passphrase, wrong = folder / "passphrase", folder / "wrong"
    passphrase.write_text("correct horse\n")
    wrong.write_text("battery staple\n")
    key = names(run("keygen", "/a/b", "--keychain", folder / "one", "--passphrase-file", passphrase))["key"]
    run("cert", "export", "--keychain", folder / "one", "--passphrase-file", passphrase, "--bag-passphrase-file",
        passphrase, "-o", folder / "bag")
    assert "does not open" in run("cert", "import", folder / "bag", "--keychain", folder / "two",
                                  "--bag-passphrase-file", wrong, status=1)
    assert names(run("cert", "import", folder / "bag", "--keychain", folder / "two", "--bag-passphrase-file",
                     passphrase))["key"] == key
    assert "genuine" in run("cert", "show", folder / "bag")
    assert "give --yes" in run("keygen", "delete", key, "--keychain", folder / "two", status=64)
    run("keygen", "delete", key, "--yes", "--keychain", folder / "two")
    assert key not in run("keygen", "list", "--keychain", folder / "two")


def test_the_keygen_script_makes_one_key(folder):
    script = [str(ROOT / "scripts" / "keygen"), "/a/b", str(folder / "cert"), "--keychain", str(folder / "keys")]
    outputs = [subprocess.run(script, capture_output=True, text=True, timeout=60, check=True,
                              env={**os.environ, "REGISTRY_NDN": str(binary())}).stdout for _ in range(2)]
    assert outputs[0] == outputs[1] and outputs[0].startswith("/a/b/KEY/")
    assert "genuine" in run("cert", "show", folder / "cert")
