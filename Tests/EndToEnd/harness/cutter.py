"""A TCP relay before an HTTP server that breaks off large responses, as a bad connection does."""

from __future__ import annotations

import socket
import threading

from .listener import Listener


class Cutter(Listener):
    """Stands before `target`; breaks off the first `times` connections that have carried `after` octets down."""

    def __init__(self, target: str, after: int, times: int):
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._after = after
        self._left = times
        self._lock = threading.Lock()
        self.cuts = 0
        super().__init__(self._relay)

    def _relay(self, front: socket.socket) -> None:
        try:
            back = socket.create_connection(self._target)
        except OSError:
            front.close()
            return
        threading.Thread(target=self._copy, args=(front, back, None), daemon=True).start()
        self._copy(back, front, self._after)

    def _copy(self, source: socket.socket, target: socket.socket, limit) -> None:
        carried = 0
        try:
            while octets := source.recv(65536):
                carried += len(octets)
                if limit is not None and carried > limit and self._take():
                    break
                target.sendall(octets)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _take(self) -> bool:
        with self._lock:
            if self._left == 0:
                return False
            self._left -= 1
            self.cuts += 1
            return True
