"""One client before several registries: docs/mirrors.md, recipe by recipe, with the programs of Debian 12."""

import hashlib
import json

import pytest

from conftest import IMAGE, Parts
from harness import parts, pulls
from harness.exchange import exchange
from harness.registry import Registry, containers_environment, run


class Mirror(parts.Part):
    """A client before the shared registry as alpha.example, and before another one as beta.example and docker.io."""

    def __init__(self, folder, alpha, beta, router, options=()):
        configuration = folder / "mirrors.toml"
        configuration.write_text(
            f'[[registry]]\nhosts = ["alpha.example"]\nurl = "{alpha.url}"\nname = "{parts.PREFIX}"\n\n'
            f'[[registry]]\nhosts = ["beta.example", "docker.io"]\nurl = "{beta.url}"\nname = "/example/beta"\n'
            f'listen = ["127.0.0.1:0"]\n')
        super().__init__("mirror", folder, ["client", "--mirrors", configuration, "--router", router,
                                            "--listen", "127.0.0.1:0", *options], listeners=2)
        self.start()

    @property
    def address(self) -> str:
        return parts.authority(self.uris[0])

    @property
    def beta_address(self) -> str:
        return parts.authority(self.uris[1])

    requests = parts.Client.requests
    request = parts.Client.request


@pytest.fixture(scope="module")
def mirror(work, shared_registry, layout):
    """(client, alpha, beta): alpha has the image, beta has it as library/app, each behind a server of its own."""
    folder = work / "mirrors"
    folder.mkdir()
    beta = Registry(folder, "beta")
    beta.push(layout[0], "library/app:latest")
    made = Parts(folder, shared_registry)
    forwarder = made.forwarder()
    made.server(uplink=forwarder.unix)
    made.server(uplink=forwarder.unix, registry=beta, name="server-beta", options=["--name", "/example/beta"])
    client = made.keep(Mirror(folder, shared_registry, beta, forwarder.unix))
    yield client, shared_registry, beta
    for part in [*reversed(made.started), beta]:
        part.stop()


def came_over_ndn(client, blobs, seen):
    done = [request for request in client.requests() if request.get("digest")][seen:]
    for blob in blobs:
        gets = [request for request in done if request["digest"] == blob.digest and request["method"] == "GET"]
        assert gets and all(request["source"] == "ndn" for request in gets), (blob, gets)


def count(client) -> int:
    return len([request for request in client.requests() if request.get("digest")])


def tags(answer):
    return json.loads(answer.body)["name"] if answer.status == 200 else answer.status


def test_selection(mirror):
    client, _, _ = mirror
    app, library = "/v2/demo/app/tags/list", "/v2/library/app/tags/list"
    cases = [
        (client.address, app + "?ns=alpha.example", "demo/app"), (client.address, library + "?ns=docker.io", "library/app"),
        (client.address, library + "?ns=beta.example&n=5", "library/app"), (client.address, app + "?ns=beta.example", 404),
        (client.address, "/v2/alpha.example/demo/app/tags/list", "demo/app"),
        (client.address, "/v2/beta.example/library/app/tags/list", "library/app"),
        (client.beta_address, library, "library/app"), (client.beta_address, app + "?ns=alpha.example", "demo/app"),
        (client.address, app, 404), (client.address, app + "?ns=evil.example", 404),
        (client.address, app + "?ns=127.0.0.1:22", 404),
    ]
    for address, target, expected in cases:
        assert tags(exchange(address, "GET", target)) == expected, target
    unknown = exchange(client.address, "GET", app + "?ns=evil.example")
    assert json.loads(unknown.body)["errors"][0]["code"] == "NAME_UNKNOWN"
    assert exchange(client.address, "GET", "/v2/").status == 200


def test_pushes_find_their_way_back(mirror):
    """The Location of an upload leads here again, with what selected the registry."""
    client, _, beta = mirror
    octets = b"pushed by path and by ns"
    digest = "sha256:" + hashlib.sha256(octets).hexdigest()
    for start, kept in [("/v2/beta.example/demo/pushed/blobs/uploads/", "/v2/beta.example/demo/pushed/"),
                        ("/v2/demo/named/blobs/uploads/?ns=beta.example", "ns=beta.example")]:
        begun = exchange(client.address, "POST", start, {}, b"")
        location = begun.headers["location"]
        assert begun.status == 202 and location.startswith("/v2/") and kept in location
        done = exchange(client.address, "PUT", f"{location}&digest={digest}", {}, octets)
        assert done.status == 201
        assert exchange(client.address, "GET", done.headers["location"]).body == octets
    assert exchange(beta.address, "HEAD", f"/v2/demo/pushed/blobs/{digest}").status == 200
    assert exchange(beta.address, "HEAD", f"/v2/demo/named/blobs/{digest}").status == 200


def test_podman_and_skopeo_by_path(mirror, layout, folder):
    """registries.conf sends alpha.example's images to CLIENT/alpha.example."""
    client, _, _ = mirror
    environment = containers_environment(folder)
    configuration = folder / "home" / ".config" / "containers" / "registries.conf"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(
        'unqualified-search-registries = []\n[[registry]]\nprefix = "alpha.example"\nlocation = "alpha.example"\n'
        f'[[registry.mirror]]\nlocation = "{client.address}/alpha.example"\ninsecure = true\n')
    environment["CONTAINERS_REGISTRIES_CONF"] = str(configuration)
    seen = count(client)
    run("skopeo", "--insecure-policy", "copy", "--quiet", f"docker://alpha.example/{IMAGE}", f"dir:{folder}/pulled",
        environment=environment)
    assert json.loads((folder / "pulled" / "manifest.json").read_text())["config"]["digest"] == layout[1]
    came_over_ndn(client, layout[2], seen)
    if pulls.is_root():
        seen = count(client)
        text = configuration.read_text()
        assert pulls.podman("alpha.example", IMAGE, folder / "podman", registries=text) == layout[1]
        came_over_ndn(client, layout[2], seen)


def test_containerd_by_hosts_toml(mirror, layout, folder, docker):
    client, _, _ = mirror
    ctr = pulls.Ctr(docker, folder)
    ctr.mirror("alpha.example", f"http://{client.address}")
    seen = count(client)
    ctr.fetch(f"alpha.example/{IMAGE}")
    assert all(ctr.has(blob.digest) for blob in layout[2])
    came_over_ndn(client, layout[2], seen)
    ctr.forget()


def test_docker_by_path(mirror, layout, docker):
    client, _, _ = mirror
    docker.forget()
    seen = count(client)
    assert docker.pull(client.address, f"alpha.example/{IMAGE}") == layout[1]
    came_over_ndn(client, layout[2], seen)


def test_docker_by_registry_mirrors(mirror, layout, work):
    """A daemon whose mirror of Docker Hub is the client's second address."""
    client, _, _ = mirror
    if not pulls.is_root():
        pytest.skip("needs root that may mount")
    daemon = pulls.Docker(work / "mirrors", mirror=f"http://{client.beta_address}")
    try:
        seen = count(client)
        assert daemon.pull_named("app:latest") == layout[1]
        came_over_ndn(client, layout[2], seen)
    finally:
        daemon.stop()


@pytest.mark.parametrize("text, words", [
    ("[[registry]]\nurl = true", "url is missing, or not a string"), ("[[x]]", "only [[registry]] is known"),
    ("[[registry]", "line 1"), ('[[registry]]\nurl = "http://a"\nname = "/a"', "hosts is missing"),
    ('[[registry]]\nhosts = ["a"]\nurl = "ftp://a"\nname = "/a"', "scheme"),
    ('[[registry]]\nhosts = ["a"]\nurl = "http://a"\nname = "/a"\n[[registry]]\nhosts = ["a"]\nurl = "http://b"\nname = "/b"',
     "named twice"),
], ids=["url", "key", "syntax", "hosts", "scheme", "twice"])
def test_what_is_wrong_with_a_file_is_said(folder, text, words):
    import subprocess
    configuration = folder / "mirrors.toml"
    configuration.write_text(text)
    done = subprocess.run([parts.binary(), "client", "--mirrors", configuration, "--router", "127.0.0.1:9"],
                          capture_output=True, text=True, timeout=30, cwd=folder, check=False)
    assert done.returncode != 0 and words in done.stderr, done.stderr
