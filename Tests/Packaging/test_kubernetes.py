"""kubernetes/ as kubectl renders it: valid, and its init container, client and probes run as they are rendered, until containerd
has an image over NDN and none of the files is left."""

from __future__ import annotations

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
from harness import guarded, parts, pulls
from harness.registry import CommandFailed, Registry, run
from pods import HOST, Pod, daemonset, kubectl_release, render

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
        text = block("kustomization") + "".join(map(block, blocks))
        if kubectl_release() < (1, 21):
            if blocks:
                pytest.skip("this kubectl is older than 1.21: it knows no components, and patches of one kind alone")
            # Debian 12's, which calls folders by another name.
            text = text.replace("resources:\n", "bases:\n")
        for variable, value in (("ROUTER", router), ("MIRROR", mirror)):
            if value is not None:
                text, count = re.subn(rf"(?m)(- DOCKER_NDN_{variable}=).*$", lambda found: found.group(1) + value, text)
                assert count == 1
        text = text.replace("    literals:\n", "    literals:\n" + "".join(f"      - {line}\n" for line in more))
        (self.folder / "kustomization.yaml").write_text(text)
        return render(self.folder)


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
    assert documents
    for document in documents:
        for release in RELEASES:
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


@pytest.mark.parametrize("blocks", [[], ["components", "port"]], ids=["alone", "with all that the page adds"])
def test_the_pages_kustomization_is_valid(kustomization, blocks):
    documents = kustomization.render(blocks=blocks)
    assert_valid(documents)
    spec = daemonset(documents)["spec"]["template"]["spec"]
    assert {each["image"] for each in spec["initContainers"] + spec["containers"]} == {"registry.example/registry-ndn:0.1.0"}
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


def test_a_registry_that_is_down_does_not_restart_the_client(kustomization, root, network):
    registry, forwarder = network
    pod = Pod(root, kustomization.render(forwarder.udp, f"registry.example={registry.url},{parts.PREFIX}"))
    pod.start("client").ready()
    registry.stop()
    assert pod.probe("client", "livenessProbe") and not pod.probe("client", "readinessProbe")


def test_another_port_is_one_setting_and_one_patch(kustomization, root, network):
    registry, forwarder = network
    pod = Pod(root, kustomization.render(
        forwarder.udp, f"registry.example={registry.url},{parts.PREFIX}", ["port"], ["DOCKER_NDN_LISTEN=127.0.0.1:5050"]))
    pod.run_to_end("hosts")
    assert "http://127.0.0.1:5050" in hosts(root)["registry.example"]
    pod.start("client").ready()
    assert pod.probe("client", "livenessProbe") and pod.probe("client", "readinessProbe")


def test_the_client_asks_a_private_registry_with_what_is_in_the_secret(kustomization, root, network, layout):
    registry, forwarder = network
    folder = kustomization.folder
    private = guarded.GuardedRegistry(folder, registry.folder / "data", guarded.by_password(folder))
    try:
        secret = guarded.credentials_file(folder, private.address).read_text()
        documents = kustomization.render(forwarder.udp, f"registry.example={private.url},{parts.PREFIX}", ["components"])
        pod = Pod(root, documents, {"registry-ndn-credentials": {"config.json": secret}})
        client = pod.start("client")
        client.ready()
        assert pulls.skopeo("127.0.0.1:5000/registry.example", "my/app:latest", folder / "pulled") == layout[1]
        # A mode that Kubernetes chose is nothing to be said at every start.
        assert not [line for line in client.lines if "config.json" in line], client.lines
    finally:
        private.stop()
