"""Registries that ask who one is: docker-registry with passwords, and with a token service."""

from __future__ import annotations

import base64
import concurrent.futures
import http.client
import http.server
import json
import os
import signal
import threading
from types import SimpleNamespace

import pytest

from harness import guarded, parts
from harness.blobs import Download, get
from harness.guarded import credentials_file
from harness.program import ProgramError
from harness.registry import Registry, run
from harness.standin import BLOCK, GeneratingRegistry, ShortTokens, block

SECRETS = (guarded.PASSWORD, base64.b64encode(f"{guarded.USER}:{guarded.PASSWORD}".encode()).decode())


@pytest.fixture
def storage(folder):
    """A folder with two blobs, in a repository that is for some and in one that is for all."""
    registry = Registry(folder, "open")
    made = {repository: registry.put_blob(repository, repository.encode() * 100_000)
            for repository in ("team/app", "open/app")}
    registry.stop()
    return folder / "open" / "data", made


@pytest.fixture(params=["password", "token"])
def closed(request, start, folder, storage):
    """A registry that lets nobody in without credentials, where its blobs are, and its token service."""
    service = start.keep(guarded.TokenService(folder)) if request.param == "token" else None
    auth = service.auth if service else guarded.by_password(folder)
    registry = start.keep(guarded.GuardedRegistry(folder, storage[0], auth))
    registry.blobs, registry.service = storage[1], service
    return registry


def no_secret_in(*programs):
    for part in programs:
        said = "\n".join(part.program.lines)
        assert not any(secret in said for secret in SECRETS)


def test_server_and_client_with_credentials_of_their_own(start, folder, closed):
    file = credentials_file(folder, closed.address)
    server = start.server(registry=closed, options=["--credentials", file, "--repository", "team/*", "--log", "debug"])
    client = start.client(server.udp, registry=closed, options=["--credentials", file, "--log", "debug"])
    digest = closed.blobs["team/app"]
    assert get(client.address, "team/app", digest) == b"team/app" * 100_000
    request = client.request(digest)
    assert request["source"] == "ndn" and request["upstream_bytes"] == 0
    # What does not go over NDN is let in as well, and a read after NDN failed.
    assert run("curl", "--silent", "--fail", f"http://{client.address}/v2/") == "{}"
    server.stop()
    assert get(client.address, "team/app", digest, timeout=60) == b"team/app" * 100_000
    assert client.request(digest, count=2)["upstream_bytes"] == len(b"team/app") * 100_000
    no_secret_in(server, client)
    if closed.service:
        # One token for the server's many reads, few for the client.
        assert len(closed.service.requests) <= 4
        assert closed.service.coded == len(closed.service.requests)


def test_a_repository_outside_the_patterns_never_goes_over_ndn(start, folder, closed):
    """The server's credentials could read it: neither its segments nor the question for it get anything else than a
    blob that does not exist."""
    file = credentials_file(folder, closed.address)
    server = start.server(registry=closed, options=["--credentials", file, "--repository", "team/*"])
    done = fetch(folder, "open/app", closed.blobs["open/app"], server.udp)
    assert done.returncode == 1 and "has no such blob" in done.stderr
    client = start.client(server.udp, registry=closed, options=["--credentials", file])
    digest = closed.blobs["open/app"]
    assert get(client.address, "open/app", digest) == b"open/app" * 100_000
    request = client.request(digest)
    assert request["source"] == "upstream" and request["ndn_bytes"] == 0
    # The blob has a hundred segments.
    assert server.program.statistics()["data"] <= 6, "no more than Nacks, and answers to whether the server is there"


def fetch(folder, repository, digest, router):
    return parts.registry_ndn("fetch", parts.blob_name(repository, digest), "-o", "/dev/null", "--router", router,
                              folder=folder, timeout=60)


def test_credentials_without_patterns_do_not_start(start, folder, closed):
    file = credentials_file(folder, closed.address)
    with pytest.raises(ProgramError) as ended:
        start.server(registry=closed, options=["--credentials", file])
    assert "--repository" in str(ended.value)


@pytest.mark.parametrize("options, words", [
    (["--credentials", "wrong"], "refuses our credentials"), (["--credentials", "lax"], "chmod go-w"),
    (["--credentials", "missing"], "No such file")])
def test_credentials_that_are_no_use(start, folder, closed, options, words):
    if options[1] == "wrong":
        file = credentials_file(folder, closed.address, password="x")
        client = start.client("127.0.0.1:9", registry=closed, options=["--credentials", file])
        connection = http.client.HTTPConnection(client.address, timeout=30)
        connection.request("GET", f"/v2/team/app/blobs/{closed.blobs['team/app']}")
        response = connection.getresponse()
        body = response.read().decode()
        # The registry's own words, so that who pulls can log in; ours are for the log.
        assert response.status == 401 and response.headers["WWW-Authenticate"] and guarded.USER not in body
        client.program.find(lambda line: words in line)
        return
    file = folder / "none" if options[1] == "missing" else credentials_file(folder, closed.address, mode=0o666)
    with pytest.raises(ProgramError) as ended:
        start.client("127.0.0.1:9", registry=closed, options=["--credentials", file])
    assert words in str(ended.value)


def test_a_secret_as_kubernetes_mounts_it(start, folder, closed, monkeypatch):
    """Readable by others: that is said, but for what systemd hands over."""
    file = credentials_file(folder, closed.address, mode=0o444)
    for number in range(2):
        client = start.client("127.0.0.1:9", registry=closed, name=f"client-{number}", options=["--credentials", file])
        assert run("curl", "--silent", "--fail", f"http://{client.address}/v2/") == "{}"
        told = [line for line in client.program.lines if "can be read by other users" in line]
        assert len(told) == (number == 0), told
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))


def test_a_secret_that_is_replaced_while_the_programs_run(start, folder, closed):
    file = credentials_file(folder, closed.address, password="an old one")
    options = ["--credentials", file]
    server = start.server(registry=closed, options=[*options, "--repository", "team/*"])
    client = start.client(server.udp, registry=closed, options=options)
    credentials_file(folder, closed.address)
    for part in (server, client):
        part.program.signal(signal.SIGHUP)
        part.program.find(lambda line: "the file of --credentials was read again" in line)
        assert any("other credentials were read" in line for line in part.program.lines)
    digest = closed.blobs["team/app"]
    assert get(client.address, "team/app", digest) == b"team/app" * 100_000
    assert client.request(digest)["source"] == "ndn"
    assert run("curl", "--silent", "--fail", f"http://{client.address}/v2/") == "{}"
    no_secret_in(server, client)


@pytest.mark.parametrize("target", ["/api/keys", "/v2/../api/keys", "/v2/%2e%2e/api/keys"])
def test_the_password_goes_to_the_registry_s_api_alone(start, folder, target):
    """Whoever reaches the client could have it sent with anything else that is there."""
    registry = start.keep(Asking())
    client = start.client("127.0.0.1:9", registry=registry,
                          options=["--credentials", credentials_file(folder, registry.address)])
    for path in ("/v2/", "/v2/team/app/tags/list"):
        assert run("curl", "--silent", f"http://{client.address}{path}") == "read"
    run("curl", "--silent", "--path-as-is", "--request", "DELETE", f"http://{client.address}{target}")
    assert {path for path, authorization in registry.asked if authorization} == {"/v2/", "/v2/team/app/tags/list"}


class Asking:
    """A registry that asks everybody for a password, and notes what it is told."""

    def __init__(self):
        self.asked: list[tuple[str, str | None]] = []
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                given = self.headers["Authorization"]
                registry.asked.append((self.path, given))
                self.send_response(200 if given else 401)
                self.send_header("WWW-Authenticate", "Basic realm=here")
                self.end_headers()
                self.wfile.write(b"read")

            do_DELETE = do_GET

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.address}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


HELPER = """#!/bin/sh
[ "$1" = get ] || exit 9
read -r server
case $server in
%s) echo '{"ServerURL":"x","Username":"%s","Secret":"%s"}' ;;
*) echo "credentials not found in native keychain"; exit 1 ;;
esac
"""


@pytest.fixture
def helper(folder, monkeypatch):
    """Puts docker-credential-vault on the PATH, which keeps the credentials for one server; config.json where docker has it."""
    def make(address, script=None):
        program = folder / "docker-credential-vault"
        program.write_text(script or HELPER % (address, guarded.USER, guarded.PASSWORD))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        kept = folder / "mounted"
        kept.write_text(json.dumps({"auths": {address: {}}, "credsStore": "vault"}))
        kept.chmod(0o600)
        # As secrets are mounted: a link to the file.
        (folder / "docker").mkdir()
        (folder / "docker" / "config.json").symlink_to(kept)
        monkeypatch.setenv("DOCKER_CONFIG", str(folder / "docker"))
    return make


def test_a_helper_of_dockers_keeps_the_secret(start, folder, closed, helper):
    helper(closed.address)
    server = start.server(registry=closed, options=["--credentials", "docker", "--repository", "team/*"])
    client = start.client(server.udp, registry=closed, options=["--credentials", "docker"])
    digest = closed.blobs["team/app"]
    assert get(client.address, "team/app", digest) == b"team/app" * 100_000
    assert run("curl", "--silent", "--fail", f"http://{client.address}/v2/") == "{}"
    no_secret_in(server, client)


@pytest.mark.parametrize("script, words", [
    (HELPER % ("elsewhere", "u", "p"), "docker-credential-vault has nothing for"),
    ("#!/bin/sh\nread -r server\necho gibberish\n", "no JSON with Username and Secret"),
    ("#!/bin/sh\nexec sleep 60\n", "does not answer within 10"),
    ("#!/nonexistent\n", "is it installed")])
def test_a_helper_that_is_no_use(start, folder, closed, helper, script, words):
    helper(closed.address, script)
    with pytest.raises(ProgramError) as ended:
        start.client("127.0.0.1:9", registry=closed, options=["--credentials", "docker"])
    assert words in str(ended.value), str(ended.value)


def test_each_registry_of_a_file_has_credentials_of_its_own(start, folder, closed):
    file = credentials_file(folder, closed.address)
    mirrors = folder / "mirrors.toml"
    mirrors.write_text(f'[[registry]]\nhosts = ["closed.example"]\nurl = "{closed.url}"\nname = "{parts.PREFIX}"\n'
                       f'default = true\ncredentials = "{file}"\n\n'
                       f'[[registry]]\nhosts = ["same.example"]\nurl = "{closed.url}"\nname = "/example/other"\n')
    client = start.keep(parts.Part("mirrors", folder, ["client", "--mirrors", mirrors, "--router", "127.0.0.1:9",
                                                       "--listen", "127.0.0.1:0"]))
    client.start()
    address = parts.authority(client.uri("http"))
    assert run("curl", "--silent", "--fail", f"http://{address}/v2/?ns=closed.example") == "{}"
    said = run("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}",
               f"http://{address}/v2/?ns=same.example")
    assert said == "401"


def test_credentials_do_not_go_where_nothing_is_encrypted(folder):
    file = credentials_file(folder, "192.0.2.1")
    done = parts.registry_ndn("client", "--upstream", "http://192.0.2.1", "--name", parts.PREFIX, "--router",
                              "127.0.0.1:9", "--credentials", file, "--listen", "127.0.0.1:0", folder=folder, timeout=60)
    assert done.returncode == 1 and "nothing is encrypted" in done.stderr and "--insecure" in done.stderr


def test_credentials_are_not_shared_unasked(start, folder, closed):
    file = credentials_file(folder, closed.address)
    done = parts.registry_ndn("client", "--upstream", closed.url, "--name", parts.PREFIX, "--router", "127.0.0.1:9",
                              "--credentials", file, "--listen", "0.0.0.0:0", folder=folder, timeout=60)
    assert done.returncode == 64 and "--share-credentials" in done.stderr
    shared = start.client("127.0.0.1:9", registry=closed,
                          options=["--credentials", file, "--listen", "0.0.0.0:0", "--share-credentials"])
    assert get(shared.address, "team/app", closed.blobs["team/app"]) == b"team/app" * 100_000


def test_the_words_of_who_asks_go_first(start, folder, closed):
    """Docker's own login is passed on, and what the registry says of it comes back."""
    file = credentials_file(folder, closed.address)
    client = start.client("127.0.0.1:9", registry=closed, options=["--credentials", file])
    connection = http.client.HTTPConnection(client.address, timeout=30)
    connection.request("GET", "/v2/", headers={"Authorization": "Basic bm86bm8="})
    response = connection.getresponse()
    assert response.status == 401 and response.headers["WWW-Authenticate"]


def test_without_credentials_of_its_own_the_client_passes_logins_on(start, closed):
    client = start.client("127.0.0.1:9", registry=closed)
    anonymous = http.client.HTTPConnection(client.address, timeout=30)
    anonymous.request("GET", f"/v2/team/app/blobs/{closed.blobs['team/app']}")
    assert anonymous.getresponse().status == 401
    said = run("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--user",
               f"{guarded.USER}:{guarded.PASSWORD}", f"http://{client.address}/v2/")
    assert said == ("401" if closed.service else "200")


def test_a_token_for_anybody_needs_no_option(start, folder, storage):
    service = start.keep(guarded.TokenService(folder))
    registry = start.keep(guarded.GuardedRegistry(folder, storage[0], service.auth))
    server = start.server(registry=registry)
    done = fetch(folder, "open/app", storage[1]["open/app"], server.udp)
    assert done.returncode == 0, done.stderr
    assert [request["authorization"] for request in service.requests] == [""]
    refused = fetch(folder, "team/app", storage[1]["team/app"], server.udp)
    assert refused.returncode == 1
    assert any("401" in line for line in server.program.lines)


@pytest.fixture
def moved(start, folder):
    """A token service that has moved: `realm` leads to where it redirects from."""
    service = start.keep(guarded.TokenService(folder))
    service.realm = service.url.replace("/token", "/moved")
    return service


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_token_service_that_has_moved(start, folder, storage, moved, status):
    moved.moved_status = status
    registry = start.keep(guarded.GuardedRegistry(folder, storage[0], moved.auth))
    file = credentials_file(folder, registry.address)
    client = start.client("127.0.0.1:9", registry=registry, options=["--credentials", file])
    assert get(client.address, "team/app", storage[1]["team/app"], timeout=60) == b"team/app" * 100_000
    # To the same host and port the password goes along.
    assert moved.requests and all(request["authorization"] for request in moved.requests)


def test_a_token_service_at_another_place_is_not_told_the_password(start, folder, storage, moved):
    (folder / "other").mkdir()
    other = start.keep(guarded.TokenService(folder / "other"))
    moved.moved_to = other.url
    registry = start.keep(guarded.GuardedRegistry(folder, storage[0], {**other.auth, "token": {
        **other.auth["token"], "realm": moved.realm}}))
    file = credentials_file(folder, registry.address)
    client = start.client("127.0.0.1:9", registry=registry, options=["--credentials", file])
    assert get(client.address, "open/app", storage[1]["open/app"], timeout=60) == b"open/app" * 100_000
    assert other.requests and not any(request["authorization"] for request in other.requests)


def test_a_token_service_that_redirects_for_ever(start, folder, storage, moved):
    moved.moved_to = "/moved"
    registry = start.keep(guarded.GuardedRegistry(folder, storage[0], moved.auth))
    server = start.server(registry=registry, options=["--credentials", credentials_file(folder, registry.address),
                                                      "--repository", "team/*"])
    assert fetch(folder, "team/app", storage[1]["team/app"], server.udp).returncode == 1
    server.program.find(lambda line: "redirects more than 8 times: is it a loop?" in line)


def test_the_server_s_tokens_that_expire_before_they_should(start):
    """One is fetched for each, and those refused with it share the next one: nobody who pulls notices."""
    tokens = ShortTokens(reads=10)
    registry = start.keep(GeneratingRegistry("demo/blobs", 200_000_001, tokens=tokens))
    server = start.server(registry=registry)
    client = start.client(server.udp, registry=registry)

    def part(number: int) -> bytes:
        first = number * BLOCK
        read = Download(client.address, "demo/blobs", registry.digest, {"Range": f"bytes={first}-{first + BLOCK - 1}"})
        assert read.status == 206
        return read.rest()
    # From the end to the beginning: no read continues another.
    numbers = range(184, 0, -8)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(octets == block(number) for number, octets in zip(numbers, pool.map(part, numbers)))
    assert all(request["source"] == "ndn" and request["upstream_bytes"] == 0 for request in client.requests())
    reads = len(registry.asked)
    assert reads >= len(numbers) and len(tokens.issued) <= reads // 10 + 1, (reads, tokens.issued, tokens.refusals)
    assert tokens.refusals >= len(tokens.issued) >= 3


def test_a_client_s_token_that_expires_between_its_reads(start, folder):
    tokens = ShortTokens(reads=3)
    registry = start.keep(GeneratingRegistry("demo/blobs", 8_000_000, tokens=tokens))
    file = credentials_file(folder, registry.url.removeprefix("http://"))
    client = start.client("127.0.0.1:9", registry=registry, options=["--credentials", file])
    for first in range(0, 8_000_000, 1_000_000):
        read = Download(client.address, "demo/blobs", registry.digest, {"Range": f"bytes={first}-{first + 999_999}"})
        assert read.status == 206 and len(read.rest()) == 1_000_000
    assert len(tokens.issued) >= 3


def test_a_push_with_the_credentials_of_the_client(start, folder, closed):
    """Its parts have bodies, which can be sent but once: they need the token of the request that began the upload."""
    client = start.client("127.0.0.1:9", registry=closed,
                          options=["--credentials", credentials_file(folder, closed.address)])
    octets = b"pushed" * 100_000
    digest = Registry.put_blob(SimpleNamespace(address=client.address), "team/pushed", octets)
    assert get(client.address, "team/pushed", digest) == octets
