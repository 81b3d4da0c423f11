"""The same requests to a registry and, through the client, to its twin: the same statuses, headers and bodies.

docs/differences.md lists and explains every entry of DIFFERENT.
"""

import hashlib
import json
import random
import re

import pytest

from harness.exchange import exchange, path_of, raw
from harness.registry import Registry

REPOSITORY = "demo/app"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SIZES = {"empty": 0, "one": 1, "segment": 7777, "some": 50_000, "many": 3_000_001}
OCTETS = {name: random.Random(name).randbytes(size) for name, size in SIZES.items()}


def digest_of(octets: bytes) -> str:
    return "sha256:" + hashlib.sha256(octets).hexdigest()


DIGESTS = {name: digest_of(octets) for name, octets in OCTETS.items()}
UNKNOWN = "sha256:" + "1" * 64


class Side:
    """A registry, where it is asked, and the upload that is going on there."""

    def __init__(self, address: str, registry: Registry):
        self.address, self.registry = address, registry
        self.location = ""

    def ask(self, method, target, headers=None, body=None):
        target = target.replace("{location}", self.location)
        answer = exchange(self.address, method, target, headers, body)
        if method in ("POST", "PATCH") and "location" in answer.headers:
            self.location = path_of(answer.headers["location"])
        return answer


@pytest.fixture(scope="module")
def twins(work):
    """The registry alone, and its twin behind server and client."""
    from conftest import Parts
    folder = work / "differential"
    folder.mkdir()
    alone, twin = Registry(folder, "alone"), Registry(folder, "twin")
    for registry in (alone, twin):
        for octets in OCTETS.values():
            registry.put_blob(REPOSITORY, octets)
    made = Parts(folder, twin)
    client = made.client(router=made.server().udp)
    yield Side(alone.address, alone), Side(client.address, twin), client
    for part in [*reversed(made.started), alone, twin]:
        part.stop()


def differences(twins, steps) -> list:
    """The steps whose answers differ; those in DIFFERENT must differ just so."""
    alone, through, _ = twins
    found = []
    for step in steps:
        method, target, *rest = step
        direct = alone.ask(method, target, *rest).comparable(alone.address)
        over = through.ask(method, target, *rest).comparable(through.address, through.registry.address)
        if "/../" in target:
            # docker-registry redirects to the path without them; the client lets nobody lead its password out of /v2/.
            assert direct["status"] == 301 and over["status"] == 400, (step, direct, over)
            continue
        allowed = DIFFERENT.get(case_of(target, *rest)) if method == "GET" else None
        if allowed:
            assert direct != over, f"no longer different: {step}"
            for answer in (direct, over):
                for part in allowed:
                    answer["headers"].pop(part, None)
                    answer.pop(part, None)
        if direct != over:
            found.append({"step": step[:3], "direct": direct, "through": over})
    return found


# What may differ, by case; each has its explanation in docs/differences.md.
ALL_BUT_RANGE = {"body", "whole", "content-length", "content-type", "accept-ranges", "cache-control", "etag",
                 "docker-content-digest"}
DIFFERENT = {"beyond the end": ALL_BUT_RANGE, "last of nothing": ALL_BUT_RANGE | {"status", "content-range"},
             "out of order": ALL_BUT_RANGE | {"status", "content-range"},
             "unread": ALL_BUT_RANGE | {"status", "content-range"}}


def case_of(target: str, headers=None, _body=None):
    """The known difference that a request of a blob leads to."""
    headers = headers or {}
    name = next((name for name, digest in DIGESTS.items() if target.endswith(f"/blobs/{digest}")), None)
    if name is None or headers.get("If-Range", f'"{DIGESTS[name]}"') != f'"{DIGESTS[name]}"':
        return None
    # Numbers that are too large for docker-registry, and a unit that it does not know.
    if headers.get("Range") in ("bytes=18446744073709551616-", "Bytes=0-1"):
        return "unread"
    several = re.fullmatch(r"bytes=((?:\s*\d+-\d*\s*|\s*),(?:[\s\d,-]*))", headers.get("Range", ""))
    ranges = [tuple(part.strip().split("-")) for part in several[1].split(",") if part.strip()] if several else []
    if ranges and all(first and (not last or int(first) <= int(last)) for first, last in ranges):
        ends = [0] + [int(last) + 1 if last else 1 << 64 for _, last in ranges]
        if any(int(first) < end for (first, _), end in zip(ranges, ends)):
            return "out of order"
        return "beyond the end" if all(int(first) >= SIZES[name] for first, _ in ranges) else None
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", headers.get("Range", ""))
    if not match:
        return None
    first, last = match.groups()
    if first:
        broken = last and int(last) < int(first)
        return "beyond the end" if int(first) >= SIZES[name] and not broken else None
    return "last of nothing" if last and int(last) > 0 and SIZES[name] == 0 else None


RANGES = ["bytes=0-", "bytes=0-0", "bytes=1-", "bytes=7776-7777", "bytes=0-7776", "bytes=7777-", "bytes=100-49999",
          "bytes=-1", "bytes=-7778", "bytes=-9999999", "bytes=0-99999999999", "bytes=3000000-", "bytes=3000001-",
          "bytes=99999999999-", "bytes=-0", "bytes=5-2", "bytes=x-", "bytes=", "bytes=-", "bytes", "chunks=0-1",
          "bytes=0-1,5-6", "bytes=0-0,-1", "bytes=0-0,2-3,5-7776", "bytes= 0-0 ,\t5-6,", "bytes=,0-0", "bytes=0-9,10-19,30-",
          "bytes=7770-7779,49999-50000,2999999-3000005,4000000-", "bytes=3000001-3000002,4000000-", "bytes=5-9,0-1",
          "bytes=0-9,5-14", "bytes=0-0,0-0", "bytes=0-,5-6", "bytes=0-1,5-2", "bytes=0-1,x", "bytes=-5,0-1", "bytes=18446744073709551616-", "Bytes=0-1"]


def blob_steps():
    for name, digest in DIGESTS.items():
        path = f"/v2/{REPOSITORY}/blobs/{digest}"
        yield "GET", path
        yield "HEAD", path
        for value in RANGES + [f"bytes={SIZES[name]}-"]:
            yield "GET", path, {"Range": value}
        yield "HEAD", path, {"Range": "bytes=0-0"}
        for condition in (f'"{digest}"', '"other"', f'W/"{digest}"', "Wed, 21 Oct 2015 07:28:00 GMT"):
            yield "GET", path, {"Range": "bytes=0-0", "If-Range": condition}
        for field in ("If-None-Match", "If-Match"):
            for value in (f'"{digest}"', '"other"', "*"):
                yield "GET", path, {field: value}
                yield "HEAD", path, {field: value}
        yield "GET", path, {"If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT"}
        yield "GET", path, {"Accept-Encoding": "gzip"}
        yield "GET", path + "?unknown=1&x="


def bad_paths():
    blobs = f"/v2/{REPOSITORY}/blobs"
    for target in ("/", "/v2", "/v2/", "/v2//", "/v3/", "/v2/_catalog", "/v2/_catalog?n=1", "/v2/_catalog?n=0",
                   "/v2/_catalog?n=x", "/v2/_catalog?n=-1", "/v2/_catalog?last=zzz", "/favicon.ico",
                   f"{blobs}/{UNKNOWN}", f"{blobs}/{UNKNOWN.upper()}", f"{blobs}/sha256:12", f"{blobs}/sha512:" + "1" * 128,
                   f"{blobs}/md5:" + "1" * 32, f"{blobs}/", f"{blobs}/{DIGESTS['one'].replace(':', '%3A')}",
                   f"/v2/Demo/blobs/{DIGESTS['one']}", f"/v2/unknown/blobs/{DIGESTS['one']}",
                   f"/v2/demo//app/blobs/{DIGESTS['one']}", f"/v2/demo/../demo/app/blobs/{DIGESTS['one']}",
                   f"/v2/{'a' * 300}/blobs/{DIGESTS['one']}", f"/v2/demo%2Fapp/blobs/{DIGESTS['one']}",
                   f"/v2/{REPOSITORY}/manifests/none", f"/v2/{REPOSITORY}/manifests/{UNKNOWN}",
                   f"/v2/{REPOSITORY}/manifests/.x", f"/v2/{REPOSITORY}/tags/list", f"/v2/{REPOSITORY}/tags/list?n=1",
                   f"/v2/unknown/tags/list", f"/v2/{REPOSITORY}/referrers/{UNKNOWN}",
                   f"/v2/{REPOSITORY}/blobs/uploads/", f"/v2/{REPOSITORY}/blobs/uploads/no-upload",
                   f"/v2/{REPOSITORY}/blobs/uploads/00000000-0000-0000-0000-000000000000"):
        for method in ("GET", "HEAD", "OPTIONS"):
            yield method, target
        yield "GET", target + ("&" if "?" in target else "?") + "unknown=%2F&unknown&x[]=1"
    for target in ("/v2/", f"{blobs}/{UNKNOWN}", f"/v2/{REPOSITORY}/tags/list", f"/v2/{REPOSITORY}/manifests/none"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            yield method, target, {}, b""


def manifest(layer: str) -> bytes:
    def descriptor(name, kind):
        return {"mediaType": kind, "digest": DIGESTS[name], "size": SIZES[name]}
    return json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": descriptor("one", "application/vnd.oci.image.config.v1+json"),
        "layers": [descriptor(layer, "application/vnd.oci.image.layer.v1.tar+gzip")]}).encode()


def manifest_steps():
    base = f"/v2/{REPOSITORY}/manifests"
    good, other = manifest("some"), manifest("many")
    kind = {"Content-Type": MANIFEST}
    for tag in ("a", "b", "c", "latest"):
        yield "PUT", f"{base}/{tag}", kind, good
    yield "PUT", f"{base}/{digest_of(other)}", kind, other
    yield "PUT", f"{base}/{UNKNOWN}", kind, good
    yield "PUT", f"{base}/bad", kind, b"{"
    yield "PUT", f"{base}/bad", kind, good.replace(DIGESTS["some"].encode(), UNKNOWN.encode())
    yield "PUT", f"{base}/bad", {"Content-Type": "text/plain"}, good
    yield "PUT", f"{base}/bad", {}, b""
    for accept in (None, MANIFEST, "*/*", "application/vnd.docker.distribution.manifest.v2+json"):
        for reference in ("a", digest_of(good), digest_of(other), "none"):
            for method in ("GET", "HEAD"):
                yield method, f"{base}/{reference}", {"Accept": accept} if accept else {}
    yield "GET", f"{base}/a", {"If-None-Match": f'"{digest_of(good)}"'}
    for query in ("", "?n=2", "?n=2&last=b", "?n=1&last=latest", "?n=x"):
        yield "GET", f"/v2/{REPOSITORY}/tags/list{query}"
    yield "GET", "/v2/_catalog?n=1"
    for method in ("GET", "HEAD"):
        for query in ("", "?artifactType=application/vnd.example.sbom", "?artifactType=", "?n=1"):
            yield method, f"/v2/{REPOSITORY}/referrers/{digest_of(good)}{query}"
        yield method, f"/v2/{REPOSITORY}/referrers/sha256:zz"
        yield method, f"/v2/{REPOSITORY}/tags/list?n=2&unknown=1"
        yield method, "/v2/_catalog?n=1&last=a"
    # What refers to another manifest: the registry answers with OCI-Subject when it knows of such.
    referring = json.dumps(json.loads(good) | {"subject": {
        "mediaType": MANIFEST, "digest": digest_of(good), "size": len(good)}}).encode()
    yield "PUT", f"{base}/{digest_of(referring)}", kind, referring
    yield "GET", f"{base}/{digest_of(referring)}", {"Accept": MANIFEST}
    yield "PUT", f"{base}/sha256-{digest_of(good)[7:]}", kind, referring
    yield "GET", f"{base}/sha256-{digest_of(good)[7:]}?ignored=1", {"Accept": MANIFEST}
    yield "PUT", f"{base}/sha512:" + "1" * 128, kind, good
    yield "PUT", f"{base}/large", kind, b"[" + b" " * (5 << 20) + b"]"
    for method in ("POST", "PATCH"):
        yield method, f"{base}/a", kind, good
    yield "DELETE", f"{base}/none"
    yield "DELETE", f"{base}/sha256:zz"
    yield "DELETE", f"{base}/c"
    yield "DELETE", f"{base}/{digest_of(other)}"
    yield "DELETE", f"{base}/{digest_of(other)}"
    yield "GET", f"{base}/{digest_of(other)}"


def upload_steps():
    uploads = f"/v2/{REPOSITORY}/blobs/uploads/"
    octets = random.Random("upload").randbytes(100_000)
    digest = digest_of(octets)
    kind = {"Content-Type": "application/octet-stream"}
    # In two chunks of a known range, with the status asked for in between.
    yield "POST", uploads, {}, b""
    yield "GET", "{location}"
    yield "PATCH", "{location}", kind | {"Content-Range": "0-49999"}, octets[:50_000]
    yield "GET", "{location}"
    yield "PATCH", "{location}", kind | {"Content-Range": "70000-99999"}, octets[70_000:]
    yield "PATCH", "{location}", kind | {"Content-Range": "50000-99999"}, octets[50_000:]
    yield "PUT", "{location}&digest=" + UNKNOWN, {}, b""
    yield "PUT", "{location}&digest=sha256:zz", {}, b""
    yield "POST", uploads, {}, b""
    yield "PATCH", "{location}", kind | {"Transfer-Encoding": "chunked"}, octets
    yield "PUT", "{location}&digest=" + digest, {}, b""
    yield "GET", f"/v2/{REPOSITORY}/blobs/{digest}"
    yield "HEAD", f"/v2/{REPOSITORY}/blobs/{digest}"
    # Whole, with 100-continue, and in one request.
    yield "POST", uploads, {}, b""
    yield "PUT", "{location}&digest=" + digest, kind | {"Expect": "100-continue"}, octets
    yield "POST", uploads + f"?digest={digest}", kind, octets
    # From another repository, known and unknown.
    for source in (f"mount={DIGESTS['some']}&from={REPOSITORY}", f"mount={UNKNOWN}&from={REPOSITORY}",
                   f"mount={DIGESTS['some']}&from=Bad", f"mount={DIGESTS['some']}"):
        yield "POST", f"/v2/demo/mounted/blobs/uploads/?{source}", {}, b""
    yield "POST", f"/v2/demo/mounted/blobs/uploads/?mount={DIGESTS['some']}&from=unknown/repository", {}, b""
    yield "POST", f"/v2/demo/mounted/blobs/uploads/?mount=sha256:zz&from={REPOSITORY}", {}, b""
    yield "GET", f"/v2/demo/mounted/blobs/{DIGESTS['some']}"
    # Chunks that do not fit, each with what the registry makes of it.
    for chunk_range in ("1-50000", "0-", "-5", "x-y", "0-10", "50000-0", "bytes 0-49999/100000", "0-18446744073709551616"):
        yield "POST", uploads, {}, b""
        yield "PATCH", "{location}", kind | {"Content-Range": chunk_range}, octets[:50_000]
        yield "GET", "{location}"
        yield "DELETE", "{location}"
    # A chunk with another method, without octets, and of no known upload.
    yield "POST", uploads, {}, b""
    yield "PATCH", "{location}", kind, b""
    yield "HEAD", "{location}"
    yield "POST", "{location}", kind, octets
    yield "PUT", "{location}", kind, octets
    yield "PUT", "{location}&digest=" + digest + "&digest=" + UNKNOWN, kind, octets
    yield "PATCH", uploads + "00000000-0000-0000-0000-000000000000", kind, octets
    yield "PUT", uploads + f"00000000-0000-0000-0000-000000000000?digest={digest}", kind, octets
    # Other digests than SHA-256.
    sha512 = "sha512:" + hashlib.sha512(octets).hexdigest()
    yield "POST", uploads, {}, b""
    yield "PUT", "{location}&digest=" + sha512, kind, octets
    for method in ("GET", "HEAD"):
        yield method, f"/v2/{REPOSITORY}/blobs/{sha512}"
        yield method, f"/v2/{REPOSITORY}/blobs/{sha512}", {"Range": "bytes=5-9"}
    yield "POST", uploads + f"?digest={sha512}", kind, octets
    yield "POST", uploads + "?digest=md5:" + "1" * 32, kind, octets
    # Without octets, with 100-continue that is refused, and the blob of no octets pushed again.
    yield "POST", "/v2/Bad/blobs/uploads/", {"Expect": "100-continue"}, octets
    yield "PUT", uploads + f"none?digest={digest}", kind | {"Expect": "100-continue"}, octets
    yield "POST", uploads, {}, b""
    yield "PUT", "{location}&digest=" + DIGESTS["empty"], {}, b""
    # Given up, and asked for again.
    yield "POST", uploads, {}, b""
    yield "DELETE", "{location}"
    yield "GET", "{location}"
    yield "PATCH", "{location}", kind, octets
    yield "POST", "/v2/Bad/blobs/uploads/", {}, b""
    yield "DELETE", f"/v2/{REPOSITORY}/blobs/{UNKNOWN}"
    yield "DELETE", f"/v2/{REPOSITORY}/blobs/{digest}"
    yield "HEAD", f"/v2/{REPOSITORY}/blobs/{digest}"


@pytest.mark.parametrize("steps", [blob_steps, bad_paths, manifest_steps, upload_steps], ids=lambda made: made.__name__)
def test_same_outcome(twins, steps):
    steps = list(steps())
    found = differences(twins, steps)
    assert not found, f"{len(found)} of {len(steps)}:\n" + "\n".join(map(str, found[:12]))


def test_blobs_and_ranges_came_over_ndn(twins):
    """Else the comparison would only show that an HTTP proxy is one."""
    client = twins[2]
    path = f"/v2/{REPOSITORY}/blobs/{DIGESTS['many']}"
    before = len(client.requests(DIGESTS["many"]))
    assert exchange(client.address, "GET", path, {"Range": "bytes=1000000-1099999"}).status == 206
    client.request(DIGESTS["many"], before + 1)
    request = client.requests(DIGESTS["many"])[before]
    assert (request["source"], request["ndn_bytes"]) == ("ndn", 100_000), request


def request_of(*lines: str, body: str = "") -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


# Requests that two programs may read differently: (octets, what the client answers). The registry, written in Go, takes
# some of them; docs/differences.md says why the client does not.
SMUGGLING = {
    "length and chunked": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Content-Length: 5", "Transfer-Encoding: chunked",
                                      body="0\r\n\r\nGET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n"), [400]),
    "two lengths": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Content-Length: 5", "Content-Length: 6",
                               body="hello"), [400]),
    "signed length": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Content-Length: +5", body="hello"), [400]),
    "folded field": (request_of("GET /v2/ HTTP/1.1", "Host: a", "X: a", " b"), [400]),
    "space before colon": (request_of("GET /v2/ HTTP/1.1", "Host : a"), [400]),
    "bad chunk size": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Transfer-Encoding: chunked",
                                  body="5x\r\nhello\r\n0\r\n\r\n"), [400]),
    "another coding": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Transfer-Encoding: gzip, chunked",
                                  body="0\r\n\r\n"), [501]),
    "no host": (request_of("GET /v2/ HTTP/1.1"), [400]),
    "two hosts": (request_of("GET /v2/ HTTP/1.1", "Host: a", "Host: b"), [400]),
    "long field": (request_of("GET /v2/ HTTP/1.1", "Host: a", "X: " + "x" * 70_000), [431]),
    "not HTTP": (b"garbage\r\n\r\n", [400]),
    "a list of lengths": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Content-Length: 5, 5", body="hello"), [400]),
    "negative length": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Content-Length: -5", body="hello"), [400]),
    "length beyond 64 bits": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Content-Length: 18446744073709551621",
                                         body="hello"), [400]),
    "chunked twice": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Transfer-Encoding: chunked, chunked",
                                 body="0\r\n\r\n"), [400]),
    "two codings": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Transfer-Encoding: chunked",
                               "Transfer-Encoding: identity", body="0\r\n\r\n"), [400]),
    "coding with a tab": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Transfer-Encoding: \x0bchunked",
                                     body="0\r\n\r\n"), [400]),
    "chunked in 1.0": (request_of("POST /v2/ HTTP/1.0", "Host: a", "Transfer-Encoding: chunked", body="0\r\n\r\n"),
                       [400]),
    "chunk size beyond 64 bits": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Transfer-Encoding: chunked",
                                             body="10000000000000005\r\nhello\r\n0\r\n\r\n"), [400]),
    "negative chunk size": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Transfer-Encoding: chunked",
                                       body="-5\r\nhello\r\n0\r\n\r\n"), [400]),
    "chunk without its end": (request_of("POST /v2/ HTTP/1.1", "Host: a", "Transfer-Encoding: chunked",
                                         body="5\r\nhelloX0\r\n\r\nGET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n"), [400]),
    "octet 0": (request_of("GET /v2/ HTTP/1.1", "Host: a", "X: \0"), [400]),
    "bare return": (request_of("GET /v2/ HTTP/1.1", "Host: a", "X: a\rContent-Length: 5"), [400]),
    "many fields": (request_of("GET /v2/ HTTP/1.1", "Host: a", *[f"X-{number}: x" for number in range(200)]), [431]),
    "another expectation": (request_of("GET /v2/ HTTP/1.1", "Host: a", "Expect: 200-ok"), [417]),
    "CONNECT": (request_of("CONNECT registry.example:443 HTTP/1.1", "Host: a"), [405]),
    "TRACE": (request_of("TRACE /v2/ HTTP/1.1", "Host: a", "Authorization: Basic eDp5"), [405]),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
}


@pytest.mark.parametrize("case", SMUGGLING)
def test_smuggling_is_refused(twins, case):
    octets, expected = SMUGGLING[case]
    assert raw(twins[1].address, octets) == expected


def test_pipelined_requests_are_answered_in_order(twins):
    get = "GET {} HTTP/1.1\r\nHost: a\r\n{}\r\n"
    targets = ["/v2/", f"/v2/{REPOSITORY}/blobs/{DIGESTS['one']}", f"/v2/{REPOSITORY}/blobs/{UNKNOWN}", "/v2/_catalog",
               "/v2/none/tags/list"]
    octets = "".join(get.format(target, "" if number < 4 else "Connection: close\r\n")
                     for number, target in enumerate(targets)).encode()
    assert raw(twins[1].address, octets) == raw(twins[0].address, octets) == [200, 200, 404, 200, 404]


def test_pipelined_uploads_are_read_to_their_ends(twins):
    """A body, a chunked one, one behind 100-continue, and what follows each."""
    uploads = f"/v2/{REPOSITORY}/blobs/uploads/"
    requests = [
        request_of("GET /v2/ HTTP/1.1", "Host: a"),
        request_of(f"POST {uploads} HTTP/1.1", "Host: a", "Content-Length: 0"),
        request_of(f"PUT /v2/{REPOSITORY}/manifests/bad HTTP/1.1", "Host: a", "Content-Length: 5", body="{bad}"),
        request_of(f"PUT /v2/{REPOSITORY}/manifests/bad HTTP/1.1", "Host: a", "Transfer-Encoding: chunked",
                   body="5;extension=1\r\n{bad}\r\n0\r\nTrailer: x\r\n\r\n"),
        request_of(f"PUT /v2/{REPOSITORY}/manifests/bad HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 5",
                   body="{bad}"),
        request_of(f"HEAD /v2/{REPOSITORY}/blobs/{DIGESTS['some']} HTTP/1.1", "Host: a"),
        request_of(f"DELETE /v2/{REPOSITORY}/blobs/{UNKNOWN} HTTP/1.1", "Host: a", "Connection: close"),
    ]
    octets = b"".join(requests)
    assert raw(twins[1].address, octets) == raw(twins[0].address, octets) == [200, 202, 400, 400, 400, 200, 404]


def test_there_are_a_few_hundred():
    steps = [step for made in (blob_steps, bad_paths, manifest_steps, upload_steps) for step in made()]
    methods = {step[0] for step in steps}
    assert len(steps) > 500 and methods == {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
