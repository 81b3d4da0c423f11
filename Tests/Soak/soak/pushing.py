"""A push through a client: a blob, and a manifest with it."""

from __future__ import annotations

import hashlib
import http.client
import json
from typing import Optional

from harness.exchange import Answer, exchange, path_of
from harness.image import CONFIG, LAYER, MANIFEST

from .pulling import Wanted

REPOSITORY = "soak/pushed"
EMPTY = b"{}"


def push(address: str, octets: bytes, tag: str) -> tuple[list[Wanted], str]:
    """The blob and its manifest, as they can be pulled from then on; or nothing, and what was said instead."""
    try:
        for blob in (EMPTY, octets):
            if refusal := _put_blob(address, blob):
                return [], refusal
        manifest = _manifest(octets)
        path = f"/v2/{REPOSITORY}/manifests/{tag}"
        answer = exchange(address, "PUT", path, {"Content-Type": MANIFEST}, manifest, timeout=60)
        if answer.status != 201:
            return [], _refusal("manifest", answer)
    except (http.client.HTTPException, OSError) as error:
        return [], f"cut: {error!r}"
    return [Wanted.blob(REPOSITORY, octets), Wanted(path, manifest, MANIFEST)], ""


def _put_blob(address: str, octets: bytes) -> Optional[str]:
    answer = exchange(address, "POST", f"/v2/{REPOSITORY}/blobs/uploads/", {"Content-Length": "0"}, timeout=60)
    if answer.status != 202:
        return _refusal("upload", answer)
    path = path_of(answer.headers["location"])
    fields = {"Content-Type": "application/octet-stream"}
    mark = "&" if "?" in path else "?"
    answer = exchange(address, "PUT", f"{path}{mark}digest={_digest(octets)}", fields, octets, timeout=60)
    return None if answer.status == 201 else _refusal("blob", answer)


def _refusal(what: str, answer: Answer) -> str:
    return f"{what}: status {answer.status}: {answer.body[:200]!r}"


def _digest(octets: bytes) -> str:
    return "sha256:" + hashlib.sha256(octets).hexdigest()


def _manifest(octets: bytes) -> bytes:
    def descriptor(kind: str, blob: bytes) -> dict:
        return {"mediaType": kind, "digest": _digest(blob), "size": len(blob)}
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, EMPTY),
                       "layers": [descriptor(LAYER, octets)]}).encode()
