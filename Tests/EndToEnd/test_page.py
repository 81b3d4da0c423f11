"""The page at --admin and what else shows people how a program is: its events, `top`, `measure`, a field in answers."""

import fcntl
import http.client
import http.server
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

import pytest

from harness import blobs
from harness.exchange import exchange
from harness.parts import PREFIX, ROOT, authority, binary, registry_ndn
from harness.states import States, names, state

REPOSITORY = "demo/blobs"
ADMIN = ["--admin", "127.0.0.1:0"]


def admin(part) -> str:
    return authority(part.program.event("metrics and probes are told")["admin"])


@pytest.fixture
def watched(start):
    """Forwarder, server and client, and where each tells how it is."""
    forwarder = start.forwarder(options=ADMIN)
    server = start.server(uplink=forwarder.unix, options=ADMIN)
    client = start.client(router=forwarder.unix, options=ADMIN)
    return (forwarder, server, client), [admin(part) for part in (forwarder, server, client)]


# The page

def test_the_page_is_whole_small_and_for_our_hosts_alone(start):
    forwarder = start.forwarder(options=[*ADMIN, "--admin-host", "pulls.example"])
    address = admin(forwarder)
    page = exchange(address, "GET", "/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert len(page.body) < 30_000 and b"</html>" in page.body
    for host in ("localhost", "pulls.example:9100", "[::1]"):
        assert raw_status(address, "/", host) == raw_status(address, "/events", host) == 200
    for host in ("evil.example", "127.0.0.1.evil.example"):
        assert raw_status(address, "/", host) == raw_status(address, "/events", host) == 403
        assert raw_status(address, "/metrics", host) == 200


def test_who_names_no_host_is_told_so(start):
    address = admin(start.forwarder(options=ADMIN))
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = connection.recv(4096)
    assert b" 403 " in answer and b"to a request without a Host field" in answer, answer


def raw_status(address: str, path: str, host: str) -> int:
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.putrequest("GET", path, skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    response = connection.getresponse()
    connection.close()
    return response.status


# Its events

def test_a_pull_is_seen_from_its_begin_to_its_end(watched, blob):
    (_, _, client), (forwarder, server, address) = watched
    # More than lies in sockets while nobody reads.
    digest, octets = blob(64_000_000)
    with States(address) as states:
        first = states.next()
        assert first["program"] == "client" and first["health"] == {"state": "ready"}
        assert first["client"]["pulls"] == [] and first["client"]["pull_count"] == 0
        download = blobs.Download(client.address, REPOSITORY, digest)
        body = download.read(1 << 20)
        begun = states.until(lambda seen: seen["client"]["pulls"])
        pull = begun["client"]["pulls"][0]
        assert (pull["repository"], pull["digest"], pull["prefix"]) == (REPOSITORY, digest, PREFIX)
        assert pull["size"] == len(octets) and len(body) <= pull["ndn_bytes"] < len(octets)
        assert begun["client"]["pull_count"] == begun["client"]["requests"] == 1
        body += download.read(12 << 20)
        grown = states.until(lambda seen: seen["client"]["pulls"][0]["ndn_bytes"] >= 13 << 20)["client"]["pulls"][0]
        assert grown["id"] == pull["id"] and grown["seconds"] > pull["seconds"] and grown["upstream_bytes"] == 0
        assert body + download.rest() == octets
        download.close()
        ended = states.until(lambda seen: not seen["client"]["pulls"])["client"]
    assert ended["recent"][0]["id"] == pull["id"] == client.request(digest)["request"]
    assert ended["recent"][0]["ndn_bytes"] == sum(ended["hour"]["ndn_bytes"]) == len(octets)
    assert sum(ended["hour"]["upstream_bytes"]) == 0 and len(ended["hour"]["ndn_bytes"]) == 60
    (registry,) = ended["registries"]
    assert registry["is_up"] and registry["ndn_bytes"] == len(octets) and 0 < registry["round_trip_seconds"] < 5
    (router,) = ended["routers"]
    assert router["is_up"] and router["is_used"] and router["round_trip_seconds"] == registry["round_trip_seconds"]
    at_server, at_forwarder = state(server), state(forwarder)
    assert at_server["server"]["prefixes"] == [{"name": PREFIX, "is_registered": True}]
    assert at_server["server"]["uplink"]["is_up"] and at_server["server"]["registry_bytes"] >= len(octets)
    routes = {route["prefix"]: route["faces"] for route in at_forwarder["forwarder"]["routes"]}
    faces = {face["id"]: face for face in at_forwarder["forwarder"]["faces"]}
    assert len(faces) == at_forwarder["forwarder"]["face_count"] >= 2
    assert sum(faces[face]["in_data"] for face in routes[PREFIX]) >= 8000


def test_every_name_stands_in_the_document(watched, blob):
    (_, _, client), addresses = watched
    digest, _ = blob(200_000)
    blobs.get(client.address, REPOSITORY, digest)
    client.request(digest)
    told = set().union(*(names(state(address)) for address in addresses)) - {"client", "server", "forwarder"}
    page = (ROOT / "docs" / "admin.md").read_text()
    written = set(re.findall(r"\w+", " ".join(re.findall(r"^\| (`.*?) \| ", page, re.MULTILINE))))
    assert told - written == set()
    # What only shows when something is wrong.
    assert written - told <= {"reason", "remedy", "trouble", "time", "level", "text", "fallback", "failure", "state", "summary"} | {
        "state", "health", "process"}, written - told


def test_why_ndn_is_not_used_is_told_at_once_with_what_to_do(start, blob):
    forwarder = start.forwarder()
    client = start.client(router=forwarder.unix, options=ADMIN)
    digest, octets = blob(50_000)
    with States(admin(client)) as states:
        assert states.next()["health"]["state"] == "ready"
        # No server: the router has no route.
        assert blobs.get(client.address, REPOSITORY, digest) == octets
        seen = states.until(lambda seen: seen["health"]["state"] == "degraded")
        assert "no route" in seen["health"]["reason"] and "start a server" in seen["health"]["remedy"]
        assert seen["client"]["recent"][0]["upstream_bytes"] == len(octets)
        assert "no route" in seen["client"]["recent"][0]["fallback"]
        assert [problem["level"] for problem in seen["problems"]] == ["warning"]
        assert seen["problems"][0]["text"].startswith("NDN path down")
        forwarder.program.kill()
        seen = states.until(lambda seen: not seen["client"]["routers"][0]["is_up"])
        assert "start the router, or name another one by --router" == seen["health"]["remedy"]
        assert seen["client"]["routers"][0]["trouble"] == seen["health"]["reason"]


def test_no_path_stands_without_a_router_though_nobody_pulls(start):
    forwarder = start.forwarder()
    client = start.client(router=forwarder.unix, options=ADMIN)
    with States(admin(client)) as states:
        states.until(lambda seen: seen["client"]["registries"][0]["is_up"])
        forwarder.program.kill()
        seen = states.until(lambda seen: not seen["client"]["registries"][0]["is_up"])
    assert seen["client"]["registries"][0]["standing"] == "no router"


def test_a_server_without_its_forwarder_says_what_to_do(start):
    forwarder = start.forwarder()
    server = start.server(uplink=forwarder.unix, options=ADMIN)
    forwarder.program.kill()
    with States(admin(server)) as states:
        seen = states.until(lambda seen: seen["health"]["state"] == "not_ready" and seen["server"]["uplink"].get("trouble"))
    assert seen["health"]["remedy"] == "start the forwarder, or name another one by --uplink"
    assert not seen["server"]["uplink"]["is_up"]


def test_programs_end_at_once_though_people_look_and_are_found_again(watched):
    parts, addresses = watched
    for part, address in zip(reversed(parts), reversed(addresses)):
        with States(address) as states:
            states.next()
            begin = time.monotonic()
            assert part.stop() == 0 and time.monotonic() - begin < 3, part.name
            assert not part.program.events("metrics and probes are not told any more")


# Where a blob came from

def test_an_answer_says_where_it_came_from(chain, blob):
    forwarder, _, client = chain
    digest, _ = blob(100_000)
    path = f"/v2/{REPOSITORY}/blobs/{digest}"
    whole, part = exchange(client.address, "GET", path), exchange(client.address, "GET", path, {"Range": "bytes=5-9"})
    assert (whole.status, part.status) == (200, 206)
    for answer in (whole, part):
        assert re.fullmatch(r"ndn;dur=\d+\.\d", answer.headers["server-timing"]), answer.headers
    forwarder.program.kill()
    other, _ = blob(100_001)
    whole = exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{other}")
    part = exchange(client.address, "GET", f"/v2/{REPOSITORY}/blobs/{other}", {"Range": "bytes=5-9"})
    for answer in (whole, part):
        assert re.fullmatch(r'upstream;dur=\d+\.\d;desc="(face_down|path_down|stalled|no_answer)"',
                            answer.headers["server-timing"]), answer.headers


# top

def test_top_prints_a_program_once(watched, blob, folder):
    (_, _, client), addresses = watched
    digest, octets = blob(1_000_000)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    client.request(digest)
    for name, address, words in zip(("forwarder", "server", "client"), addresses, (
            ["Packets", "content store", f"  {PREFIX}  ", "Faces ("],
            ["Prefixes", "registered", "uplink", "read at the registry"],
            ["Last hour", "over NDN", "100 %", "Pulls in progress (0)", f"{REPOSITORY} {digest[7:19]}  NDN", "in use"])):
        done = registry_ndn("top", "--once", "--admin", address, folder=folder)
        assert done.returncode == 0 and done.stdout.startswith(f"registry-ndn {name} "), done
        assert "ready" in done.stdout.splitlines()[0] and "\x1b" not in done.stdout
        for word in words:
            assert word in done.stdout, done.stdout


def test_top_says_what_is_wrong(chain, folder, free_tcp_port):
    for address, words in (
            (f"127.0.0.1:{free_tcp_port}", f"start the client, server or forwarder with --admin 127.0.0.1:{free_tcp_port}"),
            (chain[2].address, "a client's --listen is another address")):
        done = registry_ndn("top", "--admin", address, folder=folder)
        assert done.returncode == 1 and words in done.stderr and done.stdout == "", done
    done = registry_ndn("top", "--admin", "ftp://x", folder=folder)
    assert done.returncode == 64 and '--admin "ftp://x": the scheme must be https or http' in done.stderr
    done = registry_ndn("top", "--admin", "", folder=folder)
    assert done.returncode == 64 and "--admin is empty: write HOST:PORT" in done.stderr


@pytest.mark.parametrize("pause, words", [(0, "a line of more than 1 MiB"), (0.2, "has told no two states of itself")])
def test_top_is_not_kept_by_a_line_without_end(folder, pause, words):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: ")
                try:
                    while True:
                        connection.sendall(b"x" * (10 if pause else 1 << 16))
                        time.sleep(pause)
                except OSError:
                    pass
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        begin = time.monotonic()
        done = registry_ndn("top", "--once", "--admin", f"127.0.0.1:{listener.getsockname()[1]}", folder=folder)
        assert done.returncode == 1 and words in done.stderr and time.monotonic() - begin < 12, done
        thread.join(5)


@pytest.mark.parametrize("end", [b"q", signal.SIGINT])
def test_top_draws_on_a_terminal_and_leaves_it_as_it_was(watched, folder, end):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 60, 0, 0))
    before = termios.tcgetattr(theirs)
    top = subprocess.Popen([binary(), "top", "--admin", watched[1][2]], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
                           start_new_session=True)
    text = b""
    while text.count(b"\x1b[H") < 3:
        text += os.read(ours, 65536)
    if end == b"q":
        os.write(ours, end)
    else:
        top.send_signal(end)
    assert top.wait(10) == 0
    assert termios.tcgetattr(theirs) == before
    os.close(theirs)
    try:
        while chunk := os.read(ours, 65536):
            text += chunk
    except OSError:
        pass
    os.close(ours)
    assert text.startswith(b"\x1b[?1049h\x1b[?25l") and text.endswith(b"\x1b[?25h\x1b[?1049l")
    for frame in text.split(b"\x1b[H")[1:]:
        lines = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", frame).decode().split("\r\n")
        assert len(lines) <= 20 and max(map(len, lines)) <= 60, lines
        assert lines[0].startswith("registry-ndn client ")


# measure

def test_measure_compares_the_client_with_its_registry(chain, shared_registry, layout, folder):
    forwarder, _, client = chain
    words = ["measure", "demo/app", "--upstream", shared_registry.url, "--client", f"http://{client.address}"]
    done = registry_ndn(*words, folder=folder)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and done.stderr == "" and len(lines) == len(layout[2]) + 1, done
    for line, made in zip(lines, sorted(layout[2], key=lambda made: made.size)):
        assert re.fullmatch(rf"{made.digest[:19]}  [\d.]+ [kM]?B  client [\d.]+ m?s, [\d.]+ [kMG]?B/s, ndn  "
                            r"registry [\d.]+ m?s, [\d.]+ [kMG]?B/s", line), line
    assert re.fullmatch(r"5 blobs, 3\d\.\d MB: client .*; the client took \d+\.\d % of the registry's time", lines[-1])
    forwarder.program.kill()
    done = registry_ndn(*words, folder=folder)
    assert done.returncode == 1 and len(done.stdout.splitlines()) == len(lines), done
    assert re.search(r"5 of 5 blobs did not come over NDN \(upstream \((face_down|path_down).*`registry-ndn doctor`", done.stderr)
    done = registry_ndn("measure", "demo/nothing", *words[2:], folder=folder)
    assert done.returncode == 1 and "404 Not Found when it is asked for the manifest latest of demo/nothing" in done.stderr


def test_measure_takes_no_registry_for_the_client(shared_registry, folder):
    done = registry_ndn("measure", "demo/app", "--upstream", shared_registry.url, "--client", shared_registry.url, folder=folder)
    assert done.returncode == 1 and not done.stdout, done
    assert f"what answers at {shared_registry.url} is no registry-ndn client" in done.stderr and "--client" in done.stderr


class Giver(http.server.BaseHTTPRequestHandler):
    """Answers every blob with the same, of which there is less than it says when `missing` is more than 0."""
    missing = 0

    def do_GET(self):
        # What a client answers for itself.
        own = b"User-agent: *\nDisallow: /\n" if self.path == "/robots.txt" else None
        body = own or bytes(1000)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + (0 if own else self.missing)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("missing, words", [(0, "has a wrong digest as the client {} gives it: the SHA-256 is 541b3e9daa09"),
                                            (5, "does not come from the client {}: it ended the answer in the middle")])
def test_measure_says_which_side_gives_a_wrong_blob_and_which_blob(shared_registry, layout, folder, missing, words):
    handler = type("Giver", (Giver,), {"missing": missing})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        done = registry_ndn("measure", "demo/app", "--upstream", shared_registry.url, "--client", url, folder=folder)
        server.shutdown()
    smallest = min(layout[2], key=lambda made: made.size).digest
    assert done.returncode == 1 and f"{smallest} {words.format(url)}" in " ".join(done.stderr.split()), done


def test_measure_asks_a_client_of_several_registries_for_the_one_that_it_is_told(start, shared_registry, layout, folder):
    forwarder = start.forwarder()
    start.server(uplink=forwarder.unix)
    other = start.own_registry()
    client = start.client(forwarder.unix, other, options=["--mirror", f"one.example={shared_registry.url},{PREFIX}"])
    words = ["measure", "demo/app", "--upstream", shared_registry.url, "--client"]
    done = registry_ndn(*words, f"http://{client.address}/one.example", folder=folder)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == len(layout[2]) + 1, done
    done = registry_ndn(*words, f"http://{client.address}/two.example", folder=folder)
    assert done.returncode == 1 and "put the registry's host behind --client" in " ".join(done.stderr.split()), done
