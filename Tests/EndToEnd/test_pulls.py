"""skopeo, podman and Docker pull an image through the client, each into an empty store."""

from types import SimpleNamespace

import pytest

from conftest import IMAGE
from harness import pulls


def every_blob_came_over_ndn(client, blobs):
    for blob in blobs:
        request = client.request(blob.digest)
        assert request["source"] == "ndn", request
        assert request["ndn_bytes"] == blob.size, request
        assert request["upstream_bytes"] == 0, request


def test_skopeo(chain, layout, shared_registry, folder):
    client = chain[2]
    direct = pulls.skopeo(shared_registry.address, IMAGE, folder / "direct")
    over_ndn = pulls.skopeo(client.address, IMAGE, folder / "ndn")
    assert over_ndn == direct == layout[1]
    assert pulls.same_files(folder / "direct", folder / "ndn")
    every_blob_came_over_ndn(client, layout[2])


def test_podman(chain, layout, shared_registry, folder, needs_root):
    client = chain[2]
    direct = pulls.podman(shared_registry.address, IMAGE, folder / "direct")
    over_ndn = pulls.podman(client.address, IMAGE, folder / "ndn")
    assert over_ndn == direct == layout[1]
    every_blob_came_over_ndn(client, layout[2])


def test_docker(chain, layout, shared_registry, docker):
    client = chain[2]
    docker.forget()
    direct = docker.pull(shared_registry.address, IMAGE)
    docker.forget()
    over_ndn = docker.pull(client.address, IMAGE)
    assert over_ndn == direct == layout[1]
    every_blob_came_over_ndn(client, layout[2])


def test_second_pull_is_served_from_the_cache(chain, layout, folder):
    forwarder, server, client = chain
    pulls.skopeo(client.address, IMAGE, folder / "first")
    server_before, forwarder_before = server.program.statistics(), forwarder.program.statistics()
    pulls.skopeo(client.address, IMAGE, folder / "second")
    server_after, forwarder_after = server.program.statistics(), forwarder.program.statistics()
    assert pulls.same_files(folder / "first", folder / "second")
    assert server_after["registry_reads"] == server_before["registry_reads"]
    assert server_after["registry_bytes"] == server_before["registry_bytes"]
    segments = sum(blob.size for blob in layout[2]) // 7777
    assert forwarder_after["cs_hits"] - forwarder_before["cs_hits"] >= segments


@pytest.mark.parametrize("scheme", ["unix", "tcp", "udp"])
def test_each_kind_of_face(start, layout, folder, scheme):
    forwarder = start.forwarder()
    uri = {"unix": forwarder.unix, "tcp": f"tcp://{forwarder.tcp}", "udp": f"udp://{forwarder.udp}"}[scheme]
    router = {"unix": str(forwarder.socket), "tcp": uri, "udp": forwarder.udp}[scheme]
    # Prefixes are registered at this forwarder from local faces only, and UDP is none.
    start.server(uplink=forwarder.unix if scheme == "udp" else uri)
    client = start.client(router=router)
    assert pulls.skopeo(client.address, IMAGE, folder / "ndn") == layout[1]
    every_blob_came_over_ndn(client, layout[2])


def test_without_a_forwarder(start, layout, folder):
    server = start.server()
    client = start.client(router=server.udp)
    assert pulls.skopeo(client.address, IMAGE, folder / "ndn") == layout[1]
    every_blob_came_over_ndn(client, layout[2])


@pytest.mark.parametrize("scheme", ["oci", "file"])
def test_blobs_straight_from_a_folder(start, layout, shared_registry, folder, scheme):
    origin = {"oci": layout[0], "file": shared_registry.folder / "data"}[scheme]
    server = start.server(registry=SimpleNamespace(url=f"{scheme}://{origin}"))
    client = start.client(router=server.udp)
    assert pulls.skopeo(client.address, IMAGE, folder / "ndn") == layout[1]
    every_blob_came_over_ndn(client, layout[2])
