"""What Docker alone has: mirrors of Docker Hub, a mirror of everything, and builds."""

import pytest

from engines import images
from engines.containerd import hosts_toml
from engines.docker import CERTIFICATES, Docker
from engines.stand import Watched
from harness.registry import CommandFailed


@pytest.fixture(params=["docker_graphdriver", "docker_containerd"])
def docker(request):
    made = request.getfixturevalue(request.param)
    made.forget()
    return made


@pytest.fixture
def reading(docker_containerd):
    """Docker of a release and a store that reads hosts.toml."""
    if not docker_containerd.mirrors_by:
        pytest.skip("Docker before release 28 reads no hosts.toml")
    docker_containerd.forget()
    return docker_containerd


def pulled(engine, client, name, made):
    watched = Watched(client)
    engine.pull(name)
    assert engine.holds(name, made)
    watched.came_over_ndn(made.blobs)


def test_images_of_docker_hub_come_by_registry_mirrors(docker, stand, app):
    """To an address that is Docker Hub's own; only the containerd image store says ns=docker.io."""
    pulled(docker, stand.several, "app:latest", app)


def test_images_of_any_registry_come_by_a_default_in_certs_d(reading, stand, app):
    hosts_toml(reading.root, CERTIFICATES, "_default", stand.several.address)
    try:
        pulled(reading, stand.several, "alpha.example/demo/app:latest", app)
    finally:
        reading.root.path(f"{CERTIFICATES}/_default/hosts.toml").unlink()


def test_who_reads_no_hosts_toml_asks_the_registry_itself(docker, stand):
    """The store of graph drivers, and all before release 28."""
    if docker.mirrors_by:
        pytest.skip("reads them")
    docker.mirror("alpha.example", stand.several.address)
    with pytest.raises(CommandFailed, match='"https://alpha.example/v2/.*": dial tcp: lookup alpha.example'):
        docker.pull("alpha.example/demo/app:latest")


@pytest.fixture
def base(stand, folder):
    """An image that no daemon has ever had: a build's cache outlives its images."""
    made = images.write(folder / "image", [[("0.bin", folder.name, images.MIB)], [("1.bin", f"{folder.name} 1", 1000)]])
    for name in ("library/base", "demo/base"):
        stand.publish(made, f"{name}:latest")
    return made


BUILDERS = {"buildkit": "1", "classic": "0"}


def built(docker, client, name, made, builder):
    docker.root.write("/tmp/build/Dockerfile", f"FROM {name}\nCOPY Dockerfile /data/\n")
    watched = Watched(client)
    docker.root.run("docker", "build", "--quiet", "--pull", "--tag", "built", "/tmp/build",
                    environment={"DOCKER_BUILDKIT": BUILDERS[builder]})
    watched.came_over_ndn(made.layers)


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_build_takes_its_base_through_the_client(docker, stand, base, builder):
    built(docker, stand.one, f"{stand.one.address}/demo/base:latest", base, builder)


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_build_takes_a_base_of_docker_hub_by_registry_mirrors(docker, stand, base, builder):
    built(docker, stand.several, "base:latest", base, builder)


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_build_takes_a_base_of_any_registry_by_hosts_toml(reading, stand, base, builder):
    reading.mirror("alpha.example", stand.several.address)
    built(reading, stand.several, "alpha.example/demo/base:latest", base, builder)
