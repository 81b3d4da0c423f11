"""scripts/bench: what it concludes from what it measured, and one short run of it."""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from harness import parts

BENCHMARKS = parts.ROOT / "Tests" / "Benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from bench import goals, plot, publish  # noqa: E402
from bench.measuring import MeasurementFailed, Sample, Spread, alternate, costs, ratio  # noqa: E402
from bench.results import Result, markdown  # noqa: E402
from bench.sections import site, small  # noqa: E402
from bench.sections.original import original_came_over_ndn  # noqa: E402


def test_variants_take_turns_and_the_first_of_each_is_dropped():
    order = []

    def work(name):
        def run(number):
            order.append((name, number))
            return Sample(1_000_000, number + 1.0, {"a": 0.5, "b": 1.5})
        return run
    samples = alternate({"A": work("A"), "B": work("B")}, 3, "test")
    assert order == [("A", 0), ("B", 0), ("A", 1), ("B", 1), ("A", 2), ("B", 2)]
    assert [sample.seconds for sample in samples["A"]] == [2.0, 3.0]
    assert costs(samples["A"]).median == pytest.approx(2000) and costs(samples["A"], "a").median == pytest.approx(500)


def test_ratios_are_taken_turn_by_turn():
    ours = [Sample(2, 1.0), Sample(8, 1.0), Sample(3, 1.0)]
    theirs = [Sample(1, 1.0), Sample(2, 1.0), Sample(1, 1.0)]
    assert ratio(ours, theirs) == Spread(3.0, 2.0, 4.0)


def test_a_goal_is_met_not_met_or_not_run():
    result = Result("direct", not_run=[])
    result.judge("cold", Spread(1.21, 1.0, 1.3), at_least=1.2)
    result.judge("cold-cpu", Spread(5.01, 4.0, 6.0), at_most=5.0)
    rows = {row["goal"]: row[""] for row in goals.table({"direct": result, "nfd": Result("", not_run=["no nfd"])})}
    assert len(rows) == len(goals.GOALS)
    verdicts = [rows[text] for key, text, _ in goals.GOALS if key in ("cold", "cold-cpu", "warm", "nfd", "link-1")]
    assert verdicts[0] == "met" and verdicts[2] == "not met"
    assert verdicts[1].startswith("not run") and verdicts[3] == "not run: no nfd" and "left out" in verdicts[4]
    assert markdown(goals.table({})).count("not run") == len(goals.GOALS)


def test_each_kind_of_processor_keeps_a_column_of_its_own():
    def run(cpu: str, cold: str) -> dict:
        return {"about": {"cpu": cpu, "date": "2026-01-01"}, "goals": {"cold": {"measured": cold, "": "not met"}}}
    kinds = [(publish.kind_of(cpu), run(cpu, cold))
             for cpu, cold in (("Intel(R) Xeon(R) CPU @ 2.50GHz", "0.6"), ("AMD EPYC", "1.1"))]
    assert [kind for kind, _ in kinds] == ["intel-xeon-2-50ghz", "amd-epyc"]
    lines = publish.side_by_side(kinds, "bench/").splitlines()
    assert "bench/intel-xeon-2-50ghz.md" in lines[0] and "bench/amd-epyc.md" in lines[0]
    row = next(line for line in lines if "direct, cold: ≥ 1.2" in line)
    assert "0.6 **not met** | 1.1 **not met**" in row
    assert len(lines) == len(goals.GOALS) + 2


def test_a_run_of_the_original_that_did_not_touch_ndn_does_not_count():
    digest = "sha256:" + "1" * 64
    fetched = json.dumps({"msg": "fetch success", "uri": f"/v2/bench/blobs/{digest}", "size": 10})
    proxied = json.dumps({"msg": "proxied", "uri": f"/v2/bench/blobs/{digest}", "length": "10"})
    original_came_over_ndn(["no JSON", fetched, fetched], digest, 2, 10)
    for lines in ([], [proxied, proxied], [fetched, proxied], [fetched.replace("10}", "9}")] * 2):
        with pytest.raises(MeasurementFailed, match="did not come over NDN"):
            original_came_over_ndn(lines, digest, 2, 10)


def pulled(seconds: list[float], down: int = 100, is_done: bool = True) -> Sample:
    """A cold pull of an image of 100 octets by so many pullers."""
    each = [{"seconds": one, "is_done": is_done, "octets": 100 if is_done else 40, "errors": []} for one in seconds]
    counters = {"cpu": {"clients": 1.0, "between": 0.5}, "clients": [{"retries": 1, "segments": 200}], "server": {"data": 1}}
    return Sample(sum(one["octets"] for one in each), max(seconds), more={
        "size": 100, "pullers": each, "link": {"down": down, "up": 1}, "whole link": {"down": {"dropped": 0}},
        "counters": counters, "requests": []})


def test_a_site_whose_pullers_are_late_meets_no_goal():
    result = Result("site")
    result.samples = {f"{site.NGINX}, 0 %": [pulled([4.0, 5.0])], f"{site.OURS}, 0 %": [pulled([4.0, 5.0, 5.0], down=110)],
                      f"{site.ALONE}, 0 %": [pulled([4.0])], f"{site.OURS}, 1 %": [pulled([9.0], is_done=False)],
                      f"{site.NGINX}, 1 %": [pulled([90.0])]}
    site.summarize(result, list(site.WAYS), site.FULL, share=1.0)
    assert result.goals["site-0"] == ("1.00 (1.00–1.00) ×", True)
    assert result.goals["site-link-0"] == ("1.100 (1.100–1.100) ×", False)
    assert result.goals["site-slowest-0"][1] and result.goals["site-again"] == ("0.50 (0.50–0.50) %", True)
    assert result.goals["site-1"] == ("not done after 9 s, 0 of 1 are, 40% arrived", False)
    assert "site-warm" not in result.goals and "site-link-1" in result.goals
    rows = {(row["loss %"], row["way"]): row["last puller done, s"] for row in result.rows}
    assert rows["0", site.OURS] == "5.0 (5.0–5.0)" and rows["0", site.HTTPS] == "failed"
    assert rows["1", site.OURS] == "1 of 1 turns not done after 9 s, 0 of 1 are, 40% arrived"


def test_small_blobs_of_both_sizes_must_be_quick_enough():
    result = Result("small")
    for kilobytes, seconds in ((10, 1.0), (200, 1.2)):
        read = small.label(kilobytes, 1)
        for name, state, took in ((small.HTTPS, "once", 1.0), (small.OURS, "cold", seconds)):
            result.samples[small.key("50", read, name, state)] = [Sample(1, took, more={"median": took, "elsewhere": 0})]
    small.summarize(result, [small.HTTPS, small.OURS])
    assert result.goals == {"small-50-cold": ("10 kB 1.00 (1.00–1.00) ×, 200 kB 1.20 (1.20–1.20) ×", False)}
    assert sum(row["all of them, s"] == "failed" for row in result.rows) == len(result.rows) - 4


def test_plots_are_well_formed():
    one = Spread(10, 9, 12)
    bars = plot.bars("A < B", "MB/s", {"0 %": {"x": one, "y": None}}, "note & more")
    lines = plot.lines("title", "s", {"x": {"1": one, "2": one}}, "note")
    for svg in (bars, lines):
        ElementTree.fromstring(svg)
    assert "not run" in bars


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_a_short_run_measures_and_judges(folder):
    environment = {**os.environ, "PYTHONPATH": f"{BENCHMARKS}:{parts.ROOT / 'Tests' / 'EndToEnd'}"}
    subprocess.run([sys.executable, "-m", "bench", "--quick", "--only", "startup", "--only", "forwarder", "--runs", "2",
                    "--megabytes", "8", "--into", folder / "out"], env=environment, check=True, timeout=120)
    results = json.loads((folder / "out" / "results.json").read_text())
    measured = {row["goal"]: row[""] for row in results["goals"] if not row[""].startswith("not run")}
    assert len(measured) == 3, measured
    cold = results["sections"]["forwarder"]["samples"]["NDN, cold"]
    assert len(cold) == 1 and cold[0]["octets"] == 8_000_000 and set(cold[0]["cpu"]) == {
        "registry", "server", "forwarder", "client", "curl"}
    assert (folder / "out" / "results.md").read_text().count("not run") >= 10
