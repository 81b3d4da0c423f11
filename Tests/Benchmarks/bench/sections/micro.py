"""The hot path's operations alone: nanoseconds and allocations."""

from __future__ import annotations

import json
import os
import subprocess

from ..measuring import Spread, say
from ..results import Result
from ..stand import Stand


def measure(stand: Stand) -> Result:
    result = Result("The hot path, one segment of 7777 octets")
    environment = {**os.environ, "LD_PRELOAD": os.environ["ALLOCATIONS_LIBRARY"]}
    times: dict[str, list[float]] = {}
    allocations = {}
    for run in range(stand.runs):
        say(f"micro, run {run + 1} of {stand.runs}")
        done = subprocess.run([os.environ["MICRO"]], env=environment, stdout=subprocess.PIPE, text=True, check=True)
        for row in map(json.loads, done.stdout.splitlines()):
            allocations[row["name"]] = row["allocations"]
            times.setdefault(row["name"], [])
            if run > 0:
                times[row["name"]].append(row["ns"])
    for name, values in times.items():
        result.rows.append({"operation": name, "ns": Spread.of(values).text(0), "allocations": f"{allocations[name]:g}"})
    result.numbers = times
    return result
