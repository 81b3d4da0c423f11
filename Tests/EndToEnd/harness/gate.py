"""A TCP relay that lets so much of an answer through and then waits, so that something can happen in its middle."""

from __future__ import annotations

import socket
import threading

from .listener import Listener


class Gate(Listener):
    """Stands before `target`; holds the first connection that has carried `after` octets down, until `open`."""

    def __init__(self, target: str, after: int):
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._after = after
        self._lock = threading.Lock()
        self._is_holding = False
        # Set once a connection is held.
        self.reached = threading.Event()
        self._opened = threading.Event()
        super().__init__(self._relay)

    def open(self) -> None:
        """Lets go of what is held; nothing is held any more."""
        self._opened.set()

    def _relay(self, front: socket.socket) -> None:
        back = self.keep(socket.socket())
        # Little waits here: what the kernel holds would still come after the end of who sent it.
        back.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        try:
            back.connect(self._target)
        except OSError:
            front.close()
            return
        threading.Thread(target=self._copy, args=(front, back, False), daemon=True).start()
        self._copy(back, front, True)

    def _copy(self, source: socket.socket, target: socket.socket, is_down: bool) -> None:
        carried = 0
        try:
            while octets := source.recv(65536):
                carried += len(octets)
                if is_down and carried > self._after:
                    self._hold()
                target.sendall(octets)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _hold(self) -> None:
        with self._lock:
            if self._is_holding:
                return
            self._is_holding = True
        self.reached.set()
        self._opened.wait(60)

    def stop(self) -> None:
        self.open()
        super().stop()
