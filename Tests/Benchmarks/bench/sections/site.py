"""Eight machines of one site that pull an image over a long, thin line, in every way there is to share the line."""

from __future__ import annotations

import os
import shutil
import statistics
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

from ..measuring import MeasurementFailed, Sample, Spread, say
from ..results import Result
from ..site_worker import PULLERS
from ..stand import Stand
from .link import RATE, Link, at_the_near_end, payload_share

OURS, ONE, ALONE = "8 clients, our forwarder", "8 pullers, one client", "1 puller, one client"
NFD, NFD_SITE, NFD_ALONE = "8 clients, NFD as it comes", "8 clients, NFD with --site", "1 puller, one client, NFD"
NGINX, PROXY, HTTPS = "nginx, proxy_cache_lock", "docker-registry's proxy", "HTTPS, no cache"
WAYS = {OURS: "clients", NFD: "nfd", NFD_SITE: "nfd-site", NFD_ALONE: "nfd-alone", ONE: "one-client", ALONE: "alone", NGINX: "nginx", PROXY: "proxy", HTTPS: "https"}
BY_NFD = (NFD, NFD_SITE, NFD_ALONE)
# Set up as docs/forwarders.md says for the cache of a site, the receive buffer included.
SET_UP = (NFD_SITE, NFD_ALONE)
RECEIVE_BUFFER = Path("/proc/sys/net/core/rmem_default")
DOCUMENTED_BUFFER = 4_194_304
NDN = (OURS, *BY_NFD, ONE, ALONE)
# Asked once more when all of it has come.
WARM = (OURS, NFD_SITE, NGINX)
# Nothing is judged by them, and they take longer than all others together: one turn says enough.
ONCE = (PROXY, HTTPS)
LOSSES = ("0", "1")
LAYERS = 5
# Counted are five of them.
TURNS = 6
# MB of the image and seconds after which a puller is not done, by loss: HTTPS takes minutes where packets are lost.
FULL = {"0": (200, 90), "1": (20, 45)}
QUICK = {"0": (20, 20), "1": (5, 10)}


def labelled(name: str, state: str) -> str:
    return name if state == "cold" else f"{name}, {state}"


def samples_of(said: dict, link: dict, size: int) -> dict[str, Sample]:
    """By `cold` and `warm`. The octets are those of all pullers, the seconds those of the last one, or the time it was given."""
    made = {}
    for state in said:
        pullers = said[state]["pullers"]
        made[state] = Sample(sum(one["octets"] for one in pullers), max(one["seconds"] for one in pullers),
                             more={"size": size, "whole link": link} | said[state])
    return made


def run_way(stand: Stand, name: str, loss: str, turn: int, digests: list[str], size: int, seconds: float) -> dict[str, Sample]:
    options = ["--rate", "100mbit", "--delay", "25ms", "--loss", f"{loss}%", "--seed", str(turn), "--tcp", "cubic"]
    said, link = at_the_near_end(stand, "site_worker", options, WAYS[name], "--seconds", seconds,
                                 *(["--warm"] if name in WARM else []), "--digests", *digests)
    return samples_of(said, link, size)


@contextmanager
def kernel_set_up_for(name: str) -> Iterator[None]:
    """The system's default receive buffer as documented while one way is measured, and as it was afterwards."""
    before = RECEIVE_BUFFER.read_text()
    if name in SET_UP:
        RECEIVE_BUFFER.write_text(str(DOCUMENTED_BUFFER))
    try:
        yield
    finally:
        RECEIVE_BUFFER.write_text(before)


def measure(stand: Stand) -> Result:
    result = Result(f"A site of {PULLERS} pullers, three connections each, over 100 Mbit/s and 50 ms round trip, TCP CUBIC")
    if os.geteuid() != 0:
        result.not_run.append("the link needs root, for its network namespaces")
        return result
    ways = list(WAYS)
    for program, needed in (("nfd", BY_NFD), ("nginx", (NGINX,)), ("docker-registry", (PROXY,))):
        if not shutil.which(program):
            result.not_run.append(f"{program} is not on PATH")
            ways = [name for name in ways if name not in needed]
    sizes = QUICK if stand.quick else FULL
    images = {loss: [stand.blob(200 + number, sizes[loss][0] * 1_000_000 // LAYERS) for number in range(LAYERS)] for loss in LOSSES}
    share = payload_share(Link(stand), stand.blob(0, 20_000_000))
    turns = 1 if stand.quick else min(stand.runs, TURNS)
    for turn in range(turns):
        for loss in LOSSES:
            for name in ways:
                if turn == turns - 1 or name not in ONCE:
                    take_turn(stand, result, name, loss, turn, turn > 0 or turns == 1, images[loss], *sizes[loss])
    summarize(result, ways, sizes, share)
    return result


def take_turn(stand: Stand, result: Result, name: str, loss: str, turn: int, counts: bool, digests: list[str], megabytes: int,
              seconds: float) -> None:
    """One way, once. When it fails the others go on, and the result says so."""
    try:
        with kernel_set_up_for(name):
            samples = run_way(stand, name, loss, turn, digests, megabytes * 1_000_000, seconds)
    except MeasurementFailed as error:
        say(f"error: site, {name}, {loss} % loss, turn {turn + 1}: {error}")
        result.failed = True
        result.not_run.append(f"{name} at {loss} % loss failed in turn {turn + 1}")
        return
    for state, sample in samples.items():
        label = labelled(name, state)
        say(f"site, turn {turn + 1}, {loss} % loss, {label}: {took(sample)}, {over(sample) / 1e6:.1f} MB over the link")
        if counts:
            result.samples.setdefault(f"{label}, {loss} %", []).append(sample)


# What a sample says

def done(sample: Sample) -> int:
    """Pullers that have all layers."""
    return sum(one["is_done"] for one in sample.more["pullers"])


def is_done(sample: Sample) -> bool:
    return done(sample) == len(sample.more["pullers"])


def took(sample: Sample) -> str:
    if is_done(sample):
        return f"{sample.seconds:.1f} s"
    wanted = sample.more["size"] * len(sample.more["pullers"])
    return f"not done after {sample.seconds:.0f} s, {done(sample)} of {len(sample.more['pullers'])} are, {sample.octets / wanted:.0%} arrived"


def over(sample: Sample) -> int:
    """Octets that came over the link to the site."""
    return sample.more["link"]["down"]


def slowest(sample: Sample) -> float:
    """In terms of the median puller."""
    each = [one["seconds"] for one in sample.more["pullers"]]
    return max(each) / statistics.median(each)


def elsewhere(sample: Sample) -> int:
    """Octets that clients took from the registry, as their requests' log lines have it."""
    return sum(request["upstream_bytes"] for request in sample.more["requests"])


def again(sample: Sample) -> float:
    """Interests that clients sent again, a segment."""
    clients = sample.more["counters"]["clients"]
    return sum(one["retries"] for one in clients) / max(1, sum(one["segments"] for one in clients))


def sent(sample: Sample) -> float:
    """Data packets that the server sent, beside the segments that the image has."""
    return sample.more["counters"]["server"]["data"] / (sample.more["size"] / 7777)


# The table and the goals

def row(name: str, state: str, loss: str, megabytes: int, samples: list[Sample]) -> dict:
    is_ndn = name in NDN
    whole = [sample for sample in samples if is_done(sample)]
    late = [sample for sample in samples if not is_done(sample)]
    times = [Spread.of(sample.seconds for sample in whole).text(1)] if whole else []
    if late:
        times.append(f"{len(late)} of {len(samples)} turns {took(late[0])}")

    def spread(pick: Callable[[Sample], float], digits: int) -> str:
        return Spread.of(map(pick, samples)).text(digits)
    return {
        "loss %": loss, "image MB": megabytes, "way": labelled(name, state), "last puller done, s": "; ".join(times) or "failed",
        "slowest, × the median": spread(slowest, 2) if samples and not late else "–",
        "over the link, MB": spread(lambda one: over(one) / 1e6, 1) if samples else "–",
        "× the image": spread(lambda one: over(one) / one.more["size"], 3) if samples else "–",
        "from the site, MB": spread(lambda one: one.more["link"]["up"] / 1e6, 1) if samples else "–",
        # Of the whole life of the link; a warm pull sends nothing over it.
        "dropped by the queue": spread(lambda one: one.more["whole link"]["down"]["dropped"], 0) if samples and state == "cold" else "–",
        "sent again by clients, %": spread(lambda one: again(one) * 100, 2) if is_ndn and samples else "",
        "sent by the server, × the image": spread(sent, 3) if is_ndn and samples else "",
        "not over NDN, MB": spread(lambda one: elsewhere(one) / 1e6, 1) if is_ndn and samples else "",
        "CPU of clients, s": spread(lambda one: one.more["counters"]["cpu"]["clients"], 1) if is_ndn and samples else "",
        "CPU of forwarder or cache, s": spread(lambda one: one.more["counters"]["cpu"]["between"], 1) if samples else "–",
    }


class Judge:
    """Goals from samples, turn by turn; one whose samples are missing or not done says so."""

    def __init__(self, result: Result):
        self._result = result

    def _samples(self, *names: str) -> list[list[Sample]]:
        return [self._result.samples.get(name, []) for name in names]

    def one(self, key: str, name: str, pick: Callable[[Sample], float], **bounds) -> None:
        samples, = self._samples(name)
        self._judge(key, samples, [pick(sample) for sample in samples], **bounds)

    def beside(self, key: str, name: str, other: str, pick: Callable[[Sample], float], **bounds) -> None:
        """The other may be late: then it would be even slower."""
        samples, others = self._samples(name, other)
        self._judge(key, samples, [pick(one) / max(pick(two), 1e-9) for one, two in zip(samples, others)], **bounds)

    def _judge(self, key: str, samples: list[Sample], values: list[float], **bounds) -> None:
        late = [sample for sample in samples if not is_done(sample)]
        if late:
            self._result.goals[key] = (took(late[0]), False)
        elif values:
            self._result.judge(key, Spread.of(values), **bounds)


def seconds(sample: Sample) -> float:
    return sample.seconds


def summarize(result: Result, ways: list[str], sizes: dict, share: float) -> None:
    allowed = RATE / 1e6 * share
    for loss in LOSSES:
        for name in ways:
            for state in ("cold", "warm") if name in WARM else ("cold",):
                samples = result.samples.get(f"{labelled(name, state)}, {loss} %", [])
                result.rows.append(row(name, state, loss, sizes[loss][0], samples))
    result.notes.append(f"{LAYERS} layers of one size. Not done after {sizes['0'][1]} s, at {LOSSES[1]} % loss {sizes['1'][1]} s, counts as "
                        f"that. Octets are those of IP packets, by the counters of the link's device at the site. Payload is {share:.3f} of "
                        f"NDN's IP octets when nothing is sent twice: headers allow {allowed:.1f} Mbit/s. For {SET_UP[0]} and {SET_UP[1]} "
                        f"net.core.rmem_default is {DOCUMENTED_BUFFER}, as docs/forwarders.md has it.")
    errors = {f"{name}: {error}" for name, samples in result.samples.items() for sample in samples
              for one in sample.more["pullers"] for error in one["errors"] if "not here after" not in error}
    result.notes += [f"A puller failed: {error}" for error in sorted(errors)[:5]]
    judge = Judge(result)
    for group, alone, prefix in ((OURS, ALONE, "site"), (NFD_SITE, NFD_ALONE, "nfd-site")):
        judge.beside(f"{prefix}-0", f"{group}, 0 %", f"{NGINX}, 0 %", seconds, at_most=1.05, unit=" ×")
        judge.beside(f"{prefix}-1", f"{group}, 1 %", f"{NGINX}, 1 %", seconds, at_most=0.35, unit=" ×")
        for loss in LOSSES:
            judge.beside(f"{prefix}-link-{loss}", f"{group}, {loss} %", f"{alone}, {loss} %", over, at_most=1.06, digits=3, unit=" ×")
            judge.one(f"{prefix}-slowest-{loss}", f"{group}, {loss} %", slowest, at_most=1.2, unit=" ×")
        judge.one(f"{prefix}-alone", f"{alone}, 0 %", lambda one: one.rate * 8 / allowed, at_least=0.95)
        judge.one(f"{prefix}-again", f"{alone}, 0 %", lambda one: again(one) * 100, at_most=0.5, unit=" %")
    judge.beside("nfd-plain", f"{NFD}, 0 %", f"{NGINX}, 0 %", seconds, at_most=1.5, unit=" ×")
    judge.one("nfd-plain-link", f"{NFD}, 0 %", lambda one: over(one) / one.more["size"], at_most=1.5, digits=3, unit=" × the image")
    judge.beside("site-one", f"{ONE}, 0 %", f"{ALONE}, 0 %", seconds, at_most=1.05, digits=3, unit=" ×")
    # Keep-alives and the registration are not the image's.
    ours, theirs = (f"{labelled(name, 'warm')}, 0 %" for name in (OURS, NGINX))
    judge.one("site-warm-link", ours, lambda one: over(one) / one.more["size"], at_most=0.001, digits=4, unit=" × the image")
    judge.beside("site-warm", ours, theirs, seconds, at_most=2.0, unit=" ×")
