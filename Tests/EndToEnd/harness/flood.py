"""Asks for blobs that do not exist: python -m harness.flood HOST:PORT REPOSITORY --rate N [--ports N], until its end."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from ndn.encoding import Component, InterestParam, Name, make_interest

from .parts import PREFIX

NONCE = bytes.fromhex("a1b2c3d4")


class Flood:
    """Interests over UDP for segment 0 of random digests, in a process of its own, until `stop`."""

    def __init__(self, address: str, repository: str, rate: int, ports: int = 1):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.flood", address, repository, "--rate", str(rate), "--ports", str(ports)],
            cwd=Path(__file__).resolve().parents[1], stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def flood(address: str, repository: str, rate: int, ports: int) -> None:
    host, _, port = address.rpartition(":")
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(ports)]
    digest = os.urandom(32)
    name = [*Name.from_str(PREFIX), Component.from_str(repository.replace("/", "%2F")), Component.from_bytes(digest),
            Component.from_segment(0)]
    model = bytes(make_interest(name, InterestParam(nonce=int.from_bytes(NONCE, "big"), lifetime=4000)))
    (before, rest), begin, sent = model.split(digest), time.monotonic(), 0
    while True:
        while sent < (time.monotonic() - begin) * rate:
            octets = before + os.urandom(32) + rest.replace(NONCE, os.urandom(4))
            sockets[sent % ports].sendto(octets, (host, int(port)))
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
