"""The commands of README.md, as they stand there, typed into a shell in their order. They use the ports that a newcomer's do,
so the shell lives in a network namespace of its own, with a registry at 127.0.0.1:5000 and a Docker daemon."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from harness import parts, pulls
from harness.namespaces import Alone
from harness.program import event_of
from harness.registry import Registry, containers_environment, run


def commands(name: str) -> list[str]:
    """The lines of the block of README.md that follows `<!-- commands: name -->`."""
    text = (parts.ROOT / "README.md").read_text()
    block = re.search(rf"<!-- commands: {name} -->\n```sh\n(.*?)```", text, re.DOTALL)
    assert block, f"README.md has no block of commands called {name}"
    return block.group(1).splitlines()


@pytest.fixture
def alone(needs_root):
    namespace = Alone()
    yield namespace
    namespace.stop()


@pytest.fixture
def machine(alone, folder, layout):
    """A registry at 127.0.0.1:5000 with an image, and a Docker daemon, in the namespace."""
    registry = Registry(folder, address="127.0.0.1:5000", within=alone.enter)
    registry.push(layout[0], "my/app:latest")
    docker = pulls.Docker(folder, within=alone.enter)
    yield docker
    docker.stop()
    registry.stop()


def test_the_build_command_is_the_one_that_the_scripts_use():
    build = commands("first pull")[0]
    assert build.startswith("swift build ")
    kind, _, product = build.removeprefix("swift build ").partition("--product ")
    script = (parts.ROOT / "scripts" / "lib" / "build.sh").read_text()
    assert f'{kind}--product "$@"' in script and f"build_product {product} " in script


def typed(line: str, folder: Path) -> list[str]:
    """What is typed for a line of the README: a program that goes on running is waited for until it is ready, as a person
    would, and the program under test is built already."""
    if line.startswith("swift build "):
        return []
    if line.startswith("export PATH="):
        return [f'export PATH="{parts.binary().parent}:$PATH"']
    started = re.fullmatch(r"(registry-ndn (\w+) .*|registry-ndn (\w+)) &", line)
    if not started:
        return [line]
    name = started.group(2) or started.group(3)
    return [f"rm -f {folder}/{name}.out", f"{started.group(1)} >{folder}/{name}.out 2>{folder}/{name}.log &",
            f"for _ in $(seq 300); do if grep -q '^ready ' {folder}/{name}.out; then break; fi; sleep 0.1; done"]


def test_the_first_pull_works_as_it_is_written(machine, alone, folder, layout):
    lines = commands("first pull")
    assert len(lines) <= 10
    script = ["set -e", *(part for line in lines for part in typed(line, folder)), "kill %1 %2 %3", "wait"]
    # As root the forwarder's socket lies in /run: that is not the machine's here.
    hidden = ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh"]
    environment = {"DOCKER_HOST": f"unix://{machine.folder}/docker.sock", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    run(*alone.enter, *hidden, "env", "-u", "NDN_CLIENT_TRANSPORT", "-u", "NDNTS_UPLINK", "bash", "-c", "\n".join(script),
        environment=environment, timeout=120)
    assert machine.id_of("127.0.0.1:5050/my/app") == layout[1]
    assert sources(folder) == {blob.digest: "ndn" for blob in layout[2]}


def sources(folder: Path) -> dict:
    events = [event for line in (folder / "client.log").read_text().splitlines() if (event := event_of(line))]
    return {event["digest"]: event["source"] for event in events if event["message"] == "request" and "digest" in event}


def test_images_keep_their_names_as_it_is_written(alone, folder, layout):
    """With skopeo in place of podman, which reads the same files and wants no storage."""
    registry = Registry(folder, address="127.0.0.1:5000", within=alone.enter)
    registry.push(layout[0], "my/app:latest")
    script = ["set -e"]
    for line in [*commands("first pull")[:-1], "kill %3; wait %3 || true", *commands("names kept")]:
        if line.startswith("registry-ndn setup "):
            line += " --yes"
        if line.startswith("podman pull "):
            line = f"skopeo --insecure-policy copy docker://{line.removeprefix('podman pull ')} dir:{folder}/pulled"
        script += typed(line, folder)
    script += ["registry-ndn setup podman --check", "kill $(jobs -p)", "wait"]
    (folder / "empty").mkdir()
    hidden = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
              'for it in /run /var/lib; do mount -t tmpfs none $it; done; mount --bind "$0" /etc && exec "$@"', folder / "empty"]
    try:
        run(*alone.enter, *hidden, "env", "-u", "NDN_CLIENT_TRANSPORT", "-u", "NDNTS_UPLINK", "bash", "-c", "\n".join(script),
            environment=containers_environment(folder), timeout=120)
    finally:
        registry.stop()
    assert json.loads((folder / "pulled" / "manifest.json").read_text())["config"]["digest"] == layout[1]
    assert sources(folder) == {blob.digest: "ndn" for blob in layout[2]}
