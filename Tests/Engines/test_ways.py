"""Each engine pulls through a client in each way that there is: the bytes are right, and all came over NDN."""

import pytest

from engines.stand import Watched
from engines.ways import WAYS, Way
from harness.registry import CommandFailed


def pulled(engine, client, name, made):
    watched = Watched(client)
    engine.pull(name)
    assert engine.holds(name, made)
    watched.came_over_ndn(made.blobs)
    return watched.requests


@WAYS
def test_an_image_comes_over_ndn(engine, stand, app, way):
    client, name = way.lead(engine, stand, "demo/app:latest")
    requests = pulled(engine, client, name, app)
    if way is Way.MIRROR:
        by_path = all("/alpha.example/" in request["path"] for request in requests if request.get("digest"))
        assert by_path == (engine.mirrors_by == "path")


@pytest.mark.parametrize("copier", ["crane", "oras"])
def test_who_has_no_mirrors_asks_the_registry_itself(request, copier):
    """Which is nowhere here."""
    with pytest.raises(CommandFailed, match="lookup alpha.example"):
        request.getfixturevalue(copier).pull("alpha.example/demo/app:latest")


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


@pytest.mark.parametrize("having", ["docker_containerd", "containerd"])
def test_where_no_client_answers_the_registry_is_asked_itself(request, stand, app, having):
    engine = request.getfixturevalue(having)
    if not engine.mirrors_by:
        pytest.skip(f"{engine.name} of this release asks no mirror")
    engine.forget()
    engine.mirror("delta.example", "127.0.0.1:9", server=stand.alpha.url)
    engine.pull("delta.example/demo/app:latest")
    assert engine.holds("delta.example/demo/app:latest", app)
