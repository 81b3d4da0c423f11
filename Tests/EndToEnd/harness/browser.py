"""Headless Chromium, led over the pipe of its DevTools protocol: a page as people see it, and what it complains of."""

from __future__ import annotations

import base64
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from .parts import ROOT

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
PROGRAM = "chromium-headless-shell"


def is_there() -> bool:
    return shutil.which(PROGRAM) is not None


class BrowserError(Exception):
    """The browser did not do what it was asked for."""


class Browser:
    """A browser with one page; a context manager, at whose end it is gone."""

    def __init__(self):
        self.complaints: list[str] = []
        self._number = 0
        self._events: list[dict] = []
        self._rest = b""
        self._home = home = Path(tempfile.mkdtemp(prefix="registry-ndn-browser-"))
        fonts = home / "fonts.conf"
        fonts.write_text(f"""<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>/usr/share/fonts</dir><dir>{ROOT}/.build/tools/root/usr/share/fonts</dir><cachedir>{home}/fonts</cachedir>
<match><edit name="family" mode="append" binding="weak"><string>DejaVu Sans</string></edit></match></fontconfig>""")
        # It reads commands at descriptor 3, and answers at 4.
        theirs, self._to = os.pipe()
        self._from, answers = os.pipe()
        self._process = subprocess.Popen(
            [PROGRAM, "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={home}/profile",
             "--disable-dev-shm-usage", "--no-first-run", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(home), "FONTCONFIG_FILE": str(fonts)}, start_new_session=True,
            pass_fds=(3, 4), preexec_fn=lambda: self._arrange(theirs, answers))
        os.close(theirs)
        os.close(answers)
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Accessibility"):
            self.call(f"{domain}.enable")

    @staticmethod
    def _arrange(commands: int, answers: int) -> None:
        # First out of the way of 3 and 4, whichever numbers they had.
        commands, answers = os.dup2(commands, 100), os.dup2(answers, 101)
        os.dup2(commands, 3)
        os.dup2(answers, 4)
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_) -> None:
        # With all of its processes.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self._home, ignore_errors=True)

    # The protocol

    def call(self, method: str, timeout: float = 20.0, **parameters) -> dict:
        """The answer to one command."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._to, json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + timeout
        while True:
            message = self._read(deadline - time.monotonic())
            if message is None:
                raise BrowserError(f"{method}: no answer in {timeout} s")
            if message.get("id") == self._number:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error']['message']}")
                return message["result"]
            self._note(message)

    def _read(self, timeout: float):
        while b"\0" not in self._rest:
            if timeout <= 0 or not select.select([self._from], [], [], timeout)[0]:
                return None
            chunk = os.read(self._from, 1 << 20)
            if not chunk:
                raise BrowserError("the browser has ended")
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, message: dict) -> None:
        parameters = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        if message.get("method") == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])

    # What tests want

    def open(self, url: str, width: int, height: int = 900, dark: bool = False) -> None:
        """Shows a page at a size, with the colours that a person prefers."""
        self.resize(width, dark, height)
        self.call("Page.navigate", url=url)

    def resize(self, width: int, dark: bool, height: int = 900) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def evaluate(self, expression: str):
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression: str, timeout: float = 20.0) -> None:
        """Until an expression is true."""
        deadline = time.monotonic() + timeout
        while not self.evaluate(f"!!({expression})"):
            if time.monotonic() > deadline:
                raise BrowserError(f"{expression} did not become true; the page has: {self.text()}")
            time.sleep(0.05)

    def text(self) -> str:
        return self.evaluate("document.body.innerText")

    def screenshot(self, path: Path) -> None:
        """The whole page as a PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        answer = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def roles(self) -> list[tuple[str, str]]:
        """Role and name of each element that those who hear the page are told."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node.get("ignored")]
