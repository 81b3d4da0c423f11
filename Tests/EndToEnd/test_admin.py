"""What those who watch the programs are told: whether they live and serve, and what they have counted."""

import http.client
import itertools
import re
import socket
import time

import pytest

from harness import blobs
from harness.exchange import exchange, raw
from harness.metrics import Metrics, MetricsError, scrape
from harness.parts import PREFIX, ROOT, authority, binary, registry_ndn
from harness.program import Program
from harness.states import state

REPOSITORY = "demo/blobs"
ADMIN = ["--admin", "127.0.0.1:0"]


def admin(program: Program) -> str:
    return authority(program.event("metrics and probes are told")["admin"])


def ready(address: str) -> tuple[int, str]:
    answer = exchange(address, "GET", "/readyz")
    return answer.status, answer.body.decode().rstrip("\n")


def eventually(find, timeout: float = 30.0):
    """The first true `find()`."""
    deadline = time.monotonic() + timeout
    while not (found := find()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)
    return found


@pytest.fixture
def watched(start):
    """Forwarder, server and client, and where each tells how it is."""
    forwarder = start.forwarder(options=ADMIN)
    server = start.server(uplink=forwarder.unix, options=ADMIN)
    client = start.client(router=forwarder.unix, options=ADMIN)
    return (forwarder, server, client), [admin(part.program) for part in (forwarder, server, client)]


# What is answered

def test_all_three_programs_say_that_they_live_and_serve(watched):
    for part, address in zip(*watched):
        for path in ("/livez", "/readyz"):
            answer = exchange(address, "GET", path)
            assert (answer.status, answer.body) == (200, b"ok\n"), (part.name, answer)
        head = exchange(address, "HEAD", "/readyz")
        assert (head.status, head.headers["content-length"], head.body) == (200, "3", b"")
        for path in ("/index.html", "/v2/", "/metrics/", "/livezz"):
            assert exchange(address, "GET", path).status == 404
        refused = exchange(address, "POST", "/metrics", body=b"x")
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
        # Several questions over one connection, for a host that nobody knows.
        questions = b"GET /livez HTTP/1.1\r\nHost: whoever.example\r\n\r\n" * 3
        assert raw(address, questions + b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") == [200] * 3 + [404]


def test_the_client_answers_at_its_own_endpoint_too(chain, blob):
    _, _, client = chain
    assert ready(client.address) == (200, "ok")
    assert exchange(client.address, "GET", "/livez").body == b"ok\n"
    assert exchange(client.address, "DELETE", "/readyz").status == 405
    scrape(client.address).value("registry_ndn_requests_in_progress")
    # They are no requests to the registry, and not worth a line each.
    assert client.requests() == []
    digest, octets = blob(200_000)
    assert blobs.get(client.address, REPOSITORY, digest) == octets


def test_programs_end_though_somebody_watches_them(watched):
    parts, addresses = watched
    watching = [http.client.HTTPConnection(address) for address in addresses]
    for connection in watching:
        connection.request("GET", "/metrics")
        assert connection.getresponse().read()
    for part in reversed(parts):
        begin = time.monotonic()
        assert part.stop() == 0 and time.monotonic() - begin < 3, part.name
    for connection in watching:
        connection.close()


def test_nobody_listens_unless_it_is_wanted(start):
    forwarder = start.forwarder()
    assert not forwarder.program.events("metrics and probes are told")


# What is counted

def test_a_pull_is_counted_by_all_three(watched, blob):
    (_, _, client), (forwarder, server, addressed) = watched
    digest, octets = blob(1_000_000)
    for _ in range(2):
        assert blobs.get(client.address, REPOSITORY, digest) == octets
    client.request(digest, count=2)
    told = scrape(addressed)
    assert told.value("registry_ndn_requests_total", prefix=PREFIX, source="ndn", code="200") == 2
    assert told.value("registry_ndn_received_bytes_total", source="ndn") == 2 * len(octets)
    assert told.value("registry_ndn_received_bytes_total", source="upstream") == 0
    assert told.value("registry_ndn_segments_total", prefix=PREFIX) == 2 * 129
    assert told.total("registry_ndn_fallbacks_total") == 0
    assert told.value("registry_ndn_blob_duration_seconds_count", source="ndn") == 2
    assert 0 < told.value("registry_ndn_blob_first_byte_seconds_sum", source="ndn") \
        <= told.value("registry_ndn_blob_duration_seconds_sum", source="ndn") < 20
    assert told.value("registry_ndn_path_up") == told.value("registry_ndn_router_connected") == 1
    assert 0 < told.value("registry_ndn_router_rtt_seconds") < 5
    assert abs(told.value("registry_ndn_last_ndn_success_timestamp_seconds") - time.time()) < 15
    assert told.value("registry_ndn_ndn_degraded") == told.value("registry_ndn_pulls_in_progress") == 0
    # A segment may be asked for more than once.
    at_server = scrape(server)
    assert at_server.value("registry_ndn_server_data_total") >= 129
    assert at_server.value("registry_ndn_server_registry_read_bytes_total") >= len(octets)
    assert at_server.value("registry_ndn_server_cache_bytes") >= len(octets)
    assert at_server.value("registry_ndn_server_ready") == at_server.value("registry_ndn_server_faces") == 1
    at_forwarder = scrape(forwarder)
    assert at_forwarder.value("registry_ndn_forwarder_cs_hits_total") >= 129
    assert at_forwarder.value("registry_ndn_forwarder_cs_packets") >= 129
    assert at_forwarder.value("registry_ndn_forwarder_fib_entries") >= 1
    assert at_forwarder.value("registry_ndn_forwarder_faces") >= 2


def test_the_process_and_its_build_are_told(watched):
    version = registry_ndn("--version", folder=watched[0][0].folder).stdout.splitlines()
    for part, address in zip(*watched):
        told = scrape(address)
        assert told.value("registry_ndn_build_info", version=version[0].split()[1], commit=version[1].split()[1]) == 1
        assert abs(told.value("process_resident_memory_bytes") / part.program.memory() - 1) < 0.5
        assert told.value("process_cpu_seconds_total") == pytest.approx(part.program.cpu_seconds(), abs=0.5)
        assert 5 < told.value("process_open_fds") < told.value("process_max_fds")
        assert abs(told.value("process_start_time_seconds") - time.time()) < 120


def test_every_family_stands_in_the_page_and_nothing_else(watched, blob):
    (_, _, client), addresses = watched
    digest, _ = blob(200_000)
    blobs.get(client.address, REPOSITORY, digest)
    client.request(digest)
    told = {name: family.kind for address in addresses for name, family in scrape(address).families.items()}
    page = (ROOT / "docs" / "metrics.md").read_text()
    written = dict(re.findall(r"^\| `(\w+)`[^|]*\| (counter|gauge|histogram) ", page, re.MULTILINE))
    assert told == written


def test_several_registries_are_told_apart_though_they_share_a_prefix(start, shared_registry):
    client = start.client(router="/nowhere.sock", options=["--mirror", f"one.example={shared_registry.url},{PREFIX}",
                                                           "--mirror", f"two.example={shared_registry.url},/other"])
    told = scrape(client.address).samples("registry_ndn_path_up")
    assert [(labels["prefix"], value) for _, labels, value in told] == [(PREFIX, 0), (f"{PREFIX}#2", 0), ("/other", 0)]


# Not ready, degraded

def test_a_server_is_not_ready_without_its_uplink(start, folder, shared_registry):
    server = Program("server", [binary(), "server", "--registry", shared_registry.url, "--name", PREFIX, "--uplink",
                                f"unix://{folder}/forwarder.sock", *ADMIN], folder, cwd=folder)
    start.keep(server)
    address = admin(server)
    assert exchange(address, "GET", "/livez").status == 200
    assert eventually(lambda: ready(address) == (503, f"no connection to the uplink unix://{folder}/forwarder.sock"))
    assert scrape(address).value("registry_ndn_server_ready") == 0
    forwarder = start.forwarder()
    assert eventually(lambda: ready(address) == (200, "ok"))
    forwarder.stop()
    assert eventually(lambda: ready(address)[0] == 503)


def listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def test_a_server_is_alive_while_it_waits_for_a_forwarder_of_this_machine(start, folder, shared_registry):
    if any(map(listens, ("/run/registry-ndn.sock", "/run/nfd/nfd.sock", "/run/nfd.sock"))):
        pytest.skip("a forwarder runs on this machine")
    server = Program("server", [binary(), "server", "--registry", shared_registry.url, "--name", PREFIX, *ADMIN], folder,
                     {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}, folder)
    start.keep(server)
    address = admin(server)
    assert ready(address) == (503, "the server does not listen yet, and has no uplink")
    assert exchange(address, "GET", "/livez").body == b"ok\n"


def test_a_router_that_is_gone_is_told_though_nobody_pulls(chain):
    forwarder, _, client = chain
    assert eventually(lambda: scrape(client.address).value("registry_ndn_path_up") == 1)
    forwarder.program.kill()
    assert eventually(lambda: scrape(client.address).value("registry_ndn_path_up") == 0)
    assert scrape(client.address).value("registry_ndn_router_connected") == 0
    # Pulls go on.
    assert ready(client.address) == (200, "ok")


def test_a_fallback_is_told_at_once_and_a_minute_of_them_is_told_by_the_log_and_at_readyz(start, blob):
    server = start.server()
    server.program.kill()
    client = start.client(router=server.udp)
    begin, seeds = time.monotonic(), iter(range(1000))

    def pull():
        digest, octets = blob(20_000, seed=next(seeds))
        assert blobs.get(client.address, REPOSITORY, digest) == octets
        return client.request(digest)
    assert pull()["source"] == "upstream"
    told = scrape(client.address)
    assert told.value("registry_ndn_path_up") == 0
    assert told.total("registry_ndn_fallbacks_total") == 1
    assert ready(client.address) == (200, "ok")
    while time.monotonic() - begin < 63:
        pull()
        time.sleep(4)
    status, why = ready(client.address)
    assert status == 200 and re.fullmatch(r"degraded: no blob came over NDN for \d\d s: .*router.*|"
                                          r"degraded: no blob came over NDN for \d\d s: nothing answers .*", why), why
    assert scrape(client.address).value("registry_ndn_ndn_degraded") == 1
    lines = client.program.events("blobs are asked for, and none comes over NDN")
    assert len(lines) == 1 and lines[0]["level"] == "warning" and 60 <= lines[0]["seconds"] < 70, lines
    server.restart()
    client.program.event("NDN path up", timeout=60)
    assert pull()["source"] == "ndn"
    assert ready(client.address) == (200, "ok")
    client.program.event("blobs come over NDN again")
    told = scrape(client.address)
    assert (told.value("registry_ndn_ndn_degraded"), told.value("registry_ndn_path_up")) == (0, 1)


def test_a_small_blob_out_of_a_cache_does_not_hide_that_the_rest_comes_from_the_registry(chain, blob):
    _, server, client = chain
    small, octets = blob(1000, seed=90)
    assert blobs.get(client.address, REPOSITORY, small) == octets
    server.program.kill()
    for seed in range(91, 94):
        digest, large = blob(1_000_000, seed=seed)
        assert blobs.get(client.address, REPOSITORY, digest) == large
        assert client.request(digest)["source"] == "upstream"

    def is_degraded():
        # It is only while blobs are asked for.
        assert blobs.get(client.address, REPOSITORY, digest) == large
        return ready(client.address)[1].startswith("degraded: no blob came over NDN for ")
    assert eventually(is_degraded, timeout=90)
    # The first was asked for before; and a path that failed is left alone for a minute.
    count = itertools.count(2)

    def pull():
        assert blobs.get(client.address, REPOSITORY, small) == octets
        return client.request(small, count=next(count))
    assert eventually(lambda: pull()["source"] == "ndn", timeout=90)
    status, why = ready(client.address)
    assert status == 200 and why.startswith("degraded: next to nothing came over NDN for "), why
    assert scrape(client.address).value("registry_ndn_ndn_degraded") == 1


def test_a_registry_that_is_gone_is_told_by_the_server_and_by_the_client(start):
    registry = start.own_registry()
    forwarder = start.forwarder()
    server = start.server(forwarder.unix, registry, options=ADMIN)
    client = start.client(forwarder.unix, registry, options=ADMIN)
    at_server, at_client = admin(server.program), admin(client.program)
    digests = [registry.put_blob(REPOSITORY, blobs.seeded(f"gone {number}", 50_000)) for number in range(40)]

    def pull(digest):
        return exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{digest}").status
    assert pull(digests.pop()) == 200 and ready(at_server) == ready(at_client) == (200, "ok")
    assert pull(f"sha256:{0:064}") == 404
    assert ready(at_server) == (200, "ok") and scrape(at_server).value("registry_ndn_server_registry_failures_total") == 0
    assert scrape(at_client).value("registry_ndn_fallbacks_total", reason="refused") == 1
    registry.stop()
    assert pull(digests.pop()) == 502
    for address, words in ((at_server, f"degraded: cannot read from {registry.url}: "),
                           (at_client, f"degraded: pulls from {registry.url} fail: ")):
        status, why = ready(address)
        assert status == 200 and why.startswith(words) and "refused" in why, why
    told = scrape(at_server)
    assert told.value("registry_ndn_server_registry_failures_total") > 0 and told.value("registry_ndn_server_ready") == 1
    seen = state(at_server)
    assert seen["health"]["summary"] == "Cannot read from the registry" and "doctor server" in seen["health"]["remedy"]
    seen = state(at_client)
    assert seen["health"]["summary"] == "Pulls fail" and registry.url in seen["health"]["reason"]
    assert seen["client"]["recent"][0]["status"] == 502 and "refused" in seen["client"]["recent"][0]["failure"]
    assert seen["client"]["recent"][1]["failure"] == "the registry answers 404 Not Found"
    registry.start()
    # The server leaves a registry alone for a moment after a failure.
    assert eventually(lambda: pull(digests.pop()) == 200 and (time.sleep(0.5) or ready(at_server)) == (200, "ok"))
    # What NDN brings says nothing of the registry, which manifests come from.
    assert exchange(client.address, "GET", "/v2/").status == 200
    assert ready(at_client) == (200, "ok")
    assert registry_ndn("top", "--once", "--admin", at_client, folder=client.folder).stdout.count("failed, ") >= 1


# What is wrong

def test_an_address_in_use_is_told(folder, free_tcp_port):
    done = registry_ndn("forwarder", "--unix", f"{folder}/f.sock", "--udp", "none", "--admin", "nonsense", folder=folder)
    assert done.returncode == 64 and "write HOST:PORT, such as 127.0.0.1:9100" in done.stderr, done
    words = ["client", "--upstream", "http://127.0.0.1:9", "--name", PREFIX, "--router", "/no.sock", "--admin",
             f"127.0.0.1:{free_tcp_port}", "--listen"]
    done = registry_ndn(*words, f"127.0.0.1:{free_tcp_port}", folder=folder)
    assert done.returncode == 64 and "are one address" in done.stderr, done
    with socket.create_server(("127.0.0.1", free_tcp_port)):
        done = registry_ndn(*words, "127.0.0.1:0", folder=folder)
    assert done.returncode == 1 and f"port {free_tcp_port} of 127.0.0.1 is taken by another program" in done.stderr, done


@pytest.mark.parametrize("text", [
    "", "a 1", "# TYPE a gauge\na 1\n", "# HELP a b\na 1\n", "# HELP a b\n# TYPE a gauge\n", "# HELP a b\n# TYPE a gauge\na x\n",
    "# HELP a b\n# TYPE a gauge\na 1\na 1\n", "# HELP a b\n# TYPE a gauge\nb 1\n", "# HELP a b\n# TYPE a counter\na 1\n",
    '# HELP a b\n# TYPE a gauge\na{x="1",} 1\n', '# HELP a b\n# TYPE a gauge\na{x="1",x="2"} 1\n',
    '# HELP a b\n# TYPE a gauge\na{x="\\t"} 1\n', "# HELP a b\n# TYPE a gauge\na 1\n\n",
    '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
    "# HELP a_ms b\n# TYPE a_ms gauge\na_ms 1\n"])
def test_the_reader_of_these_tests_is_strict(text):
    with pytest.raises(MetricsError):
        Metrics(text)
