"""What people type: fetch, wrong options, taken ports, clean stops."""

import signal
import socket

import pytest

from harness.parts import PREFIX, blob_name, registry_ndn

REPOSITORY = "demo/blobs"


def test_fetch_writes_the_blob(chain, blob, folder):
    digest, octets = blob(5_000_000)
    target = folder / "blob"
    done = registry_ndn("fetch", blob_name(REPOSITORY, digest), "-o", target, "--router", chain[0].unix, folder=folder)
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == octets


def test_fetch_directly_over_udp(start, blob, folder):
    digest, octets = blob(5_000_000)
    target = folder / "blob"
    done = registry_ndn("fetch", blob_name(REPOSITORY, digest), "-o", target, "--router", start.server().udp,
                        folder=folder)
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == octets


def test_fetch_of_an_unknown_blob_leaves_no_file(chain, folder):
    target = folder / "blob"
    name = blob_name(REPOSITORY, "sha256:" + "2" * 64)
    done = registry_ndn("fetch", name, "-o", target, "--router", chain[0].unix, folder=folder)
    assert done.returncode == 1 and done.stderr.strip()
    assert [path for path in folder.iterdir() if path.name.startswith("blob")] == []


@pytest.mark.parametrize("arguments", [
    ["nonsense"],
    ["client", "--name", PREFIX, "--router", "127.0.0.1:9"],
    ["client", "--upstream", "ftp://registry.example", "--name", PREFIX, "--router", "127.0.0.1:9"],
    ["client", "--upstream", "http://127.0.0.1:9", "--name", PREFIX, "--router", "127.0.0.1:9", "--timeout", "soon"],
    ["server", "--registry", "nonsense", "--name", PREFIX, "--uplink", "none", "--listen", "udp://127.0.0.1:0"],
    ["server", "--registry", "ftp://registry.example", "--name", PREFIX, "--uplink", "unix:///nowhere"],
    ["client", "--upstream", "http://127.0.0.1:9", "--name", PREFIX, "--router", "127.0.0.1:9", "--memory", "3"],
    ["client", "--upstream", "http://127.0.0.1:9", "--name", PREFIX, "--router", "127.0.0.1:9", "--congestion", "luck"],
    ["forwarder", "--cache-size", "much"],
    ["fetch"],
], ids=lambda arguments: " ".join(arguments[:3]))
def test_wrong_usage_is_64(arguments, folder):
    done = registry_ndn(*arguments, folder=folder)
    assert done.returncode == 64, (done.returncode, done.stderr)
    assert done.stderr.strip()
    assert "ready" not in done.stdout


@pytest.fixture
def taken():
    """A port that is in use, over TCP and UDP."""
    stream = socket.socket()
    stream.bind(("127.0.0.1", 0))
    stream.listen()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(stream.getsockname())
    yield "%s:%d" % stream.getsockname()
    stream.close()
    datagrams.close()


def test_taken_ports(taken, folder):
    commands = [
        ["client", "--upstream", "http://127.0.0.1:9", "--name", PREFIX, "--router", "127.0.0.1:9", "--listen", taken],
        ["server", "--registry", "http://127.0.0.1:9", "--name", PREFIX, "--uplink", "none", "--listen",
         f"udp://{taken}"],
        ["forwarder", "--unix", "none", "--udp", taken],
        ["forwarder", "--unix", "none", "--udp", "none", "--tcp", taken],
    ]
    for command in commands:
        done = registry_ndn(*command, folder=folder)
        assert done.returncode == 1, (command, done.returncode, done.stderr)
        assert taken in done.stderr or taken.rpartition(":")[2] in done.stderr, (command, done.stderr)


def test_a_socket_path_that_cannot_be_opened(folder):
    done = registry_ndn("forwarder", "--unix", "/nonexistent/folder/ndn.sock", "--udp", "none", folder=folder)
    assert done.returncode == 1
    assert "/nonexistent/folder/ndn.sock" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_all_stop_cleanly(chain, number):
    forwarder, server, client = chain
    for part in (client, server, forwarder):
        part.program.signal(number)
        assert part.program.wait(10) == 0, part.name
    assert forwarder.program.events("statistics") and server.program.events("statistics")
    assert not forwarder.socket.exists()
