"""1, 2, 4 and 8 clients that want one blob within two seconds, behind one forwarder; HTTPS beside it."""

from __future__ import annotations

import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness import parts

from .. import plot
from ..measuring import Spread, say
from ..results import Result
from ..stand import Stand, came_over_ndn

COUNTS = (1, 2, 4, 8)
QUARTER_COUNTS = (2, 4, 8)
STAGGER = 2.0
NDN, QUARTER, HTTPS = "NDN", "NDN, cache of a quarter", "HTTPS"


@dataclass
class Round:
    """One blob pulled by all clients."""
    upstream: float
    """Octets that left the registry, in terms of the blob."""
    each: list[float]
    """Seconds that each client took."""

    @property
    def slowest(self) -> float:
        """In terms of the median client."""
        return max(self.each) / statistics.median(self.each)


def pull_staggered(stand: Stand, urls: list[str], digest: str) -> list[float]:
    """All clients' seconds; their starts are spread evenly over two seconds."""
    begin = time.monotonic() + 0.1

    def pull(number: int) -> float:
        start = begin + STAGGER * number / max(len(urls) - 1, 1)
        time.sleep(max(0.0, start - time.monotonic()))
        subprocess.run(["curl", "--silent", "--fail", "--cacert", stand.tls[0], "--output", "/dev/null",
                        stand.url(urls[number], digest)], check=True)
        return time.monotonic() - start
    with ThreadPoolExecutor(len(urls)) as pool:
        return list(pool.map(pull, range(len(urls))))


def over_ndn(stand: Stand, count: int, digest: str, size: int, cache: str) -> Round:
    """With a forwarder, a server and clients that have nothing in their caches."""
    forwarder = stand.forwarder(cache=cache)
    server = parts.Server(stand.folder, stand.registry, forwarder.unix)
    stand.keep(server)
    clients = [stand.client(forwarder.unix, name=f"client-{number}") for number in range(count)]
    each = pull_staggered(stand, [client.uri("http") for client in clients], digest)
    for client in clients:
        came_over_ndn(client, digest, 1)
    upstream = server.program.statistics()["registry_bytes"] / size
    stand.clear()
    return Round(upstream, each)


def over_https(stand: Stand, count: int, digest: str) -> Round:
    return Round(count, pull_staggered(stand, [stand.secure.url] * count, digest))


def measure(stand: Stand) -> Result:
    # Large enough that the clients overlap, small enough for the whole cache.
    size = 188_000_000 if stand.quick else 400_000_000
    # Here the clients share as far as those behind are not further behind than the cache reaches: a client that has
    # the network for itself while the others wait for their start must not be through with a quarter by then.
    large = 1_000_000_000 if stand.quick else 2_000_000_000
    digest, large_digest = stand.blob(0, size), stand.blob(0, large)
    variants = {
        NDN: lambda count: over_ndn(stand, count, digest, size, "512MiB"),
        QUARTER: lambda count: over_ndn(stand, count, large_digest, large, f"{large // 4}"),
        HTTPS: lambda count: over_https(stand, count, digest),
    }
    rounds: dict[tuple[str, int], list[Round]] = {
        (name, count): [] for name in variants for count in (COUNTS if name != QUARTER else QUARTER_COUNTS)}
    for run in range(stand.runs):
        for count in COUNTS:
            for name, work in variants.items():
                if (name, count) not in rounds:
                    continue
                done = work(count)
                if run > 0:
                    rounds[name, count].append(done)
                say(f"sharing, run {run + 1}: {count} clients, {name}: {done.upstream:.3f} × the blob upstream, "
                    f"median {statistics.median(done.each):.2f} s, slowest {max(done.each):.2f} s")
    return summary({NDN: size, QUARTER: large, HTTPS: size}, rounds)


def summary(sizes: dict[str, int], rounds: dict) -> Result:
    result = Result(f"Clients that share a forwarder, starts spread over {STAGGER:.0f} s")

    def spread(name: str, count: int, pick) -> Spread:
        return Spread.of(pick(one) for one in rounds[name, count])
    for name, count in sorted(rounds, key=lambda key: list(sizes).index(key[0])):
        result.rows.append({
            "path": name, "blob MB": f"{sizes[name] / 1e6:.0f}", "clients": count,
            "from the registry, × the blob": spread(name, count, lambda one: one.upstream).text(3),
            "median client s": spread(name, count, lambda one: statistics.median(one.each)).text(2),
            "slowest, × the median": spread(name, count, lambda one: one.slowest).text(2),
        })
    most = COUNTS[-1]
    result.judge("sharing", spread(NDN, most, lambda one: one.upstream), at_most=1.02, digits=3, unit=" ×")
    result.judge("sharing-quarter", spread(QUARTER, most, lambda one: one.upstream), at_most=1.2, digits=3, unit=" ×")
    result.judge("sharing-slowest", spread(NDN, most, lambda one: one.slowest), at_most=1.5, unit=" ×")
    result.plots["sharing.svg"] = plot.lines(
        f"What {most} clients or fewer take from the registry", "× the blob",
        {name: {f"{count} client{'s' if count > 1 else ''}": spread(name, count, lambda one: one.upstream)
                for count in COUNTS}
         for name in (NDN, HTTPS)}, f"one blob of {sizes[NDN] / 1e6:.0f} MB, one forwarder; lower is better")
    result.numbers = {f"{name}, {count}": [vars(one) for one in done] for (name, count), done in rounds.items()}
    return result
