"""Images that are not of the plainest kind: of several platforms, of 127 layers, and what is no image at all."""

import json
from pathlib import Path

import pytest

from engines import images
from engines.stand import Watched
from engines.ways import WAYS
from harness.registry import CommandFailed


def platform(engine, architecture):
    """What makes an engine take that one; those that have no store copy all unless told."""
    if engine.name == "skopeo":
        return [f"--override-arch={architecture}"]
    return [] if architecture == "amd64" and engine.name not in ("crane", "oras") else [f"--platform=linux/{architecture}"]


@pytest.fixture(scope="module")
def platforms(work, stand):
    made = images.of_platforms(work / "platforms", ["amd64", "arm64"])
    stand.publish(made["amd64"], "demo/platforms:latest", ["--all"])
    return made


@pytest.fixture(scope="module")
def many(work, stand):
    """Images of so many layers, as demo/many with their number as the tag."""
    made = {count: images.of_many_layers(work / f"many{count}", count) for count in (125, 127)}
    for count, each in made.items():
        stand.publish(each, f"demo/many:{count}")
    return made


@WAYS
@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_of_several_platforms_the_one_that_is_wanted_comes(engine, stand, platforms, architecture, way):
    wanted, other = platforms[architecture], platforms["amd64" if architecture == "arm64" else "arm64"]
    options = platform(engine, architecture)
    client, name = way.lead(engine, stand, "demo/platforms:latest")
    watched = Watched(client)
    engine.pull(name, *options)
    assert engine.holds(name, wanted, *options)
    watched.came_over_ndn(wanted.blobs)
    assert not any(watched.gets(layer.digest) for layer in other.layers)


def test_an_image_of_127_layers_comes(engine, stand, many):
    count = 127
    if engine.name == "docker-graphdriver":
        # From whichever registry it comes.
        with pytest.raises(CommandFailed, match="max depth exceeded"):
            engine.pull(f"{stand.alpha.address}/demo/many:{count}")
        count = 125
    name = f"{stand.one.address}/demo/many:{count}"
    watched = Watched(stand.one)
    engine.pull(name)
    assert engine.holds(name, many[count])
    watched.came_over_ndn(many[count].blobs)


@pytest.mark.parametrize("way", ["one registry", "path"])
def test_artifacts_and_what_refers_to_them_are_pushed_and_pulled(oras, stand, way):
    """docker-registry has no referrers of its own: oras keeps them in a tag."""
    client = stand.pushing if way == "one registry" else stand.several
    name = {"one registry": stand.pushing.address, "path": f"{stand.several.address}/beta.example"}[way]
    name += f"/demo/artifact-{way.split()[0]}:1"
    folder = oras.root.folder / f"artifact-{way.split()[0]}"
    folder.mkdir()
    octets = f"an artifact, {way}".encode() * 50_000
    (folder / "artifact.bin").write_bytes(octets)
    (folder / "signature.json").write_text(json.dumps({"signed": way}))

    def run(*arguments):
        return oras.root.run("sh", "-c", 'cd "$0" && exec oras "$@"', folder, *arguments)
    run("push", "--plain-http", "--artifact-type", "application/x.example", name, "artifact.bin:application/x.bytes")
    run("attach", "--plain-http", "--artifact-type", "application/x.signature", name, "signature.json:application/json")
    found = json.loads(run("discover", "--plain-http", "--format", "json", name))
    # Releases before 1.3 call them by another name.
    referrer, = found.get("referrers") or found["manifests"]
    watched = Watched(client)
    run("pull", "--plain-http", "--output", "pulled", name)
    run("pull", "--plain-http", "--output", "referring", f"{name.rpartition(':')[0]}@{referrer['digest']}")
    assert (folder / "pulled" / "artifact.bin").read_bytes() == octets
    assert (folder / "referring" / "signature.json").read_bytes() == (folder / "signature.json").read_bytes()
    blobs = [request for request in watched.requests if request.get("digest") and request["method"] == "GET"]
    assert blobs and all(request["source"] == "ndn" for request in blobs), blobs


def test_podman_pulls_an_artifact(podman, oras, stand):
    if podman.root.version("podman") < (5, 5):
        pytest.skip("podman before release 5.5 extracts no artifact")
    name = f"{stand.pushing.address}/demo/podman-artifact:1"
    folder = oras.root.folder / "podman-artifact"
    folder.mkdir()
    octets = b"for podman" * 100_000
    (folder / "artifact.bin").write_bytes(octets)
    oras.root.run("sh", "-c", 'cd "$0" && exec oras push --plain-http "$1" artifact.bin', folder, name)
    watched = Watched(stand.pushing)
    podman.root.run("podman", "artifact", "pull", "--quiet", "--tls-verify=false", name)
    podman.root.run("podman", "artifact", "extract", name, folder / "pulled")
    assert any(path.read_bytes() == octets for path in [folder / "pulled", *Path(folder / "pulled").rglob("*")]
               if path.is_file())
    blobs = [request for request in watched.requests if request.get("digest") and request["method"] == "GET"]
    assert blobs and all(request["source"] == "ndn" for request in blobs), blobs
