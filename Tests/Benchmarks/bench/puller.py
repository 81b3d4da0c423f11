"""One machine that pulls an image's layers: python -m bench.puller URL DIGEST… prints `ready`, waits for a line, pulls, prints JSON.

As Docker does: so many connections at a time, each kept for its next layer, every layer checked by its SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import queue
import ssl
import sys
import threading
import time
import urllib.parse
from pathlib import Path

from .stand import REPOSITORY

PIECE = 1 << 17


class Late(Exception):
    """The time is over."""


class Pull:
    """The layers of one image; `run` returns when all have come, or the time is over, or each connection has failed."""

    def __init__(self, url: str, digests: list[str], connections: int, seconds: float, authority: Path | None):
        self._url = urllib.parse.urlsplit(url)
        self._wanted: queue.SimpleQueue = queue.SimpleQueue()
        for digest in digests:
            self._wanted.put(digest)
        self._count, self._connections, self._limit, self._authority = len(digests), connections, seconds, authority
        self._lock = threading.Lock()
        self._octets = 0
        self._layers: dict[str, float] = {}
        self._errors: list[str] = []

    def run(self) -> dict:
        self._begin = time.monotonic()
        threads = [threading.Thread(target=self._work) for _ in range(self._connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"seconds": time.monotonic() - self._begin, "is_done": len(self._layers) == self._count, "octets": self._octets,
                "layers": self._layers, "errors": self._errors}

    def _left(self) -> float:
        left = self._begin + self._limit - time.monotonic()
        if left <= 0:
            raise Late
        return left

    def _connect(self) -> http.client.HTTPConnection:
        if self._url.scheme == "http":
            return http.client.HTTPConnection(self._url.netloc, timeout=self._left())
        context = ssl.create_default_context(cafile=self._authority)
        return http.client.HTTPSConnection(self._url.netloc, timeout=self._left(), context=context)

    def _work(self) -> None:
        connection = None
        digest = "no layer"
        try:
            connection = self._connect()
            while True:
                digest = self._wanted.get_nowait()
                self._layer(connection, digest)
        except queue.Empty:
            pass
        except (Late, TimeoutError):
            self._fail(f"{digest}: not here after {self._limit:.0f} s")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._fail(f"{digest}: {type(error).__name__}: {error}")
        finally:
            if connection:
                connection.close()

    def _fail(self, reason: str) -> None:
        with self._lock:
            self._errors.append(reason)

    def _layer(self, connection: http.client.HTTPConnection, digest: str) -> None:
        connection.timeout = self._left()
        connection.request("GET", f"/v2/{REPOSITORY}/blobs/{digest}")
        response = connection.getresponse()
        if response.status != 200:
            raise ValueError(f"status {response.status}: {response.read(200)!r}")
        checksum = hashlib.sha256()
        # What is there, and no more: the time is looked at between two pieces.
        while piece := response.read1(PIECE):
            checksum.update(piece)
            with self._lock:
                self._octets += len(piece)
            left = self._left()
            if connection.sock:
                connection.sock.settimeout(left)
        # Read piece by piece, it does not notice by itself that it is whole, and the connection waits for that.
        response.close()
        if "sha256:" + checksum.hexdigest() != digest:
            raise ValueError("what came is not the layer")
        with self._lock:
            self._layers[digest] = time.monotonic() - self._begin


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("digests", nargs="+")
    parser.add_argument("--connections", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=600, help="after which what is missing counts as not done")
    parser.add_argument("--authority", type=Path, help="PEM file of the certificate that https must show")
    chosen = parser.parse_args()
    pull = Pull(chosen.url, chosen.digests, chosen.connections, chosen.seconds, chosen.authority)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(pull.run()), flush=True)


if __name__ == "__main__":
    main()
