"""The states that a program tells at /events."""

from __future__ import annotations

import http.client
import json
from typing import Iterator, Optional


class States:
    """One viewer of an `--admin` address; a context manager."""

    def __init__(self, address: str, host: Optional[str] = None, timeout: float = 10.0):
        self._connection = http.client.HTTPConnection(address, timeout=timeout)
        self._connection.request("GET", "/events", headers={"Host": host} if host else {})
        self.response = self._connection.getresponse()
        self.status = self.response.status

    def __enter__(self) -> States:
        return self

    def __exit__(self, *_) -> None:
        # The response holds the socket too.
        self.response.close()
        self._connection.close()

    def __iter__(self) -> Iterator[dict]:
        """Each state as it comes, until the program ends the answer."""
        while line := self.response.readline():
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

    def next(self) -> dict:
        return next(iter(self))

    def until(self, accept, most: int = 40) -> dict:
        """The first state that is accepted, of so many."""
        seen = None
        for _, seen in zip(range(most), self):
            if accept(seen):
                return seen
        raise AssertionError(f"no such state came; the last was {json.dumps(seen)[:2000]}")


def state(address: str) -> dict:
    """The state of this moment."""
    with States(address) as states:
        assert states.status == 200, states.response.read()
        return states.next()


def names(value) -> set[str]:
    """All names in a state, however deep."""
    if isinstance(value, dict):
        return set(value) | set().union(*map(names, value.values()))
    return set().union(*map(names, value)) if isinstance(value, list) else set()
