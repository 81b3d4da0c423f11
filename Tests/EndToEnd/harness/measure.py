"""What scripts/measure prints: throughput, CPU and memory of one large layer, beside plain HTTP in the same run."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import parts
from .demo import table
from .registry import Registry

REPOSITORY = "measure/blobs"


@dataclass
class Run:
    """One download."""
    rate: float
    cpu: float


def curl(url: str, size: int, programs: list) -> Run:
    """Downloads to /dev/null; its rate, and the CPU seconds of curl and the programs together."""
    before = sum(program.cpu_seconds() for program in programs)
    begin = time.monotonic()
    pid = os.posix_spawnp("curl", ["curl", "--silent", "--fail", "--output", "/dev/null", url], os.environ)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.monotonic() - begin
    if status:
        raise SystemExit(f"curl {url} failed: {status}")
    cpu = sum(program.cpu_seconds() for program in programs) - before + usage.ru_utime + usage.ru_stime
    return Run(size / 1e6 / seconds, cpu * 1e9 / size)


class Measurement:
    """A registry with one blob a run, so that each run over NDN is cold."""

    def __init__(self, folder: Path, size: int, runs: int):
        self.folder, self.size = folder, size
        self.registry = Registry(folder)
        self.digests = [self.registry.put_blob(REPOSITORY, random.Random(number).randbytes(size))
                        for number in range(runs)]

    def url(self, address: str, digest: str) -> str:
        return f"http://{address}/v2/{REPOSITORY}/blobs/{digest}"

    def http(self) -> list[Run]:
        return [curl(self.url(self.registry.address, digest), self.size, [self.registry.program])
                for digest in self.digests]

    def ndn(self, name: str, direct: bool, options: list) -> tuple[list[Run], dict]:
        """All blobs over NDN, then the first one again (warm); the runs, and what else there is to say."""
        forwarder = None if direct else parts.Forwarder(self.folder, f"{name}-forwarder")
        server = parts.Server(self.folder, self.registry, None if direct else forwarder.unix, f"{name}-server",
                              ["--log", "warning", *options])
        client = parts.Client(self.folder, self.registry, server.udp if direct else forwarder.unix, f"{name}-client")
        ours = [part for part in (forwarder, server, client) if part]
        programs = [self.registry.program, *(part.program for part in ours)]
        try:
            runs = []
            for digest in self.digests:
                runs.append(curl(self.url(client.address, digest), self.size, programs))
                request = client.request(digest)
                if request["source"] != "ndn":
                    print(f"{name}: not all of it came over NDN: {request}", file=sys.stderr)
            warm = curl(self.url(client.address, self.digests[-1]), self.size, programs)
            memory = {part.name.rpartition("-")[2]: part.program.peak_memory() for part in ours}
            return runs, {"warm": warm, **memory}
        finally:
            for part in reversed(ours):
                part.stop()


def row(name: str, runs: list[Run], http: float, more: dict) -> dict:
    def mebibytes(part: str) -> str:
        return f"{more[part] / (1 << 20):.0f}" if part in more else "-"
    rate = statistics.median(run.rate for run in runs)
    return {
        "path": name, "MB/s": f"{rate:.0f}", "of HTTP": f"{rate / http:.2f}",
        "core-s/GB": f"{statistics.median(run.cpu for run in runs):.1f}",
        "runs MB/s": " ".join(f"{run.rate:.0f}" for run in runs),
        "warm MB/s": f"{more['warm'].rate:.0f}" if more else "-",
        "client MiB": mebibytes("client"), "server MiB": mebibytes("server"), "forwarder MiB": mebibytes("forwarder"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/measure", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=188, help="size of the layer (188)")
    parser.add_argument("--runs", type=int, default=3, help="cold downloads a path, of which the median counts (3)")
    arguments = parser.parse_args()
    os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
    folder = Path(tempfile.mkdtemp(prefix="registry-ndn-measure-"))
    measurement = Measurement(folder, arguments.megabytes * 1_000_000, arguments.runs)
    try:
        http = measurement.http()
        rate = statistics.median(run.rate for run in http)
        rows = [row("HTTP, docker-registry to curl", http, rate, {})]
        for name, direct in (("through the forwarder", False), ("direct UDP", True)):
            runs, more = measurement.ndn(name.replace(" ", "-"), direct, [])
            rows.append(row(f"NDN, {name}", runs, rate, more))
        print(f"one layer of {arguments.megabytes} MB, {os.cpu_count()} cores; cold, median of {arguments.runs}; "
              "core-seconds a GB of all processes (registry and curl too); peak resident MiB\n")
        print(table(rows))
    finally:
        measurement.registry.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
