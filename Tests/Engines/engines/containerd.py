"""containerd with its ctr, and as a kubelet uses it."""

from __future__ import annotations

from .containers import same_files
from .images import Made
from .root import Root

CERTIFICATES = "/etc/containerd/certs.d"
NOWHERE = "http://127.0.0.1:9"
# The sections have other names in containerd 1.
CONFIGURATION = {
    1: """\
version = 2
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "{certificates}"
""",
    2: """\
version = 3
[plugins."io.containerd.transfer.v1.local"]
  config_path = "{certificates}"
{ranges}
[plugins."io.containerd.cri.v1.images"]
{ranges}
[plugins."io.containerd.cri.v1.images".registry]
  config_path = "{certificates}"
"""}


def hosts_toml(root: Root, folder: str, host: str, address: str, server: str = NOWHERE) -> None:
    """Asks `address` for the images of `host`, or of all hosts if that is `_default`; where it does not answer, `server`."""
    root.write(f"{folder}/{host}/hosts.toml",
               ("" if host == "_default" else f'server = "{server}"\n\n')
               + f'[host."http://{address}"]\n  capabilities = ["pull", "resolve"]\n')


class Containerd:
    """containerd of a Root and its ctr. With `ranges` a layer is read in ranges of so many bytes, up to 8 at once;
    `snapshotter` is a lazy one that runs beside, at its socket."""

    name = "containerd"
    mirrors_by = "ns"

    def __init__(self, root: Root, ranges: int = 0, snapshotter: tuple[str, str] = ()):
        self.root = root
        text = f"  max_concurrent_downloads = 8\n  concurrent_layer_fetch_buffer = {ranges}" if ranges else ""
        text = CONFIGURATION[root.version("containerd")[0]].format(certificates=CERTIFICATES, ranges=text)
        if snapshotter:
            text += '[proxy_plugins.{0}]\n  type = "snapshot"\n  address = "{1}"\n'.format(*snapshotter)
        root.write("/etc/containerd/config.toml", text)
        self._login: list[str] = []
        self.daemon = root.start("containerd", "containerd")
        self.daemon.find(lambda line: "containerd successfully booted" in line, 60)

    def mirror(self, host: str, address: str, is_alone: bool = False, server: str = NOWHERE) -> None:
        """`ns=` says which registry is meant, also to a client of one."""
        hosts_toml(self.root, CERTIFICATES, host, address, server)

    def _ctr(self, *arguments) -> str:
        return self.root.run("ctr", "--namespace", "test", *arguments)

    def pull(self, name: str, *options) -> None:
        # An address of this machine is asked over plain HTTP by itself.
        self._ctr("images", "pull", "--hosts-dir", CERTIFICATES, *self._login, *options, name)

    def holds(self, name: str, made: Made, *options) -> bool:
        self.root.run("mkdir", "-p", "/mnt/image")
        self._ctr("images", "mount", *options, name, "/mnt/image")
        try:
            return same_files(self.root.path("/mnt/image/data"), made)
        finally:
            self._ctr("images", "unmount", "--rm", "/mnt/image")

    def tag(self, name: str, other: str) -> None:
        self._ctr("images", "tag", name, other)

    def push(self, name: str) -> None:
        self._ctr("images", "push", "--hosts-dir", CERTIFICATES, *self._login, name)

    def login(self, address: str, user: str, password: str) -> None:
        """ctr has no memory: they go with each of its commands, whatever is pulled."""
        self._login = ["--user", f"{user}:{password}"]

    def logout(self, address: str) -> None:
        self._login = []

    def forget(self) -> None:
        """Empties the store: what one namespace has is not fetched again for another."""
        for namespace in self.root.run("ctr", "namespaces", "ls", "--quiet").split():
            command = ["ctr", "--namespace", namespace, "images"]
            images = self.root.run(*command, "ls", "--quiet").split()
            if images:
                self.root.run(*command, "rm", "--sync", *images)


class Kubelet:
    """What a kubelet asks containerd for, over its CRI; an image of the CRI is in the namespace k8s.io."""

    mirrors_by = "ns"

    def __init__(self, containerd: Containerd):
        self._containerd = containerd
        self.root = containerd.root

    def mirror(self, host: str, address: str) -> None:
        self._containerd.mirror(host, address)

    def _call(self, method: str, message: bytes) -> None:
        self.root.path("/tmp/message").write_bytes(b"\0" + len(message).to_bytes(4, "big") + message)
        answer = self.root.run("curl", "--silent", "--show-error", "--output", "/dev/null", "--dump-header", "-",
                               "--http2-prior-knowledge", "--unix-socket", "/run/containerd/containerd.sock",
                               "--header", "content-type: application/grpc", "--header", "te: trailers",
                               "--data-binary", "@/tmp/message", f"http://localhost/runtime.v1.ImageService/{method}")
        # It stands in a trailer.
        if "grpc-status: 0" not in answer:
            raise RuntimeError(f"{method}: {answer}")

    def pull(self, name: str, login: tuple[str, str] = ()) -> None:
        """`login` is a pull secret: user and password."""
        # PullImageRequest: an ImageSpec whose field 1 is the name, and an AuthConfig of user and password.
        secret = b"".join(_field(number, word.encode()) for number, word in enumerate(login, 1))
        self._call("PullImage", _field(1, _field(1, name.encode())) + (_field(2, secret) if login else b""))

    def holds(self, name: str, made: Made, *options) -> bool:
        self.root.run("mkdir", "-p", "/mnt/image")
        self.root.run("ctr", "--namespace", "k8s.io", "images", "mount", name, "/mnt/image")
        try:
            return same_files(self.root.path("/mnt/image/data"), made)
        finally:
            self.root.run("ctr", "--namespace", "k8s.io", "images", "unmount", "--rm", "/mnt/image")

    def forget(self) -> None:
        self._containerd.forget()


def _field(number: int, value: bytes) -> bytes:
    """A field of a protocol buffer, shorter than 128 bytes."""
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value
