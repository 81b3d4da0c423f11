"""Writes an OCI image layout whose octets depend on the seed and the sizes alone (and on the files it is given)."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

MIB = 1 << 20
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def seeded(seed: str, size: int) -> Iterator[bytes]:
    """`size` octets that do not compress, in blocks of 1 MiB."""
    for number in range(0, size, MIB):
        yield hashlib.shake_128(f"{seed} {number}".encode()).digest(min(MIB, size - number))


class SeededFile(io.RawIOBase):
    """The octets of `seeded` as a file, for tarfile."""

    def __init__(self, seed: str, size: int):
        self._blocks = seeded(seed, size)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class _Counted:
    """Passes octets on, counting and hashing them."""

    def __init__(self, target):
        self._target = target
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, octets) -> int:
        self._hash.update(octets)
        self.size += len(octets)
        return self._target.write(octets)

    def flush(self) -> None:
        self._target.flush()

    @property
    def digest(self) -> str:
        return "sha256:" + self._hash.hexdigest()


@dataclass(frozen=True)
class Blob:
    digest: str
    size: int


class FolderInUse(Exception):
    """An image goes only where nothing else is: what somebody else wrote is neither mixed with it nor deleted."""


class Layout:
    """An image being written to a folder, which is new or empty."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._layers: list[tuple[Blob, str]] = []
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise FolderInUse(f"{folder} is not empty: nothing was written; name a folder that is new or empty")
        (folder / "blobs" / "sha256").mkdir(parents=True)

    def add_layer(self, files: list[tuple[tarfile.TarInfo, object]]) -> Blob:
        """Adds a layer of tar entries, each with its content (None for what has none)."""
        unfinished = self.folder / "blobs" / "unfinished"
        with unfinished.open("wb") as file:
            packed = _Counted(file)
            # Level 1: what is large here does not compress. No time and no name, so that the digest stays.
            with gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=packed, mtime=0) as zipped:
                plain = _Counted(zipped)
                with tarfile.open(fileobj=plain, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
                    for entry, content in files:
                        tar.addfile(entry, content)
        blob = Blob(packed.digest, packed.size)
        unfinished.rename(self._path(blob.digest))
        self._layers.append((blob, plain.digest))
        return blob

    def finish(self, tag: str) -> Blob:
        """Writes configuration, manifest and index; gives the configuration, whose digest is the image's id."""
        config = self._add_json({
            "architecture": "amd64", "os": "linux", "created": "2000-01-01T00:00:00Z",
            "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in self._layers]},
            "history": [{"created": "2000-01-01T00:00:00Z", "created_by": "scripts/image"} for _ in self._layers],
        })
        manifest = self._add_json({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": _descriptor(CONFIG, config),
            "layers": [_descriptor(LAYER, blob) for blob, _ in self._layers],
        })
        entry = _descriptor(MANIFEST, manifest) | {"annotations": {"org.opencontainers.image.ref.name": tag}}
        (self.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        return config

    @property
    def layers(self) -> list[Blob]:
        return [blob for blob, _ in self._layers]

    def _path(self, digest: str) -> Path:
        return self.folder / "blobs" / digest.replace(":", "/")

    def _add_json(self, value) -> Blob:
        octets = json.dumps(value).encode()
        blob = Blob("sha256:" + hashlib.sha256(octets).hexdigest(), len(octets))
        self._path(blob.digest).write_bytes(octets)
        return blob


def _descriptor(media_type: str, blob: Blob) -> dict:
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}


def _entry(name: str, size: int = 0, mode: int = 0o644, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.type, entry.linkname, entry.mtime = size, mode, kind, link, 946684800
    return entry


def _folder(name: str) -> tuple[tarfile.TarInfo, None]:
    return _entry(name, mode=0o755, kind=tarfile.DIRTYPE), None


def _text(name: str, text: str) -> tuple[tarfile.TarInfo, io.BytesIO]:
    octets = text.encode()
    return _entry(name, len(octets)), io.BytesIO(octets)


def _system_layer(busybox: Path | None) -> list:
    """A root file system that a shell can run in, when there is a busybox that needs no library."""
    files = [_folder(name) for name in ("bin", "etc", "tmp")]
    files += [_text("etc/passwd", "root:x:0:0:root:/:/bin/sh\n"), _text("etc/hostname", "demo\n")]
    if busybox:
        octets = busybox.read_bytes()
        files.append((_entry("bin/busybox", len(octets), 0o755), io.BytesIO(octets)))
        for name in ("sh", "ls", "cat", "wc", "sha256sum"):
            files.append((_entry(f"bin/{name}", 0, 0o777, tarfile.SYMTYPE, "busybox"), None))
    return files


def _local_layer(folder: Path) -> list:
    """The text files below `folder` (of this repository), so that one layer compresses."""
    files = [_folder("usr"), _folder("usr/share"), _folder("usr/share/registry-ndn")]
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".swift", ".c", ".h", ".md"):
            octets = path.read_bytes()
            name = f"usr/share/registry-ndn/{path.relative_to(folder).as_posix().replace('/', '.')}"
            files.append((_entry(name, len(octets)), io.BytesIO(octets)))
    return files


def _data_layer(seed: str, number: int, size: int) -> list:
    content = io.BufferedReader(SeededFile(f"{seed} layer {number}", size), MIB)
    return [_folder("data"), (_entry(f"data/{number}.bin", size), content)]


def write(folder: Path, sizes: list[int], seed: str, tag: str = "latest", busybox: Path | None = None,
          local: Path | None = None) -> tuple[Blob, list[Blob]]:
    """Writes an image: a small system, local files if given, and a layer of seeded octets for each of `sizes`."""
    layout = Layout(folder)
    layout.add_layer(_system_layer(busybox))
    if local:
        layout.add_layer(_local_layer(local))
    for number, size in enumerate(sizes):
        layout.add_layer(_data_layer(seed, number, size))
    return layout.finish(tag), layout.layers
