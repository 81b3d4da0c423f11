"""A strict reader of Prometheus' text format 0.0.4, and of its rules for names: whatever is not as they say is an error."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from .exchange import exchange

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? ([^ ]+)")
NUMBER = re.compile(r"[+-]Inf|NaN|-?\d+(\.\d+)?(e[+-]\d+)?")
# Instead of them the base units are used: seconds, bytes, ratios.
OTHER_UNITS = ("_milliseconds", "_ms", "_minutes", "_kilobytes", "_megabytes", "_octets", "_percent")
SUFFIXES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


class MetricsError(Exception):
    """A line that is not what the format allows."""


@dataclass
class Family:
    """All samples of one name."""
    name: str
    kind: str
    help: str
    # By name and labels, as they stand.
    samples: dict = field(default_factory=dict)


class Metrics:
    """What one scrape gave."""

    def __init__(self, text: str):
        self.families: dict[str, Family] = {}
        if not text.endswith("\n"):
            raise MetricsError("the last line does not end")
        current = None
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                current = self._begin(line)
            elif line.startswith("# TYPE "):
                self._type(current, line)
            else:
                self._sample(current, line)
        for family in self.families.values():
            self._check(family)

    def value(self, name: str, **labels) -> float:
        """The one sample with these labels, others aside."""
        found = [value for _, having, value in self.samples(name) if labels.items() <= having.items()]
        if len(found) != 1:
            raise MetricsError(f"{len(found)} samples of {name} with {labels}")
        return found[0]

    def total(self, name: str, **labels) -> float:
        """The sum of all samples with these labels; 0 for none."""
        return sum(value for _, having, value in self.samples(name) if labels.items() <= having.items())

    def samples(self, name: str) -> list[tuple[str, dict, float]]:
        """The samples of a name, which of a histogram has its suffix."""
        return [(sample, dict(labels), value) for family in self.families.values()
                for (sample, labels), value in family.samples.items() if sample == name]

    def _begin(self, line: str) -> Family:
        match = re.fullmatch(rf"# HELP ({NAME}) ((?:[^\\]|\\[\\n])+)", line)
        if not match or match[1] in self.families:
            raise MetricsError(f"no help, or one of a family that was there before: {line}")
        self.families[match[1]] = Family(match[1], "", match[2])
        return self.families[match[1]]

    @staticmethod
    def _type(family, line: str) -> None:
        match = re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram)", line)
        if not match or family is None or family.name != match[1] or family.kind or family.samples:
            raise MetricsError(f"a type that does not follow its help: {line}")
        family.kind = match[2]

    @staticmethod
    def _sample(family, line: str) -> None:
        match = SAMPLE.fullmatch(line)
        if not match or not NUMBER.fullmatch(match[3]):
            raise MetricsError(f"no sample: {line}")
        if family is None or match[1] not in {family.name + suffix for suffix in SUFFIXES.get(family.kind, ())}:
            raise MetricsError(f"a sample outside its family: {line}")
        labels, rest = {}, match[2] or ""
        while rest:
            label = LABEL.match(rest)
            if not label or label[1] in labels or (label[3] and len(label[0]) == len(rest)):
                raise MetricsError(f"wrong labels: {line}")
            labels[label[1]] = re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), label[2])
            rest = rest[len(label[0]):]
        key = match[1], tuple(sorted(labels.items()))
        if key in family.samples:
            raise MetricsError(f"twice the same sample: {line}")
        family.samples[key] = float(match[3])

    @staticmethod
    def _check(family: Family) -> None:
        """As `promtool check metrics` does."""
        name = family.name
        if not family.kind or not family.samples:
            raise MetricsError(f"{name} has no type or no samples")
        if (family.kind == "counter") != name.endswith("_total"):
            raise MetricsError(f"{name}: counters, and they alone, end in _total")
        if name.removesuffix("_total").endswith(OTHER_UNITS) or name != name.lower() or "__" in name:
            raise MetricsError(f"{name}: not a name of Prometheus' kind")
        for (_, labels), value in family.samples.items():
            if math.isnan(value) or (family.kind != "gauge" and value < 0):
                raise MetricsError(f"{name} {labels}: {value}")
        if family.kind == "histogram":
            Metrics._check_histogram(family)

    @staticmethod
    def _check_histogram(family: Family) -> None:
        series: dict[tuple, list] = {}
        for (sample, labels), value in family.samples.items():
            if sample.endswith("_bucket"):
                others = tuple(label for label in labels if label[0] != "le")
                series.setdefault(others, []).append((float(dict(labels)["le"]), value))
        for labels, buckets in series.items():
            bounds, counts = zip(*buckets)
            if list(bounds) != sorted(set(bounds)) or bounds[-1] != math.inf or list(counts) != sorted(counts):
                raise MetricsError(f"{family.name} {labels}: buckets {buckets}")
            if family.samples.get((f"{family.name}_count", labels)) != counts[-1]:
                raise MetricsError(f"{family.name} {labels}: its count is not that of the last bucket")
            if (f"{family.name}_sum", labels) not in family.samples:
                raise MetricsError(f"{family.name} {labels}: no sum")


def scrape(address: str) -> Metrics:
    """What an endpoint tells at /metrics."""
    answer = exchange(address, "GET", "/metrics")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8"), answer
    return Metrics(answer.body.decode())
