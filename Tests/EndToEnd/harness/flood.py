"""Asks for blobs that do not exist: python -m harness.flood HOST:PORT REPOSITORY --rate N [--ports N], until its end."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from .parts import PREFIX


class Flood:
    """Interests over UDP for segment 0 of random digests, in a process of its own, until `stop`."""

    def __init__(self, address: str, repository: str, rate: int, ports: int = 1):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.flood", address, repository, "--rate", str(rate), "--ports", str(ports)],
            cwd=Path(__file__).resolve().parents[1], stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def interest(repository: str, digest: bytes) -> bytes:
    """An Interest for segment 0 of a blob (NDN packet specification, "Interest"): Name, Nonce, a lifetime of 4000 ms."""
    components = [component.encode() for component in PREFIX.strip("/").split("/")] + [repository.encode(), digest]
    name = b"".join(element(8, component) for component in components) + element(50, b"\0")
    return element(5, element(7, name) + element(10, os.urandom(4)) + element(12, (4000).to_bytes(2, "big")))


def element(kind: int, value: bytes) -> bytes:
    """A TLV element of fewer than 253 octets."""
    return bytes([kind, len(value)]) + value


def flood(address: str, repository: str, rate: int, ports: int) -> None:
    host, _, port = address.rpartition(":")
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(ports)]
    begin, sent = time.monotonic(), 0
    while True:
        while sent < (time.monotonic() - begin) * rate:
            sockets[sent % ports].sendto(interest(repository, os.urandom(32)), (host, int(port)))
            sent += 1
        time.sleep(0.005)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("repository")
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--ports", type=int, default=1)
    given = parser.parse_args()
    flood(given.address, given.repository, given.rate, given.ports)
