"""A registry whose blobs lie at a storage service: nginx there and nginx before the registry, links that expire."""

import base64
import hashlib
import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from conftest import IMAGE
from harness import parts, pulls, tls
from harness.blobs import get as get_blob
from harness.exchange import exchange
from harness.proxy import Proxy
from harness.registry import containers_environment, run

NOWHERE = "127.0.0.1:9"
SECRET = "between the registry and its storage"
# Links are right until a time, and tell it, as those of storage services do.
STORAGE = """secure_link $arg_md5,$arg_expires; secure_link_md5 "$secure_link_expires$uri {secret}";
        if ($secure_link = "") {{ return 403; }} if ($secure_link = "0") {{ return 403; }}"""


class LinkingRegistry:
    """Redirects every blob to the storage, by a link that is good for `seconds`; the first `expired` of them are of
    yesterday, as a cache may give them. The rest is the registry's."""

    def __init__(self, registry, storage: str, seconds: int = 60, expired: int = 0):
        self.links = 0
        # Method and path of each request.
        self.asked: list[tuple[str, str]] = []
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                front.asked.append((self.command, self.path))
                if "/blobs/sha256:" not in self.path:
                    return self._pass_on()
                front.links += 1
                until = int(time.time()) + (seconds if front.links > expired else -86400)
                digest = hashlib.md5(f"{until}{self.path} {SECRET}".encode()).digest()
                signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
                self._answer(307, {"Location": f"{storage}{self.path}?md5={signature}&expires={until}",
                                   "Cache-Control": "no-store"}, b"")

            do_HEAD = do_GET

            def do_PUT(self):
                front.asked.append((self.command, self.path))
                self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

            def _pass_on(self, body=None):
                back = http.client.HTTPConnection(registry.address, timeout=30)
                # docker writes a field for each type that it accepts.
                fields = {name: ", ".join(self.headers.get_all(name)) for name in ("Accept", "Content-Type")
                          if name in self.headers}
                back.request(self.command, self.path, body, fields)
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
                if self.command != "HEAD":
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
        # Another host by its name, and another scheme than the front's.
        links = start.keep(LinkingRegistry(shared_registry, storage.url.replace("127.0.0.1", "localhost"), **options))
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


@pytest.fixture
def far(start, shared_registry):
    """A registry whose storage only our client reaches, by a proxy: (registry, options of the client)."""
    proxy = start.keep(Proxy(places={"storage.invalid": shared_registry.address}))
    return (start.keep(LinkingRegistry(shared_registry, "http://storage.invalid")),
            ["--proxy", f"http://{proxy.address}"])


def test_what_ndn_does_not_deliver_is_read_from_the_storage(start, blob, far, shared_registry):
    """As if the registry had answered itself: whatever was asked of the blob, and by whatever method."""
    digest, _ = blob(1 << 20)
    registry, options = far
    client = start.client(NOWHERE, registry=registry, options=options)
    path, tag = f"/v2/demo/blobs/blobs/{digest}", f'"{digest}"'
    for method, headers in [("GET", {}), ("HEAD", {}), ("GET", {"Range": "bytes=5-9"}), ("GET", {"Range": "bytes=-7"}),
                            ("GET", {"Range": "bytes=0-0,7-8"}), ("GET", {"Range": "bytes=5-9", "If-Range": tag}),
                            ("GET", {"Range": "bytes=5-9", "If-Range": '"x"'}), ("GET", {"If-None-Match": tag}),
                            ("GET", {"If-Match": tag})]:
        through = exchange(client.address, method, path, headers).comparable(client.address)
        direct = exchange(shared_registry.address, method, path, headers).comparable(shared_registry.address)
        assert through == direct, (method, headers)
    unknown = exchange(client.address, "HEAD", f"/v2/demo/blobs/blobs/sha256:{'0' * 64}")
    assert unknown.status == 404


def test_pushes_find_what_is_there(start, layout, far, folder, docker):
    """skopeo and docker ask for each layer by HEAD: nothing is uploaded but the manifest."""
    registry, options = far
    client = start.client(start.server().udp, registry=registry, options=options)
    run("skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{layout[0]}:latest",
        f"docker://{client.address}/demo/app:skopeo", environment=containers_environment(folder))
    docker.forget()
    assert docker.pull(client.address, IMAGE) == layout[1]
    docker.tag(f"{client.address}/{IMAGE}", f"{client.address}/demo/app:docker")
    docker.push(client.address, "demo/app:docker")
    written = [path for method, path in registry.asked if method not in ("GET", "HEAD")]
    assert len(written) == 2 and all("/manifests/" in path for path in written), written
    for tag in ("skopeo", "docker"):
        assert pulls.skopeo(client.address, f"demo/app:{tag}", folder / tag) == layout[1]


@pytest.mark.parametrize("policy, status", [("redirect", 307), ("fail", 504)])
def test_other_policies_do_not_follow(start, blob, far, policy, status):
    digest, _ = blob(1 << 20)
    registry, options = far
    client = start.client(NOWHERE, registry=registry, options=[*options, "--fallback", policy])
    path = f"/v2/demo/blobs/blobs/{digest}"
    for method, headers in [("HEAD", {}), ("GET", {"Range": "bytes=0-0,-8"}), ("GET", {"If-None-Match": '"x"'})]:
        answer = exchange(client.address, method, path, headers)
        assert (answer.status, "storage.invalid" in answer.headers.get("location", "")) == (status, status == 307)
