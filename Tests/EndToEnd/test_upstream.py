"""A registry that redirects, that is restarted, that says it is busy; and many requests at once."""

import concurrent.futures
import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness import parts
from harness.blobs import BROKEN_OFF, Download
from harness.blobs import get as get_blob
from harness.exchange import exchange
from harness.listener import Listener

NOWHERE = "127.0.0.1:9"


class Front:
    """Answers every GET with `status` and what `location` makes of the path; counts them."""

    def __init__(self, status: int, fields, refusals: int = 0):
        front = self
        self.requests = 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                front.requests += 1
                busy = front.requests <= refusals
                self.send_response(503 if busy else status)
                for name, value in ({"Retry-After": "0"} if busy else fields(self.path)).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.mark.parametrize("refusals", [0, 3], ids=["at once", "busy at first"])
def test_a_storage_front(start, folder, blob, shared_registry, refusals):
    """Server and client's fallback follow to where the blobs are, the first time after some 503."""
    digest, octets = blob(3 << 20)
    front = start.keep(Front(307, lambda path: {"Location": shared_registry.url + path}, refusals))
    alone = parts.Client(folder, front, NOWHERE, name="alone")
    start.keep(alone)
    assert get_blob(alone.address, "demo/blobs", digest) == octets
    assert alone.request(digest)["upstream_bytes"] == len(octets)
    server = start.server(registry=front)
    client = start.client(server.udp, registry=front)
    assert get_blob(client.address, "demo/blobs", digest) == octets
    assert client.request(digest)["ndn_bytes"] == len(octets)


def test_a_registry_restarted_in_the_middle(start):
    """What was on its way breaks off visibly; the rest, and a new pull, come once the registry is back."""
    registry = start.own_registry()
    octets = bytes(range(256)) * (1 << 18)
    digest = registry.put_blob("demo/blobs", octets)
    client = start.client(NOWHERE, registry=registry)
    download = Download(client.address, "demo/blobs", digest)
    begin = download.read(1 << 20)
    registry.program.kill()
    try:
        rest = download.rest()
    except BROKEN_OFF:
        rest = None
    download.close()
    assert begin == octets[:1 << 20] and rest in (None, octets[1 << 20:])
    registry.start()
    resumed = Download(client.address, "demo/blobs", digest, {"Range": f"bytes={len(begin)}-"})
    assert resumed.status == 206 and resumed.rest() == octets[len(begin):]
    resumed.close()
    assert get_blob(client.address, "demo/blobs", digest) == octets


def test_two_hundred_at_once(start, blob):
    made = [blob(200_000, seed=number) for number in range(10)]
    server = start.server()
    client = start.client(server.udp)
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        pulls = [pool.submit(get_blob, client.address, "demo/blobs", made[number % 10][0], 120) for number in range(200)]
        for number, pull in enumerate(pulls):
            assert pull.result() == made[number % 10][1]
    assert client.program.peak_memory() <= 128 << 20, client.program.peak_memory() >> 20


class Coder(Listener):
    """Sends what it has in gzip, whether it was asked to or not; notes which codings were."""

    def __init__(self):
        self.accepted: dict[str, list] = {}
        self.body = gzip.compress(b"what a registry has" * 100)
        super().__init__(self._answer)
        self.url = f"http://{self.address}"

    def _answer(self, connection) -> None:
        reader = connection.makefile("rb")
        while line := reader.readline():
            accepted = []
            while (field := reader.readline()) not in (b"\r\n", b""):
                name, _, value = field.decode().partition(":")
                if name.lower() == "accept-encoding":
                    accepted.append(value.strip())
            self.accepted[line.decode().split(" ")[1]] = accepted
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(self.body) + self.body)


@pytest.mark.parametrize("asked", ["gzip", "br;q=1.0, gzip;q=0.5", "identity", None])
def test_what_passes_through_is_not_recoded(start, asked):
    """Neither the body nor what the program asked for is touched."""
    coder = start.keep(Coder())
    client = start.client(NOWHERE, registry=coder)
    target = "/v2/some/tags/list"
    answer = exchange(client.address, "GET", target, {"Accept-Encoding": asked} if asked else {})
    assert (answer.status, answer.body) == (200, coder.body)
    assert coder.accepted[target] == ([asked] if asked else [])


def test_a_blob_in_a_content_coding_is_refused(start):
    """Its digest is that of other octets: neither server nor client take it, and nothing looks complete."""
    coder = start.keep(Coder())
    server = start.server(registry=coder)
    client = start.client(server.udp, registry=coder)
    digest = "sha256:" + "1" * 64
    target = f"/v2/some/blobs/{digest}"
    answer = exchange(client.address, "GET", target, {"Accept-Encoding": "gzip"})
    assert answer.status == 502 and json.loads(answer.body)["errors"], answer
    assert coder.accepted[target] == ["identity"]
    server.program.event("cannot read from the registry", lambda event: "Content-Encoding gzip" in event["why"])
