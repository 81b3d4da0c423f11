"""Each engine pulls through a client in each way that there is: the bytes are right, and all came over NDN."""

import pytest

from engines.stand import Watched
from harness.registry import CommandFailed


def pulled(engine, client, name, made):
    watched = Watched(client)
    engine.pull(name)
    assert engine.holds(name, made)
    watched.came_over_ndn(made.blobs)


def test_an_image_comes_through_a_client_of_one_registry(engine, stand, app):
    pulled(engine, stand.one, f"{stand.one.address}/demo/app:latest", app)


def test_an_image_comes_by_the_registry_in_its_path(engine, stand, app):
    pulled(engine, stand.several, f"{stand.several.address}/alpha.example/demo/app:latest", app)


def test_an_image_comes_by_an_address_of_the_registrys_own(engine, stand, app):
    pulled(engine, stand.several, f"{stand.several.alpha}/demo/app:latest", app)


def test_an_image_comes_by_its_own_name_through_a_mirror(engine, stand, app):
    """hosts.toml and ns=, or registries.conf and the path."""
    if not engine.mirrors_by:
        # No setting leads them to a mirror: they ask the registry itself, which is nowhere here.
        with pytest.raises(CommandFailed, match="lookup alpha.example"):
            engine.pull("alpha.example/demo/app:latest")
        return
    engine.mirror("alpha.example", stand.several.address)
    watched = Watched(stand.several)
    pulled(engine, stand.several, "alpha.example/demo/app:latest", app)
    by_path = all("/alpha.example/" in request["path"] for request in watched.requests if request.get("digest"))
    assert by_path == (engine.mirrors_by == "path")


def test_a_kubelet_pulls_by_hosts_toml(kubelet, stand, app):
    kubelet.mirror("alpha.example", stand.several.address)
    pulled(kubelet, stand.several, "alpha.example/demo/app:latest", app)


@pytest.mark.parametrize("having", ["docker_containerd", "containerd"])
def test_a_registry_that_the_client_does_not_know_is_asked_itself(request, stand, app, having):
    """The client says 404 to its ns=, and the engine goes on to the registry."""
    engine = request.getfixturevalue(having)
    if not engine.mirrors_by:
        pytest.skip(f"{engine.name} of this release asks no mirror")
    engine.forget()
    watched = Watched(stand.several)
    engine.mirror("gamma.example", stand.several.address, server=stand.alpha.url)
    engine.pull("gamma.example/demo/app:latest")
    assert engine.holds("gamma.example/demo/app:latest", app)
    assert watched.requests and all(request["status"] == 404 for request in watched.requests), watched.requests
