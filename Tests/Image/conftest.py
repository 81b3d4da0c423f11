"""Where the harness is, and what these tests are started with."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "EndToEnd"))

from harness import parts  # noqa: E402

TREES = Path(os.environ.get("PACKAGING_TREES") or parts.ROOT / ".build" / "debian")
os.environ["PATH"] = f"{parts.ROOT}/.build/tools/bin:{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"


def pytest_sessionstart(session):
    if not (TREES / "builder.complete").exists():
        pytest.exit("the Debian to build in is missing: start these tests with scripts/test --image", 2)
