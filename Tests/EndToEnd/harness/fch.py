"""A small stand-in for an NDN-FCH service: names the routers it was given, in either form."""

from __future__ import annotations

import gzip
import http.server
import json
import ssl
import sys
import threading
import urllib.parse
from pathlib import Path
from typing import Optional


class FCH:
    """Listens on a free port until `stop`; `routers` are `(host:port, prefix)`, and what was asked is kept.

    With `tls` it speaks https: its certificate for localhost and 127.0.0.1, and the key.
    """

    def __init__(self, routers: list[tuple[str, str]], form: str = "json", tls: Optional[tuple[Path, Path]] = None):
        self.routers = routers
        self.form = form
        self.questions: list[dict[str, list[str]]] = []
        # Answers in gzip, where that is accepted.
        self.coded = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.questions.append(urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query))
                kind, body = outer._answer()
                self.send_response(200)
                if self.headers.get("Accept-Encoding") == "gzip":
                    outer.coded += 1
                    body = gzip.compress(body)
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._scheme = "https" if tls else "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _answer(self) -> tuple[str, bytes]:
        if self.form == "json":
            entries = [{"transport": "udp", "connect": at, "prefix": prefix} for at, prefix in self.routers]
            return "application/json", json.dumps({"updated": 1677251440666, "routers": entries}).encode()
        # As the CSV writer of the service does it.
        return "text/plain; charset=utf-8", (",".join(at for at, _ in self.routers) + "\r\n").encode()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


if __name__ == "__main__":
    # As a program, for a network namespace of its own: python -m harness.fch HOST:PORT…
    print(f"ready {FCH([(router, '/router') for router in sys.argv[1:]]).url}", flush=True)
    threading.Event().wait()
