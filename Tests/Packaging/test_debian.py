"""scripts/package, and its Debian package: looked at by lintian and systemd-analyze, installed, used, upgraded and removed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from conftest import TREES
from engines.root import Root
from harness import parts, pulls
from harness.registry import CommandFailed, Registry, run
from units import Unit

SERVICES = ["forwarder", "server", "client"]


@pytest.fixture(scope="module")
def packages(work):
    """The files of a release."""
    made = work / "packages"
    # How small the package is, is not what is tested.
    done = subprocess.run([parts.ROOT / "scripts" / "package", "--program", parts.binary(), made], capture_output=True,
                          text=True, check=False, timeout=400, env={**os.environ, "DPKG_DEB_COMPRESSOR_LEVEL": "0"})
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def package(packages) -> Path:
    (found,) = packages.glob("*.deb")
    return found


def _root(work, tree, package):
    made = Root(TREES / tree, work, tree)
    made.path("/tmp/registry-ndn.deb").write_bytes(package.read_bytes())
    return made


@pytest.fixture(scope="module")
def checks(work, package):
    made = _root(work, "checks", package)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def clean(work, package):
    """A Debian with the libraries, where nothing of ours ever was."""
    made = _root(work, "base", package)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def installed(clean):
    clean.run("dpkg", "--install", "/tmp/registry-ndn.deb")
    return clean


def test_a_release_is_a_package_an_archive_and_the_source_and_is_verified_as_the_page_says(packages):
    version = re.search(r'number = "(.*)"', (parts.ROOT / "Sources/Tools/Version.swift").read_text()).group(1)
    names = {path.name for path in packages.iterdir()}
    source = f"registry-ndn-{version}.tar.gz"
    # A source release writes no other.
    is_checkout = (parts.ROOT / ".git").exists()
    assert (source in names) == is_checkout and "SHA256SUMS" in names and len(names) == 3 + is_checkout, names
    page = (parts.ROOT / "docs" / "releases.md").read_text()
    commands = re.search(r"<!-- commands: verify -->\n```sh\n(.*?)```", page, re.DOTALL).group(1)
    said = run("sh", "-ec", f"cd {packages}\n{commands}")
    assert said.count(": OK") == 2 + is_checkout and f"\nregistry-ndn {version}\ncommit " in said, said
    assert f"\n Version: {version}\n" in said, said
    (folder,) = [path for path in packages.iterdir() if path.is_dir()]
    assert (folder / "man" / "registry-ndn-client.1").exists() and (folder / "LICENSE").exists()
    shutil.rmtree(folder)
    if is_checkout:
        with tarfile.open(packages / source) as tar:
            packed = {name.partition("/")[2] for name in tar.getnames()} - {""}
        # Folders are packed too.
        committed = run("git", "-C", parts.ROOT, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
        assert packed >= set(committed), set(committed) - packed
        assert (".ci/run" in packed) and (".commit" in packed)


def test_lintian_finds_no_error(checks):
    done = subprocess.run(checks.command("lintian", "--allow-root", "--fail-on", "error", "--tag-display-limit", "0",
                                         "/tmp/registry-ndn.deb"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_unit_is_well_formed_and_may_do_little(checks, service):
    if not checks.path("/usr/bin/registry-ndn").exists():
        checks.run("dpkg", "--install", "/tmp/registry-ndn.deb")
    unit = f"/lib/systemd/system/registry-ndn-{service}.service"
    # What is wrong is only said.
    said = checks.run("sh", "-c", f"systemd-analyze verify --man=no {unit} 2>&1")
    assert service not in said, said
    report = checks.run("systemd-analyze", "security", "--offline=true", unit)
    assert float(re.search(r"Overall exposure level .*: ([\d.]+)", report).group(1)) <= 2.0, report


def test_the_package_depends_on_whatever_the_program_is_linked_with(installed):
    depends = installed.run("dpkg-query", "-W", "-f", "${Depends}", "registry-ndn")
    # The paths of libraries are those of a merged /usr, and not what dpkg knows.
    libraries = re.findall(r"=> \S*/(\S+)", installed.run("ldd", "/usr/bin/registry-ndn"))
    assert len(libraries) >= 5
    for library in libraries:
        owner = installed.run("dpkg", "--search", f"*/{library}").partition(":")[0]
        assert re.search(rf"(^|, ){re.escape(owner)}( |,|$)", depends), f"{library} is of {owner}, which is not in {depends}"


def test_nothing_is_enabled_or_can_run_before_it_is_configured(installed):
    assert not list(installed.path("/etc/systemd/system").rglob("registry-ndn*"))
    unit = Unit(installed, "registry-ndn-server")
    with pytest.raises(CommandFailed, match="--registry is missing") as failed:
        installed.run("sh", "-c", unit.one("ExecStart") + " --name /a --uplink none --listen udp://127.0.0.1:0")
    assert str(failed.value.status) == unit.one("RestartPreventExitStatus")


def test_each_subcommand_has_a_manual_and_shells_complete_it(installed):
    commands = re.findall(r"^  ([a-z]+) +\S", installed.run("registry-ndn", "--help").partition("SUBCOMMANDS:")[2], re.MULTILINE)
    assert "client" in commands and "health" in commands
    for command in commands:
        assert installed.path(f"/usr/share/man/man1/registry-ndn-{command}.1.gz").exists(), command
    completed = installed.run("bash", "-c", """
        source /usr/share/bash-completion/completions/registry-ndn
        complete -p registry-ndn""")
    assert "registry-ndn" in completed


@pytest.fixture(scope="module")
def configured(installed):
    """As somebody configures it who has a registry at port 5001."""
    for service, lines in {
            "forwarder": 'udp = "none"\n',
            "server": f'registry = "http://127.0.0.1:5001"\nname = "{parts.PREFIX}"\n',
            "client": f'upstream = "http://127.0.0.1:5001"\nname = "{parts.PREFIX}"\nlog = "error"\n'}.items():
        path = installed.path(f"/etc/registry-ndn/{service}.toml")
        path.write_text(path.read_text() + lines)
    # A variable goes before the file: below, the client logs requests.
    installed.path("/etc/registry-ndn/client.env").write_text("DOCKER_NDN_LOG=info\n")
    return installed


def test_the_services_as_their_units_start_them_bring_an_image_over_ndn(configured, work, layout):
    registry = Registry(work, address="127.0.0.1:5001")
    started = {}
    try:
        registry.push(layout[0], "my/app:latest")
        for service in SERVICES:
            started[service] = Unit(configured, f"registry-ndn-{service}").start()
        assert pulls.skopeo("127.0.0.1:5000", "my/app:latest", work / "pulled") == layout[1]
        for blob in layout[2]:
            event = started["client"].program.event("request", lambda event: event.get("digest") == blob.digest)
            assert event["source"] == "ndn", event
        for service in started.values():
            service.reload()
            service.program.event("the configuration was read again")
        assert configured.path("/run/registry-ndn/registry-ndn.sock").is_socket()
    finally:
        statuses = {name: service.stop() for name, service in reversed(started.items())}
        registry.stop()
    assert statuses == dict.fromkeys(SERVICES, 0)


def test_an_upgrade_keeps_what_was_configured(configured):
    configured.run("sh", "-ec", """
        dpkg-deb --raw-extract /tmp/registry-ndn.deb /tmp/newer
        sed -i 's/^Version: .*/Version: 99/' /tmp/newer/DEBIAN/control
        echo '# A new line.' >>/tmp/newer/etc/registry-ndn/client.toml
        dpkg-deb -Znone --build /tmp/newer /tmp/newer.deb
        dpkg --install --force-confdef --force-confold /tmp/newer.deb""")
    assert configured.run("dpkg-query", "-W", "-f", "${Version} ${Status}", "registry-ndn") == "99 install ok installed"
    assert f'name = "{parts.PREFIX}"' in configured.path("/etc/registry-ndn/client.toml").read_text()


def test_who_removes_it_keeps_keys_and_settings_and_who_purges_it_keeps_nothing(configured):
    configured.run("registry-ndn", "keygen", "--keychain", "/var/lib/registry-ndn/keychain", "/example/docker")
    files = configured.run("dpkg", "--listfiles", "registry-ndn").splitlines()
    configured.run("dpkg", "--remove", "registry-ndn")
    left = [file for file in files if configured.path(file).is_file()]
    assert left and all(file.startswith("/etc/registry-ndn/") for file in left)
    assert configured.path("/var/lib/registry-ndn/keychain").exists()
    configured.run("dpkg", "--purge", "registry-ndn")
    assert not [file for file in files if configured.path(file).is_file()]
    assert not [folder for folder in ("/etc/registry-ndn", "/var/lib/registry-ndn", "/var/cache/registry-ndn")
                if configured.path(folder).exists()]
