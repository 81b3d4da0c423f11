"""Puts a run's results where people read them: README.md, docs/performance.md and docs/plots."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from harness.parts import ROOT

PLOTS = ROOT / "docs" / "plots"
SHOWN = {"direct.svg": "Throughput of one blob: HTTPS, HTTP and NDN",
         "link.svg": "100 Mbit/s, 50 ms, with losses: NDN, TCP CUBIC and TCP BBR"}


def replace(file: Path, name: str, text: str) -> None:
    """Writes `text` between the comments `<!-- bench: name -->` and `<!-- bench end -->`."""
    before = file.read_text()
    pattern = re.compile(rf"(<!-- bench: {name} -->\n).*?(<!-- bench end -->)", re.DOTALL)
    if not pattern.search(before):
        raise SystemExit(f"error: {file} has no place for the benchmark's {name}")
    file.write_text(pattern.sub(lambda match: match.group(1) + text + "\n" + match.group(2), before))


def publish(folder: Path, described: str, verdicts: str, sections: str) -> None:
    """A complete run; `folder` holds its plots."""
    PLOTS.mkdir(parents=True, exist_ok=True)
    for plot in folder.glob("*.svg"):
        shutil.copy(plot, PLOTS / plot.name)
    images = "\n".join(f"![{text}](docs/plots/{name})" for name, text in SHOWN.items() if (folder / name).exists())
    replace(ROOT / "README.md", "goals", f"{images}\n\n{described}\n\n{verdicts}")
    replace(ROOT / "docs" / "performance.md", "results", f"{described}\n\n{sections}")
