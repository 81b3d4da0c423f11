"""What the workers at the near end of scripts/netlab have in common."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from harness.program import Program

from .stand import BenchRegistry

NEAR, FAR = "192.0.2.1", "192.0.2.2"


def enter() -> list[str]:
    """What runs a command at the far end."""
    return shlex.split(os.environ["NETLAB_FAR"])


def far(name: str, arguments: list, folder: Path) -> Program:
    return Program(name, [*enter(), *arguments], folder, cwd=folder)


def options(ways: list[str]) -> argparse.ArgumentParser:
    """What every worker is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=ways)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--storage", type=Path)
    parser.add_argument("--tls", type=Path, nargs=2)
    return parser


def plain_registry(chosen: argparse.Namespace) -> BenchRegistry:
    """The registry at the far end, for the server beside it."""
    return BenchRegistry(chosen.folder, "registry", chosen.storage, None, f"{FAR}:5000", enter())


def secure_registry(chosen: argparse.Namespace) -> BenchRegistry:
    """The same with TLS, for who asks it over the link."""
    return BenchRegistry(chosen.folder, "registry-tls", chosen.storage, chosen.tls, f"{FAR}:5001", enter())


@contextlib.contextmanager
def kept() -> Iterator[list]:
    """What is put into the list is stopped at the end, the last one first."""
    parts: list = []
    try:
        yield parts
    finally:
        for part in reversed(parts):
            part.stop()
