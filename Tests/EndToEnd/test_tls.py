"""TLS to the upstream, against OpenSSL's s_server, nginx and docker-registry: what works, and which words tell what does not."""

import http.client
import json
import subprocess
from types import SimpleNamespace

import pytest

from conftest import IMAGE
from harness import parts, pulls, tls
from harness.blobs import get as get_blob
from harness.proxy import Proxy
from harness.registry import containers_environment, run

NOWHERE = "127.0.0.1:9"


def ask(client, path="/v2/"):
    connection = http.client.HTTPConnection(client.address, timeout=60)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def client_of(start, peer, *options):
    return start.client(NOWHERE, registry=SimpleNamespace(url=peer.url), options=list(options))


def refusal(start, peer, *options):
    """The words of the 502 that stands for a failed connection."""
    status, body = ask(client_of(start, peer, *options))
    assert status in (502, 504), body
    return json.loads(body)["errors"][0]["detail"]


@pytest.mark.parametrize("certificate, options, words", [
    ("expired", tls.TRUST, "expired on Feb  3 00:00:00 2021 GMT: it must be renewed"),
    ("future", tls.TRUST, "valid from Feb  3 00:00:00 2198 GMT on, not yet: check this machine's clock"),
    ("wrong-host", tls.TRUST, "is for DNS:elsewhere.example, IP Address:192.0.2.7, not for 127.0.0.1"),
    ("wildcard", tls.TRUST, "is for DNS:*.wild.example, not for 127.0.0.1"),
    ("self-signed", tls.TRUST, "is self-signed (CN=alone): if it is the right one, name its PEM file with --ca-file"),
    ("unknown", tls.TRUST, "(CN=Other Root)"),
    ("good", [], "if it is the authority itself, name its PEM file with --ca-file"),
    ("intermediate-missing", tls.TRUST, "if that is an intermediate authority, the server must send its certificate too"),
])
def test_certificates_that_are_refused(start, folder, certificate, options, words):
    server = start.keep(tls.OpenSSLServer(folder, certificate))
    said = refusal(start, server, *options)
    assert words in said and server.url.removeprefix("https://") in said


@pytest.mark.parametrize("certificate", ["good", "intermediate-sent"])
@pytest.mark.parametrize("options", [["-tls1_2"], ["-tls1_3"], ["-max_send_frag", "512"]], ids=" ".join)
def test_certificates_that_are_accepted(start, folder, certificate, options):
    server = start.keep(tls.OpenSSLServer(folder, certificate, *options))
    status, body = ask(client_of(start, server, *tls.TRUST))
    assert status == 200 and b"s_server" in body


def test_the_system_s_authorities(start, folder, monkeypatch):
    """As OpenSSL finds them: in another file here, so that nothing of this machine is changed."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.pem("root")))
    server = start.keep(tls.OpenSSLServer(folder, "good"))
    assert ask(client_of(start, server))[0] == 200


@pytest.mark.parametrize("host, is_covered", [("a.wild.example", True), ("wild.example", False),
                                              ("a.b.wild.example", False)])
def test_wildcard(start, folder, host, is_covered):
    """The name has no address: a proxy knows where it is. It goes to the server with SNI, as what it is."""
    server = start.keep(tls.OpenSSLServer(folder, "wildcard", "-tlsextdebug"))
    proxy = start.keep(Proxy(places={f"{host}:443": f"127.0.0.1:{server.port}"}))
    peer = SimpleNamespace(url=f"https://{host}")
    options = [*tls.TRUST, "--proxy", f"http://{proxy.address}"]
    if is_covered:
        assert ask(client_of(start, peer, *options))[0] == 200
    else:
        assert f"is for DNS:*.wild.example, not for {host}" in refusal(start, peer, *options)
    server.program.find(lambda line: 'client extension "server name"' in line)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_are_resumed(start, folder, version):
    """s_server ends each connection: the next one resumes its session."""
    server = start.keep(tls.OpenSSLServer(folder, "good", version))
    client = client_of(start, server, *tls.TRUST)
    bodies = [ask(client)[1] for _ in range(3)]
    # The first question of all is the client's own, at its start.
    assert all(b"Reused, TLS" in body for body in bodies[1:]), bodies


def test_the_protocol_is_agreed_on(start):
    """ALPN: http/1.1, though the server prefers another."""
    shown = tls.context()
    shown.set_alpn_protocols(["h2", "http/1.1"])
    agreed = []

    def talk(connection):
        with shown.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            agreed.append(secure.selected_alpn_protocol())
            secure.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
            secure.recv(1)
    assert ask(client_of(start, start.keep(tls.Peer(talk)), *tls.TRUST)) == (200, b"ok")
    assert set(agreed) == {"http/1.1"}


def test_tls_1_1_only(start, folder):
    server = start.keep(tls.OpenSSLServer(folder, "good", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"))
    assert "it must offer TLS 1.2 or 1.3" in refusal(start, server, *tls.TRUST)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_client_certificates(start, folder, version):
    server = start.keep(tls.OpenSSLServer(folder, "good", version, "-Verify", "2", "-verify_return_error", "-CAfile",
                                          tls.pem("root")))
    assert "client certificate" in refusal(start, server, *tls.TRUST)
    ours = ["--cert", tls.pem("client"), "--key", tls.CERTIFICATES / "client.key"]
    again = parts.Client(folder, SimpleNamespace(url=server.url), NOWHERE, name="with", options=[*tls.TRUST, *ours])
    start.keep(again)
    assert ask(again)[0] == 200


def test_insecure_is_logged_loudly(start, folder):
    server = start.keep(tls.OpenSSLServer(folder, "expired"))
    client = client_of(start, server, "--insecure")
    assert ask(client)[0] == 200
    assert any("certificates are NOT checked" in line for line in client.program.lines)


def test_no_tls_at_all(start, shared_registry):
    peer = SimpleNamespace(url=shared_registry.url.replace("http:", "https:"))
    assert "does not speak TLS" in refusal(start, peer)


def test_a_handshake_that_stalls(start):
    peer = start.keep(tls.Peer(lambda connection: connection.recv(1 << 20) and connection.recv(1)))
    assert "did not complete the TLS handshake within 10 s" in refusal(start, peer)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def test_an_end_without_farewell(start):
    """Where the length is known nothing is missing; where only the end tells it, the end is not believed."""
    whole = start.keep(tls.Peer(tls.answering(HEAD + b"Content-Length: 4\r\n\r\nfour", farewell=False)))
    assert ask(client_of(start, whole, *tls.TRUST)) == (200, b"four")


@pytest.mark.parametrize("farewell", [True, False])
def test_a_body_that_lasts_until_the_end(start, folder, farewell):
    answer = HEAD + b"Connection: close\r\n\r\n" + b"x" * 100_000
    peer = start.keep(tls.Peer(tls.answering(answer, farewell)))
    client = parts.Client(folder, SimpleNamespace(url=peer.url), NOWHERE, name="reader", options=tls.TRUST)
    start.keep(client)
    if farewell:
        assert ask(client) == (200, b"x" * 100_000)
    else:
        with pytest.raises((http.client.IncompleteRead, ConnectionError, http.client.BadStatusLine)):
            ask(client)


@pytest.mark.parametrize("more", ["", "ssl_protocols TLSv1.2;"], ids=["TLS 1.3", "TLS 1.2"])
def test_nginx_before_a_registry(start, folder, blob, shared_registry, more):
    """Our server reads there and our client falls back there, both over TLS."""
    digest, octets = blob(24 << 20)
    nginx = start.keep(tls.Nginx(folder, shared_registry, more))
    secure = SimpleNamespace(url=nginx.url)
    server = start.server(registry=secure, options=tls.TRUST)
    client = start.client(server.udp, registry=secure, options=tls.TRUST)
    assert get_blob(client.address, "demo/blobs", digest) == octets
    assert client.request(digest)["ndn_bytes"] == len(octets)
    alone = parts.Client(folder, secure, NOWHERE, name="alone", options=tls.TRUST)
    start.keep(alone)
    assert get_blob(alone.address, "demo/blobs", digest) == octets
    assert alone.request(digest)["upstream_bytes"] == len(octets)


def test_a_registry_that_speaks_tls_itself(start, folder, blob, layout, shared_registry):
    """Server and client there; skopeo pulls and pushes through."""
    digest, octets = blob(3 << 20)
    secure = start.keep(tls.SecureRegistry(folder, shared_registry))
    server = start.server(registry=secure, options=tls.TRUST)
    client = start.client(server.udp, registry=secure, options=tls.TRUST)
    assert get_blob(client.address, "demo/blobs", digest) == octets
    assert client.request(digest)["source"] == "ndn"
    assert pulls.skopeo(client.address, IMAGE, folder / "pulled") == layout[1]
    run("skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", f"dir:{folder}/pulled",
        f"docker://{client.address}/demo/through-tls:1", environment=containers_environment(folder))
    assert pulls.skopeo(client.address, "demo/through-tls:1", folder / "again") == layout[1]


def test_nginx_that_demands_a_certificate_says_so_itself(start, folder, shared_registry):
    nginx = start.keep(tls.Nginx(folder, shared_registry,
                                 f"ssl_verify_client on; ssl_client_certificate {tls.pem('root')};"))
    status, body = ask(client_of(start, nginx, *tls.TRUST))
    assert status == 400 and b"No required SSL certificate was sent" in body


def test_the_system_s_libssl_and_no_other():
    program = parts.binary()
    assert "libssl.so.3" in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    symbols = subprocess.run(["nm", program], capture_output=True, text=True, check=False).stdout
    symbols += subprocess.run(["nm", "-D", program], capture_output=True, text=True, check=True).stdout
    assert "SSL_read_ex" in symbols and "BORINGSSL" not in symbols.upper()
