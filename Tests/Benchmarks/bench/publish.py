"""Puts a complete run's results where people read them. Each kind of processor keeps its own: docs/bench/<kind>.md holds the
tables and docs/bench/<kind>.json the verdicts, from which docs/performance.md sets the kinds side by side and README.md says what
a user gains."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from harness.parts import ROOT

from .goals import GOALS
from .results import NOT_RUN, markdown

BENCH = ROOT / "docs" / "bench"
PLOTS = {"direct.svg": "Throughput of one blob: HTTPS, HTTP and NDN",
         "link.svg": "100 Mbit/s, 50 ms, with losses: NDN, TCP CUBIC and TCP BBR",
         "sharing.svg": "Clients that share a forwarder"}
# What a user gains, in the words of a user.
GAINS = [("sharing", "Eight machines pull the same image through one forwarder: read from the registry"),
         ("link-cubic", "A blob over 100 Mbit/s and 50 ms with 1 % loss: speed beside TCP CUBIC"),
         ("link-0", "The same without loss: of what the link can carry"),
         ("cold-cpu", "Cost of a pull from the registry, all programs together, in seconds of one core for each GB"),
         ("warm-cpu", "Cost of a pull that a cache answers, likewise"),
         ("rest-memory", "Memory of a client that waits")]


def kind_of(cpu: str) -> str:
    """`Intel(R) Xeon(R) Processor @ 2.50GHz` gives `intel-xeon-2-50ghz`."""
    plain = re.sub(r"\((?:R|TM)\)|\b(?:CPU|Processor)\b|@", " ", cpu, flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def described(about: dict) -> str:
    return ", ".join(f"{name} {value}" for name, value in about.items())


def replace(file: Path, name: str, text: str) -> None:
    """Writes `text` between the comments `<!-- bench: name -->` and `<!-- bench end -->`."""
    before = file.read_text()
    pattern = re.compile(rf"(<!-- bench: {name} -->\n).*?(<!-- bench end -->)", re.DOTALL)
    if not pattern.search(before):
        raise SystemExit(f"error: {file} has no place for the benchmark's {name}")
    file.write_text(pattern.sub(lambda match: match.group(1) + text + "\n" + match.group(2), before))


def publish(folder: Path, about: dict, verdicts: dict[str, dict], sections: str) -> None:
    """A complete run.

    - `folder` holds its plots.
    - `verdicts`: by a goal's key, what was `measured` and what that says (`""`), as `goals.table` gives them.
    """
    BENCH.mkdir(parents=True, exist_ok=True)
    kind = kind_of(about["cpu"])
    shown = [name for name in PLOTS if (folder / name).exists()]
    for name in shown:
        shutil.copy(folder / name, BENCH / f"{kind}-{name}")
    images = "\n".join(f"![{PLOTS[name]}]({kind}-{name})" for name in shown)
    (BENCH / f"{kind}.md").write_text(
        f"# {about['cpu']}\n\nWritten by `scripts/bench --publish`; [performance.md](../performance.md) says how it is "
        f"measured.\n\n{described(about)}\n\n{images}\n\n{sections}")
    (BENCH / f"{kind}.json").write_text(json.dumps({"about": about, "goals": verdicts}, indent=1, ensure_ascii=False) + "\n")
    write_pages()


def write_pages() -> None:
    """The pages that show all kinds, from what lies in docs/bench."""
    kinds = sorted(((path.stem, json.loads(path.read_text())) for path in BENCH.glob("*.json")),
                   key=lambda one: one[1]["about"]["date"], reverse=True)
    replace(ROOT / "docs" / "performance.md", "kinds", side_by_side(kinds, "bench/"))
    newest = kinds[0][0]
    images = "\n".join(f"![{PLOTS[name]}](docs/bench/{newest}-{name})" for name in ("link.svg",)
                       if (BENCH / f"{newest}-{name}").exists())
    replace(ROOT / "README.md", "gains", f"{gains(kinds)}\n\n{images}".rstrip())


def side_by_side(kinds: list, links: str) -> str:
    """All goals, a column for each kind of processor."""
    rows = []
    for key, text, _ in GOALS:
        row = {"goal": text}
        for kind, one in kinds:
            verdict = one["goals"].get(key, {"measured": "–", "": NOT_RUN})
            row[f"[{one['about']['cpu']}]({links}{kind}.md), {one['about']['date']}"] = (
                verdict["measured"] + (f" **{verdict['']}**" if verdict[""] == "not met" else "")
                if verdict["measured"] != "–" else NOT_RUN)
        rows.append(row)
    return markdown(rows)


def gains(kinds: list) -> str:
    """What a user gains, a column for each kind of processor."""
    rows = [{"": text} | {one["about"]["cpu"]: one["goals"].get(key, {"measured": "–"})["measured"] for _, one in kinds}
            for key, text in GAINS]
    return markdown(rows)
