"""The parts of a run: two chains from a client to one registry, each with parts that live through the run and parts that are killed.

A leak shows in what lives long, so what is measured must not be killed; and yet it must see its neighbours die. Therefore the
chains are crossed: the lasting client and server have a forwarder that is killed, the lasting forwarder has a client and a server
that are.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Union

from harness import parts
from harness.blobs import seeded
from harness.registry import Registry
from harness.relay import Relay

from .pulling import Wanted

REPOSITORY = "soak/known"
# Less than the known blobs together, so that every cache is full early on and always in motion.
CACHE = "24MiB"
SMALL = [100, 4_000, 8_193, 30_000, 64_000, 100_000, 200_000, 333_333]
LARGE = [2 << 20, 3_000_001, 5 << 20, 8 << 20, 12_345_678, 16 << 20]


@dataclass
class Member:
    """A part of the run. Whoever stops or kills it holds `lock`; `is_down` says that it is not to run now."""
    part: Union[parts.Part, Registry]
    is_lasting: bool
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_down: bool = False

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def is_ours(self) -> bool:
        return isinstance(self.part, parts.Part)


class Site:
    def __init__(self, folder: Path, seed: int):
        self.members: list[Member] = []
        self.relays: list[Relay] = []
        # Programs end with the thread that started them (PR_SET_PDEATHSIG): this one lives as long as they are to.
        self._starter = ThreadPoolExecutor(1)
        try:
            self._start(folder, seed)
        except BaseException:
            self.stop()
            raise

    def _start(self, folder: Path, seed: int) -> None:
        self.registry = Registry(folder)
        self._add(self.registry, False)
        self.small, self.large = (self._blobs(f"soak {seed}", sizes) for sizes in (SMALL, LARGE))
        self.clients = [self._chain(folder, seed, "lasting", "killed", True), self._chain(folder, seed, "killed", "lasting", False)]

    def _chain(self, folder: Path, seed: int, ends: str, middle: str, is_lasting: bool) -> parts.Client:
        forwarder = self._add(parts.Forwarder(folder, f"forwarder-{middle}", CACHE), not is_lasting)
        self._add(parts.Server(folder, self.registry, forwarder.unix, f"server-{ends}", ["--cache-size", CACHE]), is_lasting)
        relay = Relay(forwarder.udp, 0, 0, seed)
        self.relays.append(relay)
        return self._add(parts.Client(folder, self.registry, relay.address, f"client-{ends}"), is_lasting)

    @property
    def registry_member(self) -> Member:
        return next(member for member in self.members if member.part is self.registry)

    def start_again(self, member: Member) -> None:
        """Raises ProgramError where it does not get ready."""
        self._starter.submit(member.part.start).result()

    def _add(self, part, is_lasting: bool):
        self.members.append(Member(part, is_lasting))
        return part

    def _blobs(self, seed: str, sizes: list[int]) -> list[Wanted]:
        blobs = [seeded(f"{seed} {size}", size) for size in sizes]
        for octets in blobs:
            self.registry.put_blob(REPOSITORY, octets)
        return [Wanted.blob(REPOSITORY, octets) for octets in blobs]

    def stop(self) -> None:
        for relay in self.relays:
            relay.stop()
        for member in reversed(self.members):
            member.part.stop()
        self._starter.shutdown()
