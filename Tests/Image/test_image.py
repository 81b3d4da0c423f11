"""The whole Dockerfile, with the stage that builds, from nothing but the source release: as `docker build` does it where images come
from a registry, on bases that are made here."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from conftest import TREES
from harness import parts, pulls
from harness.registry import containers_environment, run

# An image has no devices, and no lists of packages: `apt-get update` brings them.
UNNEEDED = ["./dev/*", "./usr/share/doc/*", "./usr/share/locale/*", "./usr/share/man/*", "./var/cache/apt/*",
            "./var/lib/apt/lists/*"]
PREFIX = "registry-ndn-source"
# The image's, left for the tests of containers.
PROGRAM = parts.ROOT / ".build" / "image" / "registry-ndn"


@pytest.fixture(scope="module")
def work():
    folder = Path(tempfile.mkdtemp(prefix="registry-ndn-image-"))
    yield folder
    if not os.environ.get("REGISTRY_NDN_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def source(work) -> Path:
    """What is committed, as a release has it."""
    run("bash", "-ec", 'root=$1; . "$root/scripts/lib/say.sh"; . "$root/scripts/lib/package.sh"; make_source "$2" "$3"', "bash",
        parts.ROOT, work, PREFIX)
    run("tar", "-C", work, "-xzf", work / f"{PREFIX}.tar.gz")
    return work / PREFIX


class Builder:
    """A Docker daemon in the network of this machine, where a build finds what it fetches."""

    def __init__(self, folder: Path):
        folder.mkdir()
        self.docker = pulls.Docker(folder)
        self.environment = {**containers_environment(folder), "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain",
                            "DOCKER_HOST": f"unix://{self.docker.folder}/docker.sock"}

    def run(self, *arguments, timeout: float = 120) -> str:
        return run(*arguments, environment=self.environment, timeout=timeout)

    def make_base(self, name: str, *folders: Path) -> None:
        """An image of folders that lie over each other, the first on top."""
        merged = self.docker.folder / name
        merged.mkdir()
        unneeded = shlex.join(f"--exclude={path}" for path in UNNEEDED)
        self.run("unshare", "--mount", "--propagation", "private", "bash", "-eo", "pipefail", "-c",
                 f'mount -t overlay -o "lowerdir=$2" none "$1"; tar -C "$1" {unneeded} -c . | docker import - "$3"', "bash",
                 merged, ":".join(map(str, folders)), name, timeout=600)


@pytest.fixture(scope="module")
def builder(work):
    made = Builder(work / "docker")
    yield made
    made.docker.stop()


def mirrored(folder: Path) -> Path:
    """A folder of an image whose git fetches from where this machine's does, if that is a folder: a copy of what it may reach."""
    (folder / "etc").mkdir(parents=True)
    settings = subprocess.run(["git", "config", "--get-regexp", r"^url\..*\.insteadof$"], capture_output=True, text=True,
                              check=False)
    found = re.findall(r"^url\.(/.*)\.insteadof (.*)$", settings.stdout, re.MULTILINE)
    (folder / "etc" / "gitconfig").write_text("".join(f'[url "{place}"]\n\tinsteadOf = {url}\n' for place, url in found))
    for place in {place for place, _ in found}:
        shutil.copytree(place, folder / place.strip("/"), symlinks=True)
    return folder


def test_the_dockerfile_builds_the_program_from_the_source_release(builder, source, work):
    # The toolchain of this machine: PREFIX/usr/lib/swift.
    resources = json.loads(run("swift", "-print-target-info"))["paths"]["runtimeResourcePath"]
    (work / "nothing").mkdir()
    builder.make_base("test-base", work / "nothing", TREES / "base")
    builder.make_base("test-swift", mirrored(work / "settings"), Path(resources).parents[2], TREES / "builder")
    # A build with no layer of an earlier one, and steps that reach what this machine does.
    builder.run("docker", "build", "--no-cache", "--network=host", "--build-arg", "SWIFT=test-swift", "--build-arg",
                "BASE=test-base", "--tag", "test-image", source, timeout=3600)
    version = re.search(r'number = "(.*)"', (source / "Sources/Tools/Version.swift").read_text()).group(1)
    said = builder.run("docker", "run", "--rm", "--network=none", "test-image", "--version").splitlines()
    assert said[0] == f"registry-ndn {version}"
    assert run("git", "-C", parts.ROOT, "rev-parse", "HEAD").startswith(said[1].removeprefix("commit ")), said
    container = builder.run("docker", "create", "test-image").strip()
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    builder.run("docker", "cp", f"{container}:/usr/bin/registry-ndn", PROGRAM)
    assert PROGRAM.stat().st_size < 32 << 20, "the program has symbols, or what it need not"


def test_the_source_release_keeps_its_own_rules(source):
    """All that scripts/check reads is in it."""
    run(source / "scripts" / "check", timeout=300)
