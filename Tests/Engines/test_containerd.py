"""What containerd alone has: a mirror of everything, ranges of one blob at the same time, and a kubelet that asks for it."""

import pytest

from conftest import TREE
from engines import images
from engines.containerd import CERTIFICATES, Containerd, Kubelet, hosts_toml
from engines.root import Root
from engines.stand import Watched
from engines.ways import WAYS
from harness.image import MIB

RANGE = 8 * MIB


def test_images_of_any_registry_come_by_a_default_in_certs_d(containerd, stand, app):
    containerd.forget()
    hosts_toml(containerd.root, CERTIFICATES, "_default", stand.several.address)
    watched = Watched(stand.several)
    try:
        containerd.pull("docker.io/library/app:latest")
    finally:
        containerd.root.path(f"{CERTIFICATES}/_default/hosts.toml").unlink()
    assert containerd.holds("docker.io/library/app:latest", app)
    watched.came_over_ndn(app.blobs)


@pytest.fixture(scope="module")
def in_ranges(work):
    root = Root(TREE, work, "ranges")
    try:
        if root.version("containerd") < (2, 1):
            pytest.skip("containerd before release 2.1 reads a blob in one piece")
        yield Containerd(root, RANGE)
    finally:
        root.stop()


@pytest.fixture(scope="module")
def large(work, stand):
    made = images.write(work / "large", [[("0.bin", "large", 96 * MIB)]])
    stand.publish(made, "demo/large:latest")
    return made


def come_over_ndn(engine, client, name, large):
    """Open ranges, `bytes=8388608-`, of which it reads 8 MiB and closes the connection."""
    engine.forget()
    watched = Watched(client)
    engine.pull(name)
    assert engine.holds(name, large)
    layer, = large.layers
    gets = watched.awaited_gets(layer.digest)
    past = [get for get in gets if get["source"] != "ndn"]
    assert len(gets) >= layer.size // RANGE and not past, past or gets
    # What was sent into connections that containerd had closed is not much.
    sent = sum(int(get["ndn_bytes"]) for get in gets)
    assert sent <= 1.05 * layer.size, (sent / layer.size, gets)


@WAYS
def test_ranges_at_the_same_time_make_the_blob(in_ranges, stand, large, way):
    client, name = way.lead(in_ranges, stand, "demo/large:latest")
    come_over_ndn(in_ranges, client, name, large)


def test_ranges_at_the_same_time_make_the_blob_of_a_kubelet(in_ranges, stand, large):
    kubelet = Kubelet(in_ranges)
    kubelet.mirror("alpha.example", stand.several.address)
    come_over_ndn(kubelet, stand.several, "alpha.example/demo/large:latest", large)
