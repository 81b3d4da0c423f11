"""A registry with a delay before each answer, which notes when it was asked for blobs that it does not have."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class DistantRegistry:
    """Serves `blobs` from one repository, each answer `delay` seconds after its request."""

    def __init__(self, repository: str, blobs: list[bytes], delay: float):
        self.digests = ["sha256:" + hashlib.sha256(octets).hexdigest() for octets in blobs]
        # When a blob was asked for that does not exist.
        self.misses: list[float] = []
        known = {f"/v2/{repository}/blobs/{digest}": octets for digest, octets in zip(self.digests, blobs)}
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self.do_GET()

            def do_GET(self):
                octets = b"{}" if self.path == "/v2/" else known.get(self.path)
                if octets is None:
                    registry.misses.append(time.monotonic())
                time.sleep(delay)
                asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
                first, end = 0, len(octets or b"")
                if octets and asked:
                    first, end = int(asked[1]), min(int(asked[2] or end) + 1, end) if asked[2] else end
                self.send_response(404 if octets is None else 206 if asked else 200)
                if octets and asked:
                    self.send_header("Content-Range", f"bytes {first}-{end - 1}/{len(octets)}")
                self.send_header("Content-Length", str(end - first))
                self.end_headers()
                if octets and self.command == "GET":
                    try:
                        self.wfile.write(memoryview(octets)[first:end])
                    except OSError:
                        self.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def busiest_second(self) -> int:
        """Questions for blobs that do not exist, in the second with the most."""
        return max((sum(begin <= at < begin + 1 for at in self.misses) for begin in self.misses), default=0)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
