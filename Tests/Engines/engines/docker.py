"""A Docker daemon with one of its two image stores."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import Optional

from harness.registry import CommandFailed

from .containerd import NOWHERE, hosts_toml
from .images import Made
from .root import Root

CERTIFICATES = "/etc/docker/certs.d"


class Docker:
    """dockerd of a Root. `store` is `graphdriver` or `containerd`; `mirror_of_hub` stands in registry-mirrors."""

    def __init__(self, root: Root, store: str, mirror_of_hub: Optional[str] = None):
        self.root, self.store = root, store
        self.name = f"docker-{store}"
        # The graph drivers read no hosts.toml, and earlier releases neither.
        self.mirrors_by = "ns" if store == "containerd" and root.version("dockerd") >= (28, 0) else None
        settings = {"features": {"containerd-snapshotter": store == "containerd"}}
        if mirror_of_hub:
            settings["registry-mirrors"] = [f"http://{mirror_of_hub}"]
        root.write("/etc/docker/daemon.json", json.dumps(settings))
        containerd = root.start("containerd", "containerd")
        containerd.find(lambda line: "containerd successfully booted" in line, 60)
        self.daemon = root.start("dockerd", "dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none")
        self.daemon.find(lambda line: "API listen on" in line, 60)

    def mirror(self, host: str, address: str, is_alone: bool = False, server: str = NOWHERE) -> None:
        """`ns=` says which registry is meant, also to a client of one."""
        hosts_toml(self.root, CERTIFICATES, host, address, server)

    def pull(self, name: str, *options) -> None:
        self.root.run("docker", "pull", "--quiet", *options, name)

    def holds(self, name: str, made: Made, *options) -> bool:
        container = self.root.run("docker", "create", *options, name).strip()
        try:
            octets = self.root.read("docker", "cp", f"{container}:/data", "-")
        finally:
            self.root.run("docker", "rm", container)
        with tarfile.open(fileobj=io.BytesIO(octets)) as tar:
            files = {entry.name.removeprefix("data/"): hashlib.sha256(tar.extractfile(entry).read()).hexdigest()
                     for entry in tar if entry.isfile()}
        return files == made.files

    def tag(self, name: str, other: str) -> None:
        self.root.run("docker", "tag", name, other)

    def push(self, name: str) -> None:
        self.root.run("docker", "push", "--quiet", name)

    def login(self, address: str, user: str, password: str) -> None:
        self.root.run("docker", "login", "--username", user, "--password", password, address)

    def logout(self, address: str) -> None:
        self.root.run("docker", "logout", address)

    def forget(self) -> None:
        images = set(self.root.run("docker", "image", "ls", "--all", "--quiet", "--no-trunc").split())
        try:
            if images:
                self.root.run("docker", "image", "rm", "--force", *sorted(images))
        except CommandFailed:
            # Those that others were built upon go next.
            pass
        # What a build has taken would not be fetched again either.
        self.root.run("docker", "system", "prune", "--all", "--force")
