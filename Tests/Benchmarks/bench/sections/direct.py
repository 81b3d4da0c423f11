"""Client and server with nothing between, cold and warm, against curl on the same docker-registry."""

from __future__ import annotations

from .. import plot
from ..allocations import counted
from ..measuring import Sample, alternate, costs, ratio, rates
from ..results import Result
from ..stand import Source, Stand, came_over_ndn, openssl_rate

TITLE = "direct"
COLD, WARM, HTTP = "NDN, cold", "NDN, warm", "HTTP"
FOLDER = "NDN, cold, from the registry's folder"
HTTPS, HTTPS1 = "HTTPS (HTTP/2)", "HTTPS (HTTP/1.1)"


class Pair:
    """A server and a client that asks it directly over UDP."""

    def __init__(self, stand: Stand, name: str, options: list = (), source: Source | None = None,
                 client: list = ()):
        self.stand = stand
        self.server = stand.server(name=f"server-{name}", options=options, source=source)
        self.client = stand.client(self.server.udp, name=f"client-{name}", options=client)
        self.url = self.client.uri("http")
        self.programs = {"registry": stand.registry.program, "server": self.server.program,
                         "client": self.client.program}
        self._requests: dict[str, int] = {}

    def get(self, digest: str, size: int) -> Sample:
        sample = self.stand.curl(self.url, digest, self.programs).run(size)
        self._requests[digest] = self._requests.get(digest, 0) + 1
        came_over_ndn(self.client, digest, self._requests[digest])
        return sample


def measure(stand: Stand) -> Result:
    # Every cold run has a blob of its own, which the server has never read.
    digests = [stand.blob(number) for number in range(stand.runs)]
    cold, warm = Pair(stand, "cold"), Pair(stand, "warm", ["--cache-size", "512MiB"])
    folder = Pair(stand, "folder", source=Source(f"file://{stand.storage}"))
    warm.get(digests[0], stand.size)
    # What curl and Docker agree on with docker-registry by themselves, and what they could be told to use.
    variants = {name: lambda run, options=options: stand.curl(
        stand.secure.url, digests[run], {"registry": stand.secure.program}, *options).run(stand.size)
        for name, options in ((HTTPS, []), (HTTPS1, ["--http1.1"]))}
    variants[COLD] = lambda run: cold.get(digests[run], stand.size)
    variants[FOLDER] = lambda run: folder.get(digests[run], stand.size)
    variants[HTTP] = lambda run: stand.curl(
        stand.registry.url, digests[run], {"registry": stand.registry.program}).run(stand.size)
    variants[WARM] = lambda run: warm.get(digests[0], stand.size)
    samples = alternate(variants, stand.runs, TITLE)
    https = samples[HTTPS]
    result = Result("Client and server directly over UDP", samples=samples)
    for name, runs in samples.items():
        parts = " ".join(f"{part} {costs(runs, part).median:.2f}" for part in runs[0].cpu)
        result.rows.append({
            "path": name, "MB/s": rates(runs).text(), "× HTTPS": ratio(runs, https).text(2),
            "core-s/GB": costs(runs).text(2), "of which": parts,
        })
    # Where TLS costs next to nothing, no more can be asked of something that hashes.
    has_fast_aes = openssl_rate("aes-128-gcm") > 2.5 * openssl_rate("sha256")
    for key, name, goal in (("cold", COLD, 0.8 if has_fast_aes else 1.2), ("warm", WARM, 1.2 if has_fast_aes else 2.0)):
        other = ratio(samples[name], samples[HTTPS1]).text(2)
        result.judge(key, ratio(samples[name], https), at_least=goal, unit=f" ×; {other} × when curl is told --http1.1")
    result.judge("cold-cpu", costs(samples[COLD]), at_most=2.8)
    result.judge("warm-cpu", costs(samples[WARM]), at_most=1.6)
    shown = {name: {"": rates(samples[name])} for name in (HTTPS, HTTPS1, HTTP, COLD, WARM)}
    result.plots["direct.svg"] = plot.bars(
        f"One blob of {stand.size / 1e6:.0f} MB from the same docker-registry", "MB/s", shown,
        f"median and extremes of {stand.runs - 1} runs, A B A B; higher is better")
    result.numbers["allocations a packet"] = allocations(stand, digests[0], result)
    stand.clear()
    return result


def allocations(stand: Stand, digest: str, result: Result) -> dict:
    """One cold transfer with malloc counted: calls a packet, in each program."""
    with counted(stand.folder) as counter:
        pair = Pair(stand, "counted")
        pair.get(digest, stand.size)
        before = {name: counter.read(pair.programs[name].pid) for name in ("server", "client")}
        pair.get(digest, stand.size)
        packets = stand.size / 7777
        found = {name: (counter.read(pair.programs[name].pid) - before[name]) / packets for name in before}
    text = ", ".join(f"{name} {value:.3f}" for name, value in found.items())
    result.notes.append(f"malloc calls a packet, cold, HTTP and registry reads included: {text}.")
    return found
