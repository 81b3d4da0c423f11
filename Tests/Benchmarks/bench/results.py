"""What a section hands back: a table, the goals it can judge, and the samples for the JSON file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

from .measuring import Sample, Spread

NOT_RUN = "not run"


@dataclass
class Result:
    """One section's."""
    title: str
    rows: list[dict] = field(default_factory=list)
    """Cells by column; every row has the same columns."""
    notes: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    """What could not be measured here, each with its reason."""
    failed: bool = False
    goals: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """By the goal's key: what was measured, and whether that meets it."""
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    plots: dict[str, str] = field(default_factory=dict)
    """SVG text by file name."""
    numbers: dict = field(default_factory=dict)
    """Whatever else belongs into the JSON file."""

    def judge(self, key: str, value: Spread, at_least: Optional[float] = None, at_most: Optional[float] = None,
              digits: int = 2, unit: str = "") -> None:
        met = value.median >= at_least if at_least is not None else value.median <= at_most
        self.goals[key] = (value.text(digits) + unit, met)

    def json(self) -> dict:
        return {
            "title": self.title, "rows": self.rows, "notes": self.notes, "not_run": self.not_run,
            "goals": {key: {"measured": text, "met": met} for key, (text, met) in self.goals.items()},
            "samples": {name: [vars(sample) for sample in samples] for name, samples in self.samples.items()},
            "numbers": self.numbers,
        }


def markdown(rows: list[dict]) -> str:
    if not rows:
        return ""
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(row[column]) for column in columns) + " |" for row in rows]
    return "\n".join(lines)
