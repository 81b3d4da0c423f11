"""What a client costs before anybody pulls: memory at rest, size of the program, time until it is ready."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from harness import parts

from ..measuring import MeasurementFailed, Spread
from ..results import Result
from ..stand import Stand

MIB = 1 << 20


def stripped_size(folder: Path) -> int:
    """Octets of the program without its symbols."""
    target = folder / "stripped"
    subprocess.run(["strip", "-o", str(target), str(parts.binary())], check=True)
    return target.stat().st_size


def ready_after(stand: Stand, server: parts.Server) -> float:
    """Milliseconds from the start of the process until it says that it is ready; read without threads in between."""
    command = [parts.binary(), "client", "--upstream", stand.registry.url, "--name", parts.PREFIX, "--router", server.udp,
               "--listen", "127.0.0.1:0"]
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=stand.folder)
    line = process.stdout.readline()
    milliseconds = (time.monotonic() - begin) * 1e3
    process.terminate()
    process.wait()
    if not line.startswith(b"ready "):
        raise MeasurementFailed(f"{' '.join(map(str, command))} did not become ready: {line!r}")
    return milliseconds


def measure(stand: Stand) -> Result:
    server = stand.server()
    ready = Spread.of([ready_after(stand, server) for _ in range(max(stand.runs, 8))][1:])
    memory = []
    for number in range(3):
        client = stand.client(server.udp, name=f"resting-{number}")
        # The face's first exchanges are over by then.
        time.sleep(0.5)
        memory.append(client.program.memory() / 1e6)
    size = stripped_size(stand.folder) / 1e6
    result = Result("The client at rest")
    result.rows.append({"RSS MB": Spread.of(memory).text(1), "stripped binary MB": f"{size:.1f}",
                        "ready after ms": ready.text(0)})
    result.notes.append(f"Beside it in memory, shared with other programs: libssl, libcrypto, libz, libc of the system "
                        f"({os.uname().machine}).")
    result.judge("rest-memory", Spread.of(memory), at_most=20, digits=1, unit=" MB")
    result.judge("rest-size", Spread.of([size]), at_most=25, digits=1, unit=" MB")
    result.judge("rest-ready", ready, at_most=30, digits=0, unit=" ms")
    return result
