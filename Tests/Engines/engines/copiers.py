"""crane and oras, which copy images between registries and folders and have no store."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .containers import same_blobs
from .images import Made
from .root import MissingProgram, Root


class Crane:
    """crane; speaks plain HTTP with addresses of this machine by itself."""

    name = "crane"
    # There is no setting for a mirror.
    mirrors_by = None

    def __init__(self, root: Root):
        self.root = root
        if not root.has(self.name):
            raise MissingProgram(f"this Debian has no {self.name}")

    def _folder(self, name: str) -> str:
        return f"{self.root.folder}/copied-{hashlib.sha256(name.encode()).hexdigest()[:12]}"

    def pull(self, name: str, *options) -> None:
        self.root.run("crane", "pull", "--format=oci", *options, name, self._folder(name))

    def holds(self, name: str, made: Made, *options) -> bool:
        return same_blobs(Path(self._folder(name)), made)

    def tag(self, name: str, other: str) -> None:
        self.root.run("cp", "-r", self._folder(name), self._folder(other))

    def push(self, name: str) -> None:
        self.root.run("crane", "push", self._folder(name), name)

    def login(self, address: str, user: str, password: str) -> None:
        self.root.run("crane", "auth", "login", "--username", user, "--password", password, address)

    def logout(self, address: str) -> None:
        self.root.run("crane", "auth", "logout", address)

    def forget(self) -> None:
        self.root.run("sh", "-c", f"rm -rf {self.root.folder}/copied-*")


class Oras(Crane):
    """oras; an image is an OCI layout."""

    name = "oras"

    def pull(self, name: str, *options) -> None:
        self.root.run("oras", "copy", "--from-plain-http", *options, "--to-oci-layout", name, f"{self._folder(name)}:latest")

    def push(self, name: str) -> None:
        self.root.run("oras", "copy", "--to-plain-http", "--from-oci-layout", f"{self._folder(name)}:latest", name)

    def login(self, address: str, user: str, password: str) -> None:
        self.root.run("oras", "login", "--plain-http", "--username", user, "--password", password, address)

    def logout(self, address: str) -> None:
        self.root.run("oras", "logout", address)
