"""A link of 100 Mbit/s and 50 ms with losses: NDN over UDP, and HTTPS over the kernel's TCP, from the same registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .. import plot
from ..measuring import MeasurementFailed, Sample, say, Spread
from ..results import Result
from ..stand import Stand, kernel_setting

RATE = 100e6
LOSSES = ("0", "0.1", "1")
NDN = "NDN"
GOALS = {"0": 0.97, "0.1": 0.96, "1": 0.90}


def at_the_near_end(stand: Stand, worker: str, options: list, *arguments) -> tuple[dict, dict]:
    """Runs a module of this package at the near end of a new link, in a folder of its own; what it printed, and the link's
    counters."""
    folder = Path(tempfile.mkdtemp(prefix="link-", dir=stand.folder))
    counters = folder / "counters.json"
    command = [os.environ["NETLAB"], "--counters", counters, *options, "--", sys.executable, "-m", f"bench.{worker}", *arguments,
               "--folder", folder, "--storage", stand.storage, "--tls", *stand.tls]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode or not done.stdout:
        raise MeasurementFailed(f"{' '.join(map(str, command))} ended with {done.returncode}")
    return json.loads(done.stdout), json.loads(counters.read_text())


class Link:
    """Runs each download on a new link, with the run's number as the seed."""

    def __init__(self, stand: Stand):
        self.stand = stand

    def get(self, way: str, digest: str, options: list, seconds: float, size: int = 0) -> Sample:
        said, link = at_the_near_end(self.stand, "link_worker", options, way, "--digest", digest, "--seconds", seconds, "--size", size)
        for request in said.get("request", []):
            if request["source"] != "ndn":
                raise MeasurementFailed(f"not all of it came over NDN: {request}")
        return Sample(int(said["octets"]), said["seconds"], said["cpu"], link | {"said": said})


def payload_share(link: Link, digest: str) -> float:
    """Of the octets of IP packets, those that are the blob's, when nothing has to be sent twice: on a link without rate,
    delay and loss, the least of three."""
    samples = [link.get("ndn", digest, ["--rate", "none", "--delay", "0", "--queue", "none"], 60) for _ in range(3)]
    return max(sample.octets / sample.more["down"]["octets"] for sample in samples)


def measure(stand: Stand) -> Result:
    result = Result("100 Mbit/s, 50 ms round trip, MTU 1500, a queue of one round trip, losses per IP packet")
    if os.geteuid() != 0:
        result.not_run.append("the link needs root, for its network namespaces")
        return result
    available = kernel_setting("/proc/sys/net/ipv4/tcp_available_congestion_control").split()
    kinds = {f"TCP {name.upper()}": name for name in ("cubic", "bbr") if name in available}
    result.not_run += [f"this kernel has no TCP {name.upper()}" for name in ("cubic", "bbr") if name not in available]
    link = Link(stand)
    digest = stand.blob(0, 20_000_000 if stand.quick else 100_000_000)
    share = payload_share(link, digest)
    for loss in LOSSES:
        for run in range(stand.runs):
            options = ["--rate", "100mbit", "--delay", "25ms", "--loss", f"{loss}%", "--seed", str(run)]
            line = []
            for name in (NDN, *kinds):
                # Long enough for the whole blob at a third of the rate; what is slower is cut then.
                way = ("ndn", []) if name == NDN else ("https", ["--tcp", kinds[name]])
                sample = link.get(way[0], digest, [*options, *way[1]], 10 if stand.quick else 25)
                line.append(f"{name} {sample.rate * 8:.1f}")
                if run > 0:
                    result.samples.setdefault(f"{name}, {loss} %", []).append(sample)
            say(f"link, {loss} % loss, run {run + 1} of {stand.runs}: {', '.join(line)} Mbit/s")
    summarize(result, share, list(kinds))
    return result


def rate(samples: list[Sample]) -> Spread:
    """Mbit/s of payload."""
    return Spread.of(sample.rate * 8 for sample in samples)


def summarize(result: Result, share: float, kinds: list[str]) -> None:
    allowed = RATE / 1e6 * share
    result.notes.append(f"Payload is {share:.3f} of NDN's IP octets when nothing is sent twice: headers allow "
                        f"{allowed:.1f} Mbit/s.")
    groups: dict[str, dict] = {}
    for loss in LOSSES:
        ndn = result.samples[f"{NDN}, {loss} %"]
        result.judge(f"link-{loss}", Spread.of(sample.rate * 8 / allowed for sample in ndn), at_least=GOALS[loss])
        groups[f"{loss} % loss"] = {}
        for name in (NDN, *kinds):
            samples = result.samples[f"{name}, {loss} %"]
            groups[f"{loss} % loss"][name] = rate(samples)
            result.rows.append({
                "loss %": loss, "path": name, "Mbit/s": rate(samples).text(1),
                "of what NDN's headers allow": f"{rate(samples).median / allowed:.2f}" if name == NDN else "",
                "NDN over it": "" if name == NDN else Spread.of(
                    one.rate / other.rate for one, other in zip(ndn, samples)).text(2),
                "mean queueing ms": Spread.of(one.more["down"]["queued_ms_mean"] for one in samples).text(1),
                "packets dropped by the queue": f"{Spread.of(one.more['down']['dropped'] for one in samples).median:.0f}",
            })
    for name, key, goal in (("TCP CUBIC", "link-cubic", 3.0), ("TCP BBR", "link-bbr", 1.0)):
        if name in kinds:
            pairs = zip(result.samples[f"{NDN}, 1 %"], result.samples[f"{name}, 1 %"])
            result.judge(key, Spread.of(one.rate / other.rate for one, other in pairs), at_least=goal, unit=" ×")
    result.plots["link.svg"] = plot.bars("One blob over 100 Mbit/s, 50 ms, with random loss", "Mbit/s of payload", groups,
                                         "UDP for NDN, HTTPS for TCP, same docker-registry; higher is better")
