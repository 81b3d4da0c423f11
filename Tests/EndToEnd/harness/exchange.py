"""One HTTP exchange as an octet stream, and what of its answer can be compared."""

from __future__ import annotations

import http.client
import re
import socket
import urllib.parse
from dataclasses import dataclass, field
from typing import Optional

# What a client acts on. Date, Connection and the framing of the body belong to each hop.
HEADERS = ["accept-ranges", "allow", "cache-control", "content-length", "content-range", "content-type",
           "docker-content-digest", "docker-distribution-api-version", "etag", "link", "location", "oci-subject",
           "oci-filters-applied", "range", "retry-after", "warning", "www-authenticate"]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BOUNDARY = re.compile(r"(?<=boundary=)[0-9a-f]{60}|(?<=--)[0-9a-f]{60}")
STATE = re.compile(r"_state=[^&\"\s>]+")


@dataclass
class Answer:
    """Status, headers in lower case and body."""
    status: int
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    # The body came to the end that its head promised.
    is_whole: bool = True

    def comparable(self, address: str, own: Optional[str] = None) -> dict:
        """What must be the same wherever it was asked: addresses, upload ids and states are made equal."""
        def same(text: str) -> str:
            for known in filter(None, (address, own)):
                text = text.replace(f"http://{known}", "").replace(known, "HOST")
            return STATE.sub("_state=STATE", UUID.sub("UUID", BOUNDARY.sub("BOUNDARY", text)))
        headers = {name: same(self.headers[name]) for name in HEADERS if name in self.headers}
        is_text = len(self.body) <= 4096 or self.headers.get("content-type", "").startswith("multipart/")
        body = same(self.body.decode("latin-1")) if is_text else self.body
        return {"status": self.status, "headers": headers, "body": body, "whole": self.is_whole}


def exchange(address: str, method: str, target: str, headers: Optional[dict] = None, body=None,
             timeout: float = 30.0) -> Answer:
    """One request on a connection of its own; nothing is added to its headers but Host."""
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        chunked = any(name.lower() == "transfer-encoding" for name in headers or {})
        if isinstance(body, bytes) and not chunked and "Content-Length" not in (headers or {}):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body, encode_chunked=chunked)
        response = connection.getresponse()
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()})
        try:
            answer.body = response.read()
        except (http.client.IncompleteRead, ConnectionError) as cut:
            answer.is_whole = False
            answer.body = getattr(cut, "partial", b"")
        return answer
    finally:
        connection.close()


def raw(address: str, octets: bytes, timeout: float = 10.0) -> list[int]:
    """Sends octets as they are and reads until the end; the statuses that came, 100 left out."""
    host, _, port = address.rpartition(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout) as connection:
        connection.sendall(octets)
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except (ConnectionError, TimeoutError):
            pass
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received) if status != b"100"]


def path_of(location: str) -> str:
    """Path and query of a Location, absolute or not."""
    parts = urllib.parse.urlsplit(location)
    return parts.path + (f"?{parts.query}" if parts.query else "")
