"""What Docker alone has: mirrors of Docker Hub, a mirror of everything, and builds."""

import pytest

from engines.containerd import hosts_toml
from engines.docker import CERTIFICATES, Docker
from engines.stand import Watched
from harness.registry import CommandFailed


@pytest.fixture(params=["docker_graphdriver", "docker_containerd"])
def docker(request):
    made = request.getfixturevalue(request.param)
    made.forget()
    return made


def pulled(engine, client, name, made):
    watched = Watched(client)
    engine.pull(name)
    assert engine.holds(name, made)
    watched.came_over_ndn(made.blobs)


def test_images_of_docker_hub_come_by_registry_mirrors(docker, stand, app):
    """To an address that is Docker Hub's own; only the containerd image store says ns=docker.io."""
    pulled(docker, stand.several, "app:latest", app)


def test_images_of_any_registry_come_by_a_default_in_certs_d(docker_containerd, stand, app):
    docker_containerd.forget()
    hosts_toml(docker_containerd.root, CERTIFICATES, "_default", stand.several.address)
    try:
        pulled(docker_containerd, stand.several, "alpha.example/demo/app:latest", app)
    finally:
        docker_containerd.root.path(f"{CERTIFICATES}/_default/hosts.toml").unlink()


def test_the_store_of_graph_drivers_reads_no_hosts_toml(docker_graphdriver, stand, app):
    docker_graphdriver.forget()
    docker_graphdriver.mirror("alpha.example", stand.several.address)
    with pytest.raises(CommandFailed, match='Get "https://alpha.example/v2/": dial tcp: lookup alpha.example'):
        docker_graphdriver.pull("alpha.example/demo/app:latest")


BUILDERS = {"buildkit": "1", "classic": "0"}


def built(docker, client, base, made, builder):
    docker.root.write("/tmp/build/Dockerfile", f"FROM {base}\nCOPY Dockerfile /data/\n")
    watched = Watched(client)
    docker.root.run("docker", "build", "--quiet", "--tag", "built", "/tmp/build",
                    environment={"DOCKER_BUILDKIT": BUILDERS[builder]})
    watched.came_over_ndn(made.layers)


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_build_takes_its_base_through_the_client(docker, stand, app, builder):
    built(docker, stand.one, f"{stand.one.address}/demo/app:latest", app, builder)


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_build_takes_a_base_of_docker_hub_by_registry_mirrors(docker, stand, app, builder):
    built(docker, stand.several, "app:latest", app, builder)


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_build_takes_a_base_of_any_registry_by_hosts_toml(docker_containerd, stand, app, builder):
    docker_containerd.forget()
    docker_containerd.mirror("alpha.example", stand.several.address)
    built(docker_containerd, stand.several, "alpha.example/demo/app:latest", app, builder)
