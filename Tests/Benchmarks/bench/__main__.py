"""scripts/bench: the sections in turn, then the goals, into a folder."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from harness import parts
from harness.program import ProgramError
from harness.registry import CommandFailed

from . import goals
from .measuring import MeasurementFailed, say
from .publish import described, publish
from .results import NOT_RUN, Result, markdown
from .stand import Stand, machine

SECTIONS = ["micro", "direct", "forwarder", "nfd", "original", "link", "site", "small", "ranges", "sharing", "flood", "memory", "startup",
            "signing"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--only", metavar="SECTION", choices=SECTIONS, action="append",
                        help=f"this section, may be repeated; of {', '.join(SECTIONS)}")
    parser.add_argument("--runs", type=int, metavar="N", help="of each variant; the first is dropped (8, with --quick 3)")
    parser.add_argument("--megabytes", type=int, metavar="N", help="size of the blob (188, with --quick 64)")
    parser.add_argument("--quick", action="store_true", help="smaller and fewer: to see that it works, not for numbers")
    parser.add_argument("--into", type=Path, metavar="FOLDER", default=parts.ROOT / ".build" / "bench",
                        help="for results.json, results.md and the plots (.build/bench)")
    parser.add_argument("--publish", action="store_true",
                        help="also into docs/bench, docs/performance.md and README.md; for a complete run")
    chosen = parser.parse_args()
    if chosen.publish and (chosen.quick or chosen.only):
        parser.error("--publish is for a complete run, without --quick and --only")
    chosen.runs = chosen.runs or (3 if chosen.quick else 8)
    chosen.megabytes = chosen.megabytes or (64 if chosen.quick else 188)
    if chosen.runs < 2:
        parser.error("--runs must be at least 2: the first is dropped")
    return chosen


def run(stand: Stand, names: list[str]) -> dict[str, Result]:
    results = {}
    for name in names:
        say(f"\n== {name}")
        section = importlib.import_module(f".sections.{name}", __package__)
        try:
            results[name] = section.measure(stand)
        except (ProgramError, CommandFailed, MeasurementFailed, subprocess.SubprocessError) as error:
            say(f"error: {error}")
            first = (str(error).splitlines() or [""])[0]
            results[name] = Result(f"Section {name}", not_run=[f"it failed: {first}"], failed=True)
        stand.clear()
        print(f"\n{text(results[name])}", flush=True)
    return results


def text(result: Result) -> str:
    lines = [f"### {result.title}", ""]
    if result.rows:
        lines += [markdown(result.rows), ""]
    lines += [*result.notes, *(f"{NOT_RUN}: {reason}" for reason in result.not_run)]
    return "\n".join(lines).rstrip() + "\n"


def write(folder: Path, about: dict, results: dict[str, Result], is_public: bool) -> str:
    """All files; the table of goals."""
    folder.mkdir(parents=True, exist_ok=True)
    verdicts = goals.verdicts(results)
    sections = "\n".join(map(text, results.values()))
    (folder / "results.md").write_text(f"{described(about)}\n\n### Goals\n\n{markdown(list(verdicts.values()))}\n\n{sections}")
    everything = {"about": about, "goals": list(verdicts.values()), "sections": {name: one.json() for name, one in results.items()}}
    (folder / "results.json").write_text(json.dumps(everything, indent=1))
    for result in results.values():
        for name, plot in result.plots.items():
            (folder / name).write_text(plot)
    if is_public:
        publish(folder, about, verdicts, sections)
    return markdown(list(verdicts.values()))


def end(_number, _frame) -> None:
    raise KeyboardInterrupt


def main() -> int:
    chosen = arguments()
    os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    about = machine() | {"runs": chosen.runs - 1, "blob MB": chosen.megabytes, "quick": chosen.quick,
                         "date": time.strftime("%Y-%m-%d")}
    stand = Stand(chosen.quick, chosen.runs, chosen.megabytes)
    try:
        results = run(stand, chosen.only or SECTIONS)
        print("\n" + write(chosen.into, about, results, chosen.publish))
        say(f"\n{chosen.into}: results.md, results.json and the plots")
        return 1 if any(result.failed for result in results.values()) else 0
    except (ProgramError, CommandFailed) as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("\ninterrupted")
        return 130
    finally:
        stand.close()


if __name__ == "__main__":
    sys.exit(main())
