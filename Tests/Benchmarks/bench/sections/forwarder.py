"""Client and server with our forwarder between, each connected by its Unix socket; then from the forwarder's cache."""

from __future__ import annotations

from ..measuring import alternate, costs, ratio, rates
from ..results import Result
from ..stand import Stand, came_over_ndn

HTTPS, COLD, CACHED = "HTTPS (HTTP/2)", "NDN, cold", "NDN, from the forwarder's cache"


def measure(stand: Stand) -> Result:
    digests = [stand.blob(number) for number in range(stand.runs)]
    forwarder = stand.forwarder()
    server, client = stand.server(forwarder.unix), stand.client(forwarder.unix)
    programs = {"registry": stand.registry.program, "server": server.program, "forwarder": forwarder.program,
                "client": client.program}

    def get(run: int, count: int):
        sample = stand.curl(client.uri("http"), digests[run], programs).run(stand.size)
        came_over_ndn(client, digests[run], count)
        return sample
    samples = alternate({
        HTTPS: lambda run: stand.curl(
            stand.secure.url, digests[run], {"registry": stand.secure.program}).run(stand.size),
        COLD: lambda run: get(run, 1),
        CACHED: lambda run: get(run, 2),
    }, stand.runs, "forwarder")
    result = Result("Through our forwarder (Unix sockets)", samples=samples)
    for name, runs in samples.items():
        parts = " ".join(f"{part} {costs(runs, part).median:.2f}" for part in runs[0].cpu)
        result.rows.append({"path": name, "MB/s": rates(runs).text(), "× HTTPS": ratio(runs, samples[HTTPS]).text(2),
                            "core-s/GB": costs(runs).text(2), "of which": parts})
    return result
