"""Many small blobs over a link, at the near end of scripts/netlab: python -m bench.small_worker ndn|nfd|https … prints seconds as JSON.

The registry is at the far end, with the server and the forwarder beside it, as docs/running.md has it; the client is at the near end.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import queue
import ssl
import sys
import threading
import time
import urllib.parse
from pathlib import Path

from harness import nfd, parts
from harness.program import Program

from .measuring import MeasurementFailed
from .stand import MANIFEST, REPOSITORY, BenchRegistry
from .worker import FAR, enter, far, kept, options, plain_registry, secure_registry

WAYS = ["ndn", "nfd", "https"]


class Reader:
    """Reads blobs over a connection that is kept."""

    def __init__(self, url: str, authority: Path):
        place = urllib.parse.urlsplit(url)
        if place.scheme == "https":
            context = ssl.create_default_context(cafile=authority)
            self._connection = http.client.HTTPSConnection(place.netloc, timeout=60, context=context)
        else:
            self._connection = http.client.HTTPConnection(place.netloc, timeout=60)
        # Made before anything is timed.
        self._connection.connect()

    def blobs(self, manifest: str) -> list[str]:
        """Those that a manifest names: whoever pulls reads it first."""
        self._connection.request("GET", f"/v2/{REPOSITORY}/manifests/{manifest}", headers={"Accept": MANIFEST})
        response = self._connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise MeasurementFailed(f"{manifest}: status {response.status}")
        return [layer["digest"] for layer in json.loads(body)["layers"]]

    def read(self, digest: str) -> int:
        """Octets of the blob."""
        self._connection.request("GET", f"/v2/{REPOSITORY}/blobs/{digest}")
        response = self._connection.getresponse()
        body = response.read()
        if response.status != 200 or "sha256:" + hashlib.sha256(body).hexdigest() != digest:
            raise MeasurementFailed(f"{digest}: status {response.status}, {len(body)} octets that are not the blob")
        return len(body)

    def close(self) -> None:
        self._connection.close()


def read_all(url: str, authority: Path, manifest: str, count: int) -> dict:
    """So many at a time, each over a connection of its own; how long all of them took, and each by itself."""
    readers = [Reader(url, authority) for _ in range(count)]
    digests = readers[0].blobs(manifest)
    wanted: queue.SimpleQueue = queue.SimpleQueue()
    for digest in digests:
        wanted.put(digest)
    octets: list[int] = []
    each: list[float] = []
    errors: list[str] = []

    def work(reader: Reader) -> None:
        try:
            while True:
                digest = wanted.get_nowait()
                begin = time.monotonic()
                octets.append(reader.read(digest))
                each.append(time.monotonic() - begin)
        except queue.Empty:
            pass
        except (OSError, http.client.HTTPException, MeasurementFailed) as error:
            errors.append(f"{type(error).__name__}: {error}")
    threads = [threading.Thread(target=work, args=(reader,)) for reader in readers]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begin
    for reader in readers:
        reader.close()
    if errors or len(octets) != len(digests):
        raise MeasurementFailed(f"{len(octets)} of {len(digests)} blobs came: {errors[:2]}")
    return {"octets": sum(octets), "seconds": seconds, "median": sorted(each)[len(each) // 2]}


def start_ndn(chosen: argparse.Namespace, secure: BenchRegistry, keep: list) -> Program:
    """The client."""
    folder = chosen.folder

    def add(part):
        keep.append(part)
        return part
    plain = add(plain_registry(chosen))
    if chosen.way == "nfd":
        router = add(nfd.NFD(folder, udp="unicast_mtu 1400", within=enter()))
    else:
        router = add(parts.Forwarder(folder, host=FAR, within=enter()))
    port = router.udp.rpartition(":")[2]
    server = add(far("server", [parts.binary(), "server", "--registry", plain.url, "--name", parts.PREFIX, "--uplink", router.unix],
                     folder))
    server.ready()
    client = add(Program("client", [parts.binary(), "client", "--upstream", secure.url, "--ca-file", chosen.tls[0], "--name",
                                    parts.PREFIX, "--router", f"{FAR}:{port}", "--listen", "127.0.0.1:0"], folder, cwd=folder))
    client.ready()
    return client


def main() -> None:
    parser = options(WAYS)
    parser.add_argument("--sets", type=Path,
                        help="JSON list of what is read in turn: count, the blobs read at a time, and the manifest that names them")
    chosen = parser.parse_args()
    with kept() as keep:
        secure = secure_registry(chosen)
        keep.append(secure)
        client = None if chosen.way == "https" else start_ndn(chosen, secure, keep)
        url = client.ready().partition(" ")[0] if client else secure.url
        said = []
        for one in json.loads(chosen.sets.read_text()):
            # HTTPS has no cache on the way: it is read once.
            for state in ("cold", "warm") if client else ("once",):
                seen = len(client.events("request")) if client else 0
                read = read_all(url, chosen.tls[0], one["manifest"], one["count"])
                time.sleep(0.2)
                events = client.events("request")[seen:] if client else []
                requests = [request for request in events if "/blobs/" in request["path"]]
                said.append(read | {"set": one["name"], "state": state, "requests": len(requests),
                                    "elsewhere": sum(request["upstream_bytes"] for request in requests)})
        print(json.dumps(said))


if __name__ == "__main__":
    sys.exit(main())
