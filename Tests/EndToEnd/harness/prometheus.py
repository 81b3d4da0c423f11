"""A Prometheus that scrapes every half second, its tool, and the dashboard that is written for it."""

from __future__ import annotations

import json
import math
import re
import subprocess
import time
import urllib.parse
from pathlib import Path
from typing import Iterator, Optional

from .exchange import exchange
from .parts import ROOT
from .program import Program

MONITORING = ROOT / "monitoring"
ALERTS = MONITORING / "alerts.yaml"
PAUSE = 0.5
# What Grafana puts in their place: a dashboard of everything, over the last seconds.
VARIABLES = {"$__rate_interval": "5s", "$__range": "30s", "$job": ".*", "$instance": ".*", "$prefix": ".*"}


class QueryError(Exception):
    """Prometheus refused an expression."""


def promtool(*arguments, text: Optional[str] = None) -> str:
    """What promtool says, or AssertionError when it is not content."""
    done = subprocess.run(["promtool", *map(str, arguments)], input=text or "", capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Prometheus:
    """Scrapes `targets` until `stop`. `rules` is a file of alerts, as it is or hastened."""

    def __init__(self, folder: Path, targets: list[str], rules: str):
        self._folder = folder / "prometheus"
        self._folder.mkdir()
        (self._folder / "alerts.yaml").write_text(rules)
        settings = {
            "global": {"scrape_interval": f"{PAUSE * 1000:.0f}ms", "evaluation_interval": f"{PAUSE * 1000:.0f}ms"},
            "rule_files": ["alerts.yaml"],
            "scrape_configs": [{"job_name": "registry-ndn", "static_configs": [{"targets": targets}]}]}
        (self._folder / "prometheus.yaml").write_text(json.dumps(settings))
        self._program = Program("prometheus", [
            "prometheus", f"--config.file={self._folder}/prometheus.yaml", f"--storage.tsdb.path={self._folder}/data",
            "--web.listen-address=127.0.0.1:0"], folder)
        self._address = self._program.find(
            lambda line: re.search(r'msg="Listening on" address=(\S+)', line), 30).group(1)
        self._program.find(lambda line: "ready to receive web requests" in line, 30)

    def _ask(self, path: str, **parameters: str):
        answer = json.loads(exchange(self._address, "GET", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}").body)
        if answer["status"] != "success":
            raise QueryError(answer["error"])
        return answer["data"]

    def query(self, expression: str) -> list[float]:
        """The values of an expression, of which it has one for each set of labels; those that are no number are left out."""
        result = self._ask("query", query=expression)
        assert result["resultType"] == "vector", result
        values = [float(sample["value"][1]) for sample in result["result"]]
        return [value for value in values if not math.isnan(value)]

    def label_values(self, metric: str, label: str) -> list[str]:
        return self._ask(f"label/{label}/values", **{"match[]": metric})

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {alert["labels"]["alertname"] for alert in self._ask("alerts")["alerts"] if alert["state"] == "firing"}

    def wait_for(self, condition, what: str, seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what}\n{self._program.tail()}"
            time.sleep(PAUSE / 2)

    def stop(self) -> None:
        self._program.stop()


class Dashboard:
    """monitoring/dashboard.json."""

    def __init__(self):
        self.settings = json.loads((MONITORING / "dashboard.json").read_text())
        self.panels = self.settings["panels"]

    def queries(self) -> Iterator[tuple[str, str]]:
        """Each panel's title with each of its expressions, as Grafana sends it."""
        for panel in self.panels:
            for target in panel.get("targets", []):
                yield panel["title"], self._filled(target["expr"])

    def variables(self) -> Iterator[tuple[str, str]]:
        """The metric and the label whose values can be chosen."""
        for variable in self.settings["templating"]["list"]:
            if variable["type"] == "query":
                yield re.fullmatch(r"label_values\((.*), (\w+)\)", self._filled(variable["query"]["query"])).groups()

    @staticmethod
    def _filled(text: str) -> str:
        for name, value in VARIABLES.items():
            text = text.replace(name, value)
        assert "$" not in text, f"{text} has a variable that nobody fills"
        return text
