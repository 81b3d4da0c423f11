"""A listening TCP socket of the loopback whose connections are handled in threads."""

from __future__ import annotations

import socket
import threading
from typing import Callable


class Listener:
    """`talk` gets each connection, in a thread of its own; `stop` closes all, what was given to `keep` too."""

    def __init__(self, talk: Callable[[socket.socket], None]):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self._talk = talk
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.keep(connection)
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        try:
            self._talk(connection)
        except OSError:
            pass

    def keep(self, connection: socket.socket) -> socket.socket:
        self._open.append(connection)
        return connection

    def stop(self) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()
