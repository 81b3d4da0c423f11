"""Fixtures: each starts real programs in a folder of its own and takes them down by process id."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from harness import image, parts, pulls
from harness.blobs import seeded
from harness.mirror import Mirror
from harness.registry import Registry

TOOLS = parts.ROOT / ".build" / "tools" / "bin"
SYSTEM = "/usr/local/sbin:/usr/sbin:/sbin"
os.environ["PATH"] = f"{TOOLS}:{os.environ['PATH']}:{SYSTEM}"

IMAGE = "demo/app:latest"


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="load for a whole minute, and larger blobs")


def pytest_report_header():
    return f"registry-ndn: {parts.binary()}"


def pytest_sessionstart(session):
    if not parts.binary().exists():
        pytest.exit(f"{parts.binary()} is missing: build it, or start these tests with scripts/test", 2)


def pytest_collection_modifyitems(items):
    root = pulls.is_root()
    for item in items:
        if "docker" in item.fixturenames or "needs_root" in item.fixturenames:
            item.add_marker(pytest.mark.skipif(not root, reason="needs root that may mount"))


@pytest.fixture(scope="session")
def long(request) -> bool:
    return request.config.getoption("--long")


@pytest.fixture
def needs_root():
    """Asked for by tests that are skipped without root."""


@pytest.fixture(scope="session")
def work():
    """A folder with a short path: Unix sockets are made in it."""
    folder = Path(tempfile.mkdtemp(prefix="registry-ndn-"))
    yield folder
    if not os.environ.get("REGISTRY_NDN_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder(work, request):
    """One test's folder; it goes when the test passed, and stays for its logs when it failed."""
    made = Path(tempfile.mkdtemp(prefix="t-", dir=work))
    yield made
    report = getattr(request.node, "report_of_call", None)
    if report is None or not report.failed:
        shutil.rmtree(made, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.report_of_call = report
        made = item.funcargs.get("folder")
        if report.failed and made:
            for log in sorted(Path(made).rglob("*.log")):
                lines = log.read_text(errors="replace").splitlines()[-25:]
                report.sections.append((f"end of {log.name}", "\n".join(lines)))
    return report


@pytest.fixture(scope="session")
def layout(work):
    """An image in an OCI layout: (folder, id, its blobs)."""
    target = work / "image"
    busybox = shutil.which("busybox")
    config, layers = image.write(target, [24 << 20, 8 << 20, 100_000], "end to end", busybox=busybox and Path(busybox))
    return target, config.digest, [config, *layers]


@pytest.fixture(scope="session")
def shared_registry(work, layout):
    """A registry that no test stops, holding the image."""
    registry = Registry(work)
    registry.push(layout[0], IMAGE)
    yield registry
    registry.stop()


@pytest.fixture(scope="session")
def blob(shared_registry):
    """Makes a blob in the shared registry: (digest, octets)."""
    made: dict[int, tuple[str, bytes]] = {}

    def put(size: int, seed: int = 0, repository: str = "demo/blobs"):
        key = (size, seed, repository)
        if key not in made:
            octets = seeded(f"{size} {seed}", size)
            made[key] = (shared_registry.put_blob(repository, octets), octets)
        return made[key]
    return put


class Parts:
    """Starts parts in a test's folder and stops them, last first."""

    def __init__(self, folder: Path, registry: Registry):
        self.folder, self.registry = folder, registry
        self.started: list = []

    def _keep(self, part):
        self.started.append(part)
        return part

    def forwarder(self, **options) -> parts.Forwarder:
        return self._keep(parts.Forwarder(self.folder, **options))

    def server(self, uplink=None, registry=None, **options) -> parts.Server:
        return self._keep(parts.Server(self.folder, registry or self.registry, uplink, **options))

    def client(self, router, registry=None, **options) -> parts.Client:
        return self._keep(parts.Client(self.folder, registry or self.registry, router, **options))

    def own_registry(self) -> Registry:
        return self._keep(Registry(self.folder, "own-registry"))

    def keep(self, thing):
        """Stops `thing` too at the end."""
        return self._keep(thing)


@pytest.fixture
def start(folder, shared_registry):
    made = Parts(folder, shared_registry)
    yield made
    for part in reversed(made.started):
        part.stop()


@pytest.fixture
def free_udp_port():
    """A port of the loopback that is held, and where nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def free_tcp_port():
    """A port of the loopback that was free a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def chain(start):
    """Forwarder, server and client behind it, connected by the Unix socket: the usual arrangement."""
    forwarder = start.forwarder()
    server = start.server(uplink=forwarder.unix)
    client = start.client(router=forwarder.unix)
    return forwarder, server, client


@pytest.fixture(scope="module")
def mirror(work, shared_registry, layout):
    """(client, alpha, beta): alpha has the image, beta has it as library/app, each behind a server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="mirrors-", dir=work))
    beta = Registry(folder, "beta")
    beta.push(layout[0], "library/app:latest")
    made = Parts(folder, shared_registry)
    forwarder = made.forwarder()
    made.server(uplink=forwarder.unix)
    made.server(uplink=forwarder.unix, registry=beta, name="server-beta", prefix="/example/beta")
    client = made.keep(Mirror(folder, shared_registry, beta, forwarder.unix))
    yield client, shared_registry, beta
    for part in [*reversed(made.started), beta]:
        part.stop()


@pytest.fixture(scope="module")
def docker(work):
    daemon = pulls.Docker(work)
    yield daemon
    daemon.stop()
