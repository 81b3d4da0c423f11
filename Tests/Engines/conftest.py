"""Fixtures: the engines of a Debian in a folder, and clients before registries, with a loopback and no other network."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "EndToEnd"))
TREE = Path(os.environ.get("ENGINES_TREE") or Path(__file__).resolve().parents[2] / ".build" / "engines" / "sid")

from engines import images  # noqa: E402
from engines.containerd import Containerd, Kubelet  # noqa: E402
from engines.containers import Buildah, Podman, Skopeo  # noqa: E402
from engines.copiers import Crane, Oras  # noqa: E402
from engines.docker import Docker  # noqa: E402
from engines.root import MissingProgram, Root  # noqa: E402
from engines.stand import Stand  # noqa: E402
from harness import namespaces, parts  # noqa: E402

os.environ["PATH"] = f"{parts.ROOT}/.build/tools/bin:{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"


def pytest_report_header():
    return [f"registry-ndn: {parts.binary()}", f"engines: {TREE}"]


def pytest_sessionstart(session):
    if not parts.binary().exists() or not (TREE / "etc/debian_version").exists():
        pytest.exit("the program or the engines are missing: start these tests with scripts/test --engines sid", 2)
    if os.geteuid() != 0:
        pytest.exit("the engines need root that may mount", 2)
    # Whatever an engine asks for goes nowhere, or to what listens here.
    try:
        namespaces.own_network()
    except OSError as error:
        pytest.exit(f"a network of their own cannot be made for the engines: {error.strerror}", 2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.failed and "work" in item.funcargs:
        for log in sorted(item.funcargs["work"].glob("*/*.log")):
            if log.stat().st_mtime > call.start:
                lines = log.read_text(errors="replace").splitlines()[-12:]
                report.sections.append((f"end of {log.parent.name}/{log.name}", "\n".join(line[:400] for line in lines)))
    return report


@pytest.fixture(scope="session")
def work():
    folder = Path(tempfile.mkdtemp(prefix="registry-ndn-engines-"))
    yield folder
    if not os.environ.get("REGISTRY_NDN_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder(work):
    """One test's."""
    return Path(tempfile.mkdtemp(prefix="t-", dir=work))


@pytest.fixture(scope="session")
def stand(work):
    folder = work / "stand"
    folder.mkdir()
    made = Stand(folder)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def app(work, stand):
    """An image at alpha.example and private.example, as demo/app and library/app."""
    made = images.plain(work / "app")
    for name in ("demo/app", "library/app"):
        stand.publish(made, f"{name}:latest")
    return made


@pytest.fixture(scope="session")
def second(work, stand):
    """demo/app:second, which has one layer more."""
    made = images.with_one_more_layer(work / "second")
    stand.publish(made, "demo/app:second")
    return made


@pytest.fixture(scope="session")
def root(work):
    """Of the engines that have no daemon."""
    made = Root(TREE, work, "tools")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def containerd(work):
    made = Root(TREE, work, "containerd")
    try:
        yield Containerd(made)
    finally:
        made.stop()


def _docker(work, stand, store):
    made = Root(TREE, work, store)
    try:
        yield Docker(made, store, stand.several.alpha)
    finally:
        made.stop()


@pytest.fixture(scope="session")
def docker_graphdriver(work, stand):
    yield from _docker(work, stand, "graphdriver")


@pytest.fixture(scope="session")
def docker_containerd(work, stand):
    yield from _docker(work, stand, "containerd")


# Those that ask a mirror for the images of any registry, by a file.
MIRRORING = ["docker_containerd", "containerd", "podman", "buildah", "skopeo"]
ENGINES = ["docker_graphdriver", "docker_containerd", "containerd", "podman", "buildah", "skopeo", "crane", "oras"]


@pytest.fixture(scope="session")
def podman(root):
    return Podman(root)


@pytest.fixture(scope="session")
def buildah(root):
    return Buildah(root)


@pytest.fixture(scope="session")
def skopeo(root):
    return Skopeo(root)


def _if_packaged(engine, root):
    try:
        return engine(root)
    except MissingProgram as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def crane(root):
    return _if_packaged(Crane, root)


@pytest.fixture(scope="session")
def oras(root):
    return _if_packaged(Oras, root)


@pytest.fixture
def kubelet(containerd):
    made = Kubelet(containerd)
    made.forget()
    return made


@pytest.fixture(params=ENGINES)
def engine(request):
    """Each engine in turn, with an empty store."""
    made = request.getfixturevalue(request.param)
    made.forget()
    yield made


@pytest.fixture(params=MIRRORING)
def mirroring(request):
    """Each engine that has mirrors in turn, with an empty store."""
    made = request.getfixturevalue(request.param)
    if not made.mirrors_by:
        pytest.skip(f"{made.name} of this release asks no mirror: its tests are in test_docker.py")
    made.forget()
    yield made
