"""`doctor` names each fault, and only it; and nothing where all is well."""

import json
import re
import signal
import socket
import subprocess
import time
from types import SimpleNamespace

import pytest
from ndn.encoding import Component, parse_data
from ndn.security import DigestSha256Signer

from conftest import IMAGE
from harness import guarded, peers, tls
from harness.doctor import SERVERS, Stub, examine, found_by, names, statuses
from harness.parts import PREFIX, binary, registry_ndn
from harness.proxy import Proxy
from harness.tamper import Tamper, flip
from harness.trust import PacketProducer, segments

REPOSITORY = "demo/blobs"


@pytest.fixture
def doctor(folder, chain, shared_registry):
    """Examines a client of a chain that works, but for what is given."""
    def work(*options, registry=shared_registry, router=chain[0].unix, **more):
        return examine(folder, registry, router, *options, **more)
    return work


# Where all is well.

def test_a_chain_that_works(doctor, chain):
    status, found = doctor("--image", IMAGE, listen=chain[2].address)
    assert (status, statuses(found, "fail"), statuses(found, "warn")) == (0, [], []), found
    assert statuses(found, "skip") == ["engine", "tls", "receive-buffer", "packet-size", "signature"], found
    assert "a client runs already" in found["listen"]["message"]
    assert "are the registry's" in found["blob"]["message"]


def test_a_chain_over_udp(doctor, chain):
    status, found = doctor("--image", IMAGE, router=chain[0].udp)
    assert (status, statuses(found, "fail")) == (0, []), found
    assert statuses(found, "skip") == ["engine", "tls", "signature"], found
    assert found["packet-size"]["message"] == "packets of 7000 octets come through"
    assert set(statuses(found, "warn")) <= {"receive-buffer"}


def test_a_server_without_a_forwarder(folder, start, shared_registry):
    status, found = examine(folder, shared_registry, start.server().udp)
    assert (status, statuses(found, "fail")) == (0, []), found
    assert found["image"]["status"] == found["blob"]["status"] == "skip"


def test_a_server_that_knows_no_pings(folder, start, shared_registry, blob):
    """As that of the earlier Docker-Registry-NDN: what it says of a blob that does not exist stands for them."""
    digest, octets = blob(20_000)
    forwarder = start.forwarder()
    known = {bytes.fromhex(digest.partition(":")[2]): octets}
    start.keep(peers.Producer(peers.unix_face(forwarder.socket), peers.original_answer(known)))
    status, found = examine(folder, shared_registry, forwarder.udp, "--blob", f"{REPOSITORY}@{digest}")
    assert (status, statuses(found, "fail"), found["route"]["status"]) == (0, [], "ok"), found
    assert "though to no ping" in found["route"]["message"]
    assert (found["packet-size"]["status"], found["blob"]["status"]) == ("skip", "ok"), found


def test_an_answer_that_may_come_from_a_cache(folder, start, shared_registry, blob):
    """It proves no server, which the lines after it do not claim either."""
    digest, octets = blob(20_000)
    producer = start.keep(PacketProducer(segments(REPOSITORY, digest, octets, DigestSha256Signer())))
    forwarder = start.forwarder(options=["--route", f"{PREFIX}=udp://{producer.address}"])
    status, found = examine(folder, shared_registry, forwarder.udp, "--blob", f"{REPOSITORY}@{digest}")
    assert (status, statuses(found, "fail"), found["route"]["status"]) == (0, [], "warn"), found
    assert "whether a server runs is not known" in found["route"]["message"] and "--blob" in found["route"]["remedy"]
    assert found["metadata"]["message"].endswith("or from a cache on the way")
    assert (found["packet-size"]["status"], found["blob"]["status"]) == ("skip", "ok"), found


def test_lines_for_people(folder, chain, shared_registry):
    done = registry_ndn("doctor", "--upstream", shared_registry.url, "--name", "/example/other", "--router", chain[0].unix,
                        "--listen", "127.0.0.1:0", folder=folder)
    assert done.returncode == 1 and not done.stderr, done.stderr
    lines = done.stdout.splitlines()
    assert all(re.match(r"(ok    |warn  |FAIL  |skip  )[a-z-]+: \S|      \S", line) for line in lines), done.stdout
    number = next(number for number, line in enumerate(lines) if line.startswith("FAIL  route: "))
    assert "correct --name" in lines[number + 1]


def test_the_variables_of_a_client_count(folder, chain, shared_registry, monkeypatch):
    monkeypatch.setenv("DOCKER_NDN_UPSTREAM", shared_registry.url)
    monkeypatch.setenv("DOCKER_NDN_NAME", PREFIX)
    monkeypatch.setenv("DOCKER_NDN_ROUTER", chain[0].unix)
    monkeypatch.setenv("DOCKER_NDN_LISTEN", "127.0.0.1:0")
    done = registry_ndn("doctor", folder=folder)
    assert done.returncode == 0 and "ok    route: " in done.stdout, done.stdout + done.stderr


# The client itself.

def test_a_mirrors_file_that_is_not_there(doctor, folder):
    found = names(doctor("--mirrors", folder / "missing.toml"), "configuration", "missing.toml")
    assert statuses(found, "ok") == ["open-files"]


def test_a_trust_anchor_that_is_none(doctor, folder):
    (folder / "anchor").write_text("nothing")
    names(doctor("--trust-anchor", folder / "anchor"), "configuration", "--trust-anchor")


def test_a_port_that_another_program_has(doctor):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        names(doctor(listen="127.0.0.1:%d" % taken.getsockname()[1]), "listen", "is taken by another program")


# The engines.

@pytest.fixture
def docker(folder):
    """A Docker that says what it is told to, on a PATH of its own."""
    engines = folder / "engines"
    engines.mkdir()

    def make(release="20.10.24", store="overlay2", mirrors=()):
        status = [["driver-type", "io.containerd.snapshotter.v1"]] if store == "containerd" else []
        said = json.dumps({"ServerVersion": release, "DriverStatus": status, "RegistryConfig": {"Mirrors": list(mirrors)}})
        program = engines / "docker"
        program.write_text(f"#!/bin/sh\n[ \"$1\" = info ] && echo '{said}'\n")
        program.chmod(0o755)
        return engines
    return make


def test_an_engine_that_asks_the_client(doctor, docker, chain):
    status, found = doctor(listen=chain[2].address, engines=docker(mirrors=[f"http://{chain[2].address}/"]))
    assert (status, found["engine"]["status"]) == (0, "ok"), found
    assert "for images of docker.io" in found["engine"]["message"]


def test_an_engine_that_is_not_set_up(doctor, docker, chain):
    """Images that are named by the client's address come through it all the same: that is a warning."""
    status, found = doctor(listen=chain[2].address, engines=docker("28.5.2", "containerd", ["http://127.0.0.1:1/"]))
    assert (status, statuses(found, "warn"), statuses(found, "fail")) == (0, ["engine"], []), found
    assert f"{chain[2].address}/REPOSITORY" in found["engine"]["message"]
    assert found["engine"]["remedy"].startswith(f"registry-ndn setup docker --endpoint http://{chain[2].address} --registry ")


def test_an_engine_that_has_no_mirrors_of_this_registry(doctor, docker, chain):
    status, found = doctor(listen=chain[2].address, engines=docker())
    assert (status, statuses(found, "warn"), statuses(found, "fail")) == (0, ["engine"], []), found
    assert "Docker 20.10.24 (graph driver) has mirrors of Docker Hub alone" in found["engine"]["message"]
    assert "by the client's address" in found["engine"]["remedy"] and "setup" not in found["engine"]["remedy"]


def test_an_engine_that_does_not_read_what_it_was_told(folder, docker, chain, shared_registry, needs_root):
    etc = folder / "etc"
    (etc / "docker").mkdir(parents=True)
    (etc / "docker" / "daemon.json").write_text(json.dumps({"registry-mirrors": [f"http://{chain[2].address}"]}))
    arguments = ["doctor", "--upstream", shared_registry.url, "--name", PREFIX, "--router", chain[0].unix, "--listen",
                 chain[2].address, "--json"]
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c",
                           'mount --bind "$0" /etc && PATH=$1 && shift && exec "$@"', etc, docker(), binary(), *arguments],
                          capture_output=True, text=True, timeout=40, check=False, cwd=folder)
    names((done.returncode, {finding["check"]: finding for finding in json.loads(done.stdout)}), "engine", "has not read that")


# The registry.

def test_a_registry_that_does_not_run(doctor, free_tcp_port):
    gone = SimpleNamespace(url=f"http://127.0.0.1:{free_tcp_port}")
    found = names(doctor("--image", IMAGE, registry=gone), "upstream", "Connection refused")
    assert found["route"]["status"] == "ok"
    assert found["blob"]["message"] == "not tried, since upstream failed"


def test_a_registry_whose_name_nobody_knows(doctor):
    names(doctor(registry=SimpleNamespace(url="http://registry.invalid")), "upstream", "registry.invalid")


@pytest.mark.parametrize("status, kind", [(404, "text/plain"), (200, "text/html; charset=utf-8"), (500, "text/plain")])
def test_what_is_no_registry(doctor, start, status, kind):
    names(doctor(registry=start.keep(Stub(status, kind))), "registry", str(status))


def test_https_where_http_is_spoken(doctor, shared_registry):
    registry = SimpleNamespace(url=shared_registry.url.replace("http:", "https:"))
    names(doctor(registry=registry), "tls", "does not speak TLS")


@pytest.mark.parametrize("certificate, words", [
    ("expired", "expired on Feb  3"), ("unknown", "(CN=Other Root)"), ("wrong-host", "is for DNS:elsewhere.example"),
])
def test_a_certificate_that_is_refused(doctor, start, folder, certificate, words):
    names(doctor(*tls.TRUST, registry=start.keep(tls.OpenSSLServer(folder, certificate))), "tls", words)


def test_an_authority_that_is_not_named(doctor, start, folder):
    names(doctor(registry=start.keep(tls.OpenSSLServer(folder, "good"))), "tls", "name its PEM file with --ca-file")


def test_a_certificate_that_is_good(doctor, start, folder, shared_registry):
    status, found = doctor(*tls.TRUST, registry=start.keep(tls.SecureRegistry(folder, shared_registry)))
    assert status == 0 and found["tls"]["status"] == "ok", found


@pytest.mark.parametrize("kind, check, words", [
    ("silent", "registry", "through the proxy"), ("502", "registry", "502"), ("407", "upstream", "407"),
    ("gone", "upstream", "cannot connect to the proxy"),
])
def test_a_proxy_that_does_not_help(doctor, start, free_tcp_port, kind, check, words):
    proxy = {"silent": lambda: "http://" + start.keep(Proxy(silent=True)).address,
             "502": lambda: start.keep(Stub(502)).url,
             "407": lambda: "http://" + start.keep(Proxy("user:password")).address,
             "gone": lambda: f"http://127.0.0.1:{free_tcp_port}"}[kind]()
    found = names(doctor("--proxy", proxy), check, words, proxy)
    assert "--proxy" in found[check]["remedy"] and "--upstream" not in found[check]["remedy"], found[check]


def test_a_proxy_that_refuses_the_way(doctor, start):
    proxy = start.keep(Proxy("user:password")).address
    found = names(doctor("--proxy", proxy, registry=SimpleNamespace(url="https://127.0.0.1:1")), "upstream", proxy, "407")
    assert "--proxy" in found["upstream"]["remedy"], found["upstream"]


def test_a_token_service_that_is_not_reached(doctor, start, folder, free_tcp_port):
    realm = f"http://127.0.0.1:{free_tcp_port}/token"
    registry = start.keep(Stub(401, challenge=f'Bearer realm="{realm}",service="r"'))
    credentials = guarded.credentials_file(folder, registry.url.partition("//")[2], "any")
    found = names(doctor("--credentials", credentials, registry=registry), "login", "token service that " + registry.url)
    assert "realm" in found["login"]["remedy"], found["login"]


@pytest.mark.parametrize("password", [guarded.PASSWORD, "wrong"])
def test_a_login(doctor, start, folder, shared_registry, password):
    registry = start.keep(guarded.GuardedRegistry(folder, shared_registry.folder / "data", guarded.by_password(folder)))
    result = doctor("--credentials", guarded.credentials_file(folder, registry.address, password), "--image", IMAGE,
                    registry=registry)
    if password == guarded.PASSWORD:
        assert result[0] == 0 and result[1]["login"]["message"].endswith("accepts our credentials"), result
    else:
        names(result, "login", "401")


@pytest.mark.parametrize("ahead, words", [(3600, "is behind"), (-90, "is ahead")])
def test_a_clock_that_is_off(doctor, start, ahead, words):
    status, found = doctor(registry=start.keep(Stub(ahead=ahead)))
    assert (status, statuses(found, "fail"), statuses(found, "warn")) == (0, [], ["clock"]), found
    assert words in found["clock"]["message"] and found["clock"]["remedy"]
    assert abs(int(re.search(r"by (\d+) s", found["clock"]["message"])[1]) - abs(ahead)) <= 5


def test_one_registry_of_several(folder, chain, shared_registry, free_tcp_port):
    done = registry_ndn("doctor", "--upstream", shared_registry.url, "--name", PREFIX, "--mirror",
                        f"dead.example=http://127.0.0.1:{free_tcp_port},{PREFIX}", "--router", chain[0].unix, "--listen",
                        "127.0.0.1:0", "--json", folder=folder)
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert [(finding["check"], str(free_tcp_port) in finding["message"]) for finding in found
            if finding["status"] == "fail"] == [("upstream", True)]
    assert [finding["status"] for finding in found if finding["check"] == "route"] == ["ok", "ok"]


# The way to the server.

def test_a_router_that_is_silent(doctor, free_udp_port):
    found = names(doctor("--image", IMAGE, router=f"127.0.0.1:{free_udp_port}"), "router", "nothing answers")
    assert found["image"]["status"] == "ok"


def test_a_router_where_nobody_listens(doctor, free_tcp_port):
    names(doctor(router=f"tcp://127.0.0.1:{free_tcp_port}"), "router", "nobody listens there")


def test_no_router_at_all(doctor, folder, free_tcp_port, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    names(doctor("--fch-url", f"http://127.0.0.1:{free_tcp_port}/", router="fch"), "router", "no router is found")


def test_a_prefix_that_nobody_serves(doctor):
    names(doctor("--image", IMAGE, prefix="/example/other"), "route", "no route to /example/other")


def test_a_server_that_has_ended(doctor, chain):
    chain[1].program.kill()
    names(doctor(), "route", PREFIX)


def test_a_server_that_hangs(doctor, chain):
    chain[1].program.signal(signal.SIGSTOP)
    try:
        names(doctor(), "route", "no server of " + PREFIX)
    finally:
        chain[1].program.signal(signal.SIGCONT)


def test_large_packets_that_are_lost(folder, start, shared_registry):
    hole = start.keep(Tamper(start.server().udp, lambda packet: packet if len(packet) < 1400 else b"\0"))
    names(examine(folder, shared_registry, hole.address, "--image", IMAGE), "packet-size", "MTU hole")


@pytest.fixture
def filled(doctor):
    """The forwarder's cache has the blob that `--image` asks for."""
    assert doctor("--image", IMAGE)[1]["blob"]["status"] == "ok"


def test_a_dead_server_with_a_filled_cache(doctor, server_doctor, chain, filled):
    chain[1].program.kill()
    for examined in doctor, server_doctor:
        names(examined("--image", IMAGE), "route", "no route to " + PREFIX)


def test_a_server_that_hangs_behind_a_filled_cache(doctor, server_doctor, chain, filled):
    """Its route is still there. A client cannot tell it from one that knows no pings; whoever has a server can."""
    chain[1].program.signal(signal.SIGSTOP)
    try:
        status, found = doctor("--image", IMAGE)
        assert (status, found["route"]["status"]) == (0, "warn"), found
        names(server_doctor("--image", IMAGE), "route", "no server of " + PREFIX)
    finally:
        chain[1].program.signal(signal.SIGCONT)


# A blob.

def test_an_image_that_the_registry_does_not_have(doctor):
    names(doctor("--image", "demo/missing:1"), "image", "404")


def test_a_server_of_another_registry(folder, start, shared_registry):
    server = start.server(registry=start.own_registry())
    names(examine(folder, shared_registry, server.udp, "--image", IMAGE), "metadata", "says that it has no sha256:")


def test_a_blob_that_differs(folder, start, shared_registry, blob):
    digest, _ = blob(100_000)

    def change(packet):
        if packet[0] != 6:
            return packet
        name, _, content, _ = parse_data(packet, True)
        is_segment = Component.get_type(name[-1]) == Component.TYPE_SEGMENT
        return flip(packet, packet.index(bytes(content)) + 100) if is_segment else packet
    tamper = start.keep(Tamper(start.server().udp, change))
    names(examine(folder, shared_registry, tamper.address, "--blob", f"{REPOSITORY}@{digest}"), "blob", digest)
    assert tamper.changed


@pytest.mark.parametrize("is_right", [True, False])
def test_a_trust_anchor(folder, start, shared_registry, is_right):
    def run(*arguments):
        done = registry_ndn(*arguments, folder=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    for identity, keychain in [(PREFIX, "keys"), ("/example/stranger", "stranger")]:
        run("keygen", identity, "--keychain", folder / keychain)
        run("cert", "export", identity, "--certificate-only", "--keychain", folder / keychain, "-o",
            folder / f"{keychain}.ndncert")
    server = start.server(options=["--keychain", folder / "keys"])
    anchor = folder / ("keys.ndncert" if is_right else "stranger.ndncert")
    result = examine(folder, shared_registry, server.udp, "--image", IMAGE, "--trust-anchor", anchor)
    if is_right:
        assert result[0] == 0 and result[1]["signature"]["status"] == "ok", result
    else:
        names(result, "signature", "is not trusted")


# A server.

@pytest.fixture
def server_doctor(folder, chain, shared_registry):
    """Examines the server of a chain that works, but for what is given."""
    def work(*options, registry=shared_registry, prefix=PREFIX, uplink=chain[0].unix):
        return found_by("server", "--registry", registry.url, "--name", prefix, "--uplink", uplink, *options, folder=folder,
                        checks=SERVERS)
    return work


def test_a_server_that_works(server_doctor):
    status, found = server_doctor("--image", IMAGE)
    assert (status, statuses(found, "fail"), statuses(found, "warn")) == (0, [], []), found
    assert statuses(found, "skip") == ["listen", "tls", "receive-buffer", "packet-size", "signature"], found
    assert "signed by its digest alone" in found["keychain"]["message"]
    assert "are the registry's" in found["blob"]["message"]


def test_a_server_that_clients_ask_directly(folder, start, shared_registry):
    server = start.server()
    status, found = found_by("server", "--registry", shared_registry.url, "--name", PREFIX, "--listen", f"udp://{server.udp}",
                             "--image", IMAGE, folder=folder, checks=SERVERS)
    assert (status, statuses(found, "fail")) == (0, []), found
    assert "runs already" in found["listen"]["message"] and found["packet-size"]["status"] == "ok"


def test_a_server_of_a_folder(folder, start, shared_registry, blob):
    forwarder = start.forwarder()
    digest, _ = blob(20_000)
    storage = SimpleNamespace(url=f"file://{shared_registry.folder}/data")
    start.server(registry=storage, uplink=forwarder.unix)
    status, found = found_by("server", "--registry", storage.url, "--name", PREFIX, "--uplink", forwarder.unix, "--blob",
                             f"{REPOSITORY}@{digest}", folder=folder, checks=SERVERS)
    assert (status, found["upstream"]["status"], found["blob"]["status"]) == (0, "skip", "ok"), found


@pytest.mark.parametrize("password", [guarded.PASSWORD, "wrong"])
def test_a_servers_login(server_doctor, start, folder, shared_registry, password):
    registry = start.keep(guarded.GuardedRegistry(folder, shared_registry.folder / "data", guarded.by_password(folder)))
    result = server_doctor("--credentials", guarded.credentials_file(folder, registry.address, password), "--repository", "**",
                           registry=registry)
    if password == guarded.PASSWORD:
        assert (result[0], statuses(result[1], "warn"), result[1]["login"]["status"]) == (0, [], "ok"), result
    else:
        names(result, "login", "401")


def test_the_variables_of_a_server_count(folder, chain, shared_registry):
    (folder / ".env").write_text(f"DOCKER_NDN_REGISTRY={shared_registry.url}\nDOCKER_NDN_NAME={PREFIX}\n")
    done = registry_ndn("doctor", "server", folder=folder, environment={"NDNTS_UPLINK": chain[0].unix, "DOCKER_NDN_REGISTER": "none"})
    assert done.returncode == 0 and f"ok    route: the server of {PREFIX}" in done.stdout, done.stdout + done.stderr


def test_a_servers_registry_that_does_not_run(server_doctor, free_tcp_port):
    found = names(server_doctor("--image", IMAGE, registry=SimpleNamespace(url=f"http://127.0.0.1:{free_tcp_port}")), "upstream")
    assert "--registry" in found["upstream"]["remedy"] and found["route"]["status"] == "ok"


def test_a_servers_forwarder_that_does_not_run(server_doctor, free_tcp_port):
    names(server_doctor(uplink=f"tcp://127.0.0.1:{free_tcp_port}"), "router", "nobody listens there")


def test_a_server_that_is_not_registered(server_doctor):
    names(server_doctor(prefix="/example/other"), "route", "no route to /example/other")


def test_a_servers_port_that_another_program_has(server_doctor):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        names(server_doctor("--listen", "tcp://127.0.0.1:%d" % taken.getsockname()[1]), "listen")


def test_a_keychain_that_is_none(server_doctor, folder):
    (folder / "keys").mkdir(mode=0o700)
    names(server_doctor("--keychain", folder / "keys", "--signing", "ecdsa"), "keychain", "has no key for " + PREFIX)


def test_a_server_that_is_called_wrongly(server_doctor):
    names(server_doctor("--source-rate", "0"), "configuration", "--source-rate must be more than 0")


def test_a_repository_that_a_server_does_not_serve(server_doctor):
    names(server_doctor("--repository", "team/*", "--image", IMAGE), "image", "--repository does not let demo/app be served")


# All at once.

def test_it_ends_soon_though_everything_is_dead(folder, start, free_udp_port):
    """A registry that takes connections and says nothing, and a router that does not answer."""
    silent = start.keep(tls.Peer(lambda connection: connection.recv(1 << 20) and connection.recv(1)))
    begin = time.monotonic()
    status, found = examine(folder, SimpleNamespace(url=f"http://{silent.address}"), f"127.0.0.1:{free_udp_port}",
                            "--image", IMAGE)
    assert (status, statuses(found, "fail")) == (1, ["registry", "router"]), found
    assert time.monotonic() - begin < 20


def test_a_wrong_call(folder):
    done = registry_ndn("doctor", "--image", "127.0.0.1:5000/app", folder=folder)
    assert done.returncode == 64 and "without the registry's address" in done.stderr
