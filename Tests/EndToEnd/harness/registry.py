"""docker-registry on a folder of its own, and what is asked of any registry."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import subprocess
import urllib.parse
from pathlib import Path
from typing import Optional

from .program import Program

CONFIGURATION = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: {quiet}}}}}
storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: true}}}}
http: {{addr: "{address}", headers: {{X-Content-Type-Options: [nosniff]}}}}
"""


class Registry:
    """A docker-registry; `stop` and `start` again keep port and content. `within` is put before the command at the next
    `start`, such as what enters a network namespace."""

    def __init__(self, folder: Path, name: str = "registry", address: str = "127.0.0.1:0", within: list = ()):
        self.name = name
        self.within = list(within)
        self.folder = folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.address = address
        self.program: Optional[Program] = None
        self.start()

    def start(self) -> None:
        configuration = self.folder / "config.yml"
        configuration.write_text(CONFIGURATION.format(root=self.folder / "data", address=self.address, quiet="false"))
        self.program = Program(self.name, [*self.within, "docker-registry", "serve", configuration], self.folder,
                               {"OTEL_TRACES_EXPORTER": "none"})
        port = self.program.find(lambda line: re.search(r"listening on 127\.0\.0\.1:(\d+)", line)).group(1)
        self.address = f"127.0.0.1:{port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def push(self, layout: Path, name: str) -> None:
        """Pushes an OCI layout as `name`, `demo/app:latest`."""
        run(*self.within, "skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{layout}:latest",
            f"docker://{self.address}/{name}", environment=containers_environment(self.folder))

    def put_blob(self, repository: str, octets: bytes) -> str:
        """Uploads one blob and gives its digest."""
        digest = "sha256:" + hashlib.sha256(octets).hexdigest()
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request("POST", f"/v2/{repository}/blobs/uploads/", headers={"Content-Length": "0"})
        response = connection.getresponse()
        response.read()
        assert response.status == 202, f"upload refused: {response.status}"
        location = urllib.parse.urlsplit(response.headers["Location"])
        connection.request("PUT", f"{location.path}?{location.query}&digest={digest}", octets,
                           {"Content-Type": "application/octet-stream"})
        response = connection.getresponse()
        response.read()
        connection.close()
        assert response.status == 201, f"upload refused: {response.status}"
        return digest

    def put_manifest(self, repository: str, octets: bytes, kind: str) -> str:
        """Uploads a manifest, whose blobs are there, and gives its digest."""
        digest = "sha256:" + hashlib.sha256(octets).hexdigest()
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request("PUT", f"/v2/{repository}/manifests/{digest}", octets, {"Content-Type": kind})
        response = connection.getresponse()
        response.read()
        connection.close()
        assert response.status == 201, f"manifest refused: {response.status}"
        return digest

    def stop(self) -> None:
        self.program.stop()


def containers_environment(folder: Path) -> dict:
    """Keeps skopeo and podman away from the user's settings, credentials and caches."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    registries = home / "registries.conf"
    registries.write_text("unqualified-search-registries = []\n")
    (home / "auth.json").write_text("{}")
    return {
        "HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_RUNTIME_DIR": str(home), "REGISTRY_AUTH_FILE": str(home / "auth.json"), "TMPDIR": str(home),
        "CONTAINERS_REGISTRIES_CONF": str(registries), "DOCKER_CONFIG": str(home / "docker"),
        # Else root's cache of blob locations would be the system's, /var/lib/containers/cache.
        "_CONTAINERS_ROOTLESS_UID": "1",
    }


def run(*arguments, environment: Optional[dict] = None, timeout: float = 300.0) -> str:
    """Runs a command to its end; its stdout, or CommandFailed with all it said."""
    done = subprocess.run([str(argument) for argument in arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=timeout, env={**os.environ, **(environment or {})}, check=False)
    if done.returncode:
        raise CommandFailed(done.returncode, f"{' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
    return done.stdout


class CommandFailed(Exception):
    """A command ended with another status than 0."""

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status = status
