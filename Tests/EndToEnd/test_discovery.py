"""Finding a router by itself: NDN-FCH, probing, spares, the remembered answer; and ping."""

import itertools
import re
import time

import pytest

from harness import blobs, tls
from harness.fch import FCH
from harness.parts import PREFIX, Client, authority, blob_name, registry_ndn

REPOSITORY = "demo/blobs"


class FindingClient(Client):
    """A client that is told no router."""

    def __init__(self, folder, registry, fch: str, name: str = "client", options: list = ()):
        common = ["client", "--upstream", registry.url, "--name", PREFIX, "--router", "fch", "--fch-url", fch, *options]
        super(Client, self).__init__(name, folder, common + ["--listen", "127.0.0.1:0"])
        self.start()
        self._arguments = common + ["--listen", self.address]


@pytest.fixture
def sites(start):
    """Two forwarders, each with a server: (forwarder, server) by the forwarder's UDP address."""
    made = {}
    for number in (1, 2):
        forwarder = start.forwarder(name=f"forwarder{number}")
        made[forwarder.udp] = (forwarder, start.server(uplink=forwarder.unix, name=f"server{number}"))
    return made


@pytest.fixture
def fch(start, sites):
    def make(form="json", extra=(), secure=False):
        routers = [(at, "/router") for at in sites] + [(at, "/dead") for at in extra]
        return start.keep(FCH(routers, form, (tls.pem("good"), tls.KEY) if secure else None))
    return make


@pytest.fixture
def finding(start, folder, monkeypatch):
    """Starts a client that finds its router; what it remembers stays in the test's folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))

    def make(service, **options):
        return start.keep(FindingClient(folder, start.registry, service.url, **options))
    return make


def chosen(client, start=0) -> str:
    event = client.program.event("router chosen", start=start)
    return authority(event["router"])


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_client_finds_a_router_and_survives_its_death(fch, finding, sites, blob, form, free_udp_port):
    service = fch(form, extra=[f"127.0.0.1:{free_udp_port}"])
    client = finding(service, options=["--fch-position", "50.8,4.4", "--fch-count", "3"])
    first = chosen(client)
    assert first in sites
    assert service.questions[0] == {"cap": ["udp"], "k": ["3"], "lat": ["50.8"], "lon": ["4.4"]}
    assert service.coded == len(service.questions)
    digest, octets = blob(2_000_000)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert client.request(digest)["source"] == "ndn"
    sites[first][0].program.kill()
    # The very next pull does not fail, and the one after it comes over NDN again.
    digest, octets = blob(2_000_000, seed=1)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert client.program.event("router failed, using the next")["router"].endswith(first)
    digest, octets = blob(2_000_000, seed=2)
    deadline = time.monotonic() + 20
    for count in itertools.count(1):
        assert blobs.get(client.address, REPOSITORY, digest) == octets
        if client.request(digest, count)["source"] == "ndn":
            break
        assert time.monotonic() < deadline, client.requests(digest)
        time.sleep(0.5)


def test_the_service_over_https(fch, finding, sites, blob, folder):
    service = fch(secure=True)
    client = finding(service, options=tls.TRUST)
    assert chosen(client) in sites
    digest, octets = blob(1_000_000)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert client.request(digest)["source"] == "ndn"
    target = folder / "blob"
    done = registry_ndn("fetch", blob_name(REPOSITORY, digest), "-o", target, "--router", "fch", "--fch-url", service.url, *tls.TRUST,
                        folder=folder)
    assert done.returncode == 0 and target.read_bytes() == octets, done.stderr
    done = registry_ndn("ping", PREFIX, "-c", 1, "--router", "fch", "--fch-url", service.url, *tls.TRUST, folder=folder)
    assert done.returncode == 0, done.stderr


def test_a_service_whose_certificate_is_not_trusted_is_not_believed(fch, finding, blob):
    client = finding(fch(secure=True))
    event = client.program.event("no router found")
    assert "certificate" in event["error"] and "--ca-file" in event["error"], event
    digest, octets = blob(1_000_000)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert client.request(digest)["source"] == "upstream"


def test_a_router_that_dies_in_the_middle_of_a_blob(fch, finding, sites, blob):
    client = finding(fch())
    first = chosen(client)
    digest, octets = blob(48 << 20)
    download = blobs.Download(client.address, REPOSITORY, digest)
    head = download.read(1 << 20)
    sites[first][0].program.kill()
    assert head + download.rest() == octets


def test_the_last_answer_is_used_while_the_service_is_down(fch, finding, sites, blob):
    service = fch()
    client = finding(service)
    assert chosen(client) in sites
    service.stop()
    client.stop()
    before = len(client.program.lines)
    client.restart()
    assert client.program.event("no router service, using its last answer", start=0)
    assert chosen(client) in sites
    digest, octets = blob(1_000_000)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert client.request(digest)["source"] == "ndn"
    assert before > 0


def test_without_any_router_the_client_serves_from_the_upstream(start, folder, monkeypatch, blob):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    service = FCH([])
    service.stop()
    client = start.keep(FindingClient(folder, start.registry, service.url))
    event = client.program.event("no router found")
    assert "--router" in event["error"] and "--fch-url" in event["error"]
    digest, octets = blob(1_000_000)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    assert client.request(digest)["source"] == "upstream"


def test_fetch_finds_a_router(fch, blob, folder, monkeypatch, free_udp_port):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    service = fch(extra=[f"127.0.0.1:{free_udp_port}"])
    digest, octets = blob(3_000_000)
    target = folder / "blob"
    done = registry_ndn("fetch", blob_name(REPOSITORY, digest), "-o", target, "--router", "fch", "--fch-url", service.url, folder=folder)
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == octets
    service.stop()
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "other"))
    done = registry_ndn("fetch", blob_name(REPOSITORY, digest), "-o", target, "--router", "fch", "--fch-url", service.url, folder=folder)
    assert done.returncode == 1 and "--router" in done.stderr, done.stderr


def test_ping(chain, folder, free_udp_port):
    forwarder = chain[0]
    done = registry_ndn("ping", PREFIX, "-c", 3, "-i", "10ms", "--router", forwarder.udp, folder=folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^3 sent, 3 answered, 0 Nacks, 0\.0 % lost; RTT min/avg/max ", done.stdout, re.M), done.stdout
    done = registry_ndn("ping", "/nobody", "-c", 1, "--router", forwarder.udp, folder=folder)
    assert done.returncode == 1 and "no route" in done.stdout, done.stdout
    done = registry_ndn("ping", PREFIX, "-c", 1, "--timeout", "200ms", "--router", f"127.0.0.1:{free_udp_port}",
                        folder=folder)
    assert done.returncode == 1 and "no answer" in done.stdout and "100.0 % lost" in done.stdout, done.stdout


def test_ping_finds_a_router_and_says_what_it_found(fch, folder, monkeypatch, free_udp_port):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    service = fch(extra=[f"127.0.0.1:{free_udp_port}"])
    done = registry_ndn("ping", PREFIX, "-c", 1, "--router", "fch", "--fch-url", service.url, folder=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("reaches the producer") == 2 and done.stdout.count("does not answer") == 1, done.stdout
