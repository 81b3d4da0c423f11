"""A front before a registry that answers a GET of several ranges of a blob in one of the ways that registries have."""

from __future__ import annotations

import enum
import http.client
from dataclasses import dataclass

from .front import Front, FrontHandler
from .registry import Registry


class Several(enum.Enum):
    """What a request for several ranges gets."""
    # 206, multipart/byteranges, as docker-registry does it.
    PARTS = "parts"
    NOT_IMPLEMENTED = "501"
    NOT_SATISFIABLE = "416"
    BAD_REQUEST = "400"
    # 200 with the whole blob.
    WHOLE = "200"


@dataclass(frozen=True)
class Asked:
    """A request, and its answer."""
    method: str
    target: str
    fields: dict
    status: int
    kind: str
    # Bytes of the body that went down.
    carried: int

    @property
    def ranges(self) -> int:
        """How many ranges were asked for; 0 where it was the whole."""
        value = self.fields.get("Range", "")
        return value.count(",") + 1 if value else 0

    @property
    def wanted(self) -> int:
        """How many bytes were asked for, where every range has an end."""
        spans = self.fields.get("Range", "").removeprefix("bytes=")
        return sum(int(last) - int(first) + 1 for first, _, last in (span.partition("-") for span in spans.split(",")))


class SeveralRanges(Front):
    """Passes everything on to a registry, notes it in `asked`, and answers several ranges as `how` says."""

    def __init__(self, registry: Registry, how: Several = Several.PARTS):
        self.how = how
        self.asked: list[Asked] = []
        super().__init__(_handler(self, registry))


def _handler(front: SeveralRanges, registry: Registry):
    class Handler(FrontHandler):
        def _serve(self):
            body = self.body()
            is_several = self.command == "GET" and "," in self.headers.get("Range", "")
            refusals = {Several.NOT_IMPLEMENTED: 501, Several.NOT_SATISFIABLE: 416, Several.BAD_REQUEST: 400}
            if is_several and front.how in refusals:
                return self._refuse(refusals[front.how])
            back = http.client.HTTPConnection(registry.address, timeout=60)
            back.putrequest(self.command, self.path, skip_accept_encoding=True)
            for name, value in self.headers.items():
                left_out = ("host", "transfer-encoding", "content-length")
                if name.lower() not in left_out and not (name == "Range" and is_several and front.how is Several.WHOLE):
                    back.putheader(name, value)
            if body or self.command in ("POST", "PUT", "PATCH"):
                back.putheader("Content-Length", str(len(body)))
            back.endheaders(body)
            self._pass(back.getresponse())
            back.close()

        def _refuse(self, status):
            self._note(status, "", 0)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _pass(self, answer):
            self.send_response(answer.status)
            length = answer.headers["Content-Length"]
            for name, value in answer.getheaders():
                if name.lower() not in ("date", "transfer-encoding", "content-length", "connection"):
                    self.send_header(name, value.replace(registry.address, front.address))
            octets = b""
            if length is None and self.command != "HEAD":
                octets = answer.read()
                length = str(len(octets))
            if length is not None:
                self.send_header("Content-Length", length)
            self.end_headers()
            carried = 0
            try:
                while octets or (octets := answer.read(1 << 16)):
                    self.wfile.write(octets)
                    carried, octets = carried + len(octets), b""
            except OSError:
                # Whoever asked has what it wanted: containerd closes an open range where the next one begins.
                self.close_connection = True
            finally:
                self._note(answer.status, answer.headers.get("Content-Type", ""), carried)

        def _note(self, status, kind, carried):
            fields = {name: ", ".join(self.headers.get_all(name)) for name in self.headers}
            front.asked.append(Asked(self.command, self.path, fields, status, kind, carried))

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve
    return Handler
