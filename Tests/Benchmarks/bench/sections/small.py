"""Small blobs, one by one and 20 at a time, over a link of 50 ms and of none: a blob must not cost more round trips than over HTTPS."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from ..measuring import MeasurementFailed, Sample, Spread, say
from ..results import Result
from ..stand import Stand
from .link import at_the_near_end

OURS, NFD, HTTPS = "NDN, our forwarder", "NDN, NFD", "HTTPS, connections kept"
WAYS = {HTTPS: "https", OURS: "ndn", NFD: "nfd"}
DELAYS = {"50": "25ms", "0": "0"}
"""Round trip in ms, and the link's delay one way."""
KILOBYTES = (10, 200)
COUNTS = (1, 20)
# Counted are five of them.
TURNS = 6


def label(kilobytes: int, count: int) -> str:
    return f"{kilobytes} kB, {count} at a time"


def make_sets(stand: Stand, number: int) -> Path:
    """The file of what is read: each set has blobs of its own, as what one has read would be warm for another."""
    sets = [{"name": label(kilobytes, count), "count": count,
             "manifest": stand.manifest([stand.blob(1000 * count + index, kilobytes * 1000) for index in range(number)],
                                        kilobytes * 1000)}
            for kilobytes in KILOBYTES for count in COUNTS]
    file = stand.folder / "small.json"
    file.write_text(json.dumps(sets))
    return file


def measure(stand: Stand) -> Result:
    number = 50 if stand.quick else 250
    result = Result(f"{number} small blobs, 100 Mbit/s, a queue of 625 kB, the forwarder beside the server")
    if os.geteuid() != 0:
        result.not_run.append("the link needs root, for its network namespaces")
        return result
    ways = dict(WAYS)
    if not shutil.which("nfd"):
        result.not_run.append("nfd is not on PATH")
        del ways[NFD]
    sets = make_sets(stand, number)
    turns = 2 if stand.quick else min(stand.runs, TURNS)
    for turn in range(turns):
        for delay in DELAYS:
            for name, way in ways.items():
                take_turn(stand, result, name, way, delay, turn, sets)
    summarize(result, list(ways))
    return result


def take_turn(stand: Stand, result: Result, name: str, way: str, delay: str, turn: int, sets: Path) -> None:
    """One way, once. When it fails the others go on, and the result says so."""
    options = ["--rate", "100mbit", "--delay", DELAYS[delay], "--queue", "625kB", "--seed", str(turn), "--tcp", "cubic"]
    try:
        said, link = at_the_near_end(stand, "small_worker", options, way, "--sets", sets)
    except MeasurementFailed as error:
        say(f"error: small, {name}, {delay} ms, turn {turn + 1}: {error}")
        result.failed = True
        result.not_run.append(f"{name} at {delay} ms failed in turn {turn + 1}")
        return
    for one in said:
        say(f"small, turn {turn + 1}, {delay} ms, {one['set']}, {name}, {one['state']}: {one['seconds']:.2f} s")
        if turn > 0:
            result.samples.setdefault(key(delay, one["set"], name, one["state"]), []).append(
                Sample(one["octets"], one["seconds"], more={"whole link": link} | one))


def key(delay: str, read: str, name: str, state: str) -> str:
    return f"{delay} ms, {read}, {name}, {state}"


def beside(result: Result, delay: str, read: str, name: str, state: str) -> list[float]:
    """The time, of HTTPS's, turn by turn."""
    https = result.samples.get(key(delay, read, HTTPS, "once"), [])
    return [one.seconds / other.seconds for one, other in zip(result.samples.get(key(delay, read, name, state), []), https)]


def summarize(result: Result, ways: list[str]) -> None:
    reads = [label(kilobytes, count) for count in COUNTS for kilobytes in KILOBYTES]
    for delay in DELAYS:
        for read in reads:
            for name in ways:
                for state in ("once",) if name == HTTPS else ("cold", "warm"):
                    samples = result.samples.get(key(delay, read, name, state), [])
                    ratios = beside(result, delay, read, name, state) if name != HTTPS else []
                    result.rows.append({
                        "round trip ms": delay, "blobs": read, "way": name if name == HTTPS else f"{name}, {state}",
                        "all of them, s": Spread.of(one.seconds for one in samples).text(2) if samples else "failed",
                        "× HTTPS": Spread.of(ratios).text(2) if ratios else "",
                        "median blob, ms": Spread.of(one.more["median"] * 1000 for one in samples).text(1) if samples else "",
                        "not over NDN, kB": "" if name == HTTPS or not samples
                        else Spread.of(one.more["elsewhere"] / 1000 for one in samples).text(0),
                    })
    result.notes.append("Cold: neither the server nor the forwarder has the blobs. Warm: the client asks for them once more, and the "
                        "forwarder has them. The manifest that names the blobs is read before the time "
                        "begins, as whoever pulls does. Every blob is checked by its SHA-256; connections are made before the time begins.")
    judge(result, "small-50-cold", "50", "cold", 1, 1.1)
    judge(result, "small-50-warm", "50", "warm", 1, 1.1)
    judge(result, "small-0-warm", "0", "warm", 1, 1.1)
    judge(result, "small-20", "50", "cold", 20, 1.0)


def judge(result: Result, goal: str, delay: str, state: str, count: int, at_most: float) -> None:
    """Both sizes must meet it; both are shown."""
    found = {kilobytes: beside(result, delay, label(kilobytes, count), OURS, state) for kilobytes in KILOBYTES}
    if all(found.values()):
        spreads = {kilobytes: Spread.of(values) for kilobytes, values in found.items()}
        text = ", ".join(f"{kilobytes} kB {spread.text(2)} ×" for kilobytes, spread in spreads.items())
        result.goals[goal] = (text, all(spread.median <= at_most for spread in spreads.values()))
