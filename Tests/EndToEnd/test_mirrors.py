"""One client before several registries: docs/mirrors.md, and recipes of docs/engines.md with the programs of Debian 12."""

import hashlib
import json
from types import SimpleNamespace

import pytest

from conftest import IMAGE, Parts
from harness import parts, pulls
from harness.exchange import exchange
from harness.mirror import came_over_ndn, count
from harness.referring import ReferringRegistry, Style
from harness.registry import CommandFailed, Registry, containers_environment, run

NOWHERE = "127.0.0.1:9"


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
        # However the host is written, and where it is said twice.
        (client.address, app + "?ns=alpha.example:443", "demo/app"), (client.address, app + "?ns=Alpha.Example.:80", "demo/app"),
        (client.address, "/v2/alpha.example/demo/app/tags/list?ns=alpha.example", "demo/app"),
        (client.beta_address, "/v2/beta.example/library/app/tags/list", "library/app"),
        # A host before the whole path.
        (client.address, "/alpha.example/v2/demo/app/tags/list", "demo/app"),
        # An official image of Docker Hub, and of nobody else.
        (client.address, "/v2/docker.io/app/tags/list", "library/app"), (client.address, "/v2/beta.example/app/tags/list", 404),
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


def test_a_catalogue_is_one_registrys_to_its_last_page(mirror):
    client, alpha, _ = mirror
    alpha.put_blob("demo/other", b"one more repository")
    for target in ["/v2/alpha.example/_catalog?n=1", "/v2/_catalog?n=1&ns=alpha.example"]:
        names = []
        while target:
            page = exchange(client.address, "GET", target)
            assert page.status == 200, target
            names += json.loads(page.body)["repositories"]
            target = page.headers.get("link", "").partition(">")[0].removeprefix("<")
        assert names == json.loads(exchange(alpha.address, "GET", "/v2/_catalog").body)["repositories"]


def test_a_blob_is_mounted_from_a_repository_that_is_called_by_its_registry(mirror, layout):
    """As docker, podman and skopeo name it when they push by path: nothing is uploaded."""
    client, alpha, _ = mirror
    digest = layout[2][-1].digest
    mounted = exchange(client.address, "POST", f"/v2/alpha.example/demo/mounted/blobs/uploads/?mount={digest}"
                       "&from=alpha.example%2Fdemo%2Fapp", {}, b"")
    assert (mounted.status, mounted.headers["location"]) == (201, f"/v2/alpha.example/demo/mounted/blobs/{digest}")
    assert exchange(alpha.address, "HEAD", f"/v2/demo/mounted/blobs/{digest}").status == 200


def test_a_front_before_the_client_is_not_told_to_the_registry(mirror):
    """Which would refer to the front, past what selects the registry."""
    client, _, _ = mirror
    begun = exchange(client.address, "POST", "/v2/alpha.example/demo/fronted/blobs/uploads/", {
        "X-Forwarded-Host": "front.example", "X-Forwarded-Port": "8443", "X-Forwarded-Prefix": "/ndn",
        "Forwarded": "host=front.example;proto=https", "X-Forwarded-Proto": "https"}, b"")
    assert begun.status == 202 and begun.headers["location"].startswith("/v2/alpha.example/demo/fronted/"), begun


@pytest.fixture(scope="module")
def referring(work, layout):
    """A client before registries whose references are of all kinds; `outside.example` is its default."""
    folder = work / "referring"
    folder.mkdir()
    registry = Registry(folder)
    fronts = {style.value: ReferringRegistry(registry, style) for style in Style}
    mirrors = [word for name, front in fronts.items() if name != "outside"
               for word in ("--mirror", f"{name}.example={front.url},/example/{name}")]
    configuration = folder / "mirrors.toml"
    configuration.write_text(f'[[registry]]\nhosts = ["outside.example"]\nurl = "{fronts["outside"].url}"\n'
                             'name = "/example/outside"\ndefault = true\n')
    made = Parts(folder, registry)

    def client(name, *options):
        started = parts.Part(name, folder, ["client", "--mirrors", configuration, *mirrors, "--router", NOWHERE,
                                            "--listen", "127.0.0.1:0", *options])
        made.keep(started).start()
        return started, parts.authority(started.uris[0])
    part, address = client("client")
    yield SimpleNamespace(client=part, address=address, registry=registry, fronts=fronts, start=client)
    for started in [*reversed(made.started), *fronts.values(), registry]:
        started.stop()


@pytest.mark.parametrize("style", ["outside", "relative"])
def test_an_upload_follows_references_of_any_kind(referring, style):
    octets = f"uploaded in two parts, {style}".encode()
    digest = "sha256:" + hashlib.sha256(octets).hexdigest()
    host = f"{style}.example"
    for number, start in enumerate(["/v2/{host}/{name}/blobs/uploads/", "/v2/{name}/blobs/uploads/?ns={host}",
                                    "/v2/{host}/{name}/blobs/uploads/?ns={host}", "/{host}/v2/{name}/blobs/uploads/"]):
        name = f"{style}/form{number}"
        begun = exchange(referring.address, "POST", start.format(host=host, name=name), {}, b"")
        assert begun.status == 202, begun
        patched = exchange(referring.address, "PATCH", begun.headers["location"],
                           {"Content-Type": "application/octet-stream"}, octets[:9])
        assert patched.status == 202, (begun, patched)
        location = patched.headers["location"]
        done = exchange(referring.address, "PUT", location + ("&" if "?" in location else "?") + f"digest={digest}", {},
                        octets[9:])
        assert done.status == 201, (patched, done)
        assert exchange(referring.address, "GET", done.headers["location"]).body == octets
        assert exchange(referring.registry.address, "HEAD", f"/v2/{name}/blobs/{digest}").status == 200


def test_skopeo_and_podman_push_by_path(referring, layout, folder):
    run("skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{layout[0]}:latest",
        f"docker://{referring.address}/relative.example/pushed/skopeo:1", environment=containers_environment(folder))
    assert pulls.skopeo(referring.address, "relative.example/pushed/skopeo:1", folder / "pulled") == layout[1]
    if pulls.is_root():
        pulls.podman(referring.address, "relative.example/pushed/skopeo:1", folder / "podman",
                     push=f"{referring.address}/outside.example/pushed/podman:1")
        assert pulls.skopeo(referring.registry.address, "pushed/podman:1", folder / "pulled") == layout[1]


def test_docker_pushes_by_path(referring, mirror, layout, folder, docker):
    """An image of one registry to another: what it has there already is looked for, and not found."""
    docker.forget()
    name = f"{mirror[0].address}/alpha.example/{IMAGE}"
    assert docker.pull_named(name) == layout[1]
    docker.tag(name, f"{referring.address}/outside.example/pushed/docker:1")
    docker.push(referring.address, "outside.example/pushed/docker:1")
    assert pulls.skopeo(referring.registry.address, "pushed/docker:1", folder / "pulled") == layout[1]


def test_a_push_that_names_no_registry_is_refused_unless_the_default_is_meant(referring):
    upload = "/v2/org/app/blobs/uploads/"
    refused = exchange(referring.address, "POST", upload, {}, b"")
    error = json.loads(refused.body)["errors"][0]
    assert (refused.status, error["code"]) == (403, "DENIED") and "--push-default" in error["message"], refused
    assert exchange(referring.address, "GET", "/v2/").status == 200
    _, meant = referring.start("push-default", "--push-default")
    begun = exchange(meant, "POST", upload, {}, b"")
    assert begun.status == 202 and begun.headers["location"].startswith("/artifacts-uploads/org/app/"), begun


def test_a_registry_that_redirects_to_https_is_left_and_said(referring):
    """The answer does not lead here again, without end, and the log names the URL that would have been right."""
    secure = referring.fronts["moved"].url.replace("http:", "https:")
    answer = exchange(referring.address, "GET", "/v2/moved.example/org/app/manifests/1")
    assert (answer.status, answer.headers["location"]) == (301, f"{secure}/v2/org/app/manifests/1")
    warning = referring.client.program.event(
        "the upstream redirects to another address, where whoever asks goes past this client: give its right URL")
    assert (warning["upstream"], warning["right"]) == (referring.fronts["moved"].url, secure), warning


def test_a_client_of_one_registry_serves_every_name(start):
    """As the registry itself would; one that was given names serves those."""
    app = "/v2/demo/app/tags/list"
    client = start.client(NOWHERE)
    for value in ["registry.example", "docker.io", "10.0.0.5:5000"]:
        assert tags(exchange(client.address, "GET", f"{app}?ns={value}")) == "demo/app"


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


def test_containerd_pushes_to_an_address_of_the_registrys_own(mirror, layout, folder, docker):
    """It says ns= when it pulls, and not when it pushes."""
    client, _, beta = mirror
    ctr = pulls.Ctr(docker, folder)
    ctr.mirror("beta.example", f"http://{client.address}", push=f"http://{client.beta_address}")
    ctr.fetch("beta.example/library/app:latest")
    ctr.push("beta.example/pushed/ctr:1", "beta.example/library/app:latest")
    assert pulls.skopeo(beta.address, "pushed/ctr:1", folder / "pulled") == layout[1]
    # To the address of all registries it is nobody's.
    with pytest.raises(CommandFailed, match="404"):
        ctr.push(f"{client.address}/pushed/ctr:2", "beta.example/library/app:latest")
    ctr.forget()


def test_docker_by_path(mirror, layout, docker):
    client, _, _ = mirror
    docker.forget()
    seen = count(client)
    assert docker.pull(client.address, f"alpha.example/{IMAGE}") == layout[1]
    came_over_ndn(client, layout[2], seen)


def test_docker_by_registry_mirrors(mirror, layout, folder):
    """A daemon whose mirror of Docker Hub is the client's second address."""
    client, _, _ = mirror
    if not pulls.is_root():
        pytest.skip("needs root that may mount")
    daemon = pulls.Docker(folder, mirror=f"http://{client.beta_address}")
    try:
        seen = count(client)
        assert daemon.pull_named("app:latest") == layout[1]
        came_over_ndn(client, layout[2], seen)
    finally:
        daemon.stop()


@pytest.mark.parametrize("text, words", [
    ("[[registry]]\nurl = true", "mirrors.toml:2:7: url is a \"string\""), ("[[x]]", "only [[registry]] is known"),
    ("[[registry]", "mirrors.toml:1:11: the closing ]]"), ('[[registry]]\nurl = "http://a"\nname = "/a"', "hosts is missing"),
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
