"""The original client and ours through the same NFD, from the same server."""

from __future__ import annotations

import os
import shutil

from harness import parts
from harness.program import Program

from ..measuring import alternate, costs, MeasurementFailed, rates, ratio, Sample
from ..results import Result
from ..stand import Stand, came_over_ndn
from .nfd import NFD

NAMES = ("Docker-registry-NDN-client", "docker-registry-ndn-client")
ADDRESS = "127.0.0.1:5099"
OURS, THEIRS = "registry-ndn client", "original client"


def measure(stand: Stand) -> Result:
    result = Result("Through NFD, against the original client")
    original = os.environ.get("ORIGINAL_CLIENT") or next((name for name in NAMES if shutil.which(name)), None)
    if not original or not shutil.which("nfd"):
        missing = "$ORIGINAL_CLIENT is not set and " + " or ".join(NAMES) if not original else "nfd"
        result.not_run.append(f"{missing} is not on PATH")
        return result
    nfd = NFD(stand)
    server = stand.server(f"unix://{nfd.socket}")
    client = stand.client(f"unix://{nfd.socket}")
    peer = stand.keep(Program("original", [original, "--upstream", stand.registry.url, "--name", parts.PREFIX, "--listen",
                                           ADDRESS, "--router", nfd.socket], stand.folder, nfd.environment))
    common = {"nfd": nfd.program, "server": server.program, "registry": stand.registry.program}
    digest = stand.blob(0)
    wait_for(stand, peer)

    def theirs(_run: int) -> Sample:
        nfd.forget()
        return stand.curl(f"http://{ADDRESS}", digest, common | {"client": peer}).run(stand.size)

    def ours(run: int) -> Sample:
        nfd.forget()
        sample = stand.curl(client.uri("http"), digest, common | {"client": client.program}).run(stand.size)
        came_over_ndn(client, digest, run + 1)
        return sample
    samples = result.samples = alternate({OURS: ours, THEIRS: theirs}, stand.runs, "original")
    for name, runs in samples.items():
        result.rows.append({"path": name, "MB/s": rates(runs).text(), "× original": ratio(runs, samples[THEIRS]).text(2),
                            "core-s/GB": costs(runs).text(2)})
    # Its best run counts.
    best = max(sample.rate for sample in samples[THEIRS])
    ours_rate = rates(samples[OURS])
    result.goals["original"] = (f"{ours_rate.median / best:.2f} × its best run", ours_rate.median / best >= 4.5)
    return result


def wait_for(stand: Stand, peer: Program) -> None:
    """Until it answers; it prints nothing that tells."""
    status = os.system(f"curl --silent --fail --retry 20 --retry-connrefused --retry-delay 1 --output /dev/null "
                       f"http://{ADDRESS}/v2/")
    if status or not peer.running:
        raise MeasurementFailed(f"the original client does not answer at {ADDRESS}\n{peer.tail()}")
