"""One started program: its lines, its readiness, its cost, its end."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Callable, Optional

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class ProgramError(Exception):
    """A program did not do what it was started for; the text holds the end of its log."""


def _die_with_parent() -> None:
    # Even a killed test run leaves no program behind.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Program:
    """Runs until `stop` or `kill`. Every line of stdout and stderr is kept, and goes to a file beside."""

    def __init__(self, name: str, arguments: list, folder: Path, environment: Optional[dict] = None,
                 cwd: Optional[Path] = None):
        self.name = name
        self.arguments = [str(argument) for argument in arguments]
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._open_streams = 2
        self._log = (folder / f"{name}.log").open("a", buffering=1)
        self._process = subprocess.Popen(
            self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})}, cwd=cwd, start_new_session=True, preexec_fn=_die_with_parent)
        for stream in (self._process.stdout, self._process.stderr):
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    # Lines

    def _read(self, stream) -> None:
        for octets in stream:
            line = octets.decode(errors="replace").rstrip("\n")
            with self._changed:
                self._lines.append(line)
                self._log.write(line + "\n")
                self._changed.notify_all()
        with self._changed:
            self._open_streams -= 1
            self._changed.notify_all()

    @property
    def lines(self) -> list[str]:
        with self._changed:
            return list(self._lines)

    def find(self, pick: Callable[[str], object], timeout: float = 15.0, start: int = 0):
        """The first true `pick(line)` from line number `start` on; waits for it."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                while start < len(self._lines):
                    picked = pick(self._lines[start])
                    start += 1
                    if picked:
                        return picked
                if self._open_streams == 0:
                    raise ProgramError(f"{self.name} ended ({self._process.wait()}) before the awaited line\n{self.tail()}")
                if not self._changed.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    raise ProgramError(f"{self.name}: the awaited line did not come in {timeout} s\n{self.tail()}")

    def tail(self, count: int = 15) -> str:
        with self._changed:
            return "\n".join(["$ " + " ".join(self.arguments)] + self._lines[-count:])

    # Our own programs: ready lines and JSON events

    def ready(self, timeout: float = 15.0, start: int = 0) -> str:
        """What the first ready line from line `start` on says: a URI, and perhaps ` via ` another."""
        return self.find(lambda line: line.startswith("ready ") and line[6:], timeout, start)

    def events(self, message: Optional[str] = None) -> list[dict]:
        """What it logged so far, of one message or all."""
        events = [event for event in map(event_of, self.lines) if event]
        return [event for event in events if message is None or event["message"] == message]

    def event(self, message: str, accept: Callable[[dict], bool] = lambda event: True, timeout: float = 15.0,
              start: int = 0) -> dict:
        """The first event with that message which is accepted; waits for it."""
        def pick(line: str):
            event = event_of(line)
            return event if event and event["message"] == message and accept(event) else None
        return self.find(pick, timeout, start)

    def statistics(self) -> dict[str, int]:
        """Asks server or forwarder for its counters."""
        start = len(self.lines)
        self.signal(signal.SIGUSR1)
        event = self.event("statistics", start=start)
        return {key: value for key, value in event.items() if isinstance(value, int)}

    # Cost

    def peak_memory(self) -> int:
        """The largest resident size so far, octets."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise ProgramError(f"{self.name} has ended")

    def memory(self) -> int:
        """Resident now, octets."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    # Life

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: int) -> None:
        if self.running:
            self._process.send_signal(number)

    def wait(self, timeout: float = 15.0) -> int:
        """Its exit status, once it has ended by itself."""
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ProgramError(f"{self.name} has not ended after {timeout} s\n{self.tail()}") from None
        with self._changed:
            # Its children may hold the pipes open; its own last lines are in by then.
            self._changed.wait_for(lambda: self._open_streams == 0, 1.0)
        return status

    def kill(self) -> None:
        """Ends it as a crash would."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def stop(self, timeout: float = 10.0) -> int:
        """Ends it politely, else by force; its exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except ProgramError:
            self.kill()
            return -signal.SIGKILL
        finally:
            with self._changed:
                if self._open_streams == 0:
                    self._log.close()


def event_of(line: str) -> Optional[dict]:
    """A log line of ours, which is a JSON object with a message."""
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if "message" in event else None
