"""skopeo, podman and Docker, each pulling into a store that was empty before."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Optional

from .program import Program, ProgramError
from .registry import containers_environment, run


def skopeo(address: str, name: str, folder: Path, timeout: float = 300.0) -> str:
    """Copies an image into a new folder; the image's id."""
    shutil.rmtree(folder, ignore_errors=True)
    run("skopeo", "--insecure-policy", "copy", "--quiet", "--src-tls-verify=false", f"docker://{address}/{name}",
        f"dir:{folder}", environment=containers_environment(folder.parent), timeout=timeout)
    return json.loads((folder / "manifest.json").read_text())["config"]["digest"]


def same_files(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files, octet for octet."""
    names = sorted(path.name for path in one.iterdir())
    if names != sorted(path.name for path in other.iterdir()):
        return False
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


def podman(address: str, name: str, folder: Path, timeout: float = 300.0, push: Optional[str] = None,
           registries: Optional[str] = None, authorities: Optional[Path] = None, login: Optional[str] = None,
           etc: Optional[Path] = None) -> str:
    """Pulls into a new podman store, and pushes the image as `push`; its id. `registries` is a registries.conf,
    `authorities` a folder of those to be trusted for TLS, without which there is none, `login` user:password. `etc` stands
    for /etc as it sees it. Needs root."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    policy = folder / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    environment = containers_environment(folder)
    del environment["_CONTAINERS_ROOTLESS_UID"]
    if registries:
        Path(environment["CONTAINERS_REGISTRIES_CONF"]).write_text(registries)
    # A push takes no policy on its command line.
    users = Path(environment["HOME"]) / ".config" / "containers"
    users.mkdir(parents=True)
    shutil.copy(policy, users)
    # podman also writes below /var/lib, wherever its store is: that is not the machine's /var/lib here.
    hidden = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
              'mount -t tmpfs none /var/lib && mount --bind "$0" /etc && exec "$@"', etc or "/etc"]
    store = ["podman", "--root", folder / "root", "--runroot", folder / "run", "--tmpdir", folder / "tmp",
             "--network-config-dir", folder / "networks", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs",
             "--events-backend", "none"]
    trust = ["--cert-dir", authorities] if authorities else ["--tls-verify=false"]
    trust += ["--creds", login] if login else []
    pulled = run(*hidden, *store, "pull", "--quiet", *trust, "--signature-policy", policy, f"{address}/{name}",
                 environment=environment, timeout=timeout)
    if push:
        run(*hidden, *store, "push", "--quiet", *trust, f"{address}/{name}", push,
             environment=environment, timeout=timeout)
    shutil.rmtree(folder, ignore_errors=True)
    return "sha256:" + pulled.strip().splitlines()[-1]


class Docker:
    """A Docker daemon of our own: nothing of an installed one is used or touched. Needs root. `etc` stands for /etc as it
    sees it, `within` is put before the daemon's command, such as what enters a network namespace. `settings` is a
    daemon.json that is there already, with what `needed_settings` says."""

    def __init__(self, folder: Path, mirror: Optional[str] = None, etc: Optional[Path] = None, within: list = (),
                 settings: Optional[Path] = None):
        self._mirror, self._etc, self._within, self._settings = mirror, etc, list(within), settings
        # The path of a Unix socket has at most 107 octets.
        self.folder = Path(tempfile.mkdtemp(prefix="registry-ndn-docker-"))
        self._logs = folder
        self._environment = containers_environment(self.folder)
        self.driver = "overlay2"
        self.containerd: Optional[Program] = None
        self.daemon: Optional[Program] = None
        try:
            self._start_containerd()
            try:
                self._start_daemon()
            except ProgramError:
                # Overlay does not work on top of overlay.
                self.daemon.stop()
                self.driver = "vfs"
                self._start_daemon()
        except BaseException:
            self.stop()
            raise

    def _start_containerd(self) -> None:
        # Without one of its own, dockerd would use a containerd that the machine runs.
        configuration = self.folder / "containerd.toml"
        configuration.write_text(
            f'version = 2\nroot = "{self.folder}/containerd"\nstate = "{self.folder}/containerd-state"\n'
            f'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "{self.folder}/containerd.sock"\n'
            f'[plugins."io.containerd.internal.v1.opt"]\npath = "{self.folder}/opt"\n')
        # In a mount namespace of its own, what it and the daemon mount goes with them.
        self.containerd = Program("containerd", [
            "unshare", "--mount", "--propagation", "private", "containerd", "--config", configuration], self._logs)
        self.containerd.find(lambda line: "containerd successfully booted" in line, 30)

    def _start_daemon(self) -> None:
        settings = self._settings or self.folder / "daemon.json"
        if not self._settings:
            mirrors = {"registry-mirrors": [self._mirror]} if self._mirror else {}
            settings.write_text(json.dumps(needed_settings(self.folder) | mirrors))
        etc = ["sh", "-c", 'mount --bind "$0" /etc && exec "$@"', self._etc] if self._etc else []
        self.daemon = Program("dockerd", [
            # Where containerd finds what it mounts for a container.
            *self._within, "nsenter", f"--mount=/proc/{self.containerd.pid}/ns/mnt", *etc, "dockerd",
            "--config-file", settings,
            "--containerd", self.folder / "containerd.sock", "--host", f"unix://{self.folder}/docker.sock",
            "--data-root", self.folder / "data", "--exec-root", self.folder / "exec",
            "--pidfile", self.folder / "docker.pid", "--storage-driver", self.driver,
            "--iptables=false", "--ip6tables=false", "--bridge=none"],
            self._logs, self._environment)
        self.daemon.find(lambda line: "API listen on" in line, 60)

    def restart(self) -> None:
        """The daemon alone, which reads its settings anew."""
        self.daemon.stop(20)
        self._start_daemon()

    @property
    def host(self) -> str:
        """What DOCKER_HOST is for it."""
        return f"unix://{self.folder}/docker.sock"

    def _docker(self, *arguments, timeout: float = 300.0) -> str:
        return run("docker", "--host", self.host, *arguments,
                   environment=self._environment, timeout=timeout)

    def pull(self, address: str, name: str, timeout: float = 300.0) -> str:
        """Pulls into the store, which must hold nothing of the image; the image's id."""
        return self.pull_named(f"{address}/{name}", timeout)

    def pull_named(self, name: str, timeout: float = 300.0) -> str:
        """The same by the image's full name, or a name at Docker Hub."""
        self._docker("pull", "--quiet", name, timeout=timeout)
        return self.id_of(name)

    def push(self, address: str, name: str, timeout: float = 300.0) -> None:
        """Pushes what was pulled from or tagged for `address`."""
        self._docker("push", "--quiet", f"{address}/{name}", timeout=timeout)

    def login(self, address: str, user: str, password: str) -> None:
        self._docker("login", "--username", user, "--password", password, address)

    def logout(self, address: str) -> None:
        self._docker("logout", address)

    def id_of(self, name: str) -> str:
        """The id of an image in the store."""
        return self._docker("image", "inspect", "--format", "{{.Id}}", name).strip()

    def tag(self, name: str, other: str) -> None:
        self._docker("tag", name, other)

    def forget(self) -> None:
        """Empties the store."""
        ids = self._docker("image", "ls", "--quiet", "--no-trunc").split()
        if ids:
            self._docker("image", "rm", "--force", *sorted(set(ids)))
        assert not self._docker("image", "ls", "--quiet").split()

    def stop(self) -> None:
        for program in (self.daemon, self.containerd):
            if program:
                program.stop(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def needed_settings(folder: Path) -> dict:
    """What a daemon.json must say so that nothing is written outside of `folder`."""
    # Releases before 23 write a key, to /etc/docker unless told where; later ones refuse the setting.
    is_old = int(docker_version().split(".")[0]) < 23
    return {"deprecated-key-path": f"{folder}/key.json"} if is_old else {}


def docker_version() -> str:
    """The daemon's version, for tables."""
    match = re.search(r"version ([^ ,]+)", run("dockerd", "--version"))
    return match.group(1) if match else "?"


def is_root() -> bool:
    """Whether this is a root that may mount; root in a container often may not."""
    if os.geteuid() != 0:
        return False
    return subprocess.run(["unshare", "--mount", "--propagation", "private", "true"], check=False,
                          capture_output=True).returncode == 0


class Ctr:
    """containerd's own client, on the containerd of a Docker that we started; hosts.toml files in a folder."""

    NAMESPACE = "test"

    def __init__(self, docker: Docker, folder: Path, is_secure: bool = False, login: Optional[str] = None):
        self._docker = docker
        self._scheme = [] if is_secure else ["--plain-http"]
        self._login = ["--user", login] if login else []
        self._hosts = folder / "certs.d"
        self._hosts.mkdir(exist_ok=True)

    def mirror(self, registry: str, url: str, server: str = "http://127.0.0.1:9",
               authority: Optional[Path] = None, push: Optional[str] = None) -> None:
        """Asks `url` instead of `registry`, for everything, and `server` when that fails; trusts `authority` there. Pushes
        go to `push` where that is another URL."""
        target = self._hosts / registry
        target.mkdir(parents=True, exist_ok=True)
        kinds = '"pull", "resolve"' if push else '"pull", "resolve", "push"'
        (target / "hosts.toml").write_text(
            f'server = "{server}"\n\n[host."{url}"]\n  capabilities = [{kinds}]\n'
            + (f'  ca = "{authority}"\n' if authority else "")
            + (f'\n[host."{push}"]\n  capabilities = ["push"]\n' if push else ""))

    @property
    def _command(self) -> list:
        return ["ctr", "--address", str(self._docker.folder / "containerd.sock"), "--namespace", self.NAMESPACE]

    def _ctr(self, *arguments, timeout: float = 300.0) -> str:
        return run(*self._command, *arguments, timeout=timeout)

    def fetch(self, name: str) -> None:
        """Fetches an image's content, which is verified, without unpacking it."""
        self._ctr(*self._fetch(name))

    def start_fetch(self, name: str) -> subprocess.Popen:
        """The same as a program of its own, to be waited for or ended."""
        return subprocess.Popen([*self._command, *map(str, self._fetch(name))], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _fetch(self, name: str) -> list:
        return ["content", "fetch", "--hosts-dir", self._hosts, *self._scheme, *self._login, name]

    def push(self, name: str, local: str) -> None:
        """Pushes the image `local` as `name`."""
        self._ctr("images", "push", "--hosts-dir", self._hosts, *self._scheme, *self._login, name, local)

    def has(self, digest: str) -> bool:
        return digest in self._ctr("content", "ls", "--quiet").split()

    def forget(self) -> None:
        """Empties its store."""
        images = self._ctr("images", "ls", "--quiet").split()
        if images:
            self._ctr("images", "rm", "--sync", *images)
        contents = self._ctr("content", "ls", "--quiet").split()
        if contents:
            self._ctr("content", "rm", *contents)
