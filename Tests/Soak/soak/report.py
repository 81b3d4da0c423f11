"""The table at the end of a run, and the verdict."""

from __future__ import annotations

from collections import Counter
from typing import Optional

from .pulling import Kind
from .run import Soak
from .site import Member
from .watch import BOUND, Compared, compared, settled

MIB = 1 << 20


def report(soak: Soak, members: list[Member], settle: float, octets: tuple[int, int]) -> tuple[str, list[str]]:
    """The table, and what is wrong: nothing when the run holds."""
    rows, wrong = [], list(soak.problems)
    for member in members:
        samples = settled(soak.watch.samples[member.name], settle)
        at_rest = [sample for sample in samples if sample.is_at_rest]
        at_work = [sample for sample in samples if not sample.is_at_rest]
        memory, busy = (compared(at_work, figure, soak.begin, soak.end) for figure in ("memory", "descriptors"))
        descriptors = compared(at_rest, "descriptors", soak.begin, soak.end)
        rows.append(f"| {member.name} | {_life(soak, member)} | {len(at_work)} | {_mebibytes(memory)} | {_figures(busy)} "
                    f"| {len(at_rest)} | {_figures(descriptors)} |")
        if member.is_lasting:
            wrong += _excess(member.name, "resident memory", memory) + _excess(member.name, "descriptors at rest", descriptors)
    tally = soak.tally
    if not tally.pulls:
        wrong.append("nothing was pulled")
    wrong += [f"unannounced: {failure.line()}" for failure in tally.unannounced]
    text = [
        f"seed {soak.seed}, {soak.end - soak.begin:.0f} s, {tally.octets / 1e9:.2f} GB pulled "
        f"({octets[0] / 1e9:.2f} GB over NDN, {octets[1] / 1e9:.2f} GB from the registry, as the clients' logs say)", "",
        "| pulls | failed | announced | unannounced | failed with no fault near | pushes | refused |",
        "|--:|--:|--:|--:|--:|--:|--:|",
        f"| {tally.pulls} | {tally.failed} | {tally.failed - len(tally.unannounced)} | {len(tally.unannounced)} "
        f"| {len(tally.without_fault)} | {tally.pushes} | {tally.failed_pushes} |", "",
        "| how pulls ended | |", "|---|--:|",
        *(f"| {kind.value}{_statuses(soak, kind)} | {count} |" for kind, count in tally.kinds.items()), "",
        "operations: " + ", ".join(f"{count} {name}" for name, count in tally.operations.items()), "",
        "faults: " + (", ".join(f"{count} × {what} {where}" for (what, where), count in sorted(_faults(soak).items())) or "none"), "",
        "Medians in the second and in the last quarter, and their ratio:", "",
        "| part | life | samples | memory, MiB | descriptors (not judged) | at rest | descriptors at rest |",
        "|---|---|--:|---|---|--:|---|", *rows, "",
        "The run holds." if not wrong else "The run does not hold:\n" + "\n".join(f"- {line}" for line in wrong),
    ]
    return "\n".join(text), wrong


def _faults(soak: Soak) -> Counter:
    return Counter((fault.what, fault.where if fault.what != "loss" else "before a forwarder") for fault in soak.faults.caused)


def _life(soak: Soak, member: Member) -> str:
    lives = len({sample.pid for sample in soak.watch.samples[member.name]})
    return "whole run" if member.is_lasting else f"{lives} lives, not judged"


def _statuses(soak: Soak, kind: Kind) -> str:
    if kind is not Kind.STATUS or not soak.tally.statuses:
        return ""
    return " (" + ", ".join(f"{status}: {count}" for status, count in sorted(soak.tally.statuses.items())) + ")"


def _mebibytes(found: Compared) -> str:
    return _figures(Compared(found.second and found.second / MIB, found.last and found.last / MIB))


def _figures(found: Compared) -> str:
    return ", ".join([_number(found.second, 1), _number(found.last, 1), _number(found.ratio, 3)])


def _number(value: Optional[float], digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _excess(name: str, what: str, found: Compared) -> list[str]:
    if found.ratio is None:
        return [f"{name}: {what}: one of the two quarters has no sample, the run was too short"]
    return [f"{name}: {what} in the last quarter is {found.ratio:.3f} times that of the second"] if found.ratio > BOUND else []
