"""A front before a registry that writes the references in its answers in its own way."""

from __future__ import annotations

import enum
import http.client
import posixpath
import urllib.parse

from .front import Front, FrontHandler
from .registry import Registry


class Style(enum.Enum):
    """What a Location looks like."""
    # Uploads have a path of their own, outside /v2/, as at Google's Artifact Registry.
    OUTSIDE = "outside"
    # Relative to the request.
    RELATIVE = "relative"
    # Everything is redirected to https at the same host and port.
    MOVED = "moved"


_UPLOADS = "/artifacts-uploads"


class ReferringRegistry(Front):
    """Passes everything on to a registry, and changes what its answers refer to."""

    def __init__(self, registry: Registry, style: Style):
        super().__init__(_handler(registry, style))


def _referring(location: str, request: str, style: Style) -> str:
    """The path and query of a reference as the style has it."""
    parts = urllib.parse.urlsplit(location)
    path, query = parts.path, f"?{parts.query}" if parts.query else ""
    if style is Style.OUTSIDE:
        name, separator, upload = path.removeprefix("/v2/").partition("/blobs/uploads/")
        return f"{_UPLOADS}/{name}/{upload}{query}" if separator else path + query
    # A digest alone would be taken for a scheme and what follows it.
    return "./" + posixpath.relpath(path, posixpath.dirname(urllib.parse.urlsplit(request).path)) + query


def _inside(target: str) -> str:
    """The target as the registry knows it."""
    if not target.startswith(f"{_UPLOADS}/"):
        return target
    parts = urllib.parse.urlsplit(target)
    name, _, upload = parts.path.removeprefix(f"{_UPLOADS}/").rpartition("/")
    return f"/v2/{name}/blobs/uploads/{upload}?{parts.query}"


def _handler(registry: Registry, style: Style):
    class Handler(FrontHandler):
        def _serve(self):
            body = self.body()
            if style is Style.MOVED:
                return self._answer(301, {"Location": f"https://{self.headers['Host']}{self.path}"}, b"")
            back = http.client.HTTPConnection(registry.address, timeout=60)
            back.putrequest(self.command, _inside(self.path), skip_accept_encoding=True)
            # One by one: a field may be there several times, as Accept is.
            for name, value in self.headers.items():
                if name.lower() not in ("host", "transfer-encoding", "content-length"):
                    back.putheader(name, value)
            back.putheader("Content-Length", str(len(body)))
            back.endheaders(body)
            answer = back.getresponse()
            octets = answer.read()
            back.close()
            fields = {name: value for name, value in answer.getheaders()
                      if name.lower() not in ("content-length", "date", "transfer-encoding")}
            if "Location" in fields:
                fields["Location"] = _referring(fields["Location"], self.path, style)
            length = answer.headers["Content-Length"] if self.command == "HEAD" else None
            self._answer(answer.status, fields, octets, length)

        do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

        def _answer(self, status, fields, body, length=None):
            self.send_response(status)
            for name, value in {**fields, "Content-Length": length or str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
    return Handler
