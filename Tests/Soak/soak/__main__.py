"""scripts/soak HOURS: pulls, pushes, restarts and faults at random against all parts, and a table at the end.

The exit status is 0 when no failed pull was unannounced, no part ended by itself, everything could be pulled once the faults were
over, and no lasting part grew.
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from harness import parts
from harness.program import ProgramError

from .report import report
from .run import Soak, sources
from .site import Site

# A part that has just been started fills its caches and pools.
SETTLE = 60.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hours", metavar="HOURS", type=float, help="how long, such as 0.7; in less the second quarter has some of the warm-up")
    parser.add_argument("--seed", type=int, metavar="N", help="what was chosen at random is chosen so again (a new one, printed)")
    parser.add_argument("--workers", type=int, metavar="N", default=3,
                        help="pulls or pushes at a time, eight of which may come together (3)")
    parser.add_argument("--into", type=Path, metavar="FOLDER", default=parts.ROOT / ".build" / "soak",
                        help="for table.md, failures.txt, samples.csv and the logs of a run that does not hold (.build/soak)")
    chosen = parser.parse_args()
    if not 0 < chosen.hours <= 1000:
        parser.error("HOURS must be above 0 and at most 1000")
    if chosen.workers < 1:
        parser.error("--workers must be at least 1")
    if chosen.seed is None:
        chosen.seed = random.SystemRandom().randrange(1 << 32)
    return chosen


def write(into: Path, soak: Soak, table: str, folder: Path, has_failed: bool) -> None:
    into.mkdir(parents=True, exist_ok=True)
    (into / "table.md").write_text(table + "\n")
    (into / "failures.txt").write_text("".join(failure.line() + "\n" for failure in soak.tally.failures))
    with (into / "samples.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["seconds", "part", "pid", "memory", "descriptors", "at rest"])
        for name, samples in soak.watch.samples.items():
            rows.writerows([f"{sample.time - soak.begin:.1f}", name, sample.pid, sample.memory, sample.descriptors, int(sample.is_at_rest)]
                           for sample in samples)
    with (into / "faults.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["begin", "end", "what", "where"])
        rows.writerows([f"{fault.begin - soak.begin:.1f}", f"{(fault.end or soak.end) - soak.begin:.1f}", fault.what, fault.where]
                       for fault in soak.faults.caused)
    logs = into / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    if has_failed:
        logs.mkdir()
        for log in folder.rglob("*.log"):
            shutil.copy(log, logs)


def main() -> int:
    chosen = arguments()
    print(f"seed {chosen.seed}, {chosen.hours} hours, {parts.binary()}", file=sys.stderr, flush=True)

    def end(*_) -> None:
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, end)
    # A short path: Unix sockets are made in it.
    folder = Path(tempfile.mkdtemp(prefix="registry-ndn-soak-"))
    try:
        try:
            site = Site(folder, chosen.seed)
        except ProgramError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        soak = Soak(site, chosen.seed, chosen.hours * 3600, chosen.workers)
        try:
            soak.run()
        finally:
            site.stop()
        table, wrong = report(soak, site.members, SETTLE, sources(folder))
        print(table, flush=True)
        write(chosen.into, soak, table, folder, bool(wrong))
        print(f"Written to {chosen.into}", file=sys.stderr)
        return 1 if wrong else 0
    except KeyboardInterrupt:
        print("error: interrupted before or after the run itself; nothing was written", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
