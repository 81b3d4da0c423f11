"""A TCP relay before a registry that can be taken away from whoever stands before it, and brought back."""

from __future__ import annotations

import socket
import threading


class Absentee:
    """Stands before `target` at a port of its own. Its connections are carried, until `refuse`, `hang` or `be_busy`, and after
    `answer`."""

    _BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    def __init__(self, target: str):
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._is_carrying = True
        self._answer = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._address = self._listener.getsockname()
        self.url = "http://%s:%d" % self._address
        self._serve(self._listener)

    def refuse(self) -> None:
        """No program listens any more, and what was open is closed."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._cut()

    def hang(self) -> None:
        """Connections are accepted, and nothing ever comes over them."""
        self._leave(b"")

    def be_busy(self) -> None:
        """Every request is answered with 503, and Retry-After a minute."""
        self._leave(self._BUSY)

    def _leave(self, answer: bytes) -> None:
        with self._lock:
            self._is_carrying, self._answer = False, answer
        self._cut()

    def answer(self) -> None:
        """All is well again."""
        with self._lock:
            self._is_carrying = True
        self._cut()
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(self._address)
            self._serve(self._listener)

    def stop(self) -> None:
        self._listener.close()
        self._cut()

    def _cut(self) -> None:
        with self._lock:
            closed, self._open = self._open, []
        for connection in closed:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def _serve(self, listener: socket.socket) -> None:
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                front, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.append(front)
                is_carrying, answer = self._is_carrying, self._answer
            if not is_carrying:
                if answer:
                    threading.Thread(target=self._say, args=(front, answer), daemon=True).start()
                continue
            try:
                back = socket.create_connection(self._target)
            except OSError:
                front.close()
                continue
            with self._lock:
                self._open.append(back)
            for source, target in ((front, back), (back, front)):
                threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    @staticmethod
    def _say(front: socket.socket, answer: bytes) -> None:
        try:
            if front.recv(65536):
                front.sendall(answer)
            front.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while octets := source.recv(65536):
                target.sendall(octets)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
