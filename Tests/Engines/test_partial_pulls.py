"""podman fetches of a zstd:chunked layer what it has not got, by several ranges in one request."""

import json
from types import SimpleNamespace

import pytest

from conftest import TREE
from engines import images
from engines.containers import Podman
from engines.root import Root
from engines.stand import Watched
from engines.ways import WAYS
from harness import parts
from harness.exchange import exchange
from harness.image import MANIFEST
from harness.several import Several, SeveralRanges

NOWHERE = "127.0.0.1:9"
HAS = ["parts", "501", "416", "200"]


@pytest.fixture(scope="module")
def chunked(work, stand):
    """Two versions of 60 MB of files, a tenth of which changed; podman with an overlay store, which it needs for this."""
    root = Root(TREE, work, "partial")
    try:
        podman = Podman(root, has_partial_pulls=True)
        versions = {number: images.version(root.folder / f"version{number}", number) for number in (1, 2)}
        for number, made in versions.items():
            loaded = root.run("podman", "pull", "--quiet", f"oci:{made.layout}:latest").strip()
            root.run("podman", "push", "--quiet", "--tls-verify=false", "--compression-format=zstd:chunked",
                     "--force-compression", loaded, f"{stand.alpha.address}/demo/chunked:{number}")
        yield SimpleNamespace(podman=podman, versions=versions)
    finally:
        root.stop()


def layer_of(address, tag):
    answer = exchange(address, "GET", f"/v2/demo/chunked/manifests/{tag}", {"Accept": MANIFEST})
    return json.loads(answer.body)["layers"][0]


@pytest.fixture
def pull(stand, chunked, folder):
    """Pulls the first version, and then the second: what was asked of the client, and what its log says."""
    started = []

    def start(how, router):
        registry = SeveralRanges(stand.alpha, Several(how))
        client = parts.Client(folder, registry, router, "client")
        before = SeveralRanges(client)
        started.extend([registry, client, before])
        podman, layer = chunked.podman, layer_of(stand.alpha.address, 2)
        podman.forget()
        podman.pull(f"{before.address}/demo/chunked:1")
        seen, watched = len(before.asked), Watched(client)
        podman.pull(f"{before.address}/demo/chunked:2")
        assert podman.holds(f"{before.address}/demo/chunked:2", chunked.versions[2])
        asked = [request for request in before.asked[seen:] if request.target.endswith(layer["digest"])]
        return SimpleNamespace(asked=asked, size=layer["size"], answered=watched.awaited_gets(layer["digest"]))
    yield start
    for part in reversed(started):
        part.stop()


def test_a_plain_registry_is_asked_for_a_tenth_of_the_second_version(stand, chunked):
    """That podman pulls in parts here at all: else the other tests would show nothing."""
    registry = SeveralRanges(stand.alpha)
    try:
        chunked.podman.forget()
        for number in (1, 2):
            chunked.podman.pull(f"{registry.address}/demo/chunked:{number}")
        layer = layer_of(stand.alpha.address, 2)
        asked = [request for request in registry.asked if request.target.endswith(layer["digest"])]
        assert [request.status for request in asked] == [206, 206] and min(request.ranges for request in asked) > 1
        assert layer["size"] > 50_000_000 and sum(request.wanted for request in asked) < 0.12 * layer["size"]
    finally:
        registry.stop()


@pytest.mark.parametrize("how", HAS)
def test_what_is_missing_comes_over_ndn(pull, stand, how):
    """Whatever the registry says to several ranges."""
    pulled = pull(how, stand.forwarder.unix)
    wanted = sum(request.wanted for request in pulled.asked)
    ndn = sum(int(request["ndn_bytes"]) for request in pulled.answered)
    upstream = sum(int(request["upstream_bytes"]) for request in pulled.answered)
    assert ndn >= 0.9 * (ndn + upstream), pulled.answered
    assert ndn + upstream <= 1.2 * wanted, (wanted, pulled.answered)
    # It was a partial pull, and not a whole one after a refusal.
    assert wanted < 0.12 * pulled.size and all(request.ranges > 1 for request in pulled.asked), pulled.asked


@WAYS
def test_what_is_missing_comes_over_ndn_in_each_way(stand, chunked, way):
    podman, layer = chunked.podman, layer_of(stand.alpha.address, 2)
    podman.forget()
    podman.pull(way.lead(podman, stand, "demo/chunked:1")[1])
    client, name = way.lead(podman, stand, "demo/chunked:2")
    watched = Watched(client)
    podman.pull(name)
    assert podman.holds(name, chunked.versions[2])
    gets = watched.awaited_gets(layer["digest"])
    assert gets and all(get["source"] == "ndn" for get in gets), gets
    assert sum(int(get["ndn_bytes"]) for get in gets) < 0.15 * layer["size"], gets


@pytest.mark.parametrize("how", HAS)
def test_without_ndn_it_comes_from_the_registry(pull, how):
    pulled = pull(how, NOWHERE)
    assert sum(int(request["ndn_bytes"]) for request in pulled.answered) == 0
    assert sum(request.carried for request in pulled.asked) > 0
