"""Dockerfile and compose.yml: the final stage, with the program that is built already, and all four containers from one command
to a pull over NDN."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from conftest import TREES
from harness import parts, pulls
from harness.program import event_of
from harness.registry import CommandFailed, containers_environment, run

REGISTRY, CLIENT = "127.0.0.1:5001", "127.0.0.1:5000"
REGISTRY_SETTINGS = """\
version: 0.1
storage: {filesystem: {rootdirectory: /var/lib/registry}}
http: {addr: ":5000"}
"""
# Left out of the base, as in a slim image.
UNNEEDED = ["./dev/*", "./usr/share/doc/*", "./usr/share/locale/*", "./usr/share/man/*", "./var/cache/apt/*",
            "./var/lib/apt/lists/*"]


class Containers:
    """A Docker daemon with the images that compose.yml is told to use: nothing comes from anywhere else."""

    def __init__(self, work: Path):
        self.folder = work / "containers"
        self.folder.mkdir()
        self.docker = pulls.Docker(self.folder)
        self._environment = {
            **containers_environment(self.folder), "DOCKER_HOST": f"unix://{self.docker.folder}/docker.sock",
            "DOCKER_BUILDKIT": "1", "COMPOSE_DOCKER_CLI_BUILD": "1", "COMPOSE_PROJECT_NAME": "test",
            "BASE": "test-base", "PROGRAM": "test-program", "REGISTRY_IMAGE": "test-registry", "BUILD_NETWORK": "none"}
        try:
            self._make_images()
        except BaseException:
            self.docker.stop()
            raise

    def _make_images(self) -> None:
        unneeded = [f"--exclude={path}" for path in UNNEEDED]
        with subprocess.Popen(["tar", "-C", TREES / "base", *unneeded, "-c", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run(["docker", "import", "-", "test-base"], stdin=tar.stdout, check=True, capture_output=True,
                           env={**os.environ, **self._environment})
        self._build("test-program", parts.binary(), "registry-ndn", "FROM scratch\nCOPY registry-ndn /\n")
        unpacked = parts.ROOT / ".build/tools/root/usr/bin/docker-registry"
        registry = unpacked if unpacked.exists() else Path(shutil.which("docker-registry"))
        self._build("test-registry", registry, "docker-registry",
                    "FROM test-base\nCOPY docker-registry config.yml /\n"
                    'ENTRYPOINT ["/docker-registry", "serve", "/config.yml"]\n')

    def _build(self, name: str, program: Path, called: str, text: str) -> None:
        context = self.folder / name
        context.mkdir()
        shutil.copy(program, context / called)
        (context / "config.yml").write_text(REGISTRY_SETTINGS)
        (context / "Dockerfile").write_text(text)
        self.run("docker", "build", "--network=none", "--tag", name, context)

    def run(self, *arguments, timeout: float = 120) -> str:
        return run(*arguments, environment=self._environment, timeout=timeout)

    def compose(self, *arguments) -> str:
        return self.run("docker-compose", "--file", parts.ROOT / "compose.yml", *arguments)

    def container(self, service: str) -> str:
        return self.run("docker", "ps", "--all", "--quiet", "--filter",
                        f"label=com.docker.compose.service={service}").strip()

    def inspect(self, service: str) -> dict:
        """What Docker says of a service's container."""
        return json.loads(self.run("docker", "inspect", self.container(service)))[0]

    def health(self, service: str) -> str:
        """What `registry-ndn health` says in a container; nothing when it fails."""
        try:
            return self.run("docker", "exec", self.container(service), "registry-ndn", "health").strip()
        except CommandFailed:
            return ""

    def client_requests(self) -> dict[str, str]:
        """Of the client's log: where each blob came from, the last time that it was asked for."""
        log = subprocess.run(["docker", "logs", self.container("client")], env={**os.environ, **self._environment},
                             capture_output=True, text=True, check=True)
        events = [event_of(line) for line in log.stderr.splitlines()]
        return {event["digest"]: event["source"] for event in events if event and event["message"] == "request"
                and "digest" in event}

    def log(self) -> str:
        return self.compose("logs", "--no-color", "--tail", "15")

    def stop(self) -> None:
        try:
            self.compose("down", "--volumes")
        except CommandFailed:
            pass
        self.docker.stop()


@pytest.fixture(scope="module")
def containers(work):
    made = Containers(work)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def running(containers):
    """All four, started as the page says."""
    containers.compose("up", "--build", "--detach")
    return containers


def eventually(condition, seconds: float, what):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)


def test_one_command_starts_all_of_it_and_an_image_comes_over_ndn(running, layout):
    began = time.monotonic()
    eventually(lambda: running.health("client"), 30, running.log)
    run("skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{layout[0]}:latest",
        f"docker://{CLIENT}/my/app:latest", environment=containers_environment(running.folder))
    assert running.docker.pull(CLIENT, "my/app:latest") == layout[1]
    sources = running.client_requests()
    assert all(sources.get(blob.digest) == "ndn" for blob in layout[2]), f"{sources}\n{running.log()}"
    assert time.monotonic() - began < 60


def test_no_container_of_ours_runs_as_root_or_may_write_to_itself(running):
    for service in ("forwarder", "server", "client"):
        made = running.inspect(service)
        assert made["Config"]["User"] == "10001:10001" and made["HostConfig"]["ReadonlyRootfs"]
        assert made["HostConfig"]["CapDrop"] == ["ALL"]
        status = Path(f"/proc/{made['State']['Pid']}/status").read_text()
        assert "Uid:\t10001\t10001" in status and "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status


def test_the_health_check_is_right_in_each_of_them(running):
    said = {service: running.health(service) for service in ("forwarder", "server", "client")}
    assert said == {"forwarder": "process 1 is a forwarder, and runs", "server": "process 1 is a server, and runs",
                    "client": f"http://{CLIENT} answers 200 OK"}
    check = running.inspect("client")["Config"]["Healthcheck"]
    assert check["Test"] == ["CMD", "registry-ndn", "health"]


def test_a_forwarder_that_is_started_again_is_found_again(running, layout):
    """Its socket is another file then: a mount of the socket alone would keep the old one."""
    running.compose("restart", "forwarder")
    blob = layout[2][1]

    def came_over_ndn():
        done = subprocess.run(["curl", "-sf", "-o", "/dev/null", f"http://{CLIENT}/v2/my/app/blobs/{blob.digest}"],
                              check=False)
        return done.returncode == 0 and running.client_requests()[blob.digest] == "ndn"
    eventually(came_over_ndn, 90, running.log)


def test_all_of_it_ends_within_ten_seconds(running):
    began = time.monotonic()
    running.compose("stop")
    assert time.monotonic() - began < 10
    for service in ("forwarder", "server", "client"):
        state = running.inspect(service)["State"]
        assert (state["Status"], state["ExitCode"]) == ("exited", 0), (service, state)
