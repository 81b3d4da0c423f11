"""What an operator does at a forwarder: routes, faces, strategies; and what is said when it refuses."""

import signal
import socket
import subprocess
import time

import pytest

from harness.parts import PREFIX, ROOT, binary, registry_ndn
from harness.program import Program
from harness.refusing import RefusingForwarder


@pytest.fixture
def manage(start, folder):
    """Runs a management command against a forwarder with a server; its stdout, or `fails=status` and its stderr."""
    forwarder = start.forwarder()
    start.server(uplink=forwarder.unix)

    def run(*arguments, fails=0, router=None):
        done = registry_ndn(*arguments, "--router", router or forwarder.unix, folder=folder)
        assert done.returncode == fails, (done.returncode, done.stdout, done.stderr)
        return done.stderr if fails else done.stdout
    run.forwarder = forwarder
    return run


def rows(text: str) -> list[list[str]]:
    """The cells of a table without its header."""
    return [line.split() for line in text.splitlines()[1:]]


def test_what_a_server_registered_is_listed(manage):
    listed = rows(manage("routes"))
    assert [row[0] for row in listed] == [PREFIX]
    _, face, origin, cost, flags, expires, health = listed[0]
    assert health in ("untried", "answers")
    assert (origin, cost, flags) == ("client", "0", "child-inherit") and 1000 < int(expires.rstrip("s")) <= 1200
    faces = {row[0]: row for row in rows(manage("faces"))}
    assert faces[face][3] == "local" and faces[face][-1] == health
    assert any(row[-1] == "-" for row in faces.values()), "this command's own is no next hop"


def test_routes_come_and_go(manage):
    face = rows(manage("routes"))[0][1]
    for _ in range(2):
        manage("register", "/a/b", "--face", face, "--cost", "7", "--expires", "1h")
    listed = rows(manage("routes", "--prefix", "/a/b"))
    assert len(listed) == 1 and listed[0][:4] == ["/a/b", face, "static", "7"]
    assert 3500 < int(listed[0][5].rstrip("s")) <= 3600
    assert "unregistered" in manage("unregister", "/a/b")
    assert rows(manage("routes", "--prefix", "/a/b")) == []
    assert "no such route" in manage("unregister", "/a/b")
    # The server's own route is another's: only naming the face removes it.
    manage("unregister", PREFIX)
    assert len(rows(manage("routes"))) == 1
    manage("unregister", PREFIX, "--face", face)
    assert rows(manage("routes")) == []


def test_a_next_hop_that_does_not_answer_is_seen(start, folder):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        forwarder = start.forwarder(options=["--route", f"{PREFIX}=udp://127.0.0.1:{silent.getsockname()[1]},cost=7"])

        def route():
            return rows(registry_ndn("routes", "--router", forwarder.unix, folder=folder).stdout)[0]
        assert (route()[3], route()[-1]) == ("7", "untried")
        registry_ndn("ping", PREFIX, "--count", "1", "--router", forwarder.unix, folder=folder)
        assert route()[-1] == "silent"
    # Now the machine says that no program listens there: the forwarder goes on asking.
    deadline = time.monotonic() + 20
    while route()[-1] != "down":
        assert time.monotonic() < deadline, route()


@pytest.mark.parametrize("listens, leads", [("127.0.0.1", "localhost"), ("0.0.0.0", "127.0.0.1")])
def test_a_route_to_the_forwarder_itself_is_refused_at_the_start(folder, listens, leads):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((listens, 0))
        port = free.getsockname()[1]
    done = registry_ndn("forwarder", "--unix", folder / "f.sock", "--udp", f"{listens}:{port}", "--route",
                        f"/a=udp://{leads}:{port}", folder=folder)
    words = f"the route to /a: udp://{leads}:{port} is this forwarder itself: what is sent there would come back"
    assert done.returncode == 1 and words in done.stderr and "ready" not in done.stdout, done


def test_a_route_to_the_command_itself_lives_as_long(manage, folder):
    program = Program("register", [binary(), "register", "/kept", "--router", manage.forwarder.unix], folder)
    program.find(lambda line: "registered" in line)
    assert rows(manage("routes", "--prefix", "/kept"))[0][2] == "client"
    program.signal(signal.SIGTERM)
    assert program.wait() == 0
    assert rows(manage("routes", "--prefix", "/kept")) == []


def test_what_cannot_be_is_said(manage):
    assert "no face 99999" in manage("register", "/a", "--face", "99999", fails=1)
    assert "no face 99999" in manage("faces", "--destroy", "99999", fails=1)
    reserved = manage("register", "/localhost/nfd/x", fails=1)
    assert "belongs to the forwarder" in reserved and "nfd.conf" not in reserved and "begin with" in reserved, reserved
    too_long = "/x" * 33
    face = rows(manage("routes"))[0][1]
    assert "32 components" in manage("register", too_long, "--face", face, fails=1)
    own = f"udp://{manage.forwarder.udp.rpartition('/')[2]}"
    itself = manage("register", "/a", "--face", own, fails=1)
    assert "is this forwarder itself: what is sent there would come back; name the server" in itself, itself
    assert "unsupported" in manage("strategy", "set", PREFIX, "multicast", fails=1)
    for word, verb in (("multicast", "set"), ("asf", "set"), (None, "unset")):
        said = manage("strategy", verb, PREFIX, *([word] if word else []), fails=1)
        assert "this forwarder has one strategy, best-route, for every prefix" in said, said
        assert "leave the strategy as it is, or use NFD" in said, said
    # What it asks for holds here by itself.
    for word, why in (("best-route", "its one strategy is best-route"), ("--site", "it is the cache of a site by itself")):
        said = manage("strategy", "set", PREFIX, word)
        assert said.startswith("nothing to set") and why in said, said
    assert rows(manage("strategy", "list")) == [["/", "/localhost/nfd/strategy/best-route"]]
    # Over UDP a forwarder is remote, from this machine too.
    refused = manage("register", "/a", fails=1, router=manage.forwarder.udp)
    assert "406 registry-ndn forwarder takes routes over its Unix socket" in refused, refused
    assert "nfd.conf" not in refused and "--register" not in refused, refused
    unread = manage("routes", fails=1, router=manage.forwarder.udp)
    assert "registry-ndn forwarder tells and takes no routes" in unread and "--register" not in unread, unread
    assert "nowhere.sock" in manage("routes", fails=1, router="/nowhere.sock")


@pytest.mark.parametrize("arguments", [
    ["register"], ["register", "a"], ["register", "/a", "--face", "0"], ["register", "/a", "--face", "/run/nfd.sock"],
    ["register", "/a", "--cost", "-1"], ["unregister"], ["strategy", "set", "/a"],
    ["strategy", "set", "/a", "asf", "--site"], ["routes", "--router", "nfd"],
    ["ping", "/"],
], ids=" ".join)
def test_wrong_usage_is_64(arguments, folder):
    if arguments[0] == "routes":
        arguments = ["routes", "--router", "sctp://nfd"]
    done = registry_ndn(*arguments, folder=folder)
    assert done.returncode == 64 and done.stderr.strip(), (done.returncode, done.stderr)


@pytest.mark.parametrize("ahead", [0, 180, -180])
def test_a_403_is_explained(start, folder, ahead):
    socket = folder / "refusing.sock"
    forwarder = start.keep(RefusingForwarder(socket, ahead))
    done = registry_ndn("register", "/a", "--router", socket, folder=folder)
    assert done.returncode == 1 and "403 authorization rejected" in done.stderr, done.stderr
    if ahead:
        assert f"s {'behind' if ahead > 0 else 'ahead of'} the forwarder's" in done.stderr, done.stderr
        assert "set the clock" in done.stderr
    else:
        assert "clocks agree" in done.stderr and "localhost_security" in done.stderr, done.stderr
    assert 1 < forwarder.commands <= 6


def test_a_server_that_is_refused_says_why_and_goes_on_trying(start, folder):
    socket = folder / "refusing.sock"
    start.keep(RefusingForwarder(socket, 180))
    server = Program("server", [binary(), "server", "--registry", start.registry.url, "--name", PREFIX, "--uplink",
                                f"unix://{socket}"], folder)
    event = server.find(lambda line: "cannot register" in line and line)
    assert "403 authorization rejected" in event and "behind the forwarder" in event
    assert server.running
    assert server.stop() == 0


def test_the_script_registers_once_and_for_all(manage, folder):
    face = rows(manage("routes"))[0][1]
    for word in ("registered", "already"):
        done = subprocess.run(
            [ROOT / "scripts" / "register-prefix", "/by/script", face, manage.forwarder.unix], capture_output=True,
            text=True, timeout=60, env={"PATH": "/usr/bin:/bin", "REGISTRY_NDN": str(binary())}, check=False)
        assert done.returncode == 0 and word in done.stdout, (done.stdout, done.stderr)
    assert len(rows(manage("routes", "--prefix", "/by/script"))) == 1
