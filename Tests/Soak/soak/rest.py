"""Moments of rest within the run, at which nobody pulls or pushes and no fault is in force."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Iterator


class Rest:
    """Whatever acts does so in `acting`; `resting` begins once nobody does, and holds back all others meanwhile."""

    def __init__(self):
        self._changed = threading.Condition()
        self._acting = 0
        self._is_wanted = False

    @contextmanager
    def acting(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._is_wanted)
            self._acting += 1
        try:
            yield
        finally:
            with self._changed:
                self._acting -= 1
                self._changed.notify_all()

    @contextmanager
    def resting(self) -> Iterator[None]:
        with self._changed:
            self._is_wanted = True
            self._changed.wait_for(lambda: self._acting == 0)
        try:
            yield
        finally:
            with self._changed:
                self._is_wanted = False
                self._changed.notify_all()
