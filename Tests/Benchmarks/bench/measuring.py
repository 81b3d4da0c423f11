"""Runs of several variants in turn, and what they give together."""

from __future__ import annotations

import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Callable, Optional


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class MeasurementFailed(Exception):
    """What was measured would mean nothing; the text says why."""


def cpu_seconds(pid: int) -> float:
    """All its threads' so far, to the nanosecond (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


@dataclass
class Sample:
    """One run of one variant."""
    octets: int
    seconds: float
    cpu: dict[str, float] = field(default_factory=dict)
    more: dict = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """MB/s."""
        return self.octets / 1e6 / self.seconds

    def cost(self, *programs: str) -> float:
        """Core-seconds a GB, of all programs or the named ones."""
        return sum(self.cpu[name] for name in programs or self.cpu) * 1e9 / self.octets


@dataclass
class Spread:
    """Median and extremes."""
    median: float
    low: float
    high: float

    @staticmethod
    def of(values) -> "Spread":
        values = list(values)
        return Spread(statistics.median(values), min(values), max(values))

    def text(self, digits: int = 0) -> str:
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}–{self.high:.{digits}f})"


class Transfer:
    """Times a command that runs to its end, with the CPU of it and of the programs that work for it."""

    def __init__(self, name: str, arguments: list, programs: dict, environment: Optional[dict] = None,
                 stdin: Optional[str] = None):
        self.name = name
        self._arguments = [str(argument) for argument in arguments]
        self._programs = {name: program.pid for name, program in programs.items()}
        self._environment = environment or {}
        self._actions = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]

    def run(self, octets: int, accept: tuple = (0,)) -> Sample:
        before = {name: cpu_seconds(pid) for name, pid in self._programs.items()}
        begin = time.monotonic()
        child = os.posix_spawnp(self._arguments[0], self._arguments, {**os.environ, **self._environment},
                                file_actions=self._actions)
        _, status, usage = os.wait4(child, 0)
        seconds = time.monotonic() - begin
        if os.waitstatus_to_exitcode(status) not in accept:
            raise MeasurementFailed(f"{' '.join(self._arguments)} ended with {os.waitstatus_to_exitcode(status)}")
        cpu = {name: cpu_seconds(pid) - before[name] for name, pid in self._programs.items()}
        cpu[self.name] = usage.ru_utime + usage.ru_stime
        return Sample(octets, seconds, cpu)


def alternate(variants: dict[str, Callable[[int], Sample]], runs: int, title: str) -> dict[str, list[Sample]]:
    """A B A B …: each variant `runs` times; the first run of each is dropped. `work` is given the run's number."""
    samples: dict[str, list[Sample]] = {name: [] for name in variants}
    for run in range(runs):
        line = []
        for name, work in variants.items():
            sample = work(run)
            line.append(f"{name} {sample.rate:.0f}")
            if run > 0:
                samples[name].append(sample)
        say(f"{title}, run {run + 1} of {runs}{' (dropped)' if run == 0 else ''}: {', '.join(line)} MB/s")
    return samples


def rates(samples: list[Sample]) -> Spread:
    return Spread.of(sample.rate for sample in samples)


def costs(samples: list[Sample], *programs: str) -> Spread:
    return Spread.of(sample.cost(*programs) for sample in samples)


def ratio(ours: list[Sample], theirs: list[Sample]) -> Spread:
    """Of the rates, each run against its neighbour."""
    return Spread.of(one.rate / other.rate for one, other in zip(ours, theirs))
