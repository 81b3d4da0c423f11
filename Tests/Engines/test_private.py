"""Images that the registry gives to nobody without a password."""

import base64
import json

import pytest

from engines.stand import Watched
from harness.guarded import PASSWORD, USER
from harness.registry import CommandFailed


@pytest.fixture
def logged_in(stand):
    """Logs an engine in at the client that has no credentials itself."""
    done = []

    def login(engine):
        engine.login(stand.guarded.address, USER, PASSWORD)
        done.append(engine)
    yield login
    for engine in done:
        engine.logout(stand.guarded.address)


def test_who_is_logged_in_at_the_client_pulls_what_is_private(engine, logged_in, stand, app):
    name = f"{stand.guarded.address}/demo/app:latest"
    logged_in(engine)
    watched = Watched(stand.guarded)
    engine.pull(name)
    assert engine.holds(name, app)
    watched.came_over_ndn(app.blobs)


def test_who_is_not_logged_in_is_told_so(engine, stand, app):
    words = "(?i)unauthorized|authentication required|no basic auth|basic credential not found"
    with pytest.raises(CommandFailed, match=words):
        engine.pull(f"{stand.guarded.address}/demo/app:latest")


def test_the_clients_credentials_serve_who_has_none(engine, stand, app):
    for name in (f"{stand.several.address}/private.example/demo/app:latest", f"{stand.several.private}/demo/app:latest"):
        _served(engine, name, stand, app)


def test_the_clients_credentials_serve_a_mirror(mirroring, stand, app):
    mirroring.mirror("private.example", stand.several.address)
    _served(mirroring, "private.example/demo/app:latest", stand, app)


def _served(engine, name, stand, app):
    engine.forget()
    watched = Watched(stand.several)
    engine.pull(name)
    assert engine.holds(name, app)
    watched.came_over_ndn(app.blobs)


@pytest.fixture
def login_to_the_registry(mirroring):
    """As docker and podman keep it after a login to private.example; podman, buildah and skopeo read Docker's file too."""
    path = "/root/.docker/config.json"
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    mirroring.root.write(path, json.dumps({"auths": {"private.example": {"auth": auth}}}))
    yield mirroring
    mirroring.root.path(path).unlink()


REFUSED = {
    "docker-containerd": "authorization failed: no basic auth credentials",
    "containerd": "authorization failed: no basic auth credentials",
    "podman": "Mirrors also failed: .* authentication required",
    "buildah": "Mirrors also failed: .* authentication required",
    "skopeo": "Mirrors also failed: .* authentication required",
}


def test_a_login_to_the_registry_is_not_shown_to_its_mirror(login_to_the_registry, stand, app):
    """So a mirror needs the client's credentials, or the image the client's address in its name."""
    engine = login_to_the_registry
    engine.mirror("private.example", stand.guarded.address, is_alone=True)
    with pytest.raises(CommandFailed, match=REFUSED[engine.name]):
        engine.pull("private.example/demo/app:latest")


def test_a_login_to_the_mirror_serves_those_who_look_for_it(mirroring, logged_in, stand, app):
    """podman, buildah and skopeo do; Docker does not; ctr shows its --user to whoever asks."""
    mirroring.mirror("private.example", stand.guarded.address, is_alone=True)
    name = "private.example/demo/app:latest"
    logged_in(mirroring)
    if mirroring.name == "docker-containerd":
        with pytest.raises(CommandFailed, match=REFUSED[mirroring.name]):
            mirroring.pull(name)
        return
    mirroring.pull(name)
    assert mirroring.holds(name, app)


def test_a_kubelets_pull_secret_is_shown_to_a_mirror(kubelet, stand, app):
    kubelet.mirror("private.example", stand.guarded.address)
    watched = Watched(stand.guarded)
    kubelet.pull("private.example/demo/app:latest", (USER, PASSWORD))
    assert kubelet.holds("private.example/demo/app:latest", app)
    watched.came_over_ndn(app.blobs)
