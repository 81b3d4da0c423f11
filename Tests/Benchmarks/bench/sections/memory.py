"""Ten pulls at once through one client, in a few rounds: how much memory client and server take at most."""

from __future__ import annotations

import http.client
import os
import time

from harness import parts

from ..measuring import MeasurementFailed, say, Spread
from ..results import Result
from ..stand import REPOSITORY, Stand

PULLS = 10
ROUNDS = 3


def mount(stand: Stand, digest: str, repository: str) -> None:
    """Makes the blob also another repository's, so that its NDN name is another one."""
    connection = http.client.HTTPConnection(stand.registry.address, timeout=60)
    connection.request("POST", f"/v2/{repository}/blobs/uploads/?mount={digest}&from={REPOSITORY}",
                       headers={"Content-Length": "0"})
    response = connection.getresponse()
    response.read()
    connection.close()
    if response.status != 201:
        raise MeasurementFailed(f"docker-registry did not mount {digest} in {repository}: {response.status}")


def pull_all(client: parts.Client, digest: str, repositories: list[str]) -> float:
    """Seconds until all have ended."""
    begin = time.monotonic()
    children = [os.posix_spawnp("curl", ["curl", "--silent", "--fail", "--output", "/dev/null",
                                         f"{client.uri('http')}/v2/{repository}/blobs/{digest}"], os.environ)
                for repository in repositories]
    failed = [child for child in children if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]
    if failed:
        raise MeasurementFailed(f"{len(failed)} of {len(children)} pulls failed\n{client.program.tail()}")
    return time.monotonic() - begin


def measure(stand: Stand) -> Result:
    size = (100 if stand.quick else 1000) * 1_000_000
    digest = stand.blob(0, size)
    repositories = [f"bench/copy-{number}" for number in range(PULLS)]
    for repository in repositories:
        mount(stand, digest, repository)
    server = stand.server()
    client = stand.client(server.udp)
    rounds = 1 if stand.quick else ROUNDS
    seconds = Spread.of(pull_all(client, digest, repositories) for _ in range(rounds))
    client.request(digest, count=PULLS * rounds)
    requests = client.requests(digest)
    elsewhere = sum(request["upstream_bytes"] for request in requests)
    peaks = {part.name: part.program.peak_memory() / 1e6 for part in (client, server)}
    say(f"memory: {rounds} × {PULLS} pulls of {size / 1e6:.0f} MB in {seconds.text(1)} s, {elsewhere} octets of them not over NDN")
    result = Result(f"Memory under {PULLS} concurrent pulls of {size / 1e6:.0f} MB")
    result.rows.append({**{f"{name} peak RSS MB": f"{peak:.1f}" for name, peak in peaks.items()},
                        "seconds": seconds.text(1), "MB/s": f"{PULLS * size / 1e6 / seconds.median:.0f}",
                        "octets not over NDN": f"{elsewhere:,}"})
    result.numbers = {"requests": requests, "server": peaks["server"], "client": peaks["client"]}
    if elsewhere:
        result.not_run.append(f"{elsewhere} octets came from the registry and not over NDN, so this says nothing")
    else:
        result.judge("memory-client", Spread.of([peaks["client"]]), at_most=48, digits=1, unit=" MB")
        result.judge("memory-server", Spread.of([peaks["server"]]), at_most=96, digits=1, unit=" MB")
    return result
