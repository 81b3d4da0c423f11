"""Reading a blob over HTTP as a slow or a fast Docker would."""

from __future__ import annotations

import http.client
import random
import socket
from typing import Optional


def seeded(seed: str, size: int) -> bytes:
    """Octets that any run makes again. In pieces: one number of a gigabyte overflows."""
    source = random.Random(seed)
    return b"".join(source.randbytes(min(1 << 24, size - begin)) for begin in range(0, size, 1 << 24))


class Download:
    """One GET of a blob, read step by step: whoever does not read holds the sender back."""

    def __init__(self, address: str, repository: str, digest: str, headers: Optional[dict] = None,
                 timeout: float = 30.0, buffer: Optional[int] = None):
        """`buffer`: octets that the kernel may keep for who does not read; else it takes as many as it likes, 32 MB on some machines."""
        self._connection = http.client.HTTPConnection(address, timeout=timeout)
        if buffer:
            self._connection.connect()
            self._connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self._connection.request("GET", f"/v2/{repository}/blobs/{digest}", headers=headers or {})
        self.response = self._connection.getresponse()
        self.status = self.response.status
        self.length = int(self.response.headers.get("Content-Length", -1))

    def read(self, octets: int) -> bytes:
        """Exactly so many octets, fewer only where the body ends or breaks off."""
        return self.response.read(octets)

    def rest(self) -> bytes:
        """All that is left. Raises http.client.IncompleteRead or ConnectionError when the body breaks off."""
        return self.response.read()

    def close(self) -> None:
        self._connection.close()


def get(address: str, repository: str, digest: str, timeout: float = 30.0) -> bytes:
    """A whole blob."""
    download = Download(address, repository, digest, timeout=timeout)
    body = download.rest()
    download.close()
    assert download.status == 200, f"status {download.status}: {body[:500]!r}"
    return body


BROKEN_OFF = (http.client.HTTPException, ConnectionError, TimeoutError)
