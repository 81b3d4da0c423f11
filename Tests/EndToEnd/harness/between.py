"""A TCP relay before a server, that looks at how much each connection has carried down."""

from __future__ import annotations

import socket
import threading

from .listener import Listener


class Between(Listener):
    """Stands before `target`; once a connection has carried more than `after` octets down, asks `goes_on` for every
    further read, and ends the connection where that says no."""

    def __init__(self, target: str, after: int):
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._after = after
        super().__init__(self._relay)

    def goes_on(self) -> bool:
        """Whether a connection that has carried enough is to carry more; may take its time."""
        raise NotImplementedError

    def prepare(self, back: socket.socket) -> None:
        """Sets what is to be set before the connection to the target is made."""

    def _relay(self, front: socket.socket) -> None:
        back = self.keep(socket.socket())
        self.prepare(back)
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
                if is_down and carried > self._after and not self.goes_on():
                    break
                target.sendall(octets)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
