"""The kubelet's part, as far as our pods ask for it: what kubectl renders, and its containers run in a Debian with the program."""

from __future__ import annotations

import http.client
import json
import re
import shlex
import shutil
from pathlib import Path

import yaml

from engines.root import Root
from harness import parts
from harness.registry import run

HOST = "/host"
# What the kubelet says of the node. The network of the tests has its loopback alone, and all of 127/8 is that.
NODE = {"status.hostIP": "127.0.0.9"}


def kubectl_release() -> tuple[int, int]:
    said = json.loads(run("kubectl", "version", "--client", "--output=json"))["clientVersion"]
    return int(said["major"]), int(re.match(r"\d+", said["minor"]).group())


def render(folder: Path) -> list[dict]:
    """What `kubectl kustomize` makes of a folder."""
    return list(yaml.safe_load_all(run("kubectl", "kustomize", folder)))


def daemonset(documents: list[dict]) -> dict:
    (found,) = [each for each in documents if each["kind"] == "DaemonSet"]
    return found


class Pod:
    """A pod of the DaemonSet among `documents`, in `root`, whose folder /host stands for the node's root."""

    def __init__(self, root: Root, documents: list[dict], secrets: dict[str, dict[str, str]] | None = None):
        self.root = root
        self._maps = {each["metadata"]["name"]: each["data"] for each in documents if each["kind"] == "ConfigMap"}
        self._secrets = secrets or {}
        self.spec = daemonset(documents)["spec"]["template"]["spec"]
        dockerfile = (parts.ROOT / "Dockerfile").read_text()
        self._entrypoint = json.loads(re.search(r"^ENTRYPOINT (.*)$", dockerfile, re.MULTILINE).group(1))
        self._environment = dict(word.split("=", 1) for word in
                                 shlex.split(re.search(r"^ENV (.*)$", dockerfile, re.MULTILINE).group(1)))
        shutil.copy(parts.binary(), root.path("/usr/bin/registry-ndn"))

    def container(self, name: str) -> dict:
        (found,) = [each for each in [*self.spec["initContainers"], *self.spec["containers"]] if each["name"] == name]
        return found

    def environment(self, name: str) -> dict[str, str]:
        """Of the image, then of ConfigMaps, then of the container's own list, whose values may name earlier ones; the later ones
        go before."""
        container = self.container(name)
        values = dict(self._environment)
        for source in container.get("envFrom", []):
            values.update(self._maps[source["configMapRef"]["name"]])
        for each in container.get("env", []):
            value = NODE[each["valueFrom"]["fieldRef"]["fieldPath"]] if "valueFrom" in each else each.get("value", "")
            values[each["name"]] = re.sub(r"\$\((\w+)\)", lambda named: values.get(named[1], named[0]), value)
        return values

    def mount(self, name: str) -> None:
        """The container's volumes, at its paths."""
        volumes = {each["name"]: each for each in self.spec["volumes"]}
        for mount in self.container(name).get("volumeMounts", []):
            volume, target = volumes[mount["name"]], self.root.path(mount["mountPath"])
            if "hostPath" in volume:
                source = HOST + volume["hostPath"]["path"]
                assert volume["hostPath"]["type"] == "DirectoryOrCreate"
                self.root.run("mkdir", "-p", source, mount["mountPath"])
                self.root.run("mount", "--bind", source, mount["mountPath"])
                continue
            if "configMap" in volume:
                files, mode = self._maps[volume["configMap"]["name"]], volume["configMap"].get("defaultMode", 0o644)
            else:
                files, mode = self._secrets[volume["secret"]["secretName"]], volume["secret"].get("defaultMode", 0o644)
            target.mkdir(parents=True, exist_ok=True)
            for file, text in files.items():
                self.root.write(f"{mount['mountPath']}/{file}", text, mode)
            group = self.spec["securityContext"].get("fsGroup")
            if group:
                self.root.run("chgrp", "--recursive", group, mount["mountPath"])

    def command(self, name: str, command: list[str]) -> list[str]:
        """A command as the container's user, with no more rights than it has."""
        said = self.container(name)["securityContext"]
        assert said["capabilities"] == {"drop": ["ALL"]} and not said["allowPrivilegeEscalation"]
        groups = self.spec["securityContext"].get("fsGroup")
        return ["setpriv", f"--reuid={said['runAsUser']}", f"--regid={said['runAsGroup']}",
                f"--groups={groups}" if groups else "--clear-groups", "--bounding-set=-all", "--inh-caps=-all",
                "--no-new-privs", *command]

    def run_to_end(self, name: str) -> str:
        """An init container; what it said, or CommandFailed."""
        self.mount(name)
        container = self.container(name)
        command = [*container.get("command", self._entrypoint), *container.get("args", [])]
        return self.root.run(*self.command(name, command), environment=self.environment(name))

    def start(self, name: str):
        """A container that goes on running."""
        self.mount(name)
        container = self.container(name)
        command = [*container.get("command", self._entrypoint), *container.get("args", [])]
        return self.root.start(name, *self.command(name, ["sh", "-c", 'echo "pid $$" && exec "$@"', "sh", *command]),
                               environment=self.environment(name))

    def probe(self, name: str, kind: str) -> bool:
        """Whether a probe of the container succeeds in its time. A pod of the node's network has the node's address."""
        container = self.container(name)
        probe = container[kind]
        asked = probe["httpGet"]
        (port,) = [each["containerPort"] for each in container["ports"] if each["name"] == asked["port"]]
        connection = http.client.HTTPConnection(asked.get("host", NODE["status.hostIP"]), port, timeout=probe["timeoutSeconds"])
        try:
            connection.request("GET", asked["path"])
            return 200 <= connection.getresponse().status < 400
        except OSError:
            return False
        finally:
            connection.close()
