"""Docker and the authorities in certs.d: it takes the loopback as insecure, so all is in a network namespace of its own."""

import shutil
from pathlib import Path

import pytest

from conftest import IMAGE
from harness import parts, pulls, tls
from harness.namespaces import TwoHosts
from harness.registry import CommandFailed, Registry


@pytest.fixture
def host(needs_root):
    made = TwoHosts(mtu=1500)
    yield made
    made.stop()


@pytest.fixture
def registry(start, folder, layout, host):
    """The URL, as seen in the namespace, of a registry that holds the image."""
    made = Registry(folder)
    made.push(layout[0], IMAGE)
    made.stop()
    made.within = host.near
    made.start()
    return start.keep(made).url


@pytest.fixture
def client(start, folder, host, registry):
    """A client with TLS at an address that is not the loopback, and its certificate."""
    certificate, key = tls.self_signed(folder, host.near_address)
    forwarder = start.forwarder()
    server = parts.Part("server", folder, ["server", "--registry", registry, "--name", parts.PREFIX,
                                           "--uplink", forwarder.unix], within=host.near)
    client = parts.Part("client", folder, ["client", "--upstream", registry, "--name", parts.PREFIX,
                                           "--router", forwarder.unix, "--listen", f"{host.near_address}:0",
                                           "--tls-cert", certificate, "--tls-key", key], within=host.near)
    for part in (server, client):
        part.start()
        start.keep(part)
    return parts.authority(client.uri("https")), certificate


def test_docker_believes_the_authority_in_certs_d_and_no_other(client, folder, host, layout):
    address, certificate = client
    etc = folder / "etc"
    etc.mkdir()
    # Where names of users, hosts and libraries are looked up.
    for file in map(Path, ("/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ld.so.cache")):
        if file.exists():
            shutil.copy(file, etc)
    # `ip netns exec` would mount another /sys, where dockerd finds no cgroups.
    daemon = pulls.Docker(folder, etc=etc, within=["nsenter", f"--net=/run/netns/{host.near[-1]}"])
    try:
        with pytest.raises(CommandFailed, match="unknown authority"):
            daemon.pull(address, IMAGE)
        trusted = Path(etc, "docker", "certs.d", address)
        trusted.mkdir(parents=True)
        shutil.copy(certificate, trusted / "ca.crt")
        assert daemon.pull(address, IMAGE) == layout[1]
        daemon.tag(f"{address}/{IMAGE}", f"{address}/demo/app:pushed")
        daemon.push(address, "demo/app:pushed")
    finally:
        daemon.stop()
