"""What people type: fetch, wrong options, taken ports, clean stops."""

import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from ndn.security import DigestSha256Signer

from harness.parts import PREFIX, binary, blob_name, registry_ndn
from harness.trust import PacketProducer, segments

REPOSITORY = "demo/blobs"


def test_fetch_writes_the_blob(chain, blob, folder):
    digest, octets = blob(5_000_000)
    target = folder / "blob"
    done = registry_ndn("fetch", blob_name(REPOSITORY, digest), "-o", target, "--router", chain[0].unix, folder=folder)
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == octets


def test_fetch_takes_prefix_repository_and_digest(chain, blob, folder):
    digest, octets = blob(300_000)
    target = folder / "blob"
    for words in ([PREFIX, REPOSITORY, digest], [PREFIX, REPOSITORY, digest.removeprefix("sha256:").upper()],
                  [f"{PREFIX}/{quote(REPOSITORY, safe='')}/{digest}"]):
        done = registry_ndn("fetch", *words, "-o", target, "--router", chain[0].unix, folder=folder)
        assert done.returncode == 0, done.stderr
        assert target.read_bytes() == octets
        target.unlink()


def test_fetch_says_who_is_missing(start, blob, folder, shared_registry):
    digest, _ = blob(300_000)
    unknown = "sha256:" + "3" * 64

    def fetch(router, *words):
        done = registry_ndn("fetch", *words, "-o", folder / "blob", "--router", router, folder=folder)
        assert done.returncode == 1 and "no further segments" not in done.stderr, done.stderr
        assert f"{words[0]} {words[1]} {words[2]}" in done.stderr, done.stderr
        return done.stderr
    forwarder = start.forwarder()
    assert "no route to /example/docker" in fetch(forwarder.unix, PREFIX, REPOSITORY, digest)
    start.server(uplink=forwarder.unix)
    assert "its registry does not know the repository" in fetch(forwarder.unix, PREFIX, REPOSITORY, unknown)
    assert "no route to /nowhere" in fetch(forwarder.unix, "/nowhere", REPOSITORY, digest)
    # As a slash that is not written %2F in one name of all.
    begin = time.monotonic()
    said = fetch(forwarder.unix, f"{PREFIX}/demo", "blobs", digest)
    assert f"one of {PREFIX} does: if it is meant, write {PREFIX} {REPOSITORY} {digest}" in said, said
    assert time.monotonic() - begin < 7, "nobody answers: that needs no more patience"


def test_fetch_says_that_the_registry_or_everybody_is_silent(start, blob, folder):
    digest, _ = blob(300_000)
    registry = start.own_registry()
    server = start.server(registry=registry)
    registry.stop()
    work = [[PREFIX, REPOSITORY, digest, server.udp], [PREFIX, REPOSITORY, digest, "127.0.0.1:9"]]
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda words: registry_ndn(
            "fetch", *words[:3], "-o", folder / words[3], "--router", words[3], folder=folder), work))
    assert "its registry does not answer" in done[0].stderr, done[0].stderr
    assert "is there: waiting for it" in done[0].stderr, done[0].stderr
    assert "nothing answers at" in done[1].stderr, done[1].stderr


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_removes_the_part_file(start, blob, folder, number):
    digest, octets = blob(2_000_000)
    packets = segments(REPOSITORY, digest, octets, DigestSha256Signer())
    producer = start.keep(PacketProducer(packets[:60] + packets[-1:]))
    with subprocess.Popen([binary(), "fetch", PREFIX, REPOSITORY, digest, "-o", folder / "blob", "--progress-timeout", "60", "--router",
                           producer.address], cwd=folder, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as program:
        producer.until(lambda: producer.answered >= 61)
        program.send_signal(number)
        _, words = program.communicate(timeout=20)
    assert program.returncode == 1 and f"ended by {number.name}".encode() in words, words
    assert not list(folder.glob("blob*"))


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
    ["fetch", PREFIX, "demo/blobs"],
    ["fetch", PREFIX, "Not A Repository", "sha256:" + "0" * 64],
    ["fetch", PREFIX, "demo/blobs", "sha256:0"],
    [],
    ["cert"],
    ["strategy"],
], ids=lambda arguments: " ".join(arguments[:3]) or "nothing")
def test_wrong_usage_is_64(arguments, folder):
    done = registry_ndn(*arguments, folder=folder)
    assert done.returncode == 64, (done.returncode, done.stderr)
    assert done.stderr.strip()
    assert "ready" not in done.stdout


@pytest.mark.parametrize("arguments, words", [
    (["fech", PREFIX], "did you mean 'fetch'?"),
    (["help", "fech"], "did you mean 'fetch'?"),
    (["forwarder", "--cahce-size", "1M"], "Did you mean '--cache-size'?"),
    (["fetch", "--retx", "-1", PREFIX], "-1 is negative: write a whole number from 0 to 254"),
    (["forwarder", "--cache-size", "-5"], "'-5' is invalid for '--cache-size <size>'"),
    (["ping", PREFIX, "--fch-position", "-33.8,251.2"], "such as 50.8,4.4"),
    ([], "no subcommand is given"),
    (["client", "--upstream", "http://127.0.0.1:9", "--name", PREFIX, "--name", PREFIX], "--name is given twice"),
    (["fetch", PREFIX, "-o", "a", "--output", "b"], "--output is given twice"),
    (["ping", PREFIX, "--router", "localhost:0"], "nobody can be reached at port 0"),
    (["routes", "--router", "/tmp"], "is a folder, not the socket of a forwarder"),
    (["server", "--registry", "http://127.0.0.1:9", "--name", PREFIX, "--uplink", "unix:///tmp"], "is a folder"),
    (["server", "--registry", "file:///tmp", "--name", PREFIX, "--uplink", "none", "--listen", "udp://127.0.0.1:0"],
     "there is no docker/registry/v2/blobs in it; name the folder"),
    (["server", "--registry", "http://127.0.0.1:9", "--name", PREFIX, "--listen", "tcp://127.0.0.1:6399", "--listen",
      "tcp://127.0.0.1:6399"], "this address is given twice"),
    (["client", "--upstream", "http://127.0.0.1:9", "--name", PREFIX, "--listen", "127.0.0.1:5999", "--listen",
      "127.0.0.1:5999"], "--listen 127.0.0.1:5999 is given twice"),
    (["client", "--upstream", "http://127.0.0.1:9", "--name", PREFIX, "--name", PREFIX], "Usage: registry-ndn client "),
    (["server", "--registry", "http://127.0.0.1:9", "--name", PREFIX, "--listen", "unix:///tmp/a.sock", "--listen",
      "unix:///tmp/./a.sock"], "this address is given twice"),
    (["forwarder", "--route", "/a=localhost", "--route", "/a=udp://localhost:6363"], "is given twice"),
    (["forwarder", "--route", "a=localhost"], "the prefix is not an NDN name"),
    (["forwarder", "--route", "/a=localhost,cost=x"], "the cost x is no whole number"),
    (["forwarder", "--route", "/a=localhost,10"], "write PREFIX=FACE,cost=N"),
    (["forwarder", "--route", "/a=224.0.23.170"], "udp://224.0.23.170:6363 is the address of a group, not of one machine"),
    (["forwarder", "--route", "/a=tcp://[::]:6363"], "tcp://[::]:6363 is all addresses of a machine"),
    (["forwarder", "--unix", "/tmp/a.sock", "--route", "/a=/tmp/./a.sock"], "leads to the forwarder's own socket"),
    (["register", "/a", "--face", "udp://[ff02::1234]:6363"], "is the address of a group, not of one machine"),
    (["register", "/a", "--face", "0.0.0.0"], "name one, such as 127.0.0.1 for this machine"),
    (["register", "/a", "--face", "-1"], "the number of a face is 1 or more"),
], ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "")
def test_what_is_wrong_is_said(arguments, words, folder):
    done = registry_ndn(*arguments, folder=folder)
    assert done.returncode == 64 and words in done.stderr, (done.returncode, done.stderr)


def test_help_is_no_error(folder):
    for arguments in (["--help"], ["help"], ["help", "client"], ["client", "--help"], ["cert", "--help"]):
        done = registry_ndn(*arguments, folder=folder)
        assert done.returncode == 0 and "USAGE" in done.stdout and not done.stderr, (arguments, done)


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
