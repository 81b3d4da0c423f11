"""The registry behind an HTTP proxy: for client and server, over TLS and not."""

import http.client
import json
from types import SimpleNamespace

import pytest

from harness import parts, tls
from harness.blobs import get as get_blob
from harness.proxy import Proxy

NOWHERE = "127.0.0.1:9"


def failure(client):
    connection = http.client.HTTPConnection(client.address, timeout=60)
    connection.request("GET", "/v2/")
    response = connection.getresponse()
    body = response.read()
    assert response.status == 502, body
    return json.loads(body)["errors"][0]["detail"]


@pytest.mark.parametrize("secure", [True, False], ids=["https", "http"])
def test_client_and_server(start, folder, blob, shared_registry, secure):
    digest, octets = blob(3 << 20)
    proxy = start.keep(Proxy("user:pa:ss/word"))
    registry = start.keep(tls.Nginx(folder, shared_registry)) if secure else shared_registry
    target = SimpleNamespace(url=registry.url)
    options = ["--proxy", f"http://user:pa%3Ass%2Fword@{proxy.address}", *tls.TRUST]
    server = start.server(registry=target, options=options)
    client = start.client(server.udp, registry=target, options=options)
    assert get_blob(client.address, "demo/blobs", digest) == octets
    assert client.request(digest)["ndn_bytes"] == len(octets)
    alone = parts.Client(folder, target, NOWHERE, name="alone", options=options)
    start.keep(alone)
    assert get_blob(alone.address, "demo/blobs", digest) == octets
    assert proxy.asked and all(line.startswith("CONNECT " if secure else "GET http://") for line in proxy.asked)
    for part in (server, client, alone):
        assert not any("ss/word" in line or "pa%3A" in line or "dXNlcjpw" in line for line in part.program.lines)


def test_loopback_is_reached_directly(start, shared_registry, monkeypatch):
    proxy = start.keep(Proxy())
    for name in ("HTTP_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://{proxy.address}")
    client = start.client(NOWHERE)
    connection = http.client.HTTPConnection(client.address, timeout=60)
    connection.request("GET", "/v2/")
    assert connection.getresponse().status == 200
    assert proxy.asked == []


def test_the_environment_s_proxy(start, monkeypatch):
    """The name of the registry is never looked up: that is the proxy's business."""
    proxy = start.keep(Proxy("a:b"))
    monkeypatch.setenv("https_proxy", f"http://{proxy.address}")
    client = start.client(NOWHERE, registry=SimpleNamespace(url="https://registry.invalid"))
    assert "demands other credentials (407)" in failure(client)
    assert "CONNECT registry.invalid:443" in proxy.asked


def test_a_proxy_that_hangs(start):
    proxy = start.keep(Proxy(silent=True))
    client = start.client(NOWHERE, registry=SimpleNamespace(url="https://registry.invalid"),
                          options=["--proxy", proxy.address])
    assert "did not answer within 10 s" in failure(client)


def test_no_proxy_there(start):
    client = start.client(NOWHERE, registry=SimpleNamespace(url="https://registry.invalid"),
                          options=["--proxy", NOWHERE])
    assert "cannot connect to the proxy http://127.0.0.1:9" in failure(client)
