"""Cold blobs through one forwarder while somebody asks for digests that do not exist, from a registry that is far away."""

from __future__ import annotations

import time

from harness import blobs, parts
from harness.distant import DistantRegistry
from harness.flood import Flood

from ..measuring import MeasurementFailed, Sample, Spread, rates
from ..results import Result
from ..stand import Stand

SIZE = 4 << 20
SECONDS = 60
QUIET, BUSY = "quiet", "during the flood"


def measure(stand: Stand) -> Result:
    """The flood and the client come to the server over its only face."""
    seconds, number = (10, 2) if stand.quick else (SECONDS, 8)
    contents = [blobs.seeded(f"flood {index}", SIZE) for index in range(2 * number)]
    registry = stand.keep(DistantRegistry("bench", contents, delay=0.05))
    forwarder = stand.forwarder("forwarder-flood")
    server = stand.keep(parts.Server(stand.folder, registry, forwarder.unix, "server-flood"))
    client = stand.keep(parts.Client(stand.folder, registry, forwarder.unix, "client-flood"))

    def pull(index: int) -> Sample:
        begin = time.monotonic()
        if blobs.get(client.address, "bench", registry.digests[index]) != contents[index]:
            raise MeasurementFailed("a blob came that is not the one that was asked for")
        return Sample(SIZE, time.monotonic() - begin)

    quiet = [pull(index) for index in range(number)]
    flood = Flood(forwarder.udp, "bench", rate=500)
    begin, busy = time.monotonic(), []
    try:
        for index in range(number):
            time.sleep(max(0.0, begin + (index + 0.5) * seconds / number - time.monotonic()))
            busy.append(pull(number + index))
        time.sleep(max(0.0, begin + seconds - time.monotonic()))
    finally:
        flood.stop()
    over_ndn = sum(client.request(registry.digests[number + index])["ndn_bytes"] == SIZE for index in range(number))
    result = Result(f"500 Interests a second for random digests, {seconds} s, a registry 50 ms away",
                    samples={QUIET: quiet, BUSY: busy})
    for name, runs in result.samples.items():
        result.rows.append({"cold blobs of 4 MiB": name, "MB/s": rates(runs).text(1)})
    lookups = registry.busiest_second()
    result.notes.append(f"{over_ndn} of {number} blobs came whole over NDN during the flood; the registry saw {len(registry.misses)} "
                        f"lookups in vain, {lookups} in the busiest second. Server: {server.program.statistics()}")
    faster = rates(busy).median / rates(quiet).median
    result.goals["flood"] = (f"{faster:.2f} ×, {over_ndn} of {number} blobs whole over NDN", faster >= 0.5 and over_ndn == number)
    result.judge("flood-lookups", Spread.of([lookups]), at_most=50, digits=0)
    stand.clear()
    return result
