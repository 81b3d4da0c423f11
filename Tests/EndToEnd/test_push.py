"""Pushes through the client, with the programs that people push with, and pulls of what was pushed."""

import json

import pytest

from conftest import IMAGE, Parts
from harness import pulls
from harness.exchange import exchange
from harness.registry import Registry, containers_environment, run

MANIFEST = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture(scope="module")
def site(work, layout):
    """(client, registry), the registry with the image and nothing that was pushed before."""
    folder = work / "push"
    folder.mkdir()
    registry = Registry(folder, "registry")
    registry.push(layout[0], IMAGE)
    made = Parts(folder, registry)
    client = made.client(router=made.server().udp)
    yield client, registry
    for part in [*reversed(made.started), registry]:
        part.stop()


def skopeo_push(client, layout, name, folder):
    run("skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{layout[0]}:latest",
        f"docker://{client.address}/{name}", environment=containers_environment(folder))


def is_there(registry, name, layout):
    """Asked at the registry itself: manifest, configuration and layers."""
    repository, _, tag = name.partition(":")
    answer = exchange(registry.address, "GET", f"/v2/{repository}/manifests/{tag}", {"Accept": MANIFEST})
    assert answer.status == 200, (name, answer)
    manifest = json.loads(answer.body)
    assert manifest["config"]["digest"] == layout[1]
    for blob in [manifest["config"], *manifest["layers"]]:
        head = exchange(registry.address, "HEAD", f"/v2/{repository}/blobs/{blob['digest']}")
        assert (head.status, head.headers["content-length"]) == (200, str(blob["size"])), (name, blob)


def test_skopeo(site, layout, folder):
    client, registry = site
    skopeo_push(client, layout, "pushed/skopeo:1", folder)
    is_there(registry, "pushed/skopeo:1", layout)
    assert pulls.skopeo(client.address, "pushed/skopeo:1", folder / "pulled") == layout[1]


def test_podman(site, layout, folder, needs_root):
    client, registry = site
    pulls.podman(client.address, IMAGE, folder / "podman", push=f"{client.address}/pushed/podman:1")
    is_there(registry, "pushed/podman:1", layout)
    assert pulls.podman(client.address, "pushed/podman:1", folder / "podman") == layout[1]


def test_docker(site, layout, docker):
    client, registry = site
    docker.forget()
    assert docker.pull(client.address, IMAGE) == layout[1]
    docker.tag(f"{client.address}/{IMAGE}", f"{client.address}/pushed/docker:1")
    docker.push(client.address, "pushed/docker:1")
    is_there(registry, "pushed/docker:1", layout)
    docker.forget()
    assert docker.pull(client.address, "pushed/docker:1") == layout[1]


def test_containerd(site, layout, folder, docker):
    client, registry = site
    ctr = pulls.Ctr(docker, folder)
    ctr.fetch(f"{client.address}/{IMAGE}")
    ctr.push(f"{client.address}/pushed/ctr:1", f"{client.address}/{IMAGE}")
    is_there(registry, "pushed/ctr:1", layout)
    ctr.forget()


def test_a_blob_deleted_at_the_registry_is_pushed_again(site, layout, folder):
    """What NDN still knows must not make a push believe that the registry has it."""
    client, registry = site
    name = "pushed/again:1"
    skopeo_push(client, layout, name, folder)
    pulls.skopeo(client.address, name, folder / "pulled")
    gone = layout[2][-1]
    path = f"/v2/pushed/again/blobs/{gone.digest}"
    assert exchange(registry.address, "DELETE", path).status == 202
    assert exchange(client.address, "GET", path).status == 200, "no longer in the caches: the test shows nothing"
    assert exchange(client.address, "HEAD", path).status == 404
    (folder / "second").mkdir()
    skopeo_push(client, layout, name, folder / "second")
    is_there(registry, name, layout)
