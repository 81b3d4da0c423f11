"""A layer as containerd reads it from release 2.1 on, over 100 Mbit/s and 20 ms: open ranges of 8 MiB, eight at a time."""

from __future__ import annotations

import os

from ..measuring import Sample, Spread, say
from ..results import Result
from ..stand import Stand
from .link import Link

CHUNK = 7777
WAYS = {"open ranges, hung up on": "open", "closed ranges": "closed", "one GET": "whole"}


def measure(stand: Stand) -> Result:
    result = Result("Eight ranges of 8 MiB at a time, over 100 Mbit/s and 20 ms round trip")
    if os.geteuid() != 0:
        result.not_run.append("the link needs root, for its network namespaces")
        return result
    link = Link(stand)
    size = 40_000_000 if stand.quick else 100_000_000
    digest = stand.blob(1, size)
    for run in range(stand.runs):
        options = ["--rate", "100mbit", "--delay", "10ms", "--seed", str(run)]
        line = []
        for name, way in WAYS.items():
            sample = link.get(way, digest, options, 60, size)
            line.append(f"{name} {sample.rate * 8:.1f}")
            if run > 0:
                result.samples.setdefault(name, []).append(sample)
        say(f"ranges, run {run + 1} of {stand.runs}: {', '.join(line)} Mbit/s")
    summarize(result, size)
    return result


def moved(sample: Sample) -> float:
    """Octets that the client handed to its own clients, of the blob's."""
    return sum(request["ndn_bytes"] for request in sample.more["said"]["request"]) / sample.octets


def sent(sample: Sample) -> float:
    """Segments that the server sent, of the blob's."""
    return sample.more["said"]["sent"] / -(-sample.octets // CHUNK)


def summarize(result: Result, size: int) -> None:
    whole = result.samples["one GET"]
    for name, samples in result.samples.items():
        slower = Spread.of(one.seconds / other.seconds for one, other in zip(samples, whole))
        result.rows.append({
            "100 Mbit/s, 20 ms": name, "Mbit/s": Spread.of(one.rate * 8 for one in samples).text(1),
            "time beside one GET": slower.text(3), "octets over NDN": Spread.of(map(moved, samples)).text(3),
            "sent by the server": Spread.of(map(sent, samples)).text(3),
        })
    result.notes.append(f"A blob of {size // 1_000_000} MB. Octets and segments are of the blob's own.")
    ranges = result.samples["open ranges, hung up on"]
    result.judge("ranges-time", Spread.of(one.seconds / other.seconds for one, other in zip(ranges, whole)), at_most=1.05)
    result.judge("ranges-octets", Spread.of(map(moved, ranges)), at_most=1.05, digits=3)
    result.judge("ranges-sent", Spread.of(map(sent, ranges)), at_most=1.1, digits=3)
