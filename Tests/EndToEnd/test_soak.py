"""scripts/soak: what it takes for a failure, what it concludes, and one short run of it."""

import random
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from harness import parts
from harness.listener import Listener
from harness.program import ProgramError

sys.path.insert(0, str(parts.ROOT / "Tests" / "Soak"))

from soak.faults import Faults  # noqa: E402
from soak.pulling import How, Kind, Wanted, pull  # noqa: E402
from soak.report import report  # noqa: E402
from soak.rest import Rest  # noqa: E402
from soak.run import Soak, sources  # noqa: E402
from soak.site import Member, Site  # noqa: E402
from soak.watch import Compared, Sample, Watch, compared, settled  # noqa: E402

BLOB = Wanted.blob("a/b", random.Random(1).randbytes(1000))
WRONG = BLOB.octets[:499] + bytes([BLOB.octets[499] ^ 1]) + BLOB.octets[500:]


def answering(head: str, body: bytes = b"", stays: bool = False) -> Listener:
    """Gives every connection this answer and closes it, or leaves it open."""
    def talk(connection):
        connection.recv(65536)
        connection.sendall(f"HTTP/1.1 {head}\r\n\r\n".encode() + body)
        if not stays:
            connection.close()
    return Listener(talk)


@pytest.mark.parametrize("head, body, span, kind", [
    ("200 OK\r\nContent-Length: 1000", BLOB.octets, None, Kind.WHOLE),
    ("200 OK\r\nContent-Length: 1000", BLOB.octets, (100, 199), Kind.WHOLE),
    ("206 Partial\r\nContent-Length: 100\r\nContent-Range: bytes 100-199/1000", BLOB.octets[100:200], (100, 199), Kind.WHOLE),
    ("502 Bad Gateway\r\nContent-Length: 2", b"{}", None, Kind.STATUS),
    ("200 OK\r\nContent-Length: 1000", BLOB.octets[:999], None, Kind.CUT),
    ("200 OK\r\nTransfer-Encoding: chunked", b"10\r\n" + BLOB.octets[:16] + b"\r\n", None, Kind.CUT),
    ("200 OK\r\nContent-Length: 999", BLOB.octets[:999], None, Kind.SHORT),
    ("200 OK\r\nTransfer-Encoding: chunked", b"10\r\n" + BLOB.octets[:16] + b"\r\n0\r\n\r\n", None, Kind.SHORT),
    ("200 OK\r\nConnection: close", BLOB.octets[:999], None, Kind.SHORT),
    ("200 OK\r\nContent-Length: 1000", WRONG, None, Kind.WRONG),
    ("200 OK\r\nContent-Length: 1000", WRONG[:999], None, Kind.CUT),
    ("200 OK\r\nContent-Length: 1001", BLOB.octets + b"x", None, Kind.WRONG),
    ("206 Partial\r\nContent-Length: 100\r\nContent-Range: bytes 100-199/1000", BLOB.octets[101:201], (100, 199), Kind.WRONG),
    ("206 Partial\r\nContent-Length: 99\r\nContent-Range: bytes 100-199/1000", BLOB.octets[100:199], (100, 199), Kind.SHORT),
    ("206 Partial\r\nContent-Length: 50\r\nContent-Range: bytes 100-149/1000", BLOB.octets[100:150], (100, 199), Kind.WRONG),
])
def test_a_pull_that_looks_complete_and_is_not_is_told_from_one_that_says_so(head, body, span, kind):
    server = answering(head, body)
    outcome = pull(server.address, BLOB, How(span=span))
    server.stop()
    assert outcome.kind == kind, outcome
    assert kind.is_announced == (kind in (Kind.STATUS, Kind.CUT))
    if body is WRONG:
        assert outcome.said.startswith("octet 499 of 1000")


def test_a_server_that_falls_silent_has_announced_nothing(free_tcp_port):
    for head, body in (("200 OK\r\nContent-Length: 1000", BLOB.octets[:10]), ("200 OK\r\nX-Half: ", b"")):
        server = answering(head, body, stays=True)
        outcome = pull(server.address, BLOB, patience=0.2)
        server.stop()
        assert outcome.kind == Kind.HUNG and outcome.kind.is_failed and not outcome.kind.is_announced
    assert pull(f"127.0.0.1:{free_tcp_port}", BLOB).kind == Kind.REFUSED


def test_what_was_read_before_a_pull_is_given_up_must_be_right():
    for octets, kind in ((BLOB.octets, Kind.LEFT), (WRONG, Kind.WRONG)):
        server = answering("200 OK\r\nContent-Length: 1000", octets, stays=True)
        assert pull(server.address, BLOB, How(leave_after=600), patience=5).kind == kind
        server.stop()


def test_quarters_are_of_time_and_a_part_counts_once_it_has_settled():
    samples = [Sample(second, 1, 100, 10) for second in range(50)] + [Sample(second, 2, 120, 11) for second in range(50, 101)]
    kept = settled(samples, 10)
    assert [sample.time for sample in kept] == [*range(10, 50), *range(60, 101)]
    assert compared(kept, "memory", 0, 100) == Compared(100, 120) and compared(kept, "memory", 0, 100).ratio == 1.2
    assert compared(kept[:30], "descriptors", 0, 100) == Compared(10, None)


@pytest.mark.parametrize("memory, descriptors, is_lasting, said", [
    (105, 20, True, None), (106, 20, True, "resident memory in the last quarter is 1.060 times that of the second"),
    (106, 22, False, None), (100, 22, True, "descriptors at rest in the last quarter is 1.100 times that of the second")])
def test_a_lasting_part_that_grows_by_more_than_a_twentieth_fails_the_run(memory, descriptors, is_lasting, said):
    member = Member(SimpleNamespace(name="part"), is_lasting)
    soak = Soak(SimpleNamespace(members=[member], clients=[]), 1, 100)
    soak.begin, soak.end = 0, 100
    for second in range(101):
        # At work connections come and go.
        grown = (100, 20) if second <= 50 else (memory, descriptors)
        soak.watch.samples["part"] += [Sample(second, 1, grown[0], second), Sample(second, 1, *grown, is_at_rest=True)]
    soak.tally.kinds[Kind.WHOLE] = 1
    table, wrong = report(soak, [member], 10, (0, 0))
    assert wrong == ([f"part: {said}"] if said else []) and ("The run holds." in table) == (not said)


def test_octets_are_those_of_requests_and_not_of_the_totals_at_the_end(folder):
    request = '{"time":"t","message":"request","ndn_bytes":%d,"upstream_bytes":%d}\n'
    (folder / "client-a.log").write_text(request % (5, 0) + request % (1, 2) + '{"message":"totals","ndn_bytes":6,"upstream_bytes":2}\n'
                                         + 'ready http://127.0.0.1:1\n{"message":"request","ndn_by')
    (folder / "client-b.log").write_text(request % (10, 20))
    assert sources(folder) == (16, 22)


def test_rest_begins_when_nobody_acts_and_holds_back_who_would():
    rest, seen, may_end, acts = Rest(), [], threading.Event(), threading.Event()

    def act(name):
        with rest.acting():
            acts.set()
            may_end.wait(10)
            seen.append(name)
    first = threading.Thread(target=act, args=("first",))
    first.start()
    acts.wait(10)
    threading.Timer(0.1, may_end.set).start()
    with rest.resting():
        later = threading.Thread(target=act, args=("later",))
        later.start()
        later.join(0.1)
        assert seen == ["first"]
    later.join(10)
    assert seen == ["first", "later"]


def test_a_part_that_ends_by_itself_ends_the_run(start):
    member, is_over = Member(start.forwarder(), True), threading.Event()
    watch = Watch([member], is_over)
    watch.look()
    assert len(watch.samples["forwarder"]) == 1 and not watch.fallen
    member.part.program.kill()
    watch.look()
    assert is_over.is_set() and watch.fallen[0].startswith("forwarder ended by itself (-9)")


def test_a_part_that_does_not_start_again_ends_the_run(start, monkeypatch):
    def fail(_):
        raise ProgramError("no port")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    member, is_over = Member(start.forwarder(), False), threading.Event()
    faults = Faults(SimpleNamespace(members=[member], start_again=fail), is_over, Rest())
    faults._harm(member, "killed", random.Random(1))
    assert is_over.is_set() and faults.broken == ["forwarder does not start again: no port"]


def test_a_run_of_some_seconds_holds_but_for_the_one_wrong_body_that_it_was_given(folder):
    """The 20th pull comes from a server that sends something else at the announced length."""
    count = 0
    lock = threading.Lock()

    def puller(address, wanted, how):
        nonlocal count
        with lock:
            count += 1
            is_the_one = count == 20
        if not is_the_one:
            return pull(address, wanted, how)
        server = answering(f"200 OK\r\nContent-Length: {len(wanted.octets)}", bytes(len(wanted.octets)))
        outcome = pull(server.address, wanted, How())
        server.stop()
        return outcome
    site = Site(folder, 5)
    soak = Soak(site, 5, 16, puller=puller, calm=(0.2, 2.0), rest_every=3.5)
    try:
        soak.run()
    finally:
        site.stop()
    table, wrong = report(soak, site.members, 1.0, sources(folder))
    print(table)
    # How memory grows in the first seconds says nothing, and a rest that had to wait for a fault's end may miss a quarter.
    wrong = [line for line in wrong if " in the last quarter is " not in line and "has no sample" not in line]
    assert len(wrong) == 1 and wrong[0].startswith("unannounced: ") and "wrong octets: octet 0 of " in wrong[0], wrong
    assert "The run does not hold:\n" in table and table.startswith("seed 5, ")
    assert len(soak.tally.unannounced) == 1 and soak.tally.pulls > 20
    rows = [row for row in table.splitlines() if row.startswith("| ")]
    for member in site.members:
        (row,) = [row for row in rows if row.startswith(f"| {member.name} |")]
        assert len(row.split("|")) == 9 and ("whole run" in row) == member.is_lasting
    assert soak.faults.caused and all(fault.end for fault in soak.faults.caused)
    assert any(sample.is_at_rest for sample in soak.watch.samples["client-lasting"])


def test_the_script_says_how_it_is_used_and_refuses_what_it_cannot_take():
    def run(*arguments):
        environment = {"PYTHONPATH": f"{parts.ROOT}/Tests/Soak:{parts.ROOT}/Tests/EndToEnd", "PATH": "/usr/bin:/bin"}
        return subprocess.run([sys.executable, "-m", "soak", *arguments], capture_output=True, text=True, env=environment, check=False)
    assert run("--help").returncode == 0 and "HOURS" in run("--help").stdout
    for hours in ("0", "-1", "nan", "much"):
        done = run(hours)
        assert done.returncode == 2 and "HOURS" in done.stderr, hours
