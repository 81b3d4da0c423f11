"""UDP over a device with an MTU of 1500, between two network namespaces."""

import subprocess

import pytest

from harness import parts
from harness.namespaces import TwoHosts

REPOSITORY = "demo/blobs"


@pytest.fixture
def hosts(needs_root):
    made = TwoHosts(mtu=1500)
    yield made
    made.stop()


# With 8800 a Data packet leaves whole, in IP fragments, and the kernel refuses trains of them: a device cannot segment
# into more than its MTU.
@pytest.mark.parametrize("options, refused", [([], False), (["--mtu", "8800"], True)], ids=["own MTU", "--mtu 8800"])
def test_a_blob_crosses_a_narrow_device(start, blob, hosts, folder, options, refused):
    digest, octets = blob(20_000_000)
    forwarder = start.forwarder(host=hosts.near_address, within=hosts.near, options=[*options, "--log", "debug"])
    start.server(uplink=forwarder.unix)
    target = folder / "blob"
    done = subprocess.run(
        [*hosts.far, parts.binary(), "fetch", parts.blob_name(REPOSITORY, digest), "-o", target, "--router",
         forwarder.udp, *options], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == octets
    lines = [line for line in forwarder.program.lines if "segmentation offload refused" in line]
    assert (len(lines) == 1) == refused, lines
