"""People's own logins through a client that has none: what the registry asks, and what they answer, passes as it is."""

import pytest

from conftest import IMAGE, Parts
from harness import guarded, pulls
from harness.registry import Registry, containers_environment, run

LOGIN = f"{guarded.USER}:{guarded.PASSWORD}"


@pytest.fixture(scope="module", params=["password", "token"])
def site(request, work, layout):
    """(client, registry): the registry lets nobody in without a login, and has the image; the server has one of its own."""
    folder = work / f"logins-{request.param}"
    folder.mkdir()
    filled = Registry(folder, "open")
    filled.push(layout[0], IMAGE)
    filled.stop()
    service = guarded.TokenService(folder) if request.param == "token" else None
    registry = guarded.GuardedRegistry(folder, folder / "open" / "data", service.auth if service else
                                       guarded.by_password(folder))
    made = Parts(folder, registry)
    file = guarded.credentials_file(folder, registry.address)
    server = made.server(options=["--credentials", file, "--repository", "**"])
    yield made.client(router=server.udp), registry
    for part in [*reversed(made.started), registry, *([service] if service else [])]:
        part.stop()


def came_over_ndn(client, count):
    """Whether all blobs did, at least so many."""
    requests = [request for request in client.requests() if "/blobs/" in request["path"]
                and (request["method"], request["status"]) == ("GET", 200)]
    assert len(requests) >= count and all(request["source"] == "ndn" for request in requests), requests


def skopeo(folder, *arguments):
    run("skopeo", "--insecure-policy", "copy", "--quiet", *arguments, environment=containers_environment(folder))


def test_skopeo(site, layout, folder):
    client, _ = site
    skopeo(folder, "--dest-tls-verify=false", "--dest-creds", LOGIN, f"oci:{layout[0]}:latest",
           f"docker://{client.address}/pushed/skopeo:1")
    skopeo(folder, "--src-tls-verify=false", "--src-creds", LOGIN, f"docker://{client.address}/pushed/skopeo:1",
           f"dir:{folder / 'pulled'}")
    came_over_ndn(client, 2)
    with pytest.raises(Exception, match="(?i)unauthorized|authentication required|denied"):
        skopeo(folder, "--src-tls-verify=false", f"docker://{client.address}/{IMAGE}", f"dir:{folder / 'refused'}")


def test_podman(site, layout, folder, needs_root):
    client, _ = site
    here = f"{client.address}/pushed/podman:1"
    assert pulls.podman(client.address, IMAGE, folder / "podman", push=here, login=LOGIN) == layout[1]
    assert pulls.podman(client.address, "pushed/podman:1", folder / "podman", login=LOGIN) == layout[1]


def test_docker(site, layout, docker):
    client, _ = site
    docker.forget()
    docker.login(client.address, guarded.USER, guarded.PASSWORD)
    assert docker.pull(client.address, IMAGE) == layout[1]
    docker.tag(f"{client.address}/{IMAGE}", f"{client.address}/pushed/docker:1")
    docker.push(client.address, "pushed/docker:1")
    docker.forget()
    assert docker.pull(client.address, "pushed/docker:1") == layout[1]
    docker.forget()
    docker.logout(client.address)
    with pytest.raises(Exception, match="(?i)unauthorized|no basic auth credentials|denied|authentication required"):
        docker.pull(client.address, IMAGE)


def test_docker_pushes_a_second_tag_with_the_login_of_the_client(site, layout, docker, start, folder):
    """All layers are there, so that the first thing it writes is a manifest."""
    _, registry = site
    client = start.client("127.0.0.1:9", registry=registry,
                          options=["--credentials", guarded.credentials_file(folder, registry.address)])
    docker.forget()
    assert docker.pull(client.address, IMAGE) == layout[1]
    docker.tag(f"{client.address}/{IMAGE}", f"{client.address}/demo/app:second")
    docker.push(client.address, "demo/app:second")
    docker.forget()
    assert docker.pull(client.address, "demo/app:second") == layout[1]
    docker.forget()


def test_containerd(site, layout, folder, docker):
    client, _ = site
    ctr = pulls.Ctr(docker, folder, login=LOGIN)
    ctr.fetch(f"{client.address}/{IMAGE}")
    ctr.push(f"{client.address}/pushed/ctr:1", f"{client.address}/{IMAGE}")
    ctr.forget()
    ctr.fetch(f"{client.address}/pushed/ctr:1")
    assert ctr.has(layout[1])
    ctr.forget()
