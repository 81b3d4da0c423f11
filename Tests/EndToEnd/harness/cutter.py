"""A TCP relay before an HTTP server that breaks off large responses, as a bad connection does."""

from __future__ import annotations

import threading

from .between import Between


class Cutter(Between):
    """Stands before `target`; breaks off the first `times` connections that have carried `after` octets down."""

    def __init__(self, target: str, after: int, times: int):
        self._left = times
        self._lock = threading.Lock()
        self.cuts = 0
        super().__init__(target, after)

    def goes_on(self) -> bool:
        with self._lock:
            if self._left == 0:
                return True
            self._left -= 1
            self.cuts += 1
            return False
