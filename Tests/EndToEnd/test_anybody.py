"""A registry that gives tokens to anybody, as public ones do, behind a client of two registries: pulled from by path, without
a login."""

import http.client

import pytest

from conftest import Parts
from harness import guarded, parts, pulls
from harness.registry import Registry

NAME = "alpha.example/open/app:latest"


@pytest.fixture(scope="module")
def site(work, layout, shared_registry):
    """(client without a default, client whose default is alpha, token service): alpha has the image."""
    folder = work / "anybody"
    folder.mkdir()
    filled = Registry(folder, "open")
    filled.push(layout[0], "open/app:latest")
    filled.push(layout[0], "team/app:latest")
    filled.stop()
    service = guarded.TokenService(folder)
    registry = guarded.GuardedRegistry(folder, folder / "open" / "data", service.auth)
    made = Parts(folder, registry)
    server = made.server()
    clients = []
    for name, default in (("none", ""), ("alpha", "default = true\n")):
        mirrors = folder / f"{name}.toml"
        mirrors.write_text(
            f'[[registry]]\nhosts = ["alpha.example"]\nurl = "{registry.url}"\nname = "{parts.PREFIX}"\n{default}\n'
            f'[[registry]]\nhosts = ["beta.example"]\nurl = "{shared_registry.url}"\nname = "/example/beta"\n')
        client = made.keep(Mirror(f"client-{name}", folder, [
            "client", "--mirrors", mirrors, "--router", server.udp, "--listen", "127.0.0.1:0"]))
        client.start()
        clients.append(client)
    yield *clients, service
    for part in [*reversed(made.started), registry, service]:
        part.stop()


class Mirror(parts.Part):
    @property
    def address(self) -> str:
        return parts.authority(self.uri("http"))

    requests = parts.Client.requests


def came_over_ndn(client):
    blobs = [request for request in client.requests() if "/blobs/" in request["path"]]
    assert blobs and all(request["source"] == "ndn" for request in blobs), blobs


def test_skopeo(site, layout, folder):
    assert pulls.skopeo(site[0].address, NAME, folder / "pulled") == layout[1]
    came_over_ndn(site[0])


def test_podman(site, layout, folder, needs_root):
    assert pulls.podman(site[0].address, NAME, folder / "podman") == layout[1]


@pytest.mark.parametrize("default", [False, True])
def test_docker(site, layout, docker, default):
    """With a default docker brings a token that it got for another name: it counts as none."""
    docker.forget()
    assert docker.pull(site[default].address, NAME) == layout[1]
    docker.forget()


def get(address, path):
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return response


def test_what_is_not_for_anybody_says_how_to_log_in(site):
    """The registry's own challenge, for its own name."""
    response = get(site[0].address, "/v2/alpha.example/team/app/manifests/latest")
    assert response.status == 401
    assert 'scope="repository:team/app:pull"' in response.headers["WWW-Authenticate"]
    assert site[2].url in response.headers["WWW-Authenticate"]


def test_the_registry_s_own_question_is_not_answered(site):
    asked = len(site[2].requests)
    assert get(site[1].address, "/v2/").status == 401
    assert get(site[0].address, "/v2/").status == 200
    assert len(site[2].requests) == asked
