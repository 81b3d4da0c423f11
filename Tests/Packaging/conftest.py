"""Fixtures: the program in containers and installed from its package, with a loopback and no other network."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "EndToEnd"), str(TESTS / "Engines")]

from harness import image, namespaces, parts, pulls  # noqa: E402

TREES = Path(os.environ.get("PACKAGING_TREES") or parts.ROOT / ".build" / "debian")
os.environ["PATH"] = f"{parts.ROOT}/.build/tools/bin:{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"


def pytest_report_header():
    return [f"registry-ndn: {parts.binary()}", f"Debians: {TREES}"]


def pytest_sessionstart(session):
    if not parts.binary().exists() or not (TREES / "checks.complete").exists():
        pytest.exit("the program or the Debians are missing: start these tests with scripts/test packaging", 2)
    if not pulls.is_root():
        pytest.exit("containers and packages need root that may mount", 2)
    # The ports are those that people use, and whatever is asked for goes nowhere, or to what listens here.
    try:
        namespaces.own_network()
    except OSError as error:
        pytest.exit(f"a network of their own cannot be made: {error.strerror}", 2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.failed and "work" in item.funcargs:
        for log in sorted(item.funcargs["work"].rglob("*.log")):
            if log.is_file() and log.stat().st_mtime > call.start:
                lines = log.read_text(errors="replace").splitlines()[-12:]
                report.sections.append((f"end of {log.name}", "\n".join(line[:400] for line in lines)))
    return report


@pytest.fixture(scope="session")
def work():
    """A folder with a short path: Unix sockets are made in it."""
    folder = Path(tempfile.mkdtemp(prefix="registry-ndn-packaging-"))
    yield folder
    if not os.environ.get("REGISTRY_NDN_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def layout(work):
    """An image in an OCI layout: (folder, id, its blobs)."""
    config, layers = image.write(work / "image", [8 << 20, 3 << 20, 100_000], "packaging", busybox=None)
    return work / "image", config.digest, [config, *layers]
