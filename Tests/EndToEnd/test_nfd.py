"""With a real NFD, where there is one: who may register, who says why not, and its restart."""

import subprocess
import time

import pytest

from harness import nfd, parts
from harness.parts import PREFIX, binary
from harness.program import Program

pytestmark = pytest.mark.skipif(not nfd.available(), reason="needs nfd on the PATH")


def registry_ndn(*arguments, folder, timeout=60, status=0):
    done = parts.registry_ndn(*arguments, folder=folder, timeout=timeout)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stderr if status else done.stdout


def is_reachable(router, folder, prefix=PREFIX) -> bool:
    """Whether the server answers through the forwarder: sooner known than from the forwarder's list."""
    ping = parts.registry_ndn("ping", prefix, "--count", "1", "--timeout", "1s", "--router", router, folder=folder)
    return ping.returncode == 0


@pytest.fixture
def keychain(folder):
    """Makes a key in a keychain of its own: (keychain, file of the certificate)."""
    def make(name: str, identity: str = PREFIX):
        registry_ndn("keygen", identity, "--keychain", folder / name, folder=folder)
        return folder / name, next((folder / name).glob("*.ndncert"))
    return make


def is_registered(router, folder, prefix=PREFIX) -> bool:
    # NFD answers from its cache for a second: a list that was asked for before may be that old.
    time.sleep(1.1)
    return prefix in registry_ndn("routes", "--prefix", prefix, "--router", router, folder=folder)


def test_the_right_key_registers_and_the_wrong_one_hears_why(start, folder, keychain):
    right, anchor = keychain("right")
    wrong, _ = keychain("wrong")
    forwarder = start.keep(nfd.NFD(folder, localhost=nfd.demanding("localhost", PREFIX, anchor)))
    face = registry_ndn("faces", "--router", forwarder.unix, folder=folder).splitlines()[1].split()[0]
    route = ["register", PREFIX, "--face", face, "--router", forwarder.unix]
    said = registry_ndn(*route, "--keychain", wrong, folder=folder, status=1)
    assert "403" in said and "does not trust" in said and PREFIX + "/KEY/" in said, said
    said = registry_ndn(*route, "--keychain", folder / "none", folder=folder, status=1)
    assert "403" in said and "registry-ndn keygen" in said, said
    assert not is_registered(forwarder.unix, folder)
    registry_ndn(*route, "--keychain", right, folder=folder)
    assert is_registered(forwarder.unix, folder)


def test_a_server_registers_with_the_right_key_and_says_why_it_is_refused_with_another(start, folder, keychain):
    right, anchor = keychain("right")
    wrong, _ = keychain("wrong")
    forwarder = start.keep(nfd.NFD(folder, localhost=nfd.demanding("localhost", PREFIX, anchor)))
    refused = Program("refused", [binary(), "server", "--registry", start.registry.url, "--name", PREFIX, "--uplink",
                                  forwarder.unix, "--keychain", wrong], folder)
    start.keep(refused)
    said = refused.find(lambda line: "cannot register" in line and line)
    assert "403" in said and "does not trust" in said and "localhost_security" in said, said
    assert not is_registered(forwarder.unix, folder)
    start.server(uplink=forwarder.unix, options=["--keychain", right])
    assert is_registered(forwarder.unix, folder)


def test_a_hub_fetches_the_certificates_over_the_same_face(start, folder, keychain):
    """The key's certificate and the one between it and the anchor, from the command that registers."""
    root, anchor = keychain("root", "/example")
    between, _ = keychain("between")
    leaf, _ = keychain("leaf", PREFIX + "/site")
    for keys, issuer in [(between, root), (leaf, between)]:
        registry_ndn("cert", "request", "--keychain", keys, "-o", "request", folder=folder)
        registry_ndn("cert", "issue", "request", "--keychain", issuer, "-o", f"{keys.name}.ndncert", folder=folder)
        registry_ndn("cert", "install", f"{keys.name}.ndncert", "--keychain", keys, folder=folder)
    registry_ndn("cert", "install", "between.ndncert", "--keychain", leaf, folder=folder)
    stranger, _ = keychain("stranger", PREFIX + "/site")
    forwarder = start.keep(nfd.NFD(folder, localhop=nfd.demanding("localhop", "/example", anchor)))
    face = registry_ndn("faces", "--router", forwarder.unix, folder=folder).splitlines()[1].split()[0]
    route = ["register", PREFIX + "/site", "--face", face, "--router", forwarder.udp]
    said = registry_ndn(*route, "--keychain", stranger, folder=folder, status=1)
    assert "403" in said and "localhop_security" in said, said
    registry_ndn(*route, "--keychain", leaf, folder=folder)
    assert is_registered(forwarder.unix, folder, PREFIX + "/site")


@pytest.mark.parametrize("way", ["unix", "udp"])
def test_a_server_is_registered_again_after_a_restart(start, folder, way):
    forwarder = start.keep(nfd.NFD(folder, localhop=nfd.ANYBODY))
    server = start.server(uplink=forwarder.unix if way == "unix" else f"udp://{forwarder.udp}")
    assert is_registered(forwarder.unix, folder)
    forwarder.program.kill()
    time.sleep(4)
    before = len(server.program.lines)
    forwarder.start()
    back = time.monotonic()
    # At a restart shorter than the probe's interval the server need not have noticed that it was gone.
    while not is_reachable(forwarder.unix, folder):
        assert time.monotonic() - back < 5, server.program.lines[before:]
    print(f"registered again {time.monotonic() - back:.2f} s after NFD's return")


def test_commands_of_several_programs_in_the_same_moment(start, folder):
    """To NFD all who sign with a digest are one key, whose times must rise: the later ones of a moment are refused first."""
    forwarder = start.keep(nfd.NFD(folder))
    face = registry_ndn("faces", "--router", forwarder.unix, folder=folder).splitlines()[1].split()[0]
    programs = [subprocess.Popen([binary(), "register", f"/p/{number}", "--face", face, "--router", forwarder.unix],
                                 cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                 text=True) for number in range(12)]
    for program in programs:
        _, said = program.communicate(timeout=60)
        assert program.returncode == 0, said
    time.sleep(1.1)
    listed = registry_ndn("routes", "--router", forwarder.unix, folder=folder)
    assert all(f"/p/{number} " in listed for number in range(12)), listed


def test_nfd_takes_the_strategy_for_a_site(start, folder):
    forwarder = start.keep(nfd.NFD(folder))
    registry_ndn("strategy", "set", PREFIX, "--site", "--router", forwarder.unix, folder=folder)
    time.sleep(1.1)
    listed = registry_ndn("strategy", "list", "--router", forwarder.unix, folder=folder)
    assert [PREFIX, "/localhost/nfd/strategy/best-route/v=5/retx-suppression-initial~200"] in [
        line.split() for line in listed.splitlines()], listed
