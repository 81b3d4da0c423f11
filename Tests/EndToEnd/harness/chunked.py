"""Reads a blob by several requests at a time, each for a chunk, as containerd does from release 2.1 on.

containerd asks for all that follows a chunk's offset, and hangs up once it has the chunk.
"""

from __future__ import annotations

import concurrent.futures
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable

CHUNK = 8 << 20


def read_chunk(address: str, path: str, first: int, length: int, is_open: bool,
               answered: Callable[[], None] | None = None) -> bytes:
    """The octets from `first` on; the connection is reset then, as a closed one is whose octets were not all read. `answered` is
    called once the head is here."""
    host, _, port = address.rpartition(":")
    last = "" if is_open else first + length - 1
    with socket.create_connection((host, int(port)), 60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {address}\r\nRange: bytes={first}-{last}\r\n\r\n".encode())
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += _some(connection)
        if not received.startswith(b"HTTP/1.1 206"):
            raise ConnectionError(f"bytes={first}-{last}: {bytes(received[:200])!r}")
        if answered:
            answered()
        body = received[end + 4:]
        while len(body) < length:
            body += _some(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return bytes(body[:length])


def _some(connection: socket.socket) -> bytes:
    octets = connection.recv(1 << 18)
    if not octets:
        raise ConnectionError("the answer ends before its end")
    return octets


def pull(address: str, path: str, size: int, workers: int = 8, chunk: int = CHUNK, is_open: bool = True) -> bytes:
    """The whole blob. The other requests begin once the first one has its head, as the size is in there."""
    is_answered = threading.Event()

    def read(first: int) -> bytes:
        try:
            return read_chunk(address, path, first, min(chunk, size - first), is_open, is_answered.set)
        finally:
            is_answered.set()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        chunks = [pool.submit(read, 0)]
        is_answered.wait()
        chunks += [pool.submit(read, first) for first in range(chunk, size, chunk)]
        return b"".join(one.result() for one in chunks)


def main() -> None:
    """python -m harness.chunked ADDRESS PATH SIZE open|closed|whole: prints octets and seconds."""
    address, path, size, how = sys.argv[1:]
    begin = time.monotonic()
    if how == "whole":
        octets = read_chunk(address, path, 0, int(size), True)
    else:
        octets = pull(address, path, int(size), is_open=how == "open")
    print(len(octets), time.monotonic() - begin)


if __name__ == "__main__":
    main()
