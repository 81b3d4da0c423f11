"""Each engine pushes through a client, and fetches what it has no second time."""

import pytest

from engines.stand import Watched
from engines.ways import WAYS

HAVE_A_STORE = ["docker_graphdriver", "docker_containerd", "containerd", "podman", "buildah"]


@pytest.mark.parametrize("way", ["one registry", "path", "own address"])
def test_an_image_is_pushed_to_a_registry_that_has_nothing_of_it(engine, stand, app, podman, way):
    source = f"{stand.one.address}/demo/app:latest"
    to = {"one registry": stand.pushing.address, "path": f"{stand.several.address}/beta.example",
          "own address": stand.several.beta}[way]
    name = f"pushed/{engine.name}/{way.replace(' ', '-')}:1"
    engine.pull(source)
    engine.tag(source, f"{to}/{name}")
    engine.push(f"{to}/{name}")
    podman.forget()
    podman.pull(f"{stand.beta.address}/{name}")
    assert podman.holds(f"{stand.beta.address}/{name}", app)


@WAYS
@pytest.mark.parametrize("having", HAVE_A_STORE)
def test_of_a_second_tag_only_what_is_new_is_fetched(request, stand, app, second, having, way):
    engine = request.getfixturevalue(having)
    engine.forget()
    _, first = way.lead(engine, stand, "demo/app:latest")
    engine.pull(first)
    client, name = way.lead(engine, stand, "demo/app:second")
    watched = Watched(client)
    engine.pull(name)
    assert engine.holds(name, second)
    new = [second.config, second.layers[-1]]
    watched.came_over_ndn(new)
    assert {request["digest"] for request in watched.requests if request.get("digest")} == {blob.digest for blob in new}
