"""Through NFD: our fetch from our server against ndnget from ndnserve: same chunk size, Unix sockets, emptied cache."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from harness import parts
from harness.program import Program

from ..measuring import alternate, costs, MeasurementFailed, rates, ratio, Sample, Transfer
from ..results import Result
from ..stand import REPOSITORY, Stand

CHUNK = 7777
OURS, COLD = "registry-ndn fetch", "registry-ndn fetch, server cold"
CONFIGURATION = """\
general {{ }}
log {{ default_level WARN }}
tables {{ cs_max_packets 65536
  strategy_choice {{ / /localhost/nfd/strategy/best-route /localhost /localhost/nfd/strategy/multicast }} }}
face_system {{ general {{ enable_congestion_marking yes }} unix {{ path {socket} }}
  udp {{ port {port} mcast no }} }}
authorizations {{ authorize {{ certfile any privileges {{ faces fib cs strategy-choice }} }} }}
rib {{ localhost_security {{ trust-anchor {{ type any }} }} }}
"""
# ndn-tools before 24.07 called them ndncatchunks and ndnputchunks.
CONSUMERS, PRODUCERS = ("ndnget", "ndncatchunks"), ("ndnserve", "ndnputchunks")
PIPELINES = {"fixed 32": ["-p", "fixed", "-s", "32"], "fixed 128": ["-p", "fixed", "-s", "128"],
             "cubic": ["-p", "cubic"], "cubic, marks ignored": ["-p", "cubic", "--ignore-marks"], "aimd": ["-p", "aimd"]}


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class NFD:
    """An NFD of our own, and what talks to it: all with a home of their own, so that nobody's keys are used."""

    def __init__(self, stand: Stand):
        self.socket = stand.folder / "nfd.sock"
        # One for NFD and one for the others: they would lock each other out of the database of keys.
        own, self.environment = self._home(stand, "nfd-home"), self._home(stand, "peer-home")
        configuration = stand.folder / "nfd.conf"
        port = free_udp_port()
        self.udp = f"127.0.0.1:{port}"
        configuration.write_text(CONFIGURATION.format(socket=self.socket, port=port))
        self.program = stand.keep(Program("nfd", ["nfd", "--config", configuration], stand.folder, own))
        deadline = time.monotonic() + 20
        while self._nfdc("status").returncode:
            if time.monotonic() > deadline or not self.program.running:
                raise MeasurementFailed(f"NFD does not answer\n{self.program.tail()}")
            time.sleep(0.1)

    def _home(self, stand: Stand, name: str) -> dict:
        home = stand.folder / name
        (home / ".ndn").mkdir(parents=True, exist_ok=True)
        (home / ".ndn" / "client.conf").write_text(f"transport=unix://{self.socket}\n")
        return {"HOME": str(home)}

    def _nfdc(self, *arguments) -> subprocess.CompletedProcess:
        return subprocess.run(["nfdc", *arguments], env={**os.environ, **self.environment}, capture_output=True,
                              text=True, check=False)

    def forget(self) -> None:
        """Empties the content store."""
        done = self._nfdc("cs", "erase", "/")
        if done.returncode:
            raise MeasurementFailed(f"nfdc cs erase: {done.stdout}{done.stderr}")


def first_on_path(names: tuple) -> str | None:
    return next((name for name in names if shutil.which(name)), None)


def serve(stand: Stand, nfd: NFD, producer: str, octets: Path) -> Program:
    """The other side's producer; it reads the blob from its standard input and keeps it in memory."""
    command = f'exec {producer} --size {CHUNK} --signing-info id:/localhost/identity/digest-sha256 /example/peer <"{octets}"'
    program = stand.keep(Program(producer, ["sh", "-c", command], stand.folder, nfd.environment))
    program.find(lambda line: "published" in line.lower() or "registered" in line.lower() or "segments" in line.lower(), 120)
    return program


def measure(stand: Stand) -> Result:
    result = Result(f"Through NFD, Unix sockets, chunks of {CHUNK} octets, content store emptied before each run")
    consumer, producer = first_on_path(CONSUMERS), first_on_path(PRODUCERS)
    missing = [" or ".join(names) for names, found in
               ((("nfd",), shutil.which("nfd")), (("nfdc",), shutil.which("nfdc")), (CONSUMERS, consumer),
                (PRODUCERS, producer)) if not found]
    if missing:
        result.not_run.append(f"not on PATH: {', '.join(missing)}")
        return result
    nfd = NFD(stand)
    digest = stand.blob(0)
    octets = stand.folder / "peer.blob"
    subprocess.run(["curl", "--silent", "--fail", "--output", octets, stand.url(stand.registry.url, digest)], check=True)
    peer = serve(stand, nfd, producer, octets)
    server = stand.server(f"unix://{nfd.socket}", options=["--cache-size", "512MiB"])

    def ours(of: str) -> Sample:
        nfd.forget()
        name = parts.blob_name(REPOSITORY, of)
        return Transfer("consumer", [parts.binary(), "fetch", name, "-o", "/dev/null", "--router", nfd.socket],
                        {"nfd": nfd.program, "producer": server.program, "registry": stand.registry.program}).run(stand.size)

    def theirs(options: list) -> Sample:
        nfd.forget()
        return Transfer("consumer", [consumer, "--quiet", *options, "/example/peer"],
                        {"nfd": nfd.program, "producer": peer}, nfd.environment).run(stand.size)
    # ndnserve has read and signed its blob before it serves; so has our server after the run that is dropped.
    variants = {OURS: lambda _run: ours(digest), COLD: lambda run: ours(stand.blob(run + 1))}
    for name, options in PIPELINES.items():
        variants[f"{consumer}, {name}"] = lambda _run, options=options: theirs(options)
    for number in range(stand.runs + 1):
        stand.blob(number)
    result.samples = alternate(variants, stand.runs, "nfd")
    judge(result)
    return result


def ends(samples: list[Sample]):
    """Core-seconds a GB of consumer and producer."""
    return costs(samples, "consumer", "producer")


def judge(result: Result) -> None:
    ours = result.samples[OURS]
    others = {name: runs for name, runs in result.samples.items() if name not in (OURS, COLD)}
    best = max(others, key=lambda name: rates(others[name]).median)
    for name, runs in result.samples.items():
        core = sorted(sample.cpu["nfd"] / sample.seconds for sample in runs)[len(runs) // 2]
        result.rows.append({"path": name, "MB/s": rates(runs).text(), f"× {best}": ratio(runs, others[best]).text(2),
                            "NFD, share of a core": f"{core:.2f}", "NFD core-s/GB": costs(runs, "nfd").text(2),
                            "consumer and producer core-s/GB": ends(runs).text(2)})
    result.notes.append("ndnserve has read and signed the whole blob beforehand, and so has our server except where it is "
                        "cold: then it reads from docker-registry meanwhile, whose CPU is not counted here.")
    faster = ratio(ours, others[best])
    busy = sorted(sample.cpu["nfd"] / sample.seconds for sample in ours)[len(ours) // 2]
    cheaper = ends(ours).median / ends(others[best]).median
    result.goals["nfd"] = (f"{faster.text(2)} × {best}; NFD at {busy:.0%} of a core, our CPU {cheaper:.2f} × theirs",
                           faster.median >= 1.1 or (busy >= 0.95 and cheaper <= 0.5))
