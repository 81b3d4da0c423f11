"""Memory and descriptors of each part over the run, and how the last quarter compares with the second."""

from __future__ import annotations

import os
import statistics
import threading
import time
from dataclasses import dataclass
from typing import Optional

from .site import Member

BOUND = 1.05


@dataclass(frozen=True)
class Sample:
    # Seconds of the monotonic clock.
    time: float
    pid: int
    memory: int
    descriptors: int
    is_at_rest: bool = False


@dataclass(frozen=True)
class Compared:
    """Medians in the second and in the last quarter of the run; None where a quarter has no sample."""
    second: Optional[float]
    last: Optional[float]

    @property
    def ratio(self) -> Optional[float]:
        return self.last / self.second if self.second and self.last is not None else None


def settled(samples: list[Sample], settle: float) -> list[Sample]:
    """Those taken when the process had been seen for at least `settle` seconds."""
    first: dict[int, float] = {}
    return [sample for sample in samples if sample.time - first.setdefault(sample.pid, sample.time) >= settle]


def compared(samples: list[Sample], figure: str, begin: float, end: float) -> Compared:
    """Quarters are of the time from `begin` to `end`, not of the samples."""
    def median(first: float, last: float) -> Optional[float]:
        found = [getattr(sample, figure) for sample in samples
                 if first <= (sample.time - begin) / (end - begin) <= last]
        return statistics.median(found) if found else None
    return Compared(median(0.25, 0.5), median(0.75, 1.0))


class Watch:
    """Samples every part; `fallen` holds those that ended though nobody ended them."""

    def __init__(self, members: list[Member], is_over: threading.Event, period: float = 1.0):
        self._members, self._is_over, self._period = members, is_over, period
        self.samples: dict[str, list[Sample]] = {member.name: [] for member in members}
        self.fallen: list[str] = []

    def run(self) -> None:
        while not self._is_over.wait(self._period):
            self.look()

    def look(self, is_at_rest: bool = False) -> None:
        for member in self._members:
            program = member.part.program
            try:
                sample = Sample(time.monotonic(), program.pid, program.memory(), len(os.listdir(f"/proc/{program.pid}/fd")),
                                is_at_rest)
            except (OSError, IndexError):
                self._is_fallen(member)
                continue
            # One that is being started is still Python.
            if not member.is_down:
                self.samples[member.name].append(sample)
            self._is_fallen(member)

    def _is_fallen(self, member: Member) -> None:
        program = member.part.program
        if program.running or member.is_down or member.part.program is not program:
            return
        self.fallen.append(f"{member.name} ended by itself ({program.wait()})\n{program.tail(3)}")
        self._is_over.set()
