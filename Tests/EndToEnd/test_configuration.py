"""The configuration file of client, server and forwarder: docs/configuration.md."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import tomllib

import pytest

from harness import parts, tls
from harness.parts import PREFIX, ROOT, binary
from harness.program import Program
from harness.registry import run

NOWHERE = "127.0.0.1:9"


def call(folder, *arguments, **variables) -> subprocess.CompletedProcess:
    return subprocess.run([str(binary()), *map(str, arguments)], env={**os.environ, **variables}, cwd=folder, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)


@pytest.fixture
def program(folder):
    started = []

    def start(name, *arguments, **variables):
        started.append(Program(name, [binary(), name, *arguments], folder, environment=variables, cwd=folder))
        return started[-1]
    yield start
    for each in started:
        each.stop()


def hang_up(program) -> int:
    """Sends SIGHUP; the number of the line from which on what follows stands."""
    start = len(program.lines)
    program.signal(signal.SIGHUP)
    return start


# In force

def test_one_file_runs_all_three(program, folder, shared_registry, blob):
    digest, octets = blob(300_000)
    (folder / "all.toml").write_text(
        f'[forwarder]\nunix = "{folder}/f.sock"\nudp = "none"\n'
        f'[server]\nregistry = "{shared_registry.url}"\nname = "{PREFIX}"\nuplink = "unix://{folder}/f.sock"\n'
        f'[client]\nupstream = "{shared_registry.url}"\nname = "{PREFIX}"\nrouter = "{folder}/f.sock"\n'
        'listen = ["127.0.0.1:0", "[::1]:0"]\n')
    program("forwarder", "--config", "all.toml").ready()
    program("server", DOCKER_NDN_CONFIG="all.toml").ready()
    client = program("client", "--config=all.toml")
    address = parts.authority(client.ready())
    assert client.find(lambda line: line.startswith("ready http://[::1]:"))
    got = subprocess.run(["curl", "-s", f"http://{address}/v2/demo/blobs/blobs/{digest}"], capture_output=True, check=True)
    assert got.stdout == octets
    assert client.event("request", lambda event: event.get("digest") == digest)["source"] == "ndn"


def test_the_command_line_goes_before_the_variable_before_dotenv_before_the_file(folder):
    (folder / "c.toml").write_text('registry = "http://file"\nname = "/file"\ncredentials = "file.json"\n'
                                   'mtu = 1400\nrepository = ["file"]\ncache-size = "1MiB"\n')
    (folder / ".env").write_text("# mine\nDOCKER_NDN_NAME=/env\nDOCKER_NDN_REPOSITORIES=env/*,other\nDOCKER_NDN_CACHE_SIZE=3MiB\n")
    done = call(folder, "server", "--config", "c.toml", "--registry", "http://line", "--print-config",
                DOCKER_NDN_REGISTRY="http://variable", DOCKER_NDN_NAME="/variable", DOCKER_NDN_MTU="1300")
    assert done.returncode == 0, done.stderr
    said = dict(re.findall(r"^([\w-]+) = .*  # (.*)$", done.stdout, re.MULTILINE))
    assert tomllib.loads(done.stdout)["server"] == {
        "registry": "http://line", "name": "/variable", "mtu": 1300, "repository": ["env/*", "other"],
        "credentials": "file.json", "cache-size": "3MiB"}
    assert said == {
        "registry": "command line", "name": "variable DOCKER_NDN_NAME", "mtu": "variable DOCKER_NDN_MTU",
        "repository": "variable DOCKER_NDN_REPOSITORIES in ./.env:3", "credentials": "c.toml:3:1",
        "cache-size": "variable DOCKER_NDN_CACHE_SIZE in ./.env:4"}


@pytest.mark.parametrize("command", ["client", "server", "forwarder"])
def test_what_is_printed_is_a_file_that_gives_the_same(folder, command):
    enough = {"client": ["--upstream", "http://a", "--name", "/a", "--listen", "127.0.0.1:0", "--listen", "[::1]:0", "--insecure"],
              "server": ["--name", '/quote"', "--listen", "udp://127.0.0.1:0"], "forwarder": ["--unix-mode", "600"]}[command]
    first = call(folder, command, *enough, "--print-config", DOCKER_NDN_PROXY="http://me:secret@proxy:3128")
    assert first.returncode == 0 and "secret" not in first.stdout, first
    assert ("DOCKER_NDN_PROXY" in first.stdout) == (command != "forwarder")
    (folder / "printed.toml").write_text(first.stdout)
    second = call(folder, command, "--config", "printed.toml", "--print-config")
    assert tomllib.loads(second.stdout) == tomllib.loads(first.stdout) and second.returncode == 0, second
    (options,) = tomllib.loads(first.stdout).values()
    assert len(options) == {"client": 4, "server": 2, "forwarder": 1}[command]


def test_a_route_has_its_cost_in_the_file_and_in_the_variable_too(folder):
    routes = ["/a=udp://a.example,cost=10", "/a=udp://b.example"]
    (folder / "c.toml").write_text(f"route = {routes}\n")
    for more, variables in ((["--config", "c.toml"], {}), ([], {"DOCKER_NDN_ROUTE": " ".join(routes)})):
        done = call(folder, "forwarder", *more, "--print-config", **variables)
        assert done.returncode == 0 and tomllib.loads(done.stdout)["forwarder"]["route"] == routes, done
    (folder / "c.toml").write_text('\nroute = ["/a=udp://a.example,cost=ten"]\n')
    done = call(folder, "forwarder", "--config", "c.toml")
    assert done.returncode == 64 and "c.toml:2:" in done.stderr and "the cost ten is no whole number" in done.stderr, done
    done = call(folder, "forwarder", DOCKER_NDN_ROUTE="/a=udp://a.example,cost=")
    assert done.returncode == 64 and "DOCKER_NDN_ROUTE" in done.stderr and "the cost after ,cost= is missing" in done.stderr, done


def test_doctor_and_health_go_by_the_file_of_a_client(folder, shared_registry):
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / "c.toml").write_text(f'[client]\nupstream = "{shared_registry.url}"\nname = "/a"\nlisten = "{address}"\n'
                                   'router = "/nowhere.sock"\n')
    done = call(folder, "doctor", "--config", "c.toml")
    assert done.returncode == 1 and address in done.stdout and "/nowhere.sock" in done.stdout, done.stdout
    done = call(folder, "health", DOCKER_NDN_CONFIG="c.toml")
    assert done.returncode == 1 and f"http://{address} does not answer" in done.stderr, done


def test_health_names_the_variable_whose_address_is_wrong(folder):
    done = call(folder, "health", DOCKER_NDN_LISTEN="127.0.0.1:1,127.0.0.1:2")
    words = 'variable DOCKER_NDN_LISTEN: "127.0.0.1:1,127.0.0.1:2" is no address to listen at'
    assert done.returncode == 64 and words in done.stderr and "separated by blanks" in done.stderr, done


# Refused

@pytest.mark.parametrize("text, words", [
    ('\nruoter = "a"', "c.toml:2:1: client has no option ruoter; did you mean router?"),
    ("retx = 300", "c.toml:1:8: The value '300' is invalid for '--retx"),
    ('name = "/a"', "c.toml:1:1: --upstream and --name belong together"),
    ('mirror = ["q=http://q,/q", "x"]', 'c.toml:1:28: The value \'x\' is invalid for \'--mirror'),
    ("retx = [1, ]", "c.toml:1:8: retx takes one value"), ("retx = 1\nretx = 1", "c.toml:2:1: retx is given twice"),
    ('mirrors = "none.toml"', "c.toml:1:11: --mirrors none.toml"), ('[client]\na = "\\q"', "c.toml:2:6: only \\b,"),
])
def test_a_wrong_file_is_refused_with_the_place(folder, text, words):
    (folder / "c.toml").write_text(text)
    done = call(folder, "client", "--config", "c.toml", "--router", NOWHERE)
    assert done.returncode == 64 and f"Error: {words}" in done.stderr, done.stderr


def test_a_file_that_is_not_there_or_no_text_is_refused(folder):
    (folder / "c.toml").write_bytes(b"log = '\xff'")
    for path, words in [("nowhere.toml", "No such file"), (".", "directory"), ("c.toml", "UTF-8")]:
        done = call(folder, "forwarder", "--config", path)
        assert done.returncode == 64 and f"--config {path}: " in done.stderr and words in done.stderr, done.stderr
    done = call(folder, "forwarder", DOCKER_NDN_CONFIG="nowhere.toml")
    assert done.returncode == 64 and "DOCKER_NDN_CONFIG nowhere.toml: No such file" in done.stderr, done.stderr


def test_the_examples_of_the_page_are_read(folder):
    page = (ROOT / "docs" / "configuration.md").read_text()
    examples = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(examples) == 2
    for number, text in enumerate(examples):
        path = folder / f"{number}.toml"
        path.write_text(text)
        meant = tomllib.loads(text)
        for command in [name for name in ("client", "server", "forwarder") if name in meant] or ["client"]:
            done = call(folder, command, "--config", path, "--print-config")
            assert done.returncode == 0, done.stderr
            assert tomllib.loads(done.stdout)[command] == meant.get(command, meant)


@pytest.mark.parametrize("command", ["client", "server", "forwarder"])
def test_the_package_s_files_are_read_with_every_example_in_them(folder, command):
    text = (ROOT / "scripts" / "debian" / f"{command}.toml").read_text()
    (folder / "c.toml").write_text(re.sub(r"^#(?=[a-z])", "", text, flags=re.MULTILINE))
    done = call(folder, command, "--config", "c.toml", "--print-config")
    assert done.returncode == 0 and len(tomllib.loads(done.stdout)[command]) >= 3, done


# Secrets

SECRET = "http://me:sekret@127.0.0.1:9"
CLIENT = ("client", "--name", "/a", "--router", NOWHERE)


@pytest.mark.parametrize("arguments, variables, files", [
    ((*CLIENT, "--upstream", SECRET), {}, {}),
    (("client", "--mirror", f"q.example={SECRET},/b"), {}, {}),
    (CLIENT, {"DOCKER_NDN_UPSTREAM": SECRET}, {}),
    ((*CLIENT, "--config", "c.toml"), {}, {"c.toml": f'upstream = "{SECRET}"'}),
    (("client", "--config", "c.toml"), {}, {"c.toml": f'mirror = ["q.example={SECRET},/b"]'}),
    (("client", "--mirrors", "m.toml"), {}, {"m.toml": f'[[registry]]\nhosts = ["q.example"]\nurl = "{SECRET}"\nname = "/b"'}),
    (("server", "--name", "/a", "--uplink", "none", "--listen", "udp://127.0.0.1:0"), {},
     {".env": f"DOCKER_NDN_REGISTRY={SECRET}\n"}),
    (("server", "--registry", "http://h", "--name", "/a", "--uplink", SECRET), {}, {}),
    ((*CLIENT, "--upstream", "http://h", "--proxy", "me:sekret@h:xx", "--print-config"), {}, {}),
    (("doctor", "--name", "/a", "--upstream", SECRET), {}, {}),
    (("setup", "docker", "--endpoint", SECRET), {}, {}), (("top", "--admin", "me:sekret@h"), {}, {}),
    (("health", SECRET), {}, {}), (("forwarder", SECRET), {}, {}),
])
def test_no_message_has_the_password_of_a_url(folder, arguments, variables, files):
    for name, text in files.items():
        (folder / name).write_text(text)
    done = call(folder, *arguments, **variables)
    said = done.stdout + done.stderr
    assert done.returncode == 64 or "doctor" in arguments and done.returncode, done
    assert "sekret" not in said and ("***@" in said or "--proxy must be" in said), said


def test_no_log_line_has_the_password_of_a_url_that_is_read_again(program, folder):
    file = folder / "c.toml"
    rest = f'name = "/a"\nrouter = "{folder}/no.sock"\nlisten = "127.0.0.1:0"\nadmin = "127.0.0.1:0"\n'
    file.write_text(f'upstream = "http://127.0.0.1:9"\n{rest}')
    client = program("client", "--config", file)
    client.ready()
    admin = parts.authority(client.event("metrics and probes are told")["admin"])
    file.write_text(f'upstream = "{SECRET}"\n{rest}')
    start = hang_up(client)
    failure = client.event("the configuration was not read again, the old one stays in use", start=start)["error"]
    assert "http://***@127.0.0.1:9" in failure and not [line for line in client.lines if "sekret" in line], failure
    events = subprocess.run(["curl", "-sN", "--max-time", "2", f"http://{admin}/events"], capture_output=True, text=True,
                            check=False).stdout
    assert "***@127.0.0.1:9" in events and "sekret" not in events, events


# Files that are none

def test_a_pipe_is_no_configuration(program, folder):
    os.mkfifo(folder / "p")
    for path, kind in [("p", "a pipe"), ("/dev/zero", "a device")]:
        done = call(folder, "forwarder", "--config", path)
        assert done.returncode == 64 and f"--config {path}: this is {kind}, and only a file is read" in done.stderr, done
    file = folder / "c.toml"
    file.write_text(f'unix = "{folder}/f.sock"\nudp = "none"\n')
    forwarder = program("forwarder", "--config", file)
    forwarder.ready()
    file.unlink()
    os.mkfifo(file)
    start = hang_up(forwarder)
    failure = forwarder.event("the configuration was not read again, the old one stays in use", start=start)
    assert "this is a pipe" in failure["error"], failure
    assert forwarder.stop() == 0


def test_the_end_waits_for_no_reload(program, folder, monkeypatch):
    """A credential helper that waits for somebody: SIGTERM ends the program all the same."""
    helper, file, kept = folder / "docker-credential-slow", folder / "c.toml", folder / "kept.json"
    helper.write_text(f"#!/bin/sh\ntouch {folder}/asked\nexec sleep 9\n")
    helper.chmod(0o755)
    kept.write_text('{"credsStore": "slow"}')
    kept.chmod(0o600)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    rest = f'upstream = "http://127.0.0.1:9"\nname = "/a"\nrouter = "{folder}/no.sock"\nlisten = "127.0.0.1:0"\n'
    file.write_text(rest)
    client = program("client", "--config", file)
    client.ready()
    file.write_text(f'{rest}credentials = "{kept}"\n')
    hang_up(client)
    deadline = time.monotonic() + 8
    while not (folder / "asked").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    begin = time.monotonic()
    # A client that is waiting for something of its own has 3 s.
    assert client.stop() == 0 and time.monotonic() - begin < 2.5


@pytest.mark.parametrize("command, wrong, words", [
    ("client", ["--upstream", "http://h", "--name", "/a", "--proxy", "http://h:xx"], "--proxy must be http://"),
    ("server", ["--proxy", "http://u:p@h:xx"], "--proxy must be http://"),
    ("server", ["--registry", "ftp://h"], "the scheme must be https or http"),
    ("server", ["--repository", "A B"], "--repository A B: write a repository"),
    ("forwarder", ["--udp", "h:xx"], "--udp h:xx: "),
    ("forwarder", ["--tcp", "127.0.0.1:6363", "--admin", "localhost:6363"], "are one address"),
    ("client", ["--upstream", "http://h", "--name", "/a", "--listen", "127.0.0.1:5050", "--admin", "127.0.0.1:5050"],
     "--admin 127.0.0.1:5050 and --listen 127.0.0.1:5050 are one address: give each a port of its own")])
def test_what_the_start_would_refuse_is_not_printed(folder, command, wrong, words):
    done = call(folder, command, *wrong, "--print-config")
    assert done.returncode == 64 and words in done.stderr and done.stdout == "", done


# Read again

def test_sighup_takes_the_level_of_the_log_and_says_what_waits(program, folder):
    file = folder / "c.toml"
    file.write_text(f'unix = "{folder}/f.sock"\nudp = "none"\nlog = "notice"\n')
    forwarder = program("forwarder", "--config", file)
    forwarder.ready()
    file.write_text(f'unix = "{folder}/f.sock"\nudp = "127.0.0.1:0"\nlog = "debug"\nmtu = 1400\n')
    start = hang_up(forwarder)
    assert forwarder.event("the configuration was read again", start=start)["file"] == str(file)
    waiting = "is changed, which needs a restart: the old one stays in use"
    assert forwarder.event(f"--udp {waiting}", start=start)["from"] == f"{file}:2:1"
    assert forwarder.event(f"--mtu {waiting}", start=start)["from"] == f"{file}:4:1"
    forwarder.event("--log is changed", start=start)
    # Nothing of a file that is wrong counts.
    file.write_text('log = "error"\nudp = "none\n')
    start = hang_up(forwarder)
    failure = forwarder.event("the configuration was not read again, the old one stays in use", start=start)
    assert failure["error"].startswith(f"{file}:2:7: the closing"), failure
    file.write_text(f'unix = "{folder}/f.sock"\nudp = "none"\nlog = "notice"\n')
    start = hang_up(forwarder)
    forwarder.event("the configuration was read again", start=start)
    assert not [line for line in forwarder.lines[start:] if "restart" in line], "what it was started with is in force"


def request(address, path, *options) -> str:
    return run("curl", "--silent", "--show-error", *options, f"http://{address}{path}")


def test_sighup_takes_other_registries_and_keeps_those_that_stay(program, folder, shared_registry):
    file = folder / "mirrors.toml"

    def registries(*hosts, url=shared_registry.url):
        file.write_text("".join(f'[[registry]]\nhosts = ["{host}"]\nurl = "{url}"\nname = "/{host}"\n' for host in hosts))
    registries("a.example", "b.example")
    client = program("client", "--mirrors", file, "--router", f"{folder}/no.sock", "--listen", "127.0.0.1:0")
    address = parts.authority(client.ready())
    assert "repositories" in request(address, "/v2/_catalog?ns=a.example")
    registries("a.example", "c.example")
    start = hang_up(client)
    client.event("the list of registries was read again", start=start)
    assert "NAME_UNKNOWN" in request(address, "/v2/_catalog?ns=b.example")
    assert "repositories" in request(address, "/v2/_catalog?ns=c.example")
    # A wrong one changes nothing.
    file.write_text(file.read_text() + "nonsense")
    start = hang_up(client)
    failure = client.event("the list of registries was not read again, the old one stays in use", start=start)
    assert failure["error"].startswith(f"--mirrors {file}:9:9: "), failure
    assert "repositories" in request(address, "/v2/_catalog?ns=c.example")
    # The one that stayed has counted on.
    client.signal(signal.SIGUSR1)
    counted = client.event("statistics", lambda event: event["prefix"] == "/a.example", start=start)["requests"]
    assert counted == 1
    assert client.stop() == 0


def test_sighup_takes_the_authorities_for_the_registry(program, folder):
    """`openssl s_server` closes each connection: the next one is made as the files say then."""
    registry = tls.OpenSSLServer(folder, "good")
    file, authorities = folder / "c.toml", folder / "a.pem"

    def write(name):
        file.write_text(f'upstream = "{registry.url}"\nname = "/a"\nrouter = "{folder}/no.sock"\nlisten = "127.0.0.1:0"\n'
                        f'ca-file = "{folder}/{name}.pem"\n')
    shutil.copy(tls.pem("self-signed"), authorities)
    write("a")
    try:
        client = program("client", "--config", file)
        address = parts.authority(client.ready())
        assert "502" in request(address, "/v2/", "--include")
        shutil.copy(tls.pem("root"), authorities)
        start = hang_up(client)
        assert client.event("the file of --ca-file was read again", start=start)["file"] == str(authorities)
        assert not request(address, "/v2/", "--include").startswith("HTTP/1.1 502")
        authorities.rename(folder / "b.pem")
        start = hang_up(client)
        client.event("the configuration was not read again, the old one stays in use",
                     lambda event: "--ca-file" in event["error"], start=start)
        write("b")
        start = hang_up(client)
        client.event("--ca-file is changed", start=start)
        assert not request(address, "/v2/", "--include").startswith("HTTP/1.1 502")
    finally:
        registry.stop()


def test_sighup_takes_the_credentials_and_the_certificate_of_other_files(program, folder, shared_registry):
    for name, pem in [("one", "good"), ("two", "self-signed")]:
        shutil.copy(tls.pem(pem), folder / f"{name}.pem")
        shutil.copy(tls.KEY, folder / f"{name}.key")
    file = folder / "c.toml"

    def write(name, more=""):
        file.write_text(f'upstream = "{shared_registry.url}"\nname = "/a"\nrouter = "{folder}/no.sock"\nlisten = "127.0.0.1:0"\n'
                        f'tls-cert = "{folder}/{name}.pem"\ntls-key = "{folder}/{name}.key"\n{more}')
    write("one")
    client = program("client", "--config", file)
    address = parts.authority(client.ready())

    def subject():
        said = subprocess.run(["openssl", "s_client", "-connect", address], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False).stdout
        return re.search(r"subject=.*", said).group()
    before = subject()
    write("two")
    start = hang_up(client)
    client.event("the configuration was read again", start=start)
    after = subject()
    assert after != before
    # Credentials that are not there keep the certificate as it was, too.
    write("one", f'credentials = "{folder}/none.json"\n')
    start = hang_up(client)
    failure = client.event("the configuration was not read again, the old one stays in use", start=start)
    assert "--credentials" in failure["error"] and "none.json" in failure["error"], failure
    assert subject() == after
