"""A router far from a server, as one with many consumers seems to it: asks for one segment again and again over UDP.

python -m harness.asker HOST PORT NAME prints, as JSON, how many Data each repetition brought, and whether the server asked back.
"""

from __future__ import annotations

import json
import socket
import sys
import time

from ndn.encoding import InterestParam, Name, make_interest

DATA, INTEREST = 0x06, 0x05
# From the server's question to the answer: the round trip, as the server then knows it.
AWAY = 0.25


def nack(interest: bytes) -> bytes:
    """NoRoute for an Interest of less than 200 bytes."""
    header = bytes([0xFD, 0x03, 0x20, 5, 0xFD, 0x03, 0x21, 1, 150])
    inside = header + bytes([0x50, len(interest)]) + interest
    return bytes([0x64, 0xFD, 0, len(inside)]) + inside if len(inside) > 252 else bytes([0x64, len(inside)]) + inside


class Asker:
    def __init__(self, host: str, port: int, name: str):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((host, port))
        self._name = Name.from_str(name)
        self.question: bytes | None = None

    def ask(self, seconds: float) -> int:
        """Data that come within so many seconds after an Interest, each of which is one datagram here."""
        self._socket.send(make_interest(self._name, InterestParam(nonce=time.monotonic_ns() & 0xFFFFFFFF, lifetime=4000)))
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                packet = self._socket.recv(9000)
            except TimeoutError:
                break
            count += packet[0] == DATA
            if packet[0] == INTEREST:
                self.question = packet
        return count

    def answer(self) -> None:
        self._socket.send(nack(self.question))


def main() -> None:
    host, port, name = sys.argv[1:]
    asker = Asker(host, int(port), name)
    said = {"first": asker.ask(0.5), "unknown": asker.ask(AWAY), "asked back": asker.question is not None}
    asker.answer()
    time.sleep(AWAY)
    said |= {"late": asker.ask(0.05), "early": asker.ask(0.05)}
    time.sleep(AWAY)
    said |= {"late again": asker.ask(0.2)}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
