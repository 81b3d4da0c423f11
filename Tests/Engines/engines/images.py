"""Images of kinds that Layout alone does not write, and what must arrive of each."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

from harness import image
from harness.image import MIB, Blob, Layout, SeededFile, seeded

INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Made:
    """An image in a folder: its configuration and layers, and the SHA-256 of each file below its /data."""
    layout: Path
    config: Blob
    layers: list[Blob]
    files: dict[str, str]

    @property
    def blobs(self) -> list[Blob]:
        return [self.config, *self.layers]


def sha256(seed: str, size: int) -> str:
    hashed = hashlib.sha256()
    for block in seeded(seed, size):
        hashed.update(block)
    return hashed.hexdigest()


def _file(name: str, seed: str, size: int):
    return image._entry(f"data/{name}", size), io.BufferedReader(SeededFile(seed, size), MIB)


def write(folder: Path, files: list[list[tuple[str, str, int]]]) -> Made:
    """An image with a layer for each list of (name, seed, size)."""
    layout = Layout(folder)
    for layer in files:
        layout.add_layer([image._folder("data"), *(_file(*file) for file in layer)])
    config = layout.finish("latest")
    return Made(folder, config, layout.layers, {name: sha256(seed, size) for layer in files for name, seed, size in layer})


_LAYERS = [[("0.bin", "plain 0", 6 * MIB)], [("1.bin", "plain 1", 2 * MIB)], [("2.bin", "plain 2", 100_000)]]


def plain(folder: Path) -> Made:
    return write(folder, _LAYERS)


def with_one_more_layer(folder: Path) -> Made:
    """What `plain` has, and a layer upon it."""
    return write(folder, [*_LAYERS, [("3.bin", "plain 3", MIB)]])


def of_many_layers(folder: Path, count: int = 127) -> Made:
    """As many layers as Docker takes."""
    return write(folder, [[(f"{number}.bin", f"many {number}", 1000 + number)] for number in range(count)])


def version(folder: Path, number: int, count: int = 600, size: int = 100_000) -> Made:
    """Version `number` of an image of one layer and `count` files, of which every tenth is another in each version."""
    return write(folder, [[(f"{file:04}.bin", f"file {file} {number if file % 10 == 3 else 0}", size)
                           for file in range(count)]])


def of_platforms(folder: Path, architectures: list[str]) -> dict[str, Made]:
    """An index with an image for each architecture, in `folder`/index; the images."""
    target = folder / "index"
    blobs = target / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def keep(octets: bytes) -> dict:
        digest = hashlib.sha256(octets).hexdigest()
        (blobs / digest).write_bytes(octets)
        return {"digest": f"sha256:{digest}", "size": len(octets)}
    entries, images = [], {}
    for architecture in architectures:
        seed = f"platform {architecture}"
        made = write(folder / architecture, [[("0.bin", seed, MIB)], [("1.bin", f"{seed} 1", 2 * MIB)]])
        for layer in made.layers:
            digest = layer.digest.removeprefix("sha256:")
            (made.layout / "blobs" / "sha256" / digest).rename(blobs / digest)
        document = json.loads((made.layout / "blobs" / "sha256" / made.config.digest.removeprefix("sha256:")).read_text())
        config = keep(json.dumps(document | {"architecture": architecture}).encode())
        manifest = keep(json.dumps({
            "schemaVersion": 2, "mediaType": image.MANIFEST, "config": {"mediaType": image.CONFIG, **config},
            "layers": [{"mediaType": image.LAYER, "digest": layer.digest, "size": layer.size} for layer in made.layers],
        }).encode())
        entries.append({"mediaType": image.MANIFEST, **manifest,
                        "platform": {"architecture": architecture, "os": "linux"}})
        images[architecture] = Made(target, Blob(config["digest"], config["size"]), made.layers, made.files)
    index = keep(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode())
    entry = {"mediaType": INDEX, **index, "annotations": {"org.opencontainers.image.ref.name": "latest"}}
    (target / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (target / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return images
