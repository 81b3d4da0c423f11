"""A UDP relay that changes a bit of what passes from server to client."""

from __future__ import annotations

import select
import socket
import threading
from typing import Callable


class Tamper:
    """Stands before a UDP listener; `change` gets each datagram for the client and returns what the client is sent."""

    def __init__(self, target: str, change: Callable[[bytes], bytes]):
        host, _, port = target.rpartition(":")
        self._back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._back.connect((host, int(port)))
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        for end in (self._back, self._front):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.address = "127.0.0.1:%d" % self._front.getsockname()[1]
        self.changed = 0
        self._change = change
        self._open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        client = None
        while self._open:
            ready, _, _ = select.select([self._front, self._back], [], [], 0.2)
            for end in ready:
                if end is self._front:
                    octets, client = end.recvfrom(65536)
                    self._back.send(octets)
                elif client:
                    octets = end.recv(65536)
                    changed = self._change(octets)
                    self.changed += changed != octets
                    self._front.sendto(changed, client)

    def stop(self) -> None:
        self._open = False
        self._thread.join()
        self._front.close()
        self._back.close()


def flip(octets: bytes, place: int) -> bytes:
    """The octets with one bit changed in the octet at `place`."""
    return octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1:]
