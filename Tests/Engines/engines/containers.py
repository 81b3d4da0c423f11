"""podman, buildah and skopeo, which share their settings; each pulls into a store that is emptied by `forget`."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .images import Made
from .root import Root

STORAGE = """\
[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
[storage.options.pull_options]
enable_partial_images = "{partial}"
"""


def configure(root: Root, has_partial_pulls: bool = False) -> None:
    root.write("/etc/containers/policy.json", '{"default": [{"type": "insecureAcceptAnything"}]}')
    root.write("/etc/containers/storage.conf", STORAGE.format(partial="true" if has_partial_pulls else "false"))


def mirror(root: Root, host: str, location: str) -> None:
    """Asks `location` for the images of `host`."""
    root.write(f"/etc/containers/registries.conf.d/{host}.conf",
               f'[[registry]]\nprefix = "{host}"\nlocation = "{host}"\n\n'
               f'[[registry.mirror]]\nlocation = "{location}"\ninsecure = true\n')


def same_files(folder: Path, made: Made) -> bool:
    """Whether `folder`, an image's /data, has the files that the image was made of, byte for byte."""
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    return found == made.files


def same_blobs(folder: Path, made: Made) -> bool:
    """Whether the image's blobs, byte for byte, are in `folder`, whatever they are called."""
    found = {"sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}
    return all(blob.digest in found for blob in made.blobs)


class Podman:
    """podman of a Root; the mirror of a registry is one in registries.conf, by path."""

    name = "podman"
    mirrors_by = "path"

    def __init__(self, root: Root, has_partial_pulls: bool = False):
        self.root = root
        configure(root, has_partial_pulls)

    def mirror(self, host: str, address: str, is_alone: bool = False) -> None:
        """At `address` the registry stands in the path, unless it `is_alone` there."""
        mirror(self.root, host, address if is_alone else f"{address}/{host}")

    def pull(self, name: str, *options) -> None:
        self.root.run("podman", "pull", "--quiet", "--tls-verify=false", *options, name)

    def holds(self, name: str, made: Made, *options) -> bool:
        mounted = self.root.run("podman", "image", "mount", name).strip()
        try:
            return same_files(self.root.path(mounted) / "data", made)
        finally:
            self.root.run("podman", "image", "unmount", name)

    def tag(self, name: str, other: str) -> None:
        self.root.run("podman", "tag", name, other)

    def push(self, name: str) -> None:
        self.root.run("podman", "push", "--quiet", "--tls-verify=false", name)

    def login(self, address: str, user: str, password: str) -> None:
        self.root.run("podman", "login", "--tls-verify=false", "--username", user, "--password", password, address)

    def logout(self, address: str) -> None:
        self.root.run("podman", "logout", address)

    def forget(self) -> None:
        self.root.run("podman", "image", "rm", "--all", "--force")


class Buildah(Podman):
    """buildah; what it pulls it makes a working container of."""

    name = "buildah"

    def pull(self, name: str, *options) -> None:
        self.root.run("buildah", "pull", "--quiet", "--tls-verify=false", *options, name)

    def holds(self, name: str, made: Made, *options) -> bool:
        container = self.root.run("buildah", "from", "--pull=never", name).strip()
        try:
            return same_files(self.root.path(self.root.run("buildah", "mount", container).strip()) / "data", made)
        finally:
            self.root.run("buildah", "rm", container)

    def tag(self, name: str, other: str) -> None:
        self.root.run("buildah", "tag", name, other)

    def push(self, name: str) -> None:
        self.root.run("buildah", "push", "--quiet", "--tls-verify=false", name)

    def login(self, address: str, user: str, password: str) -> None:
        self.root.run("buildah", "login", "--tls-verify=false", "--username", user, "--password", password, address)

    def logout(self, address: str) -> None:
        self.root.run("buildah", "logout", address)

    def forget(self) -> None:
        self.root.run("buildah", "rmi", "--all", "--force")


class Skopeo(Podman):
    """skopeo; an image is a folder of its blobs."""

    name = "skopeo"

    def _folder(self, name: str) -> str:
        return f"{self.root.folder}/skopeo-{hashlib.sha256(name.encode()).hexdigest()[:12]}"

    def pull(self, name: str, *options) -> None:
        self.root.run("skopeo", *options, "copy", "--quiet", "--src-tls-verify=false", f"docker://{name}",
                      f"dir:{self._folder(name)}")

    def holds(self, name: str, made: Made, *options) -> bool:
        return same_blobs(Path(self._folder(name)), made)

    def tag(self, name: str, other: str) -> None:
        self.root.run("cp", "-r", self._folder(name), self._folder(other))

    def push(self, name: str) -> None:
        self.root.run("skopeo", "copy", "--quiet", "--dest-tls-verify=false", f"dir:{self._folder(name)}",
                      f"docker://{name}")

    def login(self, address: str, user: str, password: str) -> None:
        self.root.run("skopeo", "login", "--tls-verify=false", "--username", user, "--password", password, address)

    def logout(self, address: str) -> None:
        self.root.run("skopeo", "logout", address)

    def forget(self) -> None:
        self.root.run("sh", "-c", f"rm -rf {self.root.folder}/skopeo-*")
