"""What somebody meets who starts the programs by hand for the first time, with nothing said that need not be said."""

from __future__ import annotations

import os
import shutil
import tempfile
import urllib.request
from pathlib import Path

import pytest

from harness import parts
from harness.parts import PREFIX
from harness.program import Program

REPOSITORY = "demo/blobs"


class Machine:
    """A user's session: programs share a home and a runtime folder, and nothing in the environment is the tests'. Not as
    root, whose sockets lie in /run, which these tests leave alone."""

    NOBODY = 65534

    def __init__(self, start):
        # Outside the folder of the tests, which only their user may enter.
        self.folder, self._start = Path(tempfile.mkdtemp(prefix="registry-ndn-user-")), start
        self.environment = {"HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder), "XDG_CACHE_HOME": str(self.folder)}
        self._user = []
        if os.geteuid() == 0:
            os.chown(self.folder, self.NOBODY, self.NOBODY)
            self._user = ["setpriv", "--reuid", str(self.NOBODY), "--regid", str(self.NOBODY), "--clear-groups"]

    def run(self, name: str, *arguments, environment=None) -> Program:
        settings = [f"{name}={value}" for name, value in (environment or {}).items()]
        fresh = ["env", "-u", "NDN_CLIENT_TRANSPORT", "-u", "NDNTS_UPLINK", *settings]
        return self._start.keep(Program(name, [*self._user, *fresh, parts.binary(), *arguments], self.folder,
                                        self.environment, cwd=self.folder))


@pytest.fixture
def machine(start):
    made = Machine(start)
    yield made
    shutil.rmtree(made.folder, ignore_errors=True)


def body_of(address: str, digest: str) -> bytes:
    with urllib.request.urlopen(f"http://{address}/v2/{REPOSITORY}/blobs/{digest}", timeout=20) as answer:
        return answer.read()


def test_three_programs_find_each_other_with_nothing_said(machine, shared_registry, blob, free_tcp_port):
    digest, octets = blob(200_000)
    forwarder = machine.run("forwarder", "forwarder", "--udp", "none")
    socket = forwarder.ready()
    server = machine.run("server", "server", "--registry", shared_registry.url, "--name", PREFIX)
    assert server.ready() == f"{PREFIX} via {socket}"
    client = machine.run("client", "client", "--upstream", shared_registry.url, "--name", PREFIX, "--listen",
                         f"127.0.0.1:{free_tcp_port}")
    assert client.ready() == f"http://127.0.0.1:{free_tcp_port} via {socket}"
    assert body_of(f"127.0.0.1:{free_tcp_port}", digest) == octets
    assert client.event("request", lambda event: event.get("digest") == digest)["source"] == "ndn"


def test_the_forwarder_of_client_conf_is_used(machine, start, shared_registry):
    forwarder = start.forwarder()
    (machine.folder / ".ndn").mkdir()
    (machine.folder / ".ndn" / "client.conf").write_text(f"; mine\ntransport=tcp://{forwarder.tcp}\n")
    server = machine.run("server", "server", "--registry", shared_registry.url, "--name", PREFIX)
    assert server.ready().endswith(f"tcp://{forwarder.tcp}")


def test_the_variable_goes_before_client_conf(machine, start, shared_registry):
    forwarder = start.forwarder()
    (machine.folder / ".ndn").mkdir()
    (machine.folder / ".ndn" / "client.conf").write_text("transport=tcp://127.0.0.1:9\n")
    client = machine.run("client", "client", "--upstream", shared_registry.url, "--name", PREFIX, "--listen",
                         "127.0.0.1:0", environment={"NDN_CLIENT_TRANSPORT": f"tcp://{forwarder.tcp}"})
    assert client.ready().endswith(f" via tcp://{forwarder.tcp}")


def test_a_socket_that_nobody_listens_at_is_not_taken(machine, shared_registry):
    forwarder = machine.run("forwarder", "forwarder", "--udp", "none")
    forwarder.ready()
    forwarder.kill()
    client = machine.run("client", "client", "--upstream", shared_registry.url, "--name", PREFIX, "--listen",
                         "127.0.0.1:0", "--fch-url", "http://127.0.0.1:9")
    assert client.ready().endswith(" via this machine's forwarder, else NDN-FCH")
    named = machine.run("other", "client", "--upstream", shared_registry.url, "--name", PREFIX, "--listen",
                        "127.0.0.1:0", "--fch-url", "http://127.0.0.1:9", "--router", "fch")
    assert named.ready().endswith(" via NDN-FCH")


@pytest.mark.parametrize("how", ["--keychain", "NDNTS_KEYCHAIN"])
def test_a_keychain_that_is_not_there_is_said(machine, shared_registry, how):
    is_option = how == "--keychain"
    server = machine.run("server", "server", "--registry", shared_registry.url, "--name", PREFIX, "--listen",
                         "udp://127.0.0.1:0", *([how, "/nosuch"] if is_option else []),
                         environment={} if is_option else {how: "/nosuch"})
    server.event(f"{how} /nosuch: there is no such folder, so there are no keys")


def test_a_forwarder_that_is_started_last_is_found(machine, shared_registry, blob):
    if any(os.path.exists(path) for path in ("/run/nfd/nfd.sock", "/run/nfd.sock", "/run/registry-ndn.sock")):
        pytest.skip("a forwarder runs on this machine")
    server = machine.run("server", "server", "--registry", shared_registry.url, "--name", PREFIX)
    line = server.find(lambda line: "no forwarder runs" in line and line)
    assert "registry-ndn forwarder" in line and "--uplink" in line
    client = machine.run("client", "client", "--upstream", shared_registry.url, "--name", PREFIX, "--listen",
                         "127.0.0.1:0", "--fch-url", "http://127.0.0.1:9")
    address = parts.authority(client.ready().split()[0])
    # Whichever is started first, they find each other, and at once when all are started together.
    forwarder = machine.run("forwarder", "forwarder", "--udp", "none")
    assert server.ready() == f"{PREFIX} via {forwarder.ready()}"
    digest, octets = blob(100_000)
    client.event("router chosen")
    assert body_of(address, digest) == octets
    assert client.event("request", lambda event: event.get("digest") == digest)["source"] == "ndn"
