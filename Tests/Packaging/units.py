"""systemd's part, as far as our units ask for it: what a unit says, and its command run so."""

from __future__ import annotations

import shlex
import socket
from pathlib import Path

from engines.root import Root

# Of the user that systemd would make.
USER = 61184


class Unit:
    """A unit of a Root: its settings as they are written, a list for each name."""

    def __init__(self, root: Root, name: str):
        self.root, self.name = root, name
        self.settings: dict[str, list[str]] = {}
        for line in root.path(f"/lib/systemd/system/{name}.service").read_text().splitlines():
            if line and not line.startswith(("#", "[")):
                key, _, value = line.partition("=")
                self.settings.setdefault(key, []).append(value)

    def one(self, key: str) -> str:
        (value,) = self.settings[key]
        return value

    def environment(self) -> dict[str, str]:
        """Of the unit, then of its files, which go before."""
        words = [word for value in self.settings.get("Environment", []) for word in shlex.split(value)]
        for file in self.settings.get("EnvironmentFile", []):
            path = self.root.path(file.removeprefix("-"))
            # With a dash before it, it need not be there.
            if path.exists() or not file.startswith("-"):
                words += [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
        return dict(word.split("=", 1) for word in words)

    def start(self) -> "Service":
        return Service(self)


class Service:
    """A unit's ExecStart, run in the folders that the unit wants, without any right, until it said that it is ready."""

    def __init__(self, unit: Unit):
        self._unit = unit
        for setting, parent in (("RuntimeDirectory", "/run"), ("StateDirectory", "/var/lib"), ("CacheDirectory", "/var/cache")):
            for name in unit.settings.get(setting, []):
                unit.root.run("install", "-d", "-o", USER, "-g", USER, f"{parent}/{name}")
        path = f"/run/notify-{unit.name}"
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(str(unit.root.path(path)))
        unit.root.path(path).chmod(0o777)
        self._manager.settimeout(15)
        # The shell tells its number there, which is the program's after exec.
        within = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all",
                  "--no-new-privs", "sh", "-c", 'echo "pid $$" && exec "$@"', "sh"]
        self.program = unit.root.start(unit.name, *within, *shlex.split(unit.one("ExecStart")),
                                       environment={**unit.environment(), "NOTIFY_SOCKET": path, "HOME": "/"})
        self.main = self.program.find(lambda line: line.startswith("pid ") and int(line[4:]))
        assert unit.one("Type") == "notify" and self.heard() == "READY=1"

    def heard(self) -> str:
        return self._manager.recv(1000).decode()

    def reload(self) -> None:
        command = self._unit.one("ExecReload").replace("${MAINPID}", str(self.main))
        self._unit.root.run(*shlex.split(command))

    def stop(self) -> int:
        """As systemd does; its exit status."""
        self._unit.root.run("sh", "-c", f"kill -TERM {self.main}")
        assert self.heard() == "STOPPING=1"
        self._manager.close()
        return self.program.wait()
