"""A registry that makes one large blob up as it is asked for, rightly or wrongly: nothing of it is stored."""

from __future__ import annotations

import enum
import hashlib
import json
import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Optional

BLOCK = 1 << 20
_FILLING = hashlib.shake_128(b"filling").digest(BLOCK - 8)


def block(number: int) -> bytes:
    """The octets from `number` MiB on."""
    return number.to_bytes(8, "big") + _FILLING


class Fault(enum.Enum):
    """What a registry does wrong."""
    # 200 with everything, whatever range was asked for.
    IGNORES_RANGE = "ignores Range"
    # 206 for other octets than those asked for.
    WRONG_RANGE = "wrong Content-Range"
    # 405 for every range; the whole can be had.
    REFUSES_RANGE = "refuses Range"
    # 206 that does not say how large the whole is.
    HIDES_TOTAL = "hides the total"
    # 206 with a MiB at most.
    SLICES = "slices"
    # 403, whatever is asked for.
    FORBIDS = "forbids"
    # Answers for the blob that no client can use: a status that is none, or says something else, and chunks that are none.
    ODD_STATUS = "999"
    SWITCHES = "101"
    EMPTY = "204"
    FAILS = "500"
    BREAKS_CHUNKS = "breaks chunks"
    # The connection ends half-way through each body.
    STOPS = "stops half-way"
    # The same of the first two bodies.
    STOPS_TWICE = "stops half-way twice"
    # The first body, or the first two, come half, and then nothing over a connection that stays.
    FALLS_SILENT = "falls silent half-way"
    FALLS_SILENT_TWICE = "falls silent half-way twice"
    # The head, and then nothing, of a range that begins after the first 8 MiB and before the last.
    STALLS = "stalls"


class ShortTokens:
    """Tokens that say they are good for long, and are good until the registry has been read `reads` times since."""

    def __init__(self, reads: int):
        self._reads = reads
        self._lock = threading.Lock()
        self._count = 0
        self.issued: list[str] = []
        self.refusals = 0

    def issue(self) -> bytes:
        with self._lock:
            self.issued.append(f"token-{len(self.issued)}")
            self._count = 0
            return json.dumps({"token": self.issued[-1], "expires_in": 300}).encode()

    def admits(self, authorization: Optional[str]) -> bool:
        with self._lock:
            good = bool(self.issued) and authorization == f"Bearer {self.issued[-1]}" and self._count < self._reads
            self._count += good
            self.refusals += not good
            return good


class GeneratingRegistry:
    """Serves one blob of `size` octets, and the ranges of it, over plain HTTP, or over TLS with a `context`; with `tokens` to
    those who have one."""

    def __init__(self, repository: str, size: int, context: Optional[ssl.SSLContext] = None,
                 fault: Optional[Fault] = None, tokens: Optional[ShortTokens] = None):
        self.size = size
        self.fault = fault
        self.tokens = tokens
        # The Range of each GET of the blob, None where there was none.
        self.asked: list[Optional[str]] = []
        self.released = threading.Event()
        whole = hashlib.sha256()
        for number in range(-(-size // BLOCK)):
            whole.update(block(number)[:size - number * BLOCK])
        self.digest = "sha256:" + whole.hexdigest()
        self._path = f"/v2/{repository}/blobs/{self.digest}"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _handler(self):
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self.do_GET()

            def do_GET(self):
                if registry.tokens and self.path.startswith("/token"):
                    return self._answer(200, registry.tokens.issue())
                if registry.tokens and not registry.tokens.admits(self.headers["Authorization"]):
                    challenge = f'Bearer realm="{registry.url}/token",service="stand-in"'
                    return self._answer(401, b"", {"WWW-Authenticate": challenge})
                if self.path != registry._path:
                    return self._answer(200 if self.path == "/v2/" else 404)
                asked, fault = self.headers.get("Range"), registry.fault
                if self.command == "GET":
                    registry.asked.append(asked)
                if fault is Fault.FORBIDS or fault is Fault.REFUSES_RANGE and asked:
                    return self._answer(403 if fault is Fault.FORBIDS else 405)
                if fault in (Fault.ODD_STATUS, Fault.SWITCHES, Fault.EMPTY, Fault.FAILS):
                    return self._answer(int(fault.value))
                match = re.fullmatch(r"bytes=(\d+)-(\d*)", asked or "")
                if fault is Fault.IGNORES_RANGE:
                    match = None
                first = int(match[1]) if match else 0
                end = min(int(match[2]) + 1 if match and match[2] else registry.size, registry.size)
                if match and fault is Fault.SLICES:
                    end = min(end, first + BLOCK)
                self.send_response(206 if match else 200)
                if match:
                    wrong = 1 if fault is Fault.WRONG_RANGE else 0
                    total = "*" if fault is Fault.HIDES_TOTAL else registry.size + wrong
                    self.send_header("Content-Range", f"bytes {first + wrong}-{end - 1 + wrong}/{total}")
                if fault is Fault.BREAKS_CHUNKS:
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    self.wfile.write(b"zz\r\n")
                    self.close_connection = True
                    return None
                self.send_header("Content-Length", str(end - first))
                self.end_headers()
                if fault is Fault.STALLS and 8 << 20 <= first < registry.size - (1 << 20):
                    self.wfile.flush()
                    registry.released.wait(60)
                stops = fault is Fault.STOPS or fault is Fault.STOPS_TWICE and len(registry.asked) <= 2
                silences = {Fault.FALLS_SILENT: 1, Fault.FALLS_SILENT_TWICE: 2}.get(fault, 0)
                is_silent = self.command == "GET" and len(registry.asked) <= silences
                if self.command == "GET":
                    self._write(first, (first + end) // 2 if stops or is_silent else end)
                if is_silent:
                    registry.released.wait(90)
                self.close_connection = stops or is_silent

            def _answer(self, status, body=b"", fields=None):
                self.send_response(status)
                for name, value in {**(fields or {}), "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def _write(self, first, end):
                while first < end:
                    number, offset = divmod(first, BLOCK)
                    part = memoryview(block(number))[offset:offset + end - first]
                    try:
                        self.wfile.write(part)
                    except OSError:
                        return
                    first += len(part)
        return Handler

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
