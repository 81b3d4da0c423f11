"""A TCP relay that lets so much of an answer through and then waits, so that something can happen in its middle."""

from __future__ import annotations

import socket
import threading

from .between import Between


class Gate(Between):
    """Stands before `target`; holds the first connection that has carried `after` octets down, until `open`."""

    def __init__(self, target: str, after: int):
        self._lock = threading.Lock()
        self._is_holding = False
        # Set once a connection is held.
        self.reached = threading.Event()
        self._opened = threading.Event()
        super().__init__(target, after)

    def open(self) -> None:
        """Lets go of what is held; nothing is held any more."""
        self._opened.set()

    def prepare(self, back: socket.socket) -> None:
        # Little waits here: what the kernel holds would still come after the end of who sent it.
        back.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)

    def goes_on(self) -> bool:
        with self._lock:
            if self._is_holding:
                return True
            self._is_holding = True
        self.reached.set()
        self._opened.wait(60)
        return True

    def stop(self) -> None:
        self.open()
        super().stop()
