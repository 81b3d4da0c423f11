"""Requests for several ranges, and the parts of what answers them."""

from __future__ import annotations

import re

from .exchange import Answer, exchange

PART = re.compile(rb"(?:\r\n)?--(?P<boundary>[^\r]+)\r\nContent-Range: bytes (?P<first>\d+)-(?P<last>\d+)/(?P<total>\d+)\r\n"
                  rb"Content-Type: application/octet-stream\r\n\r\n")


def field(ranges: list[tuple[int, int]]) -> str:
    """The Range field for ranges, each given by its first and its last octet."""
    return "bytes=" + ",".join(f"{first}-{last}" for first, last in ranges)


def ask(address: str, path: str, ranges: list[tuple[int, int]], timeout: float = 60.0) -> Answer:
    return exchange(address, "GET", path, {"Range": field(ranges)}, timeout=timeout)


def parts_of(answer: Answer) -> list[tuple[int, int, int, bytes]]:
    """First and last octet, total, and octets of each part; raises AssertionError where the body is not what its head says."""
    kind = re.fullmatch(r"multipart/byteranges; boundary=([0-9a-f]{32,70})", answer.headers["content-type"])
    assert answer.status == 206 and kind, (answer.status, answer.headers)
    assert "content-range" not in answer.headers
    assert answer.is_whole and len(answer.body) == int(answer.headers["content-length"])
    boundary, body, offset, parts = kind[1].encode(), answer.body, 0, []
    while match := PART.match(body, offset):
        assert match["boundary"] == boundary
        first, last = int(match["first"]), int(match["last"])
        begin, offset = match.end(), match.end() + last + 1 - first
        parts.append((first, last, int(match["total"]), body[begin:offset]))
    assert body[offset:] == b"\r\n--" + boundary + b"--\r\n", body[offset:offset + 200]
    return parts


def expected(octets: bytes, ranges: list[tuple[int, int]]) -> list[tuple[int, int, int, bytes]]:
    """The parts that a blob of these octets has."""
    return [(first, min(last, len(octets) - 1), len(octets), octets[first:last + 1]) for first, last in ranges]
