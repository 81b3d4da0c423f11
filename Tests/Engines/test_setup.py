"""`registry-ndn setup` with the engines of this Debian: what it writes is read, and taken back octet for octet."""

import pytest

from engines.stand import Watched
from harness import parts
from harness.registry import CommandFailed

PROGRAM = "/usr/local/bin/registry-ndn"


class Setup:
    """The program in a Root, where it finds its engines, and what lies in /etc there."""

    def __init__(self, root, *arguments):
        self.root, self.arguments = root, arguments
        target = root.path(PROGRAM)
        if not target.exists():
            target.write_bytes(parts.binary().read_bytes())
            target.chmod(0o755)

    def run(self, *options) -> str:
        return self.root.run(PROGRAM, "setup", *self.arguments, *options)

    def check(self, holds: bool) -> None:
        if holds:
            assert self.run("--check").startswith("ok\t")
        else:
            with pytest.raises(CommandFailed, match="does not ask|has mirrors of Docker Hub alone"):
                self.run("--check")

    def files(self) -> dict:
        """All files of engines, with their octets and modes."""
        found = {}
        for folder in ("docker", "containerd", "containers"):
            for path in sorted(self.root.path(f"/etc/{folder}").rglob("*")):
                found[str(path)] = (path.is_file() and path.read_bytes(), path.lstat().st_mode)
        return found


def forget_files(root) -> None:
    """Whatever other tests have led to a client."""
    for folder in ("docker", "containerd"):
        for file in root.path(f"/etc/{folder}/certs.d").glob("*/hosts.toml"):
            file.unlink()
            # An empty folder counts for its registry in place of _default.
            if not any(file.parent.iterdir()):
                file.parent.rmdir()
    root.path("/etc/containers/registries.conf.d/alpha.example.conf").unlink(missing_ok=True)


@pytest.mark.parametrize("having", ["docker_containerd", "containerd", "podman"])
def test_an_engine_is_set_up_and_taken_back(request, stand, app, having):
    engine = request.getfixturevalue(having)
    if not engine.mirrors_by:
        pytest.skip("Docker before release 28 reads no hosts.toml")
    engine.forget()
    forget_files(engine.root)
    kind = having.removesuffix("_containerd")
    registries = [] if kind == "docker" else ["--registry", "alpha.example"]
    setup = Setup(engine.root, kind, "--endpoint", f"http://{stand.several.address}", *registries)
    before = setup.files()
    setup.check(False)
    said = setup.run("--yes")
    assert "these lines belong into it" not in said, said
    setup.check(True)
    assert "nothing to do" in setup.run("--yes")
    watched = Watched(stand.several)
    engine.pull("alpha.example/demo/app:latest")
    assert engine.holds("alpha.example/demo/app:latest", app)
    watched.came_over_ndn(app.blobs)
    Setup(engine.root, kind).run("--undo", "--yes")
    assert setup.files() == before
    setup.check(False)


def test_docker_with_graph_drivers_is_known_to_have_mirrors_of_docker_hub_alone(docker_graphdriver, stand):
    forget_files(docker_graphdriver.root)
    hub = Setup(docker_graphdriver.root, "docker", "--registry", f"docker.io={stand.several.alpha}")
    # So the daemon was started.
    hub.check(True)
    assert "nothing to do" in hub.run("--yes")
    other = Setup(docker_graphdriver.root, "docker", "--endpoint", stand.several.address, "--registry", "alpha.example")
    other.check(False)
    assert f"pull images of alpha.example as {stand.several.address}/alpha.example/REPOSITORY" in other.run("--yes")
