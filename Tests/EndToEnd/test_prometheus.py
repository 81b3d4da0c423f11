"""What stands in monitoring/, and what the three programs tell, before the programs that read it: promtool and a Prometheus that
scrapes them."""

import re
import threading

import pytest
import yaml

from harness import blobs
from harness.exchange import exchange
from harness.parts import ROOT, authority
from harness.prometheus import ALERTS, MONITORING, Dashboard, Prometheus, promtool

REPOSITORY = "demo/blobs"
ADMIN = ["--admin", "127.0.0.1:0"]
RULES = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
METRIC = re.compile(r"\b(?:registry_ndn|process)_\w+")


def hastened(rules: str) -> str:
    """The same alerts, in seconds instead of minutes."""
    rules, waits = re.subn(r"(?m)^( +for: )\d+m$", r"\g<1>1s", rules)
    rules, windows = re.subn(r"\[\d+m\]", "[4s]", rules)
    assert waits == len(RULES) and windows == 5
    return rules


class Watched:
    """Forwarder, server and client before a registry that may be stopped, pulls through them, and a Prometheus that watches."""

    def __init__(self, start, folder):
        self.registry = start.own_registry()
        self.forwarder = start.forwarder(options=ADMIN)
        self.server = start.server(self.forwarder.unix, self.registry, options=ADMIN)
        self.client = start.client(self.forwarder.unix, self.registry, options=ADMIN)
        self.addresses = [authority(part.program.event("metrics and probes are told")["admin"])
                          for part in (self.forwarder, self.server, self.client)]
        self.digests = [self.registry.put_blob(REPOSITORY, blobs.seeded(f"watched {number}", 300_000))
                        for number in range(4)]
        self.prometheus = start.keep(Prometheus(folder, self.addresses, hastened(ALERTS.read_text())))
        self._ending = threading.Event()
        self._puller = threading.Thread(target=self._pull)
        self._puller.start()

    def _pull(self) -> None:
        """As whoever pulls does, who tries again when it fails."""
        while not self._ending.wait(0.1):
            for digest in [*self.digests, f"sha256:{0:064}"]:
                exchange(self.client.address, "GET", f"/v2/{REPOSITORY}/blobs/{digest}")

    def stop(self) -> None:
        self._ending.set()
        self._puller.join()


@pytest.fixture
def watched(start, folder):
    made = Watched(start, folder)
    yield made
    made.stop()


def test_all_that_is_told_is_read_and_every_query_has_an_answer_and_alerts_fire_when_parts_are_lost(watched):
    prometheus = watched.prometheus
    prometheus.wait_for(lambda: prometheus.query('count(up{job="registry-ndn"} == 1)') == [3], "not all three are scraped")
    for address in watched.addresses:
        promtool("check", "metrics", text=exchange(address, "GET", "/metrics").body.decode())
    # A rate needs two scrapes of a series.
    for title, expression in Dashboard().queries():
        prometheus.wait_for(lambda expression=expression: prometheus.query(expression),
                            f"{title}: no data for {expression}")
    for metric, label in Dashboard().variables():
        assert prometheus.label_values(metric, label), f"no {label} of {metric} to choose from"
    assert prometheus.query('sum(registry_ndn_requests_total{source="ndn", code="200"})')[0] > 0
    for rule in RULES:
        assert prometheus.query(rule["expr"]) == [], rule["alert"]
    assert prometheus.firing() == set()

    watched.forwarder.program.kill()
    without_ndn = {"RegistryNDNUnused", "RegistryNDNPathDown", "RegistryNDNServerNotReady"}
    prometheus.wait_for(lambda: prometheus.firing() == without_ndn, f"these do not fire alone: {without_ndn}")
    watched.registry.stop()
    prometheus.wait_for(lambda: "RegistryNDNRequestsFail" in prometheus.firing(), "no alert tells that pulls fail")


def test_alerts_are_rules_of_prometheus_that_fire_when_they_should_and_say_what_to_do():
    promtool("check", "rules", ALERTS)
    promtool("test", "rules", MONITORING / "alerts_test.yaml")
    tested = yaml.safe_load((MONITORING / "alerts_test.yaml").read_text())["tests"]
    fired = {each["alertname"] for test in tested for each in test["alert_rule_test"] if each.get("exp_alerts")}
    assert fired == {rule["alert"] for rule in RULES}
    for rule in RULES:
        assert set(rule["annotations"]) == {"summary", "description", "remedy"} and rule["labels"]["severity"], rule["alert"]


def test_a_rule_that_is_wrong_would_be_found(folder):
    (folder / "alerts.yaml").write_text(ALERTS.read_text().replace("path_up == 0", "path_up == 1"))
    (folder / "alerts_test.yaml").write_text((MONITORING / "alerts_test.yaml").read_text())
    with pytest.raises(AssertionError, match="the path is down"):
        promtool("test", "rules", folder / "alerts_test.yaml")
    with pytest.raises(AssertionError, match="counter metrics should have"):
        promtool("check", "metrics", text="# HELP a_lot b\n# TYPE a_lot counter\na_lot 1\n")


def test_the_dashboard_shows_every_metric_of_the_page_and_no_other():
    page = (ROOT / "docs" / "metrics.md").read_text()
    written = set(re.findall(r"^\| `(\w+)`[^|]*\| (?:counter|gauge|histogram) ", page, re.MULTILINE))
    shown = {re.sub("_bucket$", "", name) for _, expression in Dashboard().queries() for name in METRIC.findall(expression)}
    assert shown == written
    assert {re.sub("_bucket$", "", name) for rule in RULES for name in METRIC.findall(rule["expr"])} <= written


def test_panels_of_the_dashboard_have_numbers_and_places_of_their_own():
    panels = Dashboard().panels
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["description"].endswith(".") and panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert all(each["datasource"]["uid"] == "${datasource}" for each in [panel, *panel["targets"]])
