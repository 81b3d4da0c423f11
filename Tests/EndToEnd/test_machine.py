"""The program on the machine that it runs on: its log, descriptors, signals, arguments and environment."""

from __future__ import annotations

import fcntl
import http.client
import os
import pty
import shutil
import signal
import socket
import subprocess
import termios
import time
import urllib.error
import urllib.request

import pytest

from harness import blobs
from harness.parts import PREFIX, ROOT, binary, registry_ndn
from harness.program import Program, event_of

NOBODY = 54321
CLIENT = [binary(), "client", "--upstream", "http://127.0.0.1:9", "--name", PREFIX, "--router", "127.0.0.1:9",
          "--listen", "127.0.0.1:0"]


def forwarder(folder):
    return [binary(), "forwarder", "--unix", folder / "ndn.sock", "--udp", "none"]


@pytest.fixture
def running(folder):
    """Starts a command in the test's folder, waits until it is ready, and ends it with the test."""
    started = []

    def start(command, **keywords):
        process = subprocess.Popen(list(map(str, command)), cwd=folder, **{
            "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, **keywords})
        started.append(process)
        line = process.stdout.readline().decode()
        assert line.startswith("ready "), (line, process.poll())
        process.uri = line.split()[1]
        return process
    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def program(folder):
    """The same for commands whose lines are looked at."""
    started = []

    def start(name, *arguments, **keywords):
        started.append(Program(name, arguments, folder, cwd=folder, **keywords))
        return started[-1]
    yield start
    for made in started:
        made.stop()


# The log

@pytest.fixture
def unread():
    """The two ends of a pipe of one page, which nobody reads."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    yield reading, writing
    for descriptor in (reading, writing):
        try:
            os.close(descriptor)
        except OSError:
            pass


def ask_often(uri, count, length):
    """Requests whose lines in the log have at least so many characters (256 of a path at most); of a method that is not repeated."""
    connection = http.client.HTTPConnection(uri.removeprefix("http://"), timeout=10)
    for number in range(count):
        connection.request("POST", f"/v2/{number}/{'x' * length}")
        with connection.getresponse() as answer:
            assert answer.status >= 400
            answer.read()
    connection.close()


def test_a_program_serves_and_ends_while_nobody_reads_its_log(running, unread):
    client = running(CLIENT, stderr=unread[1])
    ask_often(client.uri, 40, 300)
    assert not fcntl.fcntl(unread[1], fcntl.F_GETFL) & os.O_NONBLOCK, "others share the pipe"
    client.terminate()
    assert client.wait(10) == 0


def test_lines_that_nobody_reads_are_dropped_and_counted(running, unread):
    client = running(CLIENT, stderr=unread[1])
    # The queue holds 1 MiB.
    count, length = 4000, 240
    ask_often(client.uri, count, length)
    os.close(unread[1])
    seen, lost = 0, 0
    with os.fdopen(unread[0], closefd=False) as lines:
        for line in lines:
            event = event_of(line.strip())
            assert event, line
            if event["message"] == "request":
                assert int(event["path"].split("/")[2]) == seen + lost, "lines are missing or moved"
                seen += 1
            elif "missing here" in event["message"]:
                lost += event["lines"]
                client.terminate()
            if seen + lost == count:
                break
    assert seen > 1000 and 0 < lost < 3000, (seen, lost)
    assert client.wait(10) == 0


def test_a_log_whose_reader_has_gone_stops_nobody(running, unread):
    client = running(CLIENT, stderr=unread[1])
    os.close(unread[0])
    ask_often(client.uri, 3, 10)
    client.terminate()
    assert client.wait(10) == 0


def test_closed_descriptors_do_not_become_sockets(running, folder):
    process = running(["sh", "-c", 'exec "$@" 0<&- 2>&-', "sh", *forwarder(folder)])
    places = [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in (0, 2)]
    assert places == ["/dev/null", "/dev/null"]


def test_people_at_a_terminal_read_text_and_programs_json(folder):
    leader, follower = pty.openpty()
    process = subprocess.Popen([binary(), "server", "--registry", "http://127.0.0.1:9", "--name", PREFIX, "--uplink", "none",
                                "--listen", "udp://127.0.0.1:0"], cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=follower)
    os.close(follower)
    shown = ""
    while "Data is signed" not in shown:
        shown += os.read(leader, 4096).decode()
    process.stdout.readline()
    process.terminate()
    assert process.wait(10) == 0
    os.close(leader)
    assert " info " in shown and "Data is signed" in shown and "{" not in shown, shown


# Signals

def test_sighup_ends_no_program_and_sigusr1_asks_for_statistics(chain, blob):
    forwarder, server, client = chain
    for part in chain:
        part.program.signal(signal.SIGHUP)
        part.program.event("SIGHUP: there is nothing to read again")
    digest, octets = blob(100_000)
    urllib.request.urlopen(f"http://{client.address}/v2/demo/blobs/blobs/{digest}", timeout=20).read()
    client.request(digest)
    counted = client.program.statistics()
    assert (counted["requests"], counted["ndn_bytes"], counted["fallbacks"]) == (1, len(octets), 0), counted
    assert client.program.events("statistics")[-1]["path"] == "up"
    assert forwarder.program.statistics()["interests"] > 0 and server.program.statistics()["data"] > 0
    assert all(part.program.running for part in chain)


def documented_statistics():
    """The keys that docs/statistics.md explains, for each program."""
    keys, chapter = {}, None
    for line in (ROOT / "docs" / "statistics.md").read_text().splitlines():
        if line.startswith("## "):
            chapter = keys.setdefault(line[3:].lower(), set())
        elif line.startswith("| `"):
            name, unit, words = (cell.strip() for cell in line.strip("|").split("|"))
            assert unit and words.endswith("."), line
            chapter.add(name.strip("`"))
    return keys


def test_every_key_of_the_statistics_is_explained(chain):
    explained = documented_statistics()
    for part in chain:
        part.program.statistics()
        printed = set(part.program.events("statistics")[-1]) - {"time", "level", "message"}
        assert printed == explained[part.name], part.name


def test_the_statistics_say_whether_a_router_was_reached(start, folder, blob, free_udp_port):
    def path(client):
        client.program.statistics()
        return client.program.events("statistics")[-1]["path"]
    assert path(start.client(router=f"unix://{folder}/nobody.sock")) == "no router"
    client = start.client(router=f"127.0.0.1:{free_udp_port}", name="other")
    assert path(client) == "not yet tried"
    digest, octets = blob(100_000)
    assert blobs.get(client.address, "demo/blobs", digest) == octets
    assert path(client) == "down"


def test_the_client_ends_at_once_when_nothing_is_under_way(chain, blob):
    client = chain[2]
    connection = http.client.HTTPConnection(client.address, timeout=20)
    for _ in range(2):
        connection.request("GET", "/v2/")
        connection.getresponse().read()
    # Whoever has the answer is a moment ahead of the line that says so.
    deadline = time.monotonic() + 10
    while len(client.program.events("request")) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    begin = time.monotonic()
    client.program.signal(signal.SIGTERM)
    assert client.program.wait() == 0 and time.monotonic() - begin < 3  # what transfers are given
    assert not [event for event in client.program.events() if event["message"].startswith("ending")]
    connection.close()


def test_the_client_says_what_it_waits_for_when_it_ends(start, blob):
    digest, octets = blob(64 << 20)
    client = start.client(router=start.server().udp)
    with socket.create_connection(client.address.split(":")) as connection:
        connection.sendall(f"GET /v2/demo/blobs/blobs/{digest} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        client.program.signal(signal.SIGTERM)
        event = client.program.event("ending: transfers that are under way are given 3 s", timeout=1.5)
        assert event["transfers"] == 1
        assert client.program.wait(10) is not None


@pytest.mark.parametrize("command", [
    ["forwarder", "--unix", "none", "--udp", "127.0.0.1:0", "--cache-size", "1000TiB"], [*CLIENT[1:], "--memory", "1000TiB"],
], ids=lambda command: command[0])
def test_more_memory_than_there_is_is_warned_of(program, command):
    made = program(command[0], binary(), *command)
    made.ready()
    event = made.find(lambda line: "three quarters of the memory" in line and event_of(line))
    assert event["level"] == "warning" and event["message"].startswith(command[-2]), event
    assert event["size"] == "1000TiB" and "B" in (event.get("memory") or event["memory_limit"]), event


@pytest.mark.parametrize("ignores", [False, True], ids=["", "nohup"])
def test_a_program_ends_with_its_terminal_unless_told_not_to(running, folder, ignores):
    leader, follower = pty.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(follower, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_IGN if ignores else signal.SIG_DFL)
    process = running(forwarder(folder), preexec_fn=take_terminal)
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    os.close(follower)
    os.close(leader)
    if ignores:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.terminate()
    assert process.wait(10) == 0


# Arguments

def test_arguments_do_not_depend_on_where_the_environment_lies(folder):
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        pytest.skip("no C compiler")
    source, library = folder / "preload.c", folder / "preload.so"
    source.write_text('#include <stdlib.h>\n'
                      '__attribute__((constructor)) static void begin(void) { setenv("A_NEW_ONE", "1", 1); }\n')
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    done = subprocess.run([binary(), "forwarder", "--nonsense"], env={**os.environ, "LD_PRELOAD": str(library)}, cwd=folder,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 64 and "--nonsense" in done.stderr, done


def test_arguments_do_not_depend_on_proc(folder, needs_root):
    done = subprocess.run(["unshare", "-m", "sh", "-c", 'umount -l /proc && exec "$@"', "sh", binary(), "forwarder",
                           "--nonsense"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 64 and "--nonsense" in done.stderr, done


# Environment

SERVER = [binary(), "server", "--uplink", "none", "--listen", "udp://127.0.0.1:0"]


def test_a_shared_env_file_with_crlf_and_a_byte_order_mark_is_read(program, folder):
    (folder / ".env").write_bytes(
        b"\xef\xbb\xbf# of several programs\r\nCOMPOSE_PROFILES\r\nDOCKER_NDN_REGISTRY=http://127.0.0.1:9 # near\r\n"
        b"DOCKER_NDN_NAME=/other\r\nexport DOCKER_NDN_NAME='/example/docker'\r\nDOCKER_NDN_REPOSITORIES=\"team/*\"\r\nDOCKER_NDN_LOG=debug\r\n"
        b"DOCKER_NDN_REPOSITORY=other\r\n")
    server = program("server", *SERVER)
    server.ready()
    server.stop()
    messages = [event["message"] for event in server.events()]
    assert any("lines 2" in message for message in messages), messages
    assert any("./.env: DOCKER_NDN_NAME stands in lines 4, 5, of which the last" in message for message in messages), messages
    assert any(message.startswith("DOCKER_NDN_REPOSITORY means nothing") for message in messages), messages
    assert any(event["level"] == "debug" for event in server.events()), messages


def test_an_env_line_that_is_meant_for_us_is_never_lost_silently(folder):
    (folder / ".env").write_text(f"DOCKER_NDN_REGISTRY=http://127.0.0.1:9\nDOCKER_NDN_NAME={PREFIX}\n"
                                 "DOCKER_NDN_REPOSITORIES team/*\n")
    done = registry_ndn(*SERVER[1:], folder=folder)
    assert done.returncode == 64 and "line 3" in done.stderr, done


def test_a_list_of_repositories_that_names_none_does_not_make_all_public(folder):
    (folder / ".env").write_text(f"DOCKER_NDN_REGISTRY=http://127.0.0.1:9\nDOCKER_NDN_NAME={PREFIX}\nDOCKER_NDN_REPOSITORIES=,,\n")
    done = registry_ndn(*SERVER[1:], folder=folder)
    assert done.returncode == 64 and "DOCKER_NDN_REPOSITORIES names no repository" in done.stderr, done


def test_a_server_is_ready_once_it_listens_at_all_of_its_addresses(folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = registry_ndn("server", "--registry", "http://127.0.0.1:9", "--name", PREFIX, "--uplink", "none", "--listen",
                            f"unix://{folder}/s.sock", "--listen", f"tcp://127.0.0.1:{other.getsockname()[1]}", folder=folder)
    assert done.returncode == 1 and "ready" not in done.stdout + done.stderr, done
    assert "beyond this machine" not in done.stderr, "a Unix socket is of this machine"


def test_a_server_without_a_home_goes_on_without_keys(folder, needs_root):
    environment = {key: value for key, value in os.environ.items() if key not in ("HOME", "XDG_DATA_HOME")}
    command = [*SERVER, "--registry", "http://127.0.0.1:9", "--name", PREFIX]
    process = subprocess.Popen(list(map(str, command)), env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, user=NOBODY, group=NOBODY,
                               extra_groups=[])
    line = process.stdout.readline()
    process.terminate()
    log = process.stderr.read()
    assert process.wait(10) == 0 and line.startswith("ready "), (line, log)
    assert "going on without keys" in log, log


# What people type

def test_passphrase_files_are_named_by_their_option_and_read_with_a_byte_order_mark(folder):
    words = folder / "words"
    words.write_bytes(b"secret\r\n")
    marked = folder / "marked"
    marked.write_bytes(b"\xef\xbb\xbfsecret\n")
    chains = [["--keychain", folder / name] for name in ("first", "second")]

    def run(*arguments):
        return registry_ndn(*arguments, folder=folder)
    assert run("keygen", "/a/key", *chains[0]).returncode == 0
    done = run("cert", "export", *chains[0], "--bag-passphrase-file", words, "-o", folder / "bag")
    assert done.returncode == 0, done.stderr
    done = run("cert", "import", folder / "bag", *chains[1], "--bag-passphrase-file", folder / "none")
    assert done.returncode == 1 and "--bag-passphrase-file" in done.stderr, done
    done = run("cert", "import", folder / "bag", *chains[1], "--bag-passphrase-file", marked)
    assert done.returncode == 0, done.stderr


def test_the_version_says_what_the_program_is_made_of(folder):
    done = registry_ndn("--version", folder=folder)
    assert done.returncode == 0 and done.stdout.startswith("registry-ndn "), done
    assert "swift-nio " in done.stdout and "commit " in done.stdout, done.stdout


@pytest.mark.parametrize("arguments, said", [
    (["help", "typo"], ["no subcommand 'typo'", "client"]),
    (["help", "cert", "typo"], ["registry-ndn cert has no subcommand", "import"]),
    (["server", "--name", PREFIX], ["--registry is missing", "Usage: registry-ndn server "]),
    (["client", "--upstream", "http://127.0.0.1:9", "--name", PREFIX, "--timeout", "soon"],
     ["--timeout", '"soon" is not a duration', "1h30m", "Usage: registry-ndn client "]),
    (["forwarder", "--cache-size", "much"], ["--cache-size", '"much" is not a size', "64MiB",
                                             "Usage: registry-ndn forwarder "]),
], ids=lambda value: " ".join(value[:3]))
def test_a_refusal_says_why_and_how_the_subcommand_is_used(arguments, said, folder):
    done = registry_ndn(*arguments, folder=folder)
    assert done.returncode == 64, done
    assert all(part in done.stderr for part in said), done.stderr


def test_help_names_the_units(folder):
    done = registry_ndn("help", "client", folder=folder)
    assert done.returncode == 0 and "--timeout <duration>" in done.stdout and "(default: 10m)" in " ".join(done.stdout.split()), done.stdout
