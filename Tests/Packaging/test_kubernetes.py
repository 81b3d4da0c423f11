"""kubernetes/ as kubectl renders it: valid, and its init container, client and probes run as they are rendered, until containerd
has an image over NDN and none of the files is left."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tempfile
import tomllib
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from conftest import TREES
from engines.root import Root
from harness import guarded, metrics, parts, pulls
from harness.registry import CommandFailed, Registry, run
from pods import HOST, NODE, Pod, daemonset, kubectl_release, render

PAGE = (parts.ROOT / "docs" / "kubernetes.md").read_text()
CERTS = f"{HOST}/etc/containerd/certs.d"
RELEASES = ["1.25", kubernetes_validate.latest_version()]


def block(name: str) -> str:
    """The block of docs/kubernetes.md that follows `<!-- name -->`."""
    found = re.search(rf"<!-- {name} -->\n```\w*\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"docs/kubernetes.md has no block called {name}"
    return found.group(1)


class Kustomization:
    """The page's, in a folder with a copy of kubernetes/ where a clone would have it."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(parts.ROOT / "kubernetes", folder / "registry-ndn" / "kubernetes")

    def render(self, router: str | None = None, mirror: str | None = None, blocks: list = (),
               more: list = ()) -> list[dict]:
        """With values in place of the page's, with other `blocks` of the page, and with `more` settings."""
        text = block("kustomization")
        for variable, value in (("ROUTER", router), ("MIRROR", mirror)):
            if value is not None:
                text, count = re.subn(rf"(?m)(- DOCKER_NDN_{variable}=).*$", lambda found: found.group(1) + value, text)
                assert count == 1
        settings = yaml.safe_load(text)
        settings["configMapGenerator"][0]["literals"] += more
        for name in blocks:
            for key, values in yaml.safe_load(block(name)).items():
                settings.setdefault(key, []).extend(values)
        if kubectl_release() < (1, 21):
            settings = self._for_older_kubectl(settings)
        (self.folder / "kustomization.yaml").write_text(yaml.safe_dump(settings))
        return render(self.folder)

    def _for_older_kubectl(self, settings: dict) -> dict:
        """The same for that of Debian 12, which calls folders and patches by other names, and knows no components."""
        older = {**settings, "bases": settings["resources"], "resources": [], "patchesStrategicMerge": [],
                 "patchesJson6902": []}
        for component in older.pop("components", []):
            parts_of_it = yaml.safe_load((self.folder / component / "kustomization.yaml").read_text())
            older["resources"] += [f"{component}/{file}" for file in parts_of_it.get("resources", [])]
            older["patchesStrategicMerge"] += [f"{component}/{patch['path']}" for patch in parts_of_it["patches"]]
        for number, patch in enumerate(older.pop("patches", [])):
            (self.folder / f"patch-{number}.yaml").write_text(patch["patch"])
            older["patchesJson6902"].append({"target": {"group": "apps", "version": "v1", **patch["target"]},
                                             "path": f"patch-{number}.yaml"})
        return older


@pytest.fixture
def kustomization(work):
    return Kustomization(Path(tempfile.mkdtemp(prefix="kubernetes-", dir=work)))


@pytest.fixture
def root(work):
    made = Root(TREES / "base", work, "node")
    made.path(HOST).mkdir()
    yield made
    made.stop()


def assert_valid(documents):
    """All but a ServiceMonitor, which is none of Kubernetes' own kinds."""
    assert documents
    for document in documents:
        for release in RELEASES if document["kind"] != "ServiceMonitor" else []:
            kubernetes_validate.validate(document, release, strict=True)


def hosts(root) -> dict[str, str]:
    """The hosts.toml files of the node."""
    return {path.parent.name: path.read_text() for path in sorted(root.path(CERTS).glob("*/hosts.toml"))}


def said_by(container, root, documents) -> str:
    with pytest.raises(CommandFailed) as failed:
        Pod(root, documents).run_to_end(container)
    return str(failed.value)


def test_the_base_is_valid():
    assert_valid(render(parts.ROOT / "kubernetes" / "base"))


@pytest.mark.parametrize("blocks", [[], ["credentials", "metrics", "port"]], ids=["alone", "with all that the page adds"])
def test_the_pages_kustomization_is_valid(kustomization, blocks):
    documents = kustomization.render(blocks=blocks)
    assert_valid(documents)
    spec = daemonset(documents)["spec"]["template"]["spec"]
    (image,) = yaml.safe_load(block("kustomization"))["images"]
    assert {each["image"] for each in spec["initContainers"] + spec["containers"]} == {f"{image['newName']}:{image['newTag']}"}
    assert all(each["metadata"].get("namespace", "registry-ndn") == "registry-ndn" for each in documents)


def test_what_is_invalid_would_be_found(kustomization):
    document = daemonset(kustomization.render())
    document["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        assert_valid([document])


def test_containerd_is_told_of_each_registry_and_of_no_other_any_more(kustomization, root):
    said = Pod(root, kustomization.render()).run_to_end("hosts")
    written = hosts(root)
    assert set(written) == {"docker.io", "quay.io"} and "images of quay.io" in said
    assert tomllib.loads(written["quay.io"]) == {
        "host": {"http://127.0.0.1:5000": {"capabilities": ["pull", "resolve"]}}}
    root.write(f"{CERTS}/other.example/hosts.toml", 'server = "https://other.example"\n')
    Pod(root, kustomization.render(mirror="registry-1.docker.io+quay.example:5000=https://q.example,/a",
                                   more=["DOCKER_NDN_LISTEN=127.0.0.1:5050=docker.io 127.0.0.1:5000"])).run_to_end("hosts")
    written = hosts(root)
    assert set(written) == {"docker.io", "other.example", "quay.example:5000"}
    assert '[host."http://127.0.0.1:5050"]' in written["quay.example:5000"]
    assert not root.path(f"{CERTS}/quay.io").exists()
    assert {path.name for path in root.path(CERTS).rglob("*") if path.is_file()} == {"hosts.toml"}


def test_what_somebody_else_wrote_is_left_and_named(kustomization, root):
    theirs = 'server = "https://quay.io"\n'
    root.write(f"{CERTS}/quay.io/hosts.toml", theirs)
    assert "certs.d/quay.io/hosts.toml on this node is somebody else's" in said_by("hosts", root, kustomization.render())
    assert hosts(root) == {"quay.io": theirs}
    root.path(f"{CERTS}/quay.io/hosts.toml").unlink()
    root.write(f"{CERTS}/quay.io/ca.crt", "")
    assert "certs.d/quay.io on this node has certificates" in said_by("hosts", root, kustomization.render())
    assert hosts(root) == {}


@pytest.mark.parametrize("host", ["..", "a/b", "*", "-n", "quay.io:x"])
def test_a_wrong_name_of_a_host_becomes_no_folder(kustomization, root, host):
    said = said_by("hosts", root, kustomization.render(mirror=f"quay.io=https://quay.io,/q {host}=https://a.example,/a"))
    assert f'"{host}" is no name of a host' in said
    assert hosts(root) == {}


@pytest.mark.parametrize("way", ["kubectl", "by hand"])
def test_containerd_is_led_back_as_the_page_says(kustomization, root, way):
    documents = kustomization.render()
    Pod(root, documents).run_to_end("hosts")
    theirs = {"other.example": 'server = "https://other.example"\n'}
    root.write(f"{CERTS}/other.example/hosts.toml", theirs["other.example"])
    assert len(hosts(root)) == 3
    if way == "by hand":
        root.run("sh", "-c", block("commands: by hand").replace("/etc/containerd/certs.d", CERTS))
    else:
        rendered = kustomization.folder / "rendered.yaml"
        rendered.write_text(yaml.safe_dump(daemonset(documents)))
        command = shlex.split(block("commands: lead back").replace("\\\n", "").splitlines()[0])
        assert command[:5] == ["kubectl", "--namespace", "registry-ndn", "patch", "daemonset/registry-ndn-client"]
        changed = run("kubectl", "patch", "--local", f"--filename={rendered}", "--output=yaml", *command[5:])
        pod = Pod(root, [yaml.safe_load(changed), *(each for each in documents if each["kind"] == "ConfigMap")])
        assert "quay.io" in pod.environment("client")["DOCKER_NDN_MIRROR"]
        pod.run_to_end("hosts")
    assert hosts(root) == theirs


@pytest.fixture
def network(work, layout):
    """A registry with an image, and a server and a forwarder beside it: (registry, forwarder)."""
    folder = Path(tempfile.mkdtemp(prefix="network-", dir=work))
    registry = Registry(folder)
    registry.push(layout[0], "my/app:latest")
    forwarder = parts.Forwarder(folder)
    server = parts.Server(folder, registry, forwarder.unix)
    yield registry, forwarder
    for part in (server, forwarder, registry):
        part.stop()


def test_containerd_has_an_image_over_ndn_and_without_the_client_from_the_registry(kustomization, root, network, work, layout):
    registry, forwarder = network
    # By a name that leads nowhere, and by the registry's own, to which containerd can go by itself.
    names = ["registry.example", registry.address]
    pod = Pod(root, kustomization.render(forwarder.udp, f"{'+'.join(names)}={registry.url},{parts.PREFIX}"))
    pod.run_to_end("hosts")
    assert not pod.probe("client", "readinessProbe") and not pod.probe("client", "livenessProbe")
    client = pod.start("client")
    client.ready()
    assert pod.probe("client", "readinessProbe") and pod.probe("client", "livenessProbe")
    # What `kubectl exec` runs has the container's variables.
    command = re.search(r"--container client -- (registry-ndn doctor)$", PAGE, re.MULTILINE).group(1)
    assert "ok    route: " in root.run(*pod.command("client", command.split()), environment=pod.environment("client"))
    status = root.path(f"/proc/{client.find(lambda line: line.startswith('pid ') and line[4:])}/status").read_text()
    assert "Uid:\t10001\t10001" in status and "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status
    docker = pulls.Docker(kustomization.folder)
    try:
        # It reads the files of the node.
        ctr = pulls.Ctr(docker, root.path(f"{HOST}/etc/containerd"))
        for name in names:
            seen = len(client.events("request"))
            ctr.fetch(f"{name}/my/app:latest")
            for blob in layout[2]:
                assert ctr.has(blob.digest)
                event = client.event("request", lambda event: event.get("digest") == blob.digest)
                assert event["source"] == "ndn", event
            assert len(client.events("request")) > seen, f"{name} went past the client"
            ctr.forget()
        root.run("sh", "-c", f"kill -TERM {status.partition('Pid:')[2].split()[0]}")
        assert client.wait() == 0
        ctr.fetch(f"{registry.address}/my/app:latest")
        assert all(ctr.has(blob.digest) for blob in layout[2])
    finally:
        docker.stop()


def test_a_registry_that_is_down_takes_no_client_away(kustomization, root, network):
    registry, forwarder = network
    pod = Pod(root, kustomization.render(forwarder.udp, f"registry.example={registry.url},{parts.PREFIX}"))
    pod.start("client").ready()
    registry.stop()
    assert pod.probe("client", "livenessProbe") and pod.probe("client", "readinessProbe")


def test_another_port_is_one_setting_and_one_patch(kustomization, root, network):
    registry, forwarder = network
    pod = Pod(root, kustomization.render(
        forwarder.udp, f"registry.example={registry.url},{parts.PREFIX}", ["port"], ["DOCKER_NDN_LISTEN=127.0.0.1:5050"]))
    pod.run_to_end("hosts")
    assert "http://127.0.0.1:5050" in hosts(root)["registry.example"]
    pod.start("client").ready()
    assert pod.probe("client", "livenessProbe") and pod.probe("client", "readinessProbe")


def test_prometheus_is_led_to_the_metrics_of_every_client(kustomization, root, network):
    registry, forwarder = network
    documents = kustomization.render(forwarder.udp, f"registry.example={registry.url},{parts.PREFIX}", ["metrics"])
    pod = Pod(root, documents)
    monitor, service = (next(each for each in documents if each["kind"] == kind) for kind in ("ServiceMonitor", "Service"))
    # No schema of these is at hand: the fields are those that the operator's own page has, and they lead to the pods.
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1" and set(monitor["spec"]) == {"selector", "endpoints"}
    (endpoint,), (port,) = monitor["spec"]["endpoints"], service["spec"]["ports"]
    assert set(endpoint) == {"port", "path", "interval", "relabelings"} and endpoint["port"] == port["name"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["metadata"]["namespace"] == service["metadata"]["namespace"] == daemonset(documents)["metadata"]["namespace"]
    assert service["spec"]["selector"].items() <= daemonset(documents)["spec"]["template"]["metadata"]["labels"].items()
    (container,) = [each for each in pod.container("client")["ports"] if each["name"] == port["targetPort"]]
    assert "hostIP" not in container and service["spec"]["clusterIP"] == "None"
    pod.start("client").ready()
    assert pod.probe("client", "livenessProbe") and pod.probe("client", "readinessProbe")
    told = metrics.scrape(f"{NODE['status.hostIP']}:{container['containerPort']}")
    assert told.value("registry_ndn_path_up", prefix=parts.PREFIX) == 1


def test_metrics_are_told_to_the_node_alone_unless_they_are_wanted(kustomization):
    documents = kustomization.render()
    pod = daemonset(documents)["spec"]["template"]["spec"]
    assert all(port["hostIP"] == "127.0.0.1" for port in pod["containers"][0]["ports"])
    (settings,) = [each["data"] for each in documents if each["metadata"]["name"].startswith("registry-ndn-settings")]
    assert settings["DOCKER_NDN_ADMIN"] == "127.0.0.1:9636"


def test_the_dashboard_and_the_alerts_become_objects_of_the_cluster(kustomization):
    shutil.copytree(parts.ROOT / "monitoring", kustomization.folder / "registry-ndn" / "monitoring")

    def said_by_shell(command: str) -> str:
        return run("sh", "-ec", f"cd {kustomization.folder}\n{command}")
    create, label = block("commands: dashboard").splitlines()
    made = said_by_shell(f"{create} --dry-run=client --output=yaml")
    assert_valid([yaml.safe_load(made)])
    assert json.loads(yaml.safe_load(made)["data"]["dashboard.json"])["uid"] == "registry-ndn"
    assert label.split()[:5] == ["kubectl", "--namespace", "monitoring", "label", "configmap/registry-ndn-dashboard"]
    applied, count = re.subn(r"kubectl apply .*$", "cat", block("commands: alerts"))
    assert count == 1
    rule = yaml.safe_load(said_by_shell(applied))
    assert rule["kind"] == "PrometheusRule" and rule["metadata"]["namespace"] == "monitoring"
    assert rule["spec"] == yaml.safe_load((parts.ROOT / "monitoring" / "alerts.yaml").read_text())


def test_the_client_asks_a_private_registry_with_what_is_in_the_secret(kustomization, root, network, layout):
    registry, forwarder = network
    folder = kustomization.folder
    private = guarded.GuardedRegistry(folder, registry.folder / "data", guarded.by_password(folder))
    try:
        secret = guarded.credentials_file(folder, private.address).read_text()
        documents = kustomization.render(forwarder.udp, f"registry.example={private.url},{parts.PREFIX}", ["credentials"])
        pod = Pod(root, documents, {"registry-ndn-credentials": {"config.json": secret}})
        client = pod.start("client")
        client.ready()
        assert pulls.skopeo("127.0.0.1:5000/registry.example", "my/app:latest", folder / "pulled") == layout[1]
        # A mode that Kubernetes chose is nothing to be said at every start.
        assert not [line for line in client.lines if "config.json" in line], client.lines
    finally:
        private.stop()
