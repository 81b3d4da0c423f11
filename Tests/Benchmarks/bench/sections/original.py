"""The original client and ours through the same NFD over UDP, from the same server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

from harness import parts
from harness.program import Program

from ..measuring import MeasurementFailed, Sample, alternate, costs, ratio, rates
from ..results import Result
from ..stand import REPOSITORY, Stand, came_over_ndn
from .nfd import NFD

NAMES = ("Docker-registry-NDN-client", "docker-registry-ndn-client")
ADDRESS = "127.0.0.1:5099"
OURS, THEIRS = "registry-ndn client", "original client"


def measure(stand: Stand) -> Result:
    result = Result("Through NFD over UDP, against the original client")
    original = os.environ.get("ORIGINAL_CLIENT") or next((name for name in NAMES if shutil.which(name)), None)
    if not original or not shutil.which("nfd"):
        missing = "$ORIGINAL_CLIENT is not set and " + " or ".join(NAMES) if not original else "nfd"
        result.not_run.append(f"{missing} is not on PATH")
        return result
    # It asks NDN for repositories of one component alone; the blobs of others it reads over HTTP.
    assert "/" not in REPOSITORY
    nfd = NFD(stand)
    server = stand.server(f"unix://{nfd.socket}")
    client = stand.client(f"udp://{nfd.udp}")
    peer = stand.keep(Program("original", [original, "--upstream", stand.registry.url, "--name", parts.PREFIX, "--listen",
                                           ADDRESS, "--router", nfd.udp], stand.folder,
                              nfd.environment | {"DOCKER_NDN_LOG": "debug"}))
    common = {"nfd": nfd.program, "server": server.program, "registry": stand.registry.program}
    digest = stand.blob(0)
    wait_for(peer)

    def theirs(run: int) -> Sample:
        nfd.forget()
        sample = stand.curl(f"http://{ADDRESS}", digest, common | {"client": peer}).run(stand.size)
        original_came_over_ndn(peer.lines, digest, run + 1, stand.size)
        return sample

    def ours(run: int) -> Sample:
        nfd.forget()
        sample = stand.curl(client.uri("http"), digest, common | {"client": client.program}).run(stand.size)
        came_over_ndn(client, digest, run + 1)
        return sample
    samples = result.samples = alternate({OURS: ours, THEIRS: theirs}, stand.runs, "original")
    for name, runs in samples.items():
        result.rows.append({"path": name, "MB/s": rates(runs).text(), "× original": ratio(runs, samples[THEIRS]).text(2),
                            "NFD, share of a core": f"{busy(runs):.2f}", "core-s/GB": costs(runs).text(2)})
    # Its best run counts.
    best = max(sample.rate for sample in samples[THEIRS])
    faster = rates(samples[OURS]).median / best
    result.goals["original"] = (f"{faster:.2f} × its best run, NFD at {busy(samples[OURS]):.0%} of a core",
                                faster >= 1.6 and busy(samples[OURS]) >= 0.95)
    return result


def busy(samples: list[Sample]) -> float:
    """The share of a core that NFD used, in the median run."""
    return sorted(sample.cpu["nfd"] / sample.seconds for sample in samples)[len(samples) // 2]


def original_came_over_ndn(lines: list[str], digest: str, count: int, size: int) -> None:
    """Ends the run unless the original's own log says that the blob came whole over NDN `count` times: what it does not
    ask NDN for, or does not get, it passes on over HTTP without a word at its usual log level."""
    fetched = 0
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if digest in entry.get("uri", "") and entry.get("msg") == "fetch success" and entry.get("size") == size:
            fetched += 1
    if fetched < count:
        raise MeasurementFailed(f"the original client's log has \"fetch success\" of {size} bytes {fetched} times for "
                                f"{digest}, and {count} were measured: the others did not come over NDN")


def wait_for(peer: Program) -> None:
    """Until it answers; it prints nothing that tells."""
    answers = subprocess.run(["curl", "--silent", "--fail", "--retry", "20", "--retry-connrefused", "--retry-delay", "1",
                              "--output", "/dev/null", f"http://{ADDRESS}/v2/"], check=False).returncode == 0
    if not answers or not peer.running:
        raise MeasurementFailed(f"the original client does not answer at {ADDRESS}\n{peer.tail()}")
