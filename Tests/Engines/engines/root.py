"""A Debian in a folder, entered: its mounts and processes go together when it is left."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Optional

from harness.program import Program
from harness.registry import CommandFailed

# Everything is mounted in a namespace of its own. Above the Debian lies a tmpfs, so that nothing is written to it, and
# what the engines store is in a folder of the disk, since overlay cannot lie on overlay.
_ENTER = """
set -e
tree=$1 folder=$2
mkdir -p "$folder/above" "$folder/lib"
mount -t tmpfs none "$folder/above"
mkdir "$folder/above/upper" "$folder/above/work" "$folder/above/root"
root=$folder/above/root
mount -t overlay -o "lowerdir=$tree,upperdir=$folder/above/upper,workdir=$folder/above/work" none "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs none "$root/run"
mount -t tmpfs none "$root/tmp"
mkdir -p "$root$folder"
mount --bind "$folder" "$root$folder"
for name in docker containerd containers containerd-stargz-grpc soci-snapshotter-grpc; do
    mkdir -p "$folder/lib/$name" "$root/var/lib/$name"
    mount --bind "$folder/lib/$name" "$root/var/lib/$name"
done
exec chroot "$root" sh -c 'echo entered && read -r never'
"""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class MissingProgram(Exception):
    """It is not in this Debian."""


class Root:
    """Commands run in it until `stop`, which ends them all. `folder` is the same path inside and outside. The network is
    that of whoever starts it. Needs root."""

    def __init__(self, tree: Path, folder: Path, name: str = "root"):
        # The path of a Unix socket has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder))
        # Process 1 of its namespace waits for the end of its stdin: with it, and with us, all others there end.
        self._first = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "sh", "-c", _ENTER, "sh", tree,
             self.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        if self._first.stdout.readline() != "entered\n":
            self._first.communicate()
            raise RuntimeError(f"{tree} cannot be entered")
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children").read_text().split()
        self._pid = int(children[0])
        self._programs: list[Program] = []

    def path(self, path: str) -> Path:
        """A path in it, as it is reached from outside."""
        return Path(f"/proc/{self._pid}/root{path}")

    def version(self, program: str) -> tuple[int, int]:
        """The first two numbers of what `program --version` says; MissingProgram where its Debian has none."""
        try:
            said = self.run(program, "--version")
        except CommandFailed as failed:
            raise MissingProgram(f"this Debian has no {program}") from failed
        major, minor = re.search(r"(\d+)\.(\d+)", said).groups()
        return int(major), int(minor)

    def has(self, program: str) -> bool:
        return any(self.path(f"/usr/{folder}/{program}").exists() for folder in ("bin", "sbin", "libexec"))

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        target = self.path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def command(self, *arguments, environment: Optional[dict] = None) -> list[str]:
        """What runs a command in it, with nothing of our environment."""
        variables = {"PATH": _PATH, "HOME": "/root", "LANG": "C.UTF-8", **(environment or {})}
        return ["nsenter", f"--target={self._pid}", "--mount", "--pid", "--root=" + str(self.path("/")), "--wdns=/",
                "env", "-i", *(f"{name}={value}" for name, value in variables.items()), *map(str, arguments)]

    def read(self, *arguments, environment: Optional[dict] = None, timeout: float = 300.0) -> bytes:
        """Runs a command to its end; its stdout, or CommandFailed with all it said."""
        done = subprocess.run(self.command(*arguments, environment=environment), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=timeout, check=False)
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace")
            raise CommandFailed(done.returncode, f"{' '.join(map(str, arguments))}\n{said}")
        return done.stdout

    def run(self, *arguments, environment: Optional[dict] = None, timeout: float = 300.0) -> str:
        """The same as text."""
        return self.read(*arguments, environment=environment, timeout=timeout).decode(errors="replace")

    def start(self, name: str, *arguments, environment: Optional[dict] = None) -> Program:
        """Starts a program that runs until `stop`."""
        program = Program(name, self.command(*arguments, environment=environment), self.folder)
        self._programs.append(program)
        return program

    def stop(self) -> None:
        self._first.stdin.close()
        self._first.wait(30)
        self._first.stdout.close()
        for program in self._programs:
            program.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
