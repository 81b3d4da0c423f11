"""A small HTTP proxy: CONNECT, and requests with a whole URL, with credentials if wanted."""

from __future__ import annotations

import base64
import socket
import threading
import urllib.parse
from typing import Optional

from .listener import Listener


class Proxy(Listener):
    """Notes what it was asked for. `credentials` is user:password; a `silent` one takes connections and says nothing.
    `places` are addresses of hosts that have none."""

    def __init__(self, credentials: Optional[str] = None, silent: bool = False, places: Optional[dict] = None):
        self._places = places or {}
        self._wanted = credentials and "Basic " + base64.b64encode(credentials.encode()).decode()
        self._silent = silent
        self.asked: list[str] = []
        super().__init__(self._relay)

    def _relay(self, connection: socket.socket) -> None:
        if self._silent:
            return
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                more = connection.recv(65536)
                if not more:
                    return
                head += more
            head, _, rest = head.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            method, target, _ = lines[0].split(" ")
            self.asked.append(f"{method} {target}")
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            if self._wanted and fields.get("proxy-authorization") != self._wanted:
                connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=a\r\n"
                                   b"Content-Length: 0\r\nConnection: close\r\n\r\n")
                return
            place = target if method == "CONNECT" else urllib.parse.urlsplit(target).netloc
            host, _, port = self._places.get(place, place).rpartition(":")
            with socket.create_connection((host, int(port)), 30) as far:
                self.keep(far)
                if method == "CONNECT":
                    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    kept = [line for line in lines[1:] if not line.lower().startswith(("proxy-", "connection:"))]
                    path = target.split("/", 3)[3]
                    far.sendall("\r\n".join([f"{method} /{path} HTTP/1.1", *kept, "Connection: close", "", ""]).encode())
                far.sendall(rest)
                back = threading.Thread(target=self._copy, args=(far, connection), daemon=True)
                back.start()
                self._copy(connection, far)
                back.join()
        finally:
            connection.close()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while octets := source.recv(1 << 16):
                target.sendall(octets)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
