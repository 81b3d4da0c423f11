"""Much over TLS: large bodies in little memory, records of any size."""

import hashlib
import http.client
from types import SimpleNamespace

from harness import tls
from harness.blobs import Download
from harness.standin import GeneratingRegistry

NOWHERE = "127.0.0.1:9"


def digest_of(download: Download) -> str:
    whole = hashlib.sha256()
    while octets := download.read(1 << 20):
        whole.update(octets)
    download.close()
    return "sha256:" + whole.hexdigest()


def test_a_large_body_in_little_memory(start, long):
    registry = start.keep(GeneratingRegistry("demo/large", (2 << 30) if long else 188_000_000, tls.context()))
    client = start.client(NOWHERE, registry=registry, options=tls.TRUST)
    download = Download(client.address, "demo/large", registry.digest, timeout=60)
    assert digest_of(download) == registry.digest
    assert client.request(registry.digest, timeout=60)["upstream_bytes"] == registry.size
    print(f"client: {client.program.peak_memory() >> 20} MiB")
    assert client.program.peak_memory() <= 96 << 20, client.program.peak_memory() >> 20


def test_a_layer_of_five_gigabytes(start, long):
    """Over NDN, from a registry that makes it up into a sink that hashes it; a tenth of it without --long."""
    registry = start.keep(GeneratingRegistry("demo/large", 5_000_000_000 if long else 500_000_000))
    server = start.server(registry=registry)
    client = start.client(server.udp, registry=registry)
    download = Download(client.address, "demo/large", registry.digest, timeout=60)
    assert digest_of(download) == registry.digest
    assert client.request(registry.digest, timeout=60)["ndn_bytes"] == registry.size
    for part in (client, server):
        print(f"{part.name}: {part.program.peak_memory() >> 20} MiB")
        assert part.program.peak_memory() <= 128 << 20, f"{part.name}: {part.program.peak_memory() >> 20} MiB"


def ask(start, answer):
    peer = start.keep(tls.Peer(tls.answering(answer, farewell=True)))
    client = start.client(NOWHERE, registry=SimpleNamespace(url=peer.url), options=tls.TRUST)
    connection = http.client.HTTPConnection(client.address, timeout=60)
    connection.request("GET", "/v2/some/tags/list")
    return connection.getresponse().read()


def test_records_of_one_octet(start):
    """Head and body, 20 000 records."""
    body = bytes(number % 251 for number in range(20_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    pieces = [(head + body)[index:index + 1] for index in range(len(head) + len(body))]
    assert ask(start, pieces) == body


def test_full_records(start):
    body = bytes(number % 251 for number in range(16_384)) * 300
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert ask(start, [head] + [body[index:index + 16_384] for index in range(0, len(body), 16_384)]) == body
