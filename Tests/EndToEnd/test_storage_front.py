"""A registry whose blobs lie at a storage service: nginx there and nginx before the registry, links that expire."""

import base64
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from conftest import IMAGE
from harness import parts, pulls, tls
from harness.blobs import get as get_blob

NOWHERE = "127.0.0.1:9"
SECRET = "between the registry and its storage"
# Links are right until a time, and tell it, as those of storage services do.
STORAGE = """secure_link $arg_md5,$arg_expires; secure_link_md5 "$secure_link_expires$uri {secret}";
        if ($secure_link = "") {{ return 403; }} if ($secure_link = "0") {{ return 403; }}"""


class LinkingRegistry:
    """Redirects every blob to the storage, by a link that is good for `seconds`; the first `expired` of them are of
    yesterday, as a cache may give them. The rest is the registry's."""

    def __init__(self, registry, storage_port: int, seconds: int = 60, expired: int = 0):
        self.links = 0
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                if "/blobs/sha256:" not in self.path:
                    return self._pass_on()
                front.links += 1
                until = int(time.time()) + (seconds if front.links > expired else -86400)
                digest = hashlib.md5(f"{until}{self.path} {SECRET}".encode()).digest()
                signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
                # Another host by its name, and another scheme than ours.
                self._answer(307, {"Location": f"https://localhost:{storage_port}{self.path}?md5={signature}&expires={until}",
                                   "Cache-Control": "no-store"}, b"")

            do_HEAD = do_GET

            def _pass_on(self):
                import http.client
                back = http.client.HTTPConnection(registry.address, timeout=30)
                back.request(self.command, self.path, headers={"Accept": self.headers.get("Accept", "*/*")})
                answer = back.getresponse()
                body = answer.read()
                kept = ("Content-Type", "Docker-Content-Digest", "Docker-Distribution-Api-Version")
                fields = {name: answer.headers[name] for name in kept if name in answer.headers}
                self._answer(answer.status, fields, body)
                back.close()

            def _answer(self, status, fields, body):
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site(start, folder, shared_registry):
    """Makes registry front and storage, each an nginx with TLS: (registry, links)."""
    def make(**options):
        (folder / "storage").mkdir()
        storage = start.keep(tls.Nginx(folder / "storage", shared_registry, STORAGE.format(secret=SECRET)))
        links = start.keep(LinkingRegistry(shared_registry, int(storage.url.rpartition(":")[2]), **options))
        nginx = start.keep(tls.Nginx(folder, links))
        return SimpleNamespace(url=nginx.url), links
    return make


@pytest.mark.parametrize("expired", [0, 1], ids=["fresh links", "an expired one first"])
def test_server_and_client_follow(start, folder, blob, site, expired):
    digest, octets = blob(12 << 20)
    registry, links = site(expired=expired)
    server = start.server(registry=registry, options=tls.TRUST)
    client = start.client(server.udp, registry=registry, options=tls.TRUST)
    assert get_blob(client.address, "demo/blobs", digest) == octets
    request = client.request(digest)
    assert (request["source"], request["ndn_bytes"]) == ("ndn", len(octets)), request
    alone = start.keep(parts.Client(folder, registry, NOWHERE, name="alone", options=tls.TRUST))
    asked = links.links
    assert get_blob(alone.address, "demo/blobs", digest) == octets
    assert alone.request(digest)["upstream_bytes"] == len(octets) and links.links > asked


def test_links_are_not_kept(start, folder, blob, site):
    """Each read asks for a link of its own: those given before are over by then."""
    digest, octets = blob(1 << 20)
    registry, links = site(seconds=1)
    alone = start.keep(parts.Client(folder, registry, NOWHERE, name="alone", options=tls.TRUST))
    assert get_blob(alone.address, "demo/blobs", digest) == octets
    time.sleep(2.1)
    assert get_blob(alone.address, "demo/blobs", digest) == octets
    assert links.links >= 2


def test_an_image(start, layout, site, folder):
    registry, _ = site()
    server = start.server(registry=registry, options=tls.TRUST)
    client = start.client(server.udp, registry=registry, options=tls.TRUST)
    assert pulls.skopeo(client.address, IMAGE, folder / "pulled") == layout[1]
    assert all(client.request(one.digest)["source"] == "ndn" for one in layout[2])
