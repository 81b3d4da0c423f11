"""The client's HTTP endpoint: web pages that try to use it, more connections than there is room for, and where it listens."""

import socket
import time

import pytest

from harness import parts
from harness.exchange import exchange
from harness.parts import Part, authority, registry_ndn

REPOSITORY = "demo/blobs"
NOWHERE = "127.0.0.1:9"


def limited(start, folder, descriptors: int, options: list = ()) -> Part:
    """A client that may have so many files open."""
    registry = start.registry
    client = start.keep(Part("client", folder, [
        "client", "--upstream", registry.url, "--name", parts.PREFIX, "--router", NOWHERE, "--listen", "127.0.0.1:0",
        *options], within=["prlimit", f"--nofile={descriptors}:{descriptors}"]))
    client.start()
    client.address = authority(client.uri("http"))
    return client


def connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), 10)


def ask(address: str, request: str) -> bytes:
    """One request as it is written here; its answer, until the other side closes."""
    with connect(address) as connection:
        connection.sendall((request + "Connection: close\r\n\r\n").encode())
        received = b""
        while octets := connection.recv(65536):
            received += octets
    return received


def test_a_web_page_writes_nothing(start):
    client = start.client(NOWHERE)
    upload = f"POST /v2/{REPOSITORY}/blobs/uploads/ HTTP/1.1\r\nContent-Length: 0\r\n"
    assert ask(client.address, upload + f"Host: {client.address}\r\n").startswith(b"HTTP/1.1 202 ")
    for field in ("Origin: https://page.example", "Sec-Fetch-Site: cross-site"):
        answer = ask(client.address, upload + f"Host: {client.address}\r\n{field}\r\n")
        assert answer.startswith(b"HTTP/1.1 403 ") and b"nothing is written" in answer, answer
    assert client.program.event("request", lambda event: "web page" in event.get("failure", ""))["status"] == 403


@pytest.mark.parametrize("waits", ["half a head", "nothing"])
def test_more_idle_connections_than_descriptors(start, folder, waits):
    """Others are served meanwhile, no core is busy with it, and the log has one line."""
    client = limited(start, folder, 64)
    held = []
    try:
        for _ in range(200):
            connection = connect(client.address)
            if waits == "half a head":
                connection.sendall(b"GET /v2/ HTTP/1.1\r\nHo")
            held.append(connection)
        begin, before = time.monotonic(), client.program.cpu_seconds()
        while time.monotonic() - begin < 1.5:
            assert exchange(client.address, "GET", "/v2/").status == 200
        assert client.program.cpu_seconds() - before < 1.2, "it spins"
    finally:
        for connection in held:
            connection.close()
    said = [event["message"] for event in client.program.events() if event["level"] == "warning"]
    assert len([message for message in said if "connections" in message]) == 1, said
    assert client.program.running


@pytest.mark.parametrize("command", [
    ["client", "--upstream", "http://127.0.0.1:9", "--name", parts.PREFIX, "--router", NOWHERE, "--listen", "127.0.0.1:0"],
    ["server", "--registry", "http://127.0.0.1:9", "--name", parts.PREFIX, "--uplink", "none", "--listen", "udp://127.0.0.1:0"],
    ["forwarder", "--unix", "none", "--udp", "127.0.0.1:0"]], ids=lambda command: command[0])
def test_too_few_descriptors_are_told(folder, command):
    part = Part("few", folder, command, within=["prlimit", "--nofile=12:12"])
    with pytest.raises(Exception) as ended:
        part.start()
    assert "ended (1)" in str(ended.value) and "ulimit -n" in str(ended.value), ended.value


def test_the_soft_limit_is_raised(start, folder):
    for part in (start.client(NOWHERE), start.server(), start.forwarder()):
        with open(f"/proc/{part.program.pid}/limits") as limits:
            soft, hard = next(line for line in limits if line.startswith("Max open files")).split()[3:5]
        assert soft == hard, part.name


def test_a_body_that_does_not_come_is_answered(start):
    """Its first octet has five times as long as any other."""
    client = start.client(NOWHERE, options=["--stall-timeout", "1s"])

    def head() -> bytes:
        """Of the one part of an upload of its own."""
        begun = exchange(client.address, "POST", f"/v2/{REPOSITORY}/blobs/uploads/", {}, b"")
        target = begun.headers["location"].replace(f"http://{client.address}", "")
        return (f"PATCH {target} HTTP/1.1\r\nHost: {client.address}\r\nContent-Type: application/octet-stream\r\n"
                "Content-Length: 10\r\n\r\n").encode()
    with connect(client.address) as late, connect(client.address) as silent, connect(client.address) as stuck:
        begin = time.monotonic()
        for connection in (late, silent):
            connection.sendall(head())
        stuck.sendall(head() + b"01234")
        answer = stuck.recv(65536)
        assert answer.startswith(b"HTTP/1.1 408 ") and b'"errors"' in answer and b"--stall-timeout" in answer, answer
        # Later than the one that stopped in the middle may be silent.
        late.sendall(b"0123456789")
        assert late.recv(65536).startswith(b"HTTP/1.1 202 ") and time.monotonic() - begin >= 1
        assert silent.recv(65536).startswith(b"HTTP/1.1 408 ") and time.monotonic() - begin >= 5
    for words in ("did not go on within 1 s; --stall-timeout", "did not begin within 5 s; --stall-timeout"):
        client.program.event("request", lambda event: words in event.get("failure", ""))


def test_a_taken_port_is_told_with_another(folder):
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", 5000))
            other.listen()
        except OSError:
            # Whoever has it serves as well.
            pass
        done = registry_ndn("client", "--upstream", "http://127.0.0.1:9", "--name", parts.PREFIX, "--router", NOWHERE,
                            folder=folder)
    assert done.returncode == 1 and "--listen 127.0.0.1:5050" in done.stderr and "docker-registry" in done.stderr
    assert "errno" not in done.stderr and "bind(" not in done.stderr
