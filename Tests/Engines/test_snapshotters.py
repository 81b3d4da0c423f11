"""Snapshotters that mount an image first and read of its layers what is looked at."""

import hashlib
import shutil
from types import SimpleNamespace

import pytest

from conftest import TREE
from engines import images
from engines.containerd import CERTIFICATES, Containerd
from engines.root import Root
from engines.stand import Watched
from harness import parts
from harness.image import MIB
from harness.tls import self_signed

FILES = 5
HOST = "mirror.example"


@pytest.fixture(scope="module")
def lazy(work, stand):
    """An image of one layer, and a client of its registry that serves https: soci speaks nothing else."""
    made = images.write(work / "lazy", [[(f"{number}.bin", f"lazy {number}", 8 * MIB) for number in range(FILES)]])
    stand.publish(made, "demo/lazy:latest")
    folder = work / "lazy-client"
    folder.mkdir()
    certificate, key = self_signed(folder, HOST)
    client = parts.Client(folder, stand.alpha, stand.forwarder.unix, "lazy", ["--tls-cert", certificate, "--tls-key", key,
                                                                              "--host", HOST])
    port = client.address.rpartition(":")[2]
    yield SimpleNamespace(made=made, client=client, certificate=certificate, name=f"{HOST}:{port}/demo/lazy:latest")
    client.stop()


@pytest.fixture
def root(work):
    made = Root(TREE, work, "lazy")
    made.write("/etc/hosts", f"127.0.0.1 localhost {HOST}\n")
    yield made
    made.stop()


def read_one_file(root, snapshotter, made, name):
    """Mounts the image and reads one of its files."""
    root.run("mkdir", "-p", "/mnt/image")
    root.run("ctr", "images", "mount", "--snapshotter", snapshotter, name, "/mnt/image")
    octets = root.path("/mnt/image/data/3.bin").read_bytes()
    assert hashlib.sha256(octets).hexdigest() == made.files["3.bin"]


@pytest.mark.parametrize("has_mirror", [False, True], ids=["by name", "by a mirror"])
def test_soci_reads_what_is_looked_at(root, lazy, stand, has_mirror):
    """Of 40 MiB the spans of one file of 8. A mirror, over plain HTTP, serves the layers alone: index and tables of contents
    are asked at the host of the image's name, over https."""
    client = stand.several if has_mirror else lazy.client
    if has_mirror:
        root.write("/etc/soci-snapshotter-grpc/config.toml",
                   f'[[resolver.host."{lazy.name.partition("/")[0]}".mirrors]]\n'
                   f'host = "{stand.several.alpha}"\ninsecure = true\n')
    with root.path("/etc/ssl/certs/ca-certificates.crt").open("a") as authorities:
        authorities.write(lazy.certificate.read_text())
    soci = root.start("soci", "soci-snapshotter-grpc")
    soci.find(lambda line: "starting soci-snapshotter-grpc" in line)
    Containerd(root, snapshotter=("soci", "/run/soci-snapshotter-grpc/soci-snapshotter-grpc.sock"))
    root.run("ctr", "images", "pull", lazy.name)
    root.run("soci", "create", lazy.name)
    root.run("soci", "push", lazy.name)
    root.run("ctr", "images", "rm", "--sync", lazy.name)
    watched, past = Watched(client), Watched(lazy.client)
    root.run("soci", "image", "rpull", lazy.name)
    read_one_file(root, "soci", lazy.made, lazy.name)
    layer, = lazy.made.layers
    gets = watched.gets(layer.digest)
    assert gets and all(get["source"] == "ndn" and get["status"] == 206 for get in gets), gets
    assert sum(int(get["ndn_bytes"]) for get in gets) < layer.size // 2, gets
    assert not has_mirror or not past.gets(layer.digest)


@pytest.mark.parametrize("has_mirror", [False, True], ids=["by own address", "by a mirror"])
def test_stargz_reads_what_is_looked_at(root, lazy, stand, has_mirror):
    """It sends no ns=, so that the mirror is an address of the registry's own. An image is converted for it first."""
    program = shutil.which("containerd-stargz-grpc")
    if program:
        shutil.copy(program, root.path("/usr/bin"))
    if not root.has("containerd-stargz-grpc"):
        pytest.skip("Debian's stargz-snapshotter holds ctr-remote alone, and there is no containerd-stargz-grpc on PATH")
    root.write("/etc/containerd-stargz-grpc/config.toml", '[[resolver.host."alpha.example".mirrors]]\n'
               f'host = "{stand.several.alpha}"\ninsecure = true\n')
    stargz = root.start("stargz", "containerd-stargz-grpc", "--log-level=info",
                        "--config=/etc/containerd-stargz-grpc/config.toml")
    containerd = Containerd(root, snapshotter=("stargz", "/run/containerd-stargz-grpc/containerd-stargz-grpc.sock"))
    repository = f"{stand.several.alpha}/demo/lazy"
    root.run("ctr", "images", "pull", "--plain-http", f"{repository}:latest")
    root.run("ctr-remote", "images", "convert", "--oci", "--estargz", f"{repository}:latest", f"{repository}:estargz")
    root.run("ctr", "images", "push", "--plain-http", f"{repository}:estargz")
    root.run("ctr", "images", "rm", "--sync", f"{repository}:latest", f"{repository}:estargz")
    name, options = f"{repository}:estargz", ["--plain-http"]
    if has_mirror:
        containerd.mirror("alpha.example", stand.several.address)
        name, options = "alpha.example/demo/lazy:estargz", ["--hosts-dir", CERTIFICATES]
    watched = Watched(stand.several)
    root.run("ctr-remote", "images", "rpull", *options, name)
    read_one_file(root, "stargz", lazy.made, name)
    gets = [request for request in watched.requests if request["method"] == "GET" and request["status"] == 206]
    assert gets and all(get["source"] == "ndn" for get in gets), (gets, stargz.tail())
    assert sum(int(get["ndn_bytes"]) for get in gets) < lazy.made.layers[0].size // 2, gets


def test_nydus_reads_what_is_looked_at(root):
    if root.has("nydusd"):
        pytest.fail("this Debian has nydusd: try it as soci is tried")
    assert root.has("containerd-nydus-grpc")
    pytest.skip("Debian's containerd-nydus-grpc starts a nydusd for each mount, which is not packaged")
