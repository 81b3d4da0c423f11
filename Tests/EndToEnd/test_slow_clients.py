"""Programs that are slow, or that go away: whoever only holds a connection loses it, and nobody else notices."""

import concurrent.futures
import http.client
import json
import socket
import threading
import time

import pytest

from harness import blobs
from harness.exchange import exchange
from harness.listener import Listener

REPOSITORY = "demo/blobs"
CHUNK = 7777
LARGE = 96 << 20
# What the kernel may hold between the client and a program that does not read, on both ends.
KERNEL = 16 << 20
FETCH_MEMORY = 32 << 20
# No connection that is to be closed may outlive its limit by more than a busy machine explains.
PATIENCE = 30


@pytest.fixture
def patient(start):
    """A client that waits two seconds for anybody."""
    server = start.server()
    return server, start.client(server.udp, options=["--idle-timeout", "2s", "--stall-timeout", "2s"])


def connect(client) -> socket.socket:
    host, _, port = client.address.rpartition(":")
    return socket.create_connection((host, int(port)), PATIENCE)


def closes(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    received = b""
    try:
        while octets := connection.recv(65536):
            received += octets
    except ConnectionError:
        pass
    return received


def test_a_head_that_does_not_end(patient):
    """One octet after the other does not buy more time."""
    client = patient[1]
    with connect(client) as connection:
        begin = time.monotonic()
        connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: a\r\nX: ")
        connection.settimeout(0.2)
        while time.monotonic() - begin < PATIENCE:
            try:
                connection.sendall(b"x")
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert time.monotonic() - begin < PATIENCE
    assert exchange(client.address, "GET", "/v2/").status == 200


def test_an_idle_connection(patient):
    client = patient[1]
    with connect(client) as connection:
        connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n")
        received = closes(connection)
    assert received.startswith(b"HTTP/1.1 200 ") and b"Connection: close" not in received


def upload(client) -> str:
    begun = exchange(client.address, "POST", f"/v2/{REPOSITORY}/blobs/uploads/", {}, b"")
    assert begun.status == 202
    return begun.headers["location"]


def patch(location: str, length: int) -> bytes:
    return (f"PATCH {location} HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Length: {length}\r\n\r\n").encode()


def test_a_body_that_does_not_come(patient):
    client = patient[1]
    with connect(client) as connection:
        connection.sendall(patch(upload(client), 1000) + b"x" * 100)
        assert not closes(connection).startswith(b"HTTP/1.1 2")


def test_a_body_that_comes_slowly(patient):
    """Twice as long as the limit, with no pause as long."""
    client = patient[1]
    pieces = 20
    with connect(client) as connection:
        connection.sendall(patch(upload(client), pieces * 1000))
        for _ in range(pieces):
            connection.sendall(b"0123456789" * 100)
            time.sleep(0.2)
        assert connection.recv(65536).startswith(b"HTTP/1.1 202 ")


def test_a_body_that_trickles(patient):
    """One octet after the other, with no pause as long as the limit, does not hold a connection for ever."""
    client = patient[1]
    begin = time.monotonic()
    with connect(client) as connection:
        connection.sendall(patch(upload(client), 1_000_000))
        connection.settimeout(0.2)
        received = b""
        while time.monotonic() - begin < PATIENCE:
            try:
                connection.sendall(b"x")
                octets = connection.recv(65536)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            received += octets
            if not octets:
                break
    assert time.monotonic() - begin < PATIENCE and not received.startswith(b"HTTP/1.1 2")
    cut = client.program.event("request", lambda event: "1000 bytes a second" in event.get("failure", ""))
    assert cut["status"] == 408


def test_who_reads_nothing_holds_nothing(patient, blob):
    """Forty of them: not their blobs, not the others of the same blob, and not for long."""
    server, client = patient
    digest, octets = blob(LARGE)
    small, few = blob(1 << 20, seed=3)
    # Reads the end of the head and nothing after.
    stalled = [blobs.Download(client.address, REPOSITORY, digest, timeout=PATIENCE) for _ in range(40)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        same = pool.submit(blobs.get, client.address, REPOSITORY, digest, 60)
        other = pool.submit(blobs.get, client.address, REPOSITORY, small, 60)
        assert other.result() == few and same.result() == octets
    # Each is told in the log when it ends.
    for number in range(2, 42):
        client.request(digest, count=number, timeout=PATIENCE)
    cut = [request for request in client.requests(digest) if request["ndn_bytes"] < LARGE]
    assert len(cut) == 40, len(cut)
    for download in stalled:
        with pytest.raises(blobs.BROKEN_OFF):
            assert len(download.rest()) == LARGE, "cut, and looks whole"
        download.close()
    assert client.program.peak_memory() <= 256 << 20, client.program.peak_memory() >> 20


def test_who_goes_away_stops_the_fetch(start, blob):
    """A pull that is cancelled half-way costs no more than what was on its way."""
    digest, octets = blob(LARGE, seed=7)
    server = start.server()
    client = start.client(server.udp)
    read = 4 << 20
    download = blobs.Download(client.address, REPOSITORY, digest)
    assert download.read(read) == octets[:read]
    download.close()
    request = client.request(digest)
    bound = (read + KERNEL + FETCH_MEMORY) // CHUNK + 64
    assert int(request["segments"]) <= bound < LARGE // CHUNK, request

    def asked_after(seed):
        small, few = blob(100_000, seed=seed)
        assert blobs.get(client.address, REPOSITORY, small) == few
        return server.program.statistics()["interests"]
    # And nothing goes on behind it: what was on its way comes before the Interests for another blob, and after those the
    # server is asked for no more than what comes next takes.
    assert asked_after(8) >= int(request["segments"])
    before = asked_after(9)
    assert asked_after(10) - before <= 100_000 // CHUNK + 1 + 64


class SlowRegistry(Listener):
    """Answers an upload's last request once `release` is set; anything else at once."""

    def __init__(self):
        self.release = threading.Event()
        self.asked = threading.Event()
        super().__init__(self._answer)
        self.url = f"http://{self.address}"

    def _answer(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        while line := reader.readline():
            length = 0
            while (field := reader.readline()) not in (b"\r\n", b""):
                name, _, value = field.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            reader.read(length)
            if line.startswith(b"PUT"):
                self.asked.set()
                self.release.wait(60)
            connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("body", [b"", b"the whole blob"], ids=["after chunks", "monolithic"])
def test_a_registry_that_commits_slowly(start, body):
    """It is waited for, as long as --commit-timeout says: then 504, which tools ask again after."""
    registry = start.keep(SlowRegistry())
    client = start.client("127.0.0.1:9", registry=registry, options=["--commit-timeout", "2s"])
    target = f"/v2/{REPOSITORY}/blobs/uploads/1?digest=sha256:" + "1" * 64
    late = exchange(client.address, "PUT", target, {}, body, timeout=PATIENCE)
    assert late.status == 504 and json.loads(late.body)["errors"][0]["code"] == "UNAVAILABLE"
    registry.release.set()
    assert exchange(client.address, "PUT", target, {}, body).status == 201


@pytest.mark.parametrize("body", [b"", b"the whole blob"], ids=["after chunks", "monolithic"])
def test_a_commit_that_outlasts_what_others_are_given(start, body):
    """Whoever waits for the registry is neither idle nor stalled: three times both limits, and then the registry's answer."""
    registry = start.keep(SlowRegistry())
    client = start.client("127.0.0.1:9", registry=registry,
                          options=["--idle-timeout", "1s", "--stall-timeout", "1s", "--commit-timeout", "60s"])
    target = f"/v2/{REPOSITORY}/blobs/uploads/1?digest=sha256:" + "1" * 64
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pushed = pool.submit(exchange, client.address, "PUT", target, {}, body, timeout=PATIENCE)
        assert registry.asked.wait(PATIENCE)
        # Sooner than that, nothing may come: not the answer, and no end of the connection.
        with pytest.raises(concurrent.futures.TimeoutError):
            pushed.result(3)
        registry.release.set()
        assert pushed.result(PATIENCE).status == 201


def test_an_uploader_that_goes_away_frees_the_registry(start):
    """Nobody waits for an answer that nobody wants."""
    registry = start.keep(SlowRegistry())
    client = start.client("127.0.0.1:9", registry=registry)
    connection = http.client.HTTPConnection(client.address, timeout=PATIENCE)
    connection.request("PUT", f"/v2/{REPOSITORY}/blobs/uploads/1", b"octets")
    assert registry.asked.wait(PATIENCE)
    connection.close()
    client.program.event("request", lambda event: event.get("method") == "PUT")
