"""One pull over HTTP, compared octet by octet with what it must bring, and what became of it."""

from __future__ import annotations

import hashlib
import http.client
import re
import socket
import struct
import time
from dataclasses import dataclass
from enum import Enum
from typing import Callable, Optional

BLOCK = 1 << 16
# Whoever gets nothing for so long has been left alone: no fault of a run lasts that long.
PATIENCE = 60.0


class Kind(Enum):
    """How a pull ended."""
    WHOLE = "whole and right"
    LEFT = "given up by us, right so far"
    REFUSED = "no connection"
    STATUS = "another status"
    CUT = "cut before the announced length"
    WRONG = "wrong octets"
    SHORT = "ended too early without a sign"
    HUNG = "nothing for a minute"

    @property
    def is_failed(self) -> bool:
        return self not in (Kind.WHOLE, Kind.LEFT)

    @property
    def is_announced(self) -> bool:
        """Whether whoever pulls knows that it has failed. Silence is not announced either."""
        return self in (Kind.REFUSED, Kind.STATUS, Kind.CUT)


@dataclass(frozen=True)
class Wanted:
    """What is at a path of the registry."""
    path: str
    octets: bytes
    accept: str = "*/*"

    @staticmethod
    def blob(repository: str, octets: bytes) -> Wanted:
        return Wanted(f"/v2/{repository}/blobs/sha256:{hashlib.sha256(octets).hexdigest()}", octets)


@dataclass(frozen=True)
class How:
    """`span`: first and last octet of a range. `leave_after`: how many octets are read before we hang up. `pause`: seconds
    between two reads."""
    span: Optional[tuple[int, int]] = None
    leave_after: Optional[int] = None
    pause: float = 0.0


@dataclass(frozen=True)
class Outcome:
    kind: Kind
    # What came, in words.
    said: str
    octets: int = 0
    # The status, where that was the failure.
    status: int = 0


def pull(address: str, wanted: Wanted, how: How = How(), patience: float = PATIENCE) -> Outcome:
    """Never raises for what the other end does."""
    connection = http.client.HTTPConnection(address, timeout=patience)
    try:
        try:
            connection.connect()
        except TimeoutError:
            return Outcome(Kind.HUNG, "no connection was made")
        except OSError as error:
            return Outcome(Kind.REFUSED, str(error))
        return _exchange(connection, wanted, how)
    finally:
        connection.close()


def _exchange(connection: http.client.HTTPConnection, wanted: Wanted, how: How) -> Outcome:
    headers = {"Accept": wanted.accept}
    if how.span:
        headers["Range"] = "bytes=%d-%d" % how.span
    try:
        connection.request("GET", wanted.path, headers=headers)
        response = connection.getresponse()
    except TimeoutError:
        return Outcome(Kind.HUNG, "no head of an answer")
    except (http.client.HTTPException, OSError) as error:
        return Outcome(Kind.CUT, f"no head of an answer: {error!r}")
    if response.status not in (200, 206):
        return Outcome(Kind.STATUS, f"status {response.status}: {_beginning(response)!r}", status=response.status)
    expected = memoryview(wanted.octets)
    if response.status == 206:
        said = response.headers.get("Content-Range", "")
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", said)
        if not how.span or not match or tuple(map(int, match.groups())) != (*how.span, len(wanted.octets)):
            return Outcome(Kind.WRONG, f"206 with Content-Range {said!r}, asked was {headers.get('Range')}")
        expected = expected[how.span[0]:how.span[1] + 1]
    return _body(connection, response, expected, how)


def _beginning(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(200)
    except (http.client.HTTPException, OSError):
        return b""


def _body(connection: http.client.HTTPConnection, response: http.client.HTTPResponse, expected: memoryview,
          how: How) -> Outcome:
    length = response.headers.get("Content-Length")
    received, wrong = 0, ""
    try:
        while octets := response.read(BLOCK):
            if not wrong and octets != expected[received:received + len(octets)]:
                # The end tells whether it is announced: a blob whose digest turns out wrong is cut before its end.
                wrong = _difference(octets, expected, received, length)
            received += len(octets)
            if how.leave_after is not None and received >= how.leave_after and not wrong:
                _reset(connection)
                return Outcome(Kind.LEFT, f"left after {received}", received)
            if how.pause:
                time.sleep(how.pause)
    except TimeoutError:
        return Outcome(Kind.HUNG, f"nothing more after {received} of {len(expected)} octets", received)
    except (http.client.HTTPException, OSError) as error:
        return Outcome(Kind.CUT, f"after {received} of {length} octets: {error!r} {wrong}", received)
    if length is not None and received < int(length):
        return Outcome(Kind.CUT, f"after {received} of {length} octets {wrong}", received)
    if wrong:
        return Outcome(Kind.WRONG, wrong, received)
    if received < len(expected):
        return Outcome(Kind.SHORT, f"{received} of {len(expected)} octets, Content-Length {length}", received)
    return Outcome(Kind.WHOLE, "", received)


def _difference(octets: bytes, expected: memoryview, offset: int, length: Optional[str]) -> str:
    right = expected[offset:offset + len(octets)]
    first = next((number for number, pair in enumerate(zip(octets, right)) if pair[0] != pair[1]), len(right))
    return (f"octet {offset + first} of {len(expected)} is wrong (Content-Length {length}): "
            f"{octets[first:first + 16].hex()} instead of {bytes(right[first:first + 16]).hex()}")


def _reset(connection: http.client.HTTPConnection) -> None:
    """Closing sends a reset, as that of a program that ends does."""
    if connection.sock:
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Puller = Callable[[str, Wanted, How], Outcome]
