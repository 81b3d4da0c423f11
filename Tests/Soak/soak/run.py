"""The run: workers that pull and push at random while faults come and go, and what they saw."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
import traceback
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from .faults import Fault, Faults
from .pulling import How, Kind, Outcome, Puller, Wanted, pull
from .pushing import push
from .rest import Rest
from .site import Site
from .watch import Watch

# How often each operation comes, against the others.
WEIGHTS = {"small": 8, "large": 5, "range": 6, "left": 4, "slow": 1, "together": 2, "push": 3, "pushed": 4}
# Of what was pushed, so much can be pulled again; the rest stays at the registry.
REMEMBERED = 64
# In this time all must be as before once no fault is in force.
RECOVERY = 60.0
# After which time of rest the parts have closed what the registry's end closed for them, and how often they are looked at then.
CLOSING, LOOKS = 2.0, 3


@dataclass(frozen=True)
class Failure:
    """A pull or push that failed."""
    operation: str
    client: str
    path: str
    outcome: Outcome
    # Seconds after the run's begin.
    begin: float
    end: float
    faults: list[Fault]

    def line(self) -> str:
        near = ", ".join(f"{fault.where} {fault.what}" for fault in self.faults) or "no fault"
        return (f"{self.begin:.1f} to {self.end:.1f} s, {self.operation} from {self.client}, {self.path}: "
                f"{self.outcome.kind.value}: {self.outcome.said} ({near})")


@dataclass
class Tally:
    """What became of the pulls and the pushes."""
    kinds: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    statuses: dict[int, int] = field(default_factory=dict)
    operations: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WEIGHTS, 0))
    pushes: int = 0
    failed_pushes: int = 0
    octets: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def pulls(self) -> int:
        return sum(self.kinds.values())

    @property
    def failed(self) -> int:
        return sum(count for kind, count in self.kinds.items() if kind.is_failed)

    @property
    def unannounced(self) -> list[Failure]:
        return [failure for failure in self.failures if failure.outcome.kind.is_failed and not failure.outcome.kind.is_announced]

    @property
    def without_fault(self) -> list[Failure]:
        return [failure for failure in self.failures if failure.outcome.kind.is_failed and not failure.faults]


class Soak:
    """`begin` and `end` are of the monotonic clock; `problems` are whatever else must not be."""

    def __init__(self, site: Site, seed: int, seconds: float, workers: int = 3, puller: Puller = pull,
                 calm: tuple[float, float] = (1.0, 8.0), rest_every: float = 60.0):
        self.seed, self.seconds, self._rest_every = seed, seconds, rest_every
        self._site, self._workers, self._puller = site, workers, puller
        self._is_over = threading.Event()
        self._rest = Rest()
        self.faults = Faults(site, self._is_over, self._rest, calm)
        self.watch = Watch(site.members, self._is_over)
        self.tally = Tally()
        self._lock = threading.Lock()
        self._pushed: deque[Wanted] = deque(maxlen=REMEMBERED)
        self.problems: list[str] = []
        self.begin = self.end = time.monotonic()

    def run(self) -> None:
        self.begin = time.monotonic()
        jobs = [(self._work, "worker", number) for number in range(self._workers)]
        jobs += [(self.faults.run, "faults", number) for number in range(2)]
        threads = [threading.Thread(target=self._guard, args=(job, random.Random(f"{self.seed} {name} {number}")), daemon=True)
                   for job, name, number in jobs]
        threads.append(threading.Thread(target=self._guard, args=(lambda _: self.watch.run(), None), daemon=True))
        for thread in threads:
            thread.start()
        try:
            self._wait()
        finally:
            self._is_over.set()
            self.end = time.monotonic()
            for thread in threads:
                thread.join()
        self.watch.look()
        self.problems += self.watch.fallen + self.faults.broken
        if not self.problems:
            self._recover()

    def _wait(self) -> None:
        end, rest = self.begin + self.seconds, self.begin + self._rest_every
        try:
            while (now := time.monotonic()) < end and not self._is_over.wait(max(0, min(rest, end) - now)):
                if time.monotonic() >= rest:
                    self._take_rest()
                    rest += self._rest_every
        except KeyboardInterrupt:
            self.problems.append(f"interrupted after {time.monotonic() - self.begin:.0f} of {self.seconds:.0f} s")

    def _take_rest(self) -> None:
        """Nobody acts, and the registry's new start has ended the connections that are kept for later: what is open then, is open for
        good."""
        with self._rest.resting():
            self.faults.renew(self._site.registry_member)
            self._is_over.wait(CLOSING)
            for _ in range(LOOKS):
                self.watch.look(is_at_rest=True)
                self._is_over.wait(0.3)
        self._progress(time.monotonic())

    def _progress(self, now: float) -> None:
        tally = self.tally
        print(f"   {now - self.begin:.0f} of {self.seconds:.0f} s: {tally.pulls} pulls, {tally.failed} failed, "
              f"{len(tally.unannounced)} of them unannounced, {tally.pushes} pushes, {len(self.faults.caused)} faults",
              file=sys.stderr, flush=True)

    def _guard(self, job, chance) -> None:
        """A mistake of ours ends the run, and is not taken for a silent success."""
        try:
            job(chance)
        except Exception:  # noqa: BLE001
            self.problems.append(f"the soak itself failed:\n{traceback.format_exc()}")
            self._is_over.set()

    # Operations

    def _work(self, chance: random.Random) -> None:
        while not self._is_over.wait(chance.expovariate(8)):
            with self._rest.acting():
                self._operate(chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0], chance)

    def _operate(self, operation: str, chance: random.Random) -> None:
        if operation == "push":
            self._push(chance)
        elif operation == "together":
            self._together(chance)
        else:
            self._one(operation, self._client(chance), *self._choose(operation, chance))

    def _client(self, chance: random.Random):
        return chance.choice(self._site.clients)

    def _choose(self, operation: str, chance: random.Random) -> tuple[Wanted, How]:
        site = self._site
        if operation == "small":
            return chance.choice(site.small), How()
        if operation == "pushed":
            number = chance.random()
            with self._lock:
                pushed = list(self._pushed)
            return (pushed[int(number * len(pushed))] if pushed else site.small[0]), How()
        wanted = chance.choice(site.large)
        size = len(wanted.octets)
        if operation == "range":
            first = chance.randrange(size)
            return wanted, How(span=(first, chance.randrange(first, min(size, first + (4 << 20)))))
        if operation == "left":
            return wanted, How(leave_after=chance.randrange(1, size), pause=chance.choice([0, 0.005]))
        return wanted, How(pause=0.01 if operation == "slow" else 0)

    def _together(self, chance: random.Random) -> None:
        """Several at once: of one blob, or each of another."""
        count, is_same = chance.randint(4, 8), chance.random() < 0.5
        blobs = [chance.choice(self._site.large)] * count if is_same else chance.choices(self._site.small + self._site.large, k=count)
        clients = [self._client(chance) for _ in blobs]
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(lambda pair: self._one("together", pair[0], pair[1], How()), zip(clients, blobs)))

    def _one(self, operation: str, client, wanted: Wanted, how: How) -> None:
        begin = time.monotonic()
        outcome = self._puller(client.address, wanted, how)
        with self._lock:
            tally = self.tally
            tally.operations[operation] += 1
            tally.kinds[outcome.kind] += 1
            tally.octets += outcome.octets
            if outcome.status:
                tally.statuses[outcome.status] = tally.statuses.get(outcome.status, 0) + 1
            if outcome.kind.is_failed:
                path = wanted.path + (" octets %d to %d" % how.span if how.span else "")
                tally.failures.append(self._failure(operation, client.name, path, outcome, begin))
        if outcome.kind.is_failed:
            self._is_over.wait(0.3)

    def _push(self, chance: random.Random) -> None:
        octets, tag = chance.randbytes(chance.randrange(1_000, 500_000)), f"t{chance.randrange(1 << 40)}"
        client, other = self._client(chance), self._client(chance)
        begin = time.monotonic()
        pushed, refusal = push(client.address, octets, tag)
        with self._lock:
            self.tally.operations["push"] += 1
            self.tally.pushes += 1
            self._pushed.extend(pushed)
            if refusal:
                self.tally.failed_pushes += 1
                self.tally.failures.append(self._failure("push", client.name, tag, Outcome(Kind.STATUS, refusal), begin))
        for wanted in pushed:
            self._one("pushed", other, wanted, How())

    def _failure(self, operation: str, client: str, path: str, outcome: Outcome, begin: float) -> Failure:
        end = time.monotonic()
        return Failure(operation, client, path, outcome, begin - self.begin, end - self.begin, self.faults.near(begin, end))

    # The end

    def _recover(self) -> None:
        """With no fault in force every client must bring everything again, within a time."""
        deadline = time.monotonic() + RECOVERY
        wanted = [*self._site.small, *self._site.large, *self._pushed]
        for client in self._site.clients:
            for one in wanted:
                while (outcome := self._puller(client.address, one, How())).kind.is_failed:
                    if not outcome.kind.is_announced or time.monotonic() > deadline:
                        self.problems.append(f"after the faults, {client.name} does not bring {one.path}: "
                                             f"{outcome.kind.value}: {outcome.said}")
                        return
                    time.sleep(0.5)


def sources(folder: Path) -> tuple[int, int]:
    """Octets that the clients got over NDN and from the registry, as their logs say of each request; the line of totals when one
    ends has the same fields."""
    over_ndn = from_registry = 0
    for log in folder.glob("client-*.log"):
        with log.open(errors="replace") as lines:
            for line in lines:
                if '"message":"request"' in line:
                    try:
                        event = json.loads(line)
                    except ValueError:
                        # The last words of one that was killed.
                        continue
                    over_ndn += event["ndn_bytes"]
                    from_registry += event["upstream_bytes"]
    return over_ndn, from_registry
