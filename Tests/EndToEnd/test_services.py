"""What those who run the programs as services rely on: variables for options, health checks, and words for systemd."""

import os
import signal
import socket
import subprocess

import pytest

from harness import parts
from harness.parts import PREFIX, ROOT, binary, registry_ndn
from harness.program import Program

NOBODY = 54321


def run(folder, *arguments, timeout=30, **variables) -> subprocess.CompletedProcess:
    return subprocess.run([str(binary()), *map(str, arguments)], env={**os.environ, **variables}, cwd=folder,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)


@pytest.fixture
def program(folder):
    started = []

    def start(name, *arguments, **variables):
        started.append(Program(name, [binary(), *arguments], folder, environment=variables, cwd=folder))
        return started[-1]
    yield start
    for each in started:
        each.stop()


# Variables

def test_a_client_a_server_and_a_forwarder_are_run_by_variables_alone(program, folder, shared_registry, blob):
    digest, octets = blob(300_000)
    forwarder = program("forwarder", "forwarder", DOCKER_NDN_UNIX=f"{folder}/f.sock", DOCKER_NDN_UDP="none")
    assert forwarder.ready() == f"unix://{folder}/f.sock"
    server = program("server", "server", DOCKER_NDN_UPLINK=f"unix://{folder}/f.sock", DOCKER_NDN_NAME=PREFIX,
                     DOCKER_NDN_REGISTRY=shared_registry.url)
    server.ready()
    client = program("client", "client", DOCKER_NDN_UPSTREAM=shared_registry.url, DOCKER_NDN_NAME=PREFIX,
                     DOCKER_NDN_ROUTER=f"unix://{folder}/f.sock", DOCKER_NDN_LISTEN="127.0.0.1:0 [::1]:0")
    address = parts.authority(client.ready())
    assert client.find(lambda line: line.startswith("ready http://[::1]:"))
    got = subprocess.run(["curl", "-s", f"http://{address}/v2/demo/blobs/blobs/{digest}"], capture_output=True, check=True)
    assert got.stdout == octets
    assert client.event("request", lambda event: event.get("digest") == digest)["source"] == "ndn"
    assert not [event for event in client.events() if "means nothing" in event["message"]]


def test_the_command_line_goes_before_a_variable(program, folder):
    forwarder = program("forwarder", "forwarder", "--unix", f"{folder}/line.sock", "--udp=none",
                        DOCKER_NDN_UNIX=f"{folder}/variable.sock", DOCKER_NDN_UDP="nonsense")
    assert forwarder.ready() == f"unix://{folder}/line.sock"


def test_a_switch_is_on_with_1_and_off_with_0(program, folder):
    for value, is_on in (("1", True), ("true", True), ("0", False), ("no", False)):
        client = program("client", "client", "--upstream", "http://127.0.0.1:9", "--name", PREFIX, "--listen",
                         "127.0.0.1:0", "--router", f"{folder}/no.sock", DOCKER_NDN_INSECURE=value)
        client.ready()
        client.stop()
        assert any("certificates are NOT checked" in line for line in client.lines) == is_on, value
    done = run(folder, "client", DOCKER_NDN_INSECURE="perhaps")
    assert done.returncode == 64 and "DOCKER_NDN_INSECURE=perhaps: write 1" in done.stderr, done.stderr


@pytest.mark.parametrize("command, variable, value", [
    ("forwarder", "DOCKER_NDN_MTU", "none"), ("forwarder", "DOCKER_NDN_UDP", "::nonsense::"),
    ("server", "DOCKER_NDN_SOURCE_RATE", "0"), ("client", "DOCKER_NDN_ROUTER", "ftp://a")])
def test_what_is_wrong_with_an_option_names_the_variable_that_gave_it(folder, command, variable, value):
    enough = {"DOCKER_NDN_REGISTRY": "http://127.0.0.1:9", "DOCKER_NDN_NAME": PREFIX, "DOCKER_NDN_UPLINK": "none",
              "DOCKER_NDN_LISTEN": "udp://127.0.0.1:0" if command == "server" else "127.0.0.1:0",
              "DOCKER_NDN_UPSTREAM": "http://127.0.0.1:9", "DOCKER_NDN_UNIX": "none"}
    done = run(folder, command, **enough, **{variable: value})
    assert done.returncode == 64, done
    said = [line for line in done.stderr.splitlines() if "is given by the variable" in line]
    option = "--" + variable.removeprefix("DOCKER_NDN_").lower().replace("_", "-")
    assert said == [f"{option} is given by the variable {variable}."], done.stderr


def test_a_server_also_takes_options_from_env(program, folder):
    (folder / ".env").write_text(f"DOCKER_NDN_REGISTRY=http://127.0.0.1:9\nDOCKER_NDN_NAME={PREFIX}\n"
                                 f"DOCKER_NDN_LISTEN=unix://{folder}/s.sock\n")
    assert program("server", "server").ready() == f"unix://{folder}/s.sock"


def test_a_variable_of_no_option_is_named(program, folder):
    forwarder = program("forwarder", "forwarder", "--unix", f"{folder}/f.sock", "--udp", "none",
                        DOCKER_NDN_CASH_SIZE="1G", DOCKER_NDN_STALL_TIMEOUT="1m")
    forwarder.ready()
    ignored = [event["message"].split()[0] for event in forwarder.events() if "means nothing" in event["message"]]
    assert ignored == ["DOCKER_NDN_CASH_SIZE"], "that of another program is fine"


def test_a_plain_user_gives_variables_as_root_does(folder, needs_root):
    """Whose forwarder has its socket where another variable says."""
    folder.chmod(0o755)
    own = folder / "own"
    own.mkdir()
    os.chown(own, NOBODY, NOBODY)
    for parent in own.parents:
        if parent.stat().st_mode & 0o005 != 0o005 and parent.is_relative_to(folder.parent):
            parent.chmod(parent.stat().st_mode | 0o005)
    forwarder = subprocess.Popen(
        [binary(), "forwarder"], env={**os.environ, "XDG_RUNTIME_DIR": str(own), "DOCKER_NDN_UDP": "none"}, cwd=own, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, user=NOBODY, group=NOBODY)
    try:
        assert forwarder.stdout.readline() == f"ready unix://{own}/registry-ndn.sock\n"
    finally:
        forwarder.terminate()
        assert forwarder.wait(10) == 0


# Health

def test_health_tells_whether_a_client_serves_its_registry(start):
    registry = start.own_registry()
    client = start.client(router="/nowhere.sock", registry=registry)
    done = registry_ndn("health", f"http://{client.address}", folder=client.folder)
    assert (done.returncode, done.stdout) == (0, f"http://{client.address} answers 200 OK\n"), done
    by_variable = run(client.folder, "health", DOCKER_NDN_LISTEN=f"{client.address}=quay.io 127.0.0.1:1")
    assert by_variable.returncode == 0 and client.address in by_variable.stdout, by_variable
    registry.stop()
    done = registry_ndn("health", f"http://{client.address}", folder=client.folder)
    assert done.returncode == 1 and "answers 502" in done.stderr, done
    client.stop()
    done = registry_ndn("health", f"http://{client.address}", folder=client.folder)
    assert done.returncode == 1 and "does not answer" in done.stderr, done


def test_health_does_not_wait_for_long(folder):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = registry_ndn("health", url, "--timeout", "300ms", folder=folder, timeout=10)
    assert done.returncode == 1 and f"{url} does not answer" in done.stderr, done


def test_health_refuses_what_is_no_url(folder):
    done = registry_ndn("health", "127.0.0.1:5000", folder=folder)
    assert done.returncode == 64 and "http://host:port" in done.stderr, done


# systemd

@pytest.mark.parametrize("is_abstract", [False, True])
def test_systemd_is_told_that_a_program_is_ready_and_that_it_ends(program, folder, is_abstract):
    name = f"@registry-ndn-{folder.name}" if is_abstract else f"{folder}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0"))
        manager.settimeout(10)
        forwarder = program("forwarder", "forwarder", "--unix", f"{folder}/f.sock", "--udp", "none", NOTIFY_SOCKET=name)
        assert manager.recv(100) == b"READY=1"
        assert os.path.exists(f"{folder}/f.sock")
        forwarder.signal(signal.SIGTERM)
        assert manager.recv(100) == b"STOPPING=1"
        assert forwarder.wait() == 0


@pytest.mark.parametrize("name", ["/nowhere/notify", "relative", "/" + "long" * 40, "@"])
def test_a_program_runs_on_where_nobody_takes_its_word(program, folder, name):
    forwarder = program("forwarder", "forwarder", "--unix", f"{folder}/f.sock", "--udp", "none", NOTIFY_SOCKET=name)
    forwarder.ready()
    assert forwarder.stop() == 0
