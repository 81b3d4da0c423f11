"""Faults at random: parts killed and started again, parts that stand still, and networks that lose."""

from __future__ import annotations

import random
import signal
import threading
import time
from dataclasses import dataclass
from typing import Optional

from harness.program import ProgramError

from .rest import Rest
from .site import Member, Site

KILL, PAUSE, LOSS = "killed", "stopped", "loss"
# How often each comes, against the others.
WEIGHTS = {KILL: 4, PAUSE: 4, LOSS: 3}


@dataclass
class Fault:
    """In force from `begin` to `end`, seconds of the monotonic clock; no end as long as it is."""
    what: str
    where: str
    begin: float
    end: Optional[float] = None


class Faults:
    """`run` causes one after the other until it is to end; several threads may run. `broken` holds what did not come back."""

    def __init__(self, site: Site, is_over: threading.Event, rest: Rest, calm: tuple[float, float] = (1.0, 8.0)):
        self._site, self._is_over, self._rest, self._calm = site, is_over, rest, calm
        self._lock = threading.Lock()
        self.caused: list[Fault] = []
        self.broken: list[str] = []

    def run(self, chance: random.Random) -> None:
        while not self._is_over.wait(chance.uniform(*self._calm)):
            with self._rest.acting():
                self._one(chance)

    def _one(self, chance: random.Random) -> None:
        what = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if what == LOSS:
            self._lose(chance)
        else:
            able = [member for member in self._site.members if what == PAUSE or not member.is_lasting]
            self._harm(chance.choice(able), what, chance)

    def renew(self, member: Member) -> None:
        """Kills it and starts it again at once, which ends all connections to it."""
        with member.lock:
            if member.part.program.running:
                fault = self._note(KILL, member.name)
                self._kill(member, 0)
                fault.end = time.monotonic()

    def near(self, begin: float, end: float, after: float = 10.0) -> list[Fault]:
        """Those in force between two times, or ended less than `after` seconds before."""
        with self._lock:
            return [fault for fault in self.caused if fault.begin <= end and (fault.end is None or fault.end + after >= begin)]

    def _note(self, what: str, where: str) -> Fault:
        fault = Fault(what, where, time.monotonic())
        with self._lock:
            self.caused.append(fault)
        return fault

    def _lose(self, chance: random.Random) -> None:
        relay, loss, seconds = chance.choice(self._site.relays), chance.uniform(0.005, 0.08), chance.uniform(2, 10)
        fault = self._note(LOSS, f"{loss:.1%} before a forwarder")
        relay.worsen(loss, loss / 2)
        self._is_over.wait(seconds)
        relay.worsen(0, 0)
        fault.end = time.monotonic()

    def _harm(self, member: Member, what: str, chance: random.Random) -> None:
        """Its numbers are drawn in any case, so that what comes later does not depend on who was free."""
        still, gone = chance.uniform(1, 6), chance.choice([0, 0.5, 4])
        if not member.lock.acquire(blocking=False):
            return
        try:
            fault = self._note(what, member.name)
            if what == PAUSE:
                member.part.program.signal(signal.SIGSTOP)
                self._is_over.wait(still)
                member.part.program.signal(signal.SIGCONT)
            # It may have ended by itself before: then that is what is told.
            elif member.part.program.running:
                self._kill(member, gone)
            fault.end = time.monotonic()
        finally:
            member.lock.release()

    def _kill(self, member: Member, gone: float) -> None:
        member.is_down = True
        member.part.program.kill()
        self._is_over.wait(gone)
        self._revive(member)

    def _revive(self, member: Member) -> None:
        said = ""
        # While it was away, another program of this machine may have got its port for a moment.
        for _ in range(4):
            try:
                self._site.start_again(member)
            except ProgramError as error:
                said = str(error)
                time.sleep(2)
                continue
            member.is_down = False
            return
        self.broken.append(f"{member.name} does not start again: {said}")
        self._is_over.set()
