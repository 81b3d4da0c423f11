"""Where the client listens when it is given a name."""

import subprocess

import pytest

from harness import parts
from harness.namespaces import TwoHosts
from harness.program import Program


@pytest.fixture
def hosts(needs_root):
    made = TwoHosts(mtu=1500)
    yield made
    made.stop()


@pytest.mark.parametrize("ipv6", [True, False], ids=["with IPv6", "without IPv6"])
def test_localhost_is_every_loopback_address_that_the_machine_has(start, hosts, folder, ipv6):
    hosts.name("::1 localhost", "127.0.0.1 localhost")
    if not ipv6:
        subprocess.run([*hosts.near, "ip", "-6", "addr", "del", "::1/128", "dev", "lo"], check=True)
    client = start.keep(Program("client", [
        *hosts.near, parts.binary(), "client", "--upstream", "http://127.0.0.1:9", "--name", parts.PREFIX, "--router",
        "udp://127.0.0.1:9", "--listen", "localhost:0"], folder, cwd=folder))
    port = client.ready().split()[0].rpartition(":")[2]
    for address in ["127.0.0.1", *(["[::1]"] if ipv6 else [])]:
        # 502 by a registry that is not there, but an answer.
        seen = subprocess.run([*hosts.near, "curl", "--silent", "--show-error", "--globoff", f"http://{address}:{port}/"],
                              capture_output=True, text=True, timeout=20, check=False)
        assert seen.returncode == 0, seen.stderr
