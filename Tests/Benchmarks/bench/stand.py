"""What every section starts from: a folder, blobs, docker-registry plain and behind TLS on the same storage."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness import parts, tls
from harness.blobs import seeded
from harness.program import Program
from harness.registry import Registry, run

from .measuring import MeasurementFailed, Transfer

# One component: the original client asks NDN for such repositories alone.
REPOSITORY = "bench"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIGURATION = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: "{address}"{tls}}}
"""


class BenchRegistry(Registry):
    """docker-registry without an access log, plain or with its own TLS, on a given storage folder."""

    def __init__(self, folder: Path, name: str, storage: Path, tls: tuple[Path, Path] | None = None,
                 address: str = "127.0.0.1:0", prefix: list = ()):
        self._storage, self._tls, self._wanted = storage, tls, address
        super().__init__(folder, name, within=prefix)

    def start(self) -> None:
        configuration = self.folder / "config.yml"
        tls = f', tls: {{certificate: "{self._tls[0]}", key: "{self._tls[1]}"}}' if self._tls else ""
        configuration.write_text(CONFIGURATION.format(root=self._storage, address=self._wanted, tls=tls))
        self.program = Program(self.name, [*self.within, "docker-registry", "serve", configuration], self.folder,
                               {"OTEL_TRACES_EXPORTER": "none"})
        self.address = self.program.find(lambda line: re.search(r"listening on ([0-9.]+:\d+)", line)).group(1)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.address}"


@dataclass(frozen=True)
class Source:
    """What a server reads from, when it is no running registry."""
    url: str


class Stand:
    """The folder with the registries; `blob(n)` makes the n-th blob once."""

    def __init__(self, quick: bool, runs: int, megabytes: int):
        # A short path: Unix sockets are made in it.
        self.folder = Path(tempfile.mkdtemp(prefix="registry-ndn-bench-"))
        self.quick, self.runs, self.size = quick, runs, megabytes * 1_000_000
        self.storage = self.folder / "storage"
        self.tls = tls.self_signed(self.folder, "127.0.0.1", "192.0.2.2")
        self.registry = BenchRegistry(self.folder, "registry", self.storage)
        self.secure = BenchRegistry(self.folder, "registry-tls", self.storage, self.tls)
        self._blobs: dict[tuple, str] = {}
        self._kept: list = []

    def blob(self, number: int = 0, size: int | None = None) -> str:
        """Its digest."""
        key = (number, size or self.size)
        if key not in self._blobs:
            self._blobs[key] = self.registry.put_blob(REPOSITORY, seeded(f"{key}", key[1]))
        return self._blobs[key]

    def manifest(self, blobs: list[str], size: int) -> str:
        """The digest of a manifest that names blobs of one size."""
        described = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": blob, "size": size} for blob in blobs]
        config = described[0] | {"mediaType": "application/vnd.oci.image.config.v1+json"}
        octets = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": described}).encode()
        return self.registry.put_manifest(REPOSITORY, octets, MANIFEST)

    def url(self, where: str, digest: str) -> str:
        return f"{where}/v2/{REPOSITORY}/blobs/{digest}"

    def curl(self, where: str, digest: str, programs: dict, *options: str) -> Transfer:
        """A download from an endpoint with curl to /dev/null."""
        return Transfer("curl", ["curl", "--silent", "--fail", "--cacert", self.tls[0], *options,
                                 self.url(where, digest)], programs)

    # Our programs, stopped by `clear` at the end of a section

    def keep(self, part):
        self._kept.append(part)
        return part

    def forwarder(self, name: str = "forwarder", cache: str = "512MiB") -> parts.Forwarder:
        return self.keep(parts.Forwarder(self.folder, name, cache))

    def server(self, uplink: str | None = None, name: str = "server", options: list = (),
               source: Source | None = None) -> parts.Server:
        return self.keep(parts.Server(self.folder, source or self.registry, uplink, name, ["--log", "warning", *options]))

    def client(self, router: str, name: str = "client", options: list = ()) -> parts.Client:
        return self.keep(parts.Client(self.folder, self.registry, router, name, options))

    def clear(self) -> None:
        for part in reversed(self._kept):
            part.stop()
        self._kept.clear()

    def close(self) -> None:
        self.clear()
        self.registry.stop()
        self.secure.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def came_over_ndn(client: parts.Client, digest: str, count: int) -> None:
    """Ends the run when the `count`th request of the blob was answered from elsewhere: its time would mean nothing."""
    request = client.request(digest, count=count)
    if request["source"] != "ndn" or request["upstream_bytes"]:
        raise MeasurementFailed(f"not all of it came over NDN: {request}")


def kernel_setting(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return "?"


def machine() -> dict:
    """What the numbers depend on."""
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "?")
    return {
        "cpu": model, "cores": os.cpu_count(), "kernel": os.uname().release,
        "memory GiB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)),
        "net.core.rmem_max": kernel_setting("/proc/sys/net/core/rmem_max"),
        "docker-registry": run("docker-registry", "--version").split()[-1],
        "curl": run("curl", "--version").split()[1], "load before": f"{os.getloadavg()[0]:.1f}",
        "SHA-256 MB/s": round(openssl_rate("sha256")), "AES-128-GCM MB/s": round(openssl_rate("aes-128-gcm")),
    }


def openssl_rate(algorithm: str) -> float:
    """MB/s of one core on blocks of 8 KiB: what the ratio of NDN to HTTPS depends on more than on anything of ours."""
    said = run("openssl", "speed", "-seconds", "1", "-bytes", "8192", "-evp", algorithm)
    return float(re.search(rf"^{algorithm}\s+([0-9.]+)k", said, re.M | re.I).group(1)) / 1000
