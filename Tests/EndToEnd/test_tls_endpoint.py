"""TLS at the client's own endpoint, with OpenSSL's s_client, curl, skopeo and Docker on the other side."""

import http.client
import re
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from conftest import IMAGE
from harness import parts, pulls, tls
from harness.registry import CommandFailed, containers_environment, run

NOWHERE = "127.0.0.1:9"
MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def endpoint(start, folder):
    """A client whose certificate lies in files of the test's own: (client, certificate, key)."""
    certificate, key = folder / "shown.pem", folder / "shown.key"
    shutil.copy(tls.pem("good"), certificate)
    shutil.copy(tls.KEY, key)
    server = start.server()
    mirror = f"alpha.example={start.registry.url},{parts.PREFIX}"
    client = start.client(server.udp, options=["--tls-cert", certificate, "--tls-key", key, "--mirror", mirror,
                                                "--push-default"])
    assert client.uris[0].startswith("https://127.0.0.1:")
    return client, certificate, key


def s_client(client, *options, request="GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):
    """What `openssl s_client` says, and what it was answered."""
    done = subprocess.run(["openssl", "s_client", "-connect", client.address, "-CAfile", tls.pem("root"), "-ign_eof",
                           *map(str, options)], input=request, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def trusting():
    return ssl.create_default_context(cafile=str(tls.pem("root")))


def get(client, path, accept="*/*"):
    connection = http.client.HTTPSConnection(client.address, timeout=60, context=trusting())
    connection.request("GET", path, headers={"Accept": accept})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def test_protocol_versions_and_names(endpoint):
    client, *_ = endpoint
    for options, version in [(["-tls1_2"], "TLSv1.2"), (["-tls1_3"], "TLSv1.3"),
                             (["-servername", "localhost", "-alpn", "h2,http/1.1"], "TLSv1.3"), (["-noservername"], "TLSv1.3")]:
        said = s_client(client, "-verify_return_error", *options)
        assert f"New, {version}" in said and "Verify return code: 0 (ok)" in said and "HTTP/1.1 200 OK" in said, said
        assert ("ALPN protocol: http/1.1" in said) == ("-alpn" in options)
    # The handshake's end and the close of both sides are clean.
    assert "unexpected eof" not in said.lower()


def test_tls_1_1_is_refused(endpoint):
    client, *_ = endpoint
    said = s_client(client, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    assert "protocol version" in said and "HTTP/1.1" not in said
    assert get(client, "/v2/")[0] == 200


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_are_resumed(endpoint, folder, version):
    client, *_ = endpoint
    session = folder / "session"
    assert "New, " in s_client(client, version, "-sess_out", session)
    assert "Reused, " in s_client(client, version, "-sess_in", session)


def test_a_large_blob(endpoint, blob, folder):
    client, *_ = endpoint
    digest, octets = blob(188_000_000)
    target = folder / "blob"
    run("curl", "--silent", "--show-error", "--fail", "--cacert", tls.pem("root"), "-o", target,
        f"https://{client.address}/v2/demo/blobs/blobs/{digest}")
    assert target.read_bytes() == octets
    assert client.request(digest)["ndn_bytes"] == len(octets)
    assert client.program.peak_memory() <= 128 << 20, client.program.peak_memory() >> 20


@pytest.fixture
def authorities(folder):
    """A folder as podman and skopeo take it with --cert-dir, and below certs.d."""
    made = folder / "authorities"
    made.mkdir()
    shutil.copy(tls.pem("root"), made / "ca.crt")
    return made


def test_skopeo_pulls_and_pushes(endpoint, authorities, folder):
    client, *_ = endpoint
    environment = containers_environment(folder)
    run("skopeo", "--insecure-policy", "copy", "--quiet", "--src-cert-dir", authorities,
        f"docker://{client.address}/demo/app:latest", f"dir:{folder}/pulled", environment=environment)
    assert (folder / "pulled" / "manifest.json").exists()
    run("skopeo", "--insecure-policy", "copy", "--quiet", "--dest-cert-dir", authorities, f"dir:{folder}/pulled",
        f"docker://{client.address}/demo/secure:again", environment=environment)
    assert get(client, "/v2/demo/secure/manifests/again", "application/vnd.oci.image.manifest.v1+json")[0] == 200


def test_podman_pulls_and_pushes(endpoint, authorities, folder, layout, needs_root):
    client, *_ = endpoint
    assert pulls.podman(client.address, IMAGE, folder / "podman", push=f"{client.address}/demo/secure:podman",
                        authorities=authorities) == layout[1]
    assert all(client.request(one.digest)["source"] == "ndn" for one in layout[2])
    assert get(client, "/v2/demo/secure/manifests/podman", MANIFESTS)[0] == 200
    with pytest.raises(CommandFailed, match="unknown authority"):
        (folder / "nobody").mkdir()
        pulls.podman(client.address, IMAGE, folder / "podman", authorities=folder / "nobody")


def test_docker_pulls_and_pushes(endpoint, layout, docker):
    """On the loopback Docker takes any certificate, but TLS it must be: the port speaks nothing else."""
    client, *_ = endpoint
    docker.forget()
    assert docker.pull(client.address, IMAGE) == layout[1]
    assert all(client.request(one.digest)["source"] == "ndn" for one in layout[2])
    docker.tag(f"{client.address}/{IMAGE}", f"{client.address}/demo/secure:docker")
    docker.push(client.address, "demo/secure:docker")
    assert get(client, "/v2/demo/secure/manifests/docker", MANIFESTS)[0] == 200


def test_containerd_with_an_authority(endpoint, layout, docker, folder):
    """hosts.toml names it, and containerd checks the certificate on the loopback too."""
    client, *_ = endpoint
    ctr = pulls.Ctr(docker, folder, is_secure=True)
    ctr.mirror("alpha.example", f"https://{client.address}", authority=tls.pem("root"))
    ctr.fetch(f"alpha.example/{IMAGE}")
    assert all(ctr.has(one.digest) for one in layout[2])
    ctr.push("alpha.example/demo/secure:ctr", f"alpha.example/{IMAGE}")
    ctr.forget()
    assert get(client, "/v2/demo/secure/manifests/ctr", MANIFESTS)[0] == 200
    ctr.mirror("alpha.example", f"https://{client.address}", authority=tls.pem("other-root"))
    with pytest.raises(CommandFailed):
        ctr.fetch(f"alpha.example/{IMAGE}")


def test_who_does_not_speak_tls(endpoint):
    client, *_ = endpoint
    connection = http.client.HTTPConnection(client.address, timeout=30)
    connection.request("GET", "/v2/")
    response = connection.getresponse()
    assert (response.status, b"use https://" in response.read()) == (400, True)
    host, port = client.address.split(":")
    with socket.create_connection((host, int(port)), 30) as stranger:
        stranger.sendall(b"\0\0\0\0")
        assert stranger.recv(1) == b""
    with socket.create_connection((host, int(port)), 30) as silent:
        # Ten seconds, and then it is over.
        assert silent.recv(1) == b""
    client.program.event("a client was refused", lambda event: "within 10 s" in event["reason"])


def test_who_does_not_trust_it(endpoint):
    client, *_ = endpoint
    done = subprocess.run(["curl", "--silent", "--show-error", f"https://{client.address}/v2/"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 60, done.stderr
    client.program.event("a client was refused", lambda event: "must know the authority of --tls-cert" in event["reason"])


def subject(client):
    return re.search(r"subject=.*", s_client(client)).group()


def test_sighup_reads_the_certificate_again(endpoint):
    client, certificate, key = endpoint
    program = client.program
    host, port = client.address.split(":")
    kept = http.client.HTTPSConnection(host, int(port), timeout=60, context=trusting())
    kept.request("GET", "/v2/")
    kept.getresponse().read()
    before = subject(client)
    # A certificate that is cut off: the old one stays.
    certificate.write_text(tls.pem("self-signed").read_text()[:200])
    program.signal(signal.SIGHUP)
    failure = program.event("the certificate was not read again, the old one stays in use")
    assert "--tls-cert" in failure["error"] and str(certificate) in failure["error"]
    assert subject(client) == before
    # One with another's key: likewise.
    start = len(program.lines)
    shutil.copy(tls.pem("client"), certificate)
    program.signal(signal.SIGHUP)
    program.event("the certificate was not read again, the old one stays in use", start=start)
    assert subject(client) == before
    # A good one.
    shutil.copy(tls.pem("self-signed"), certificate)
    program.signal(signal.SIGHUP)
    program.event("the certificate was read again")
    assert "alone" in subject(client) and subject(client) != before
    # Who was connected goes on as before.
    kept.request("GET", "/v2/")
    assert kept.getresponse().status == 200


def test_files_that_cannot_be_used(folder):
    done = subprocess.run([parts.binary(), "client", "--upstream", "http://127.0.0.1:9", "--name", "/a", "--router", NOWHERE,
                           "--listen", "127.0.0.1:0", "--tls-cert", tls.pem("good"), "--tls-key", folder / "none"],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "--tls-key" in done.stderr and "ready" not in done.stdout
