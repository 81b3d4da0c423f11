"""`setup` leads engines through the client, as docs/engines.md says it, and takes that back octet for octet."""

import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from conftest import IMAGE
from harness import parts, pulls
from harness.mirror import came_over_ndn, count
from harness.parts import registry_ndn
from harness.registry import CommandFailed, containers_environment, run

# Written as nobody's program would write it.
DAEMON = '{ "debug":false,\n\t"registry-mirrors" : [ "https://mirror.example/" ] ,\n\n  "labels": ["a=\\u00e9 1.0"]}'
OURS = {
    "docker": ["/etc/docker/certs.d/_default/hosts.toml", "/etc/docker/daemon.json"],
    "containerd": ["/etc/containerd/certs.d/_default/hosts.toml"],
    "podman": ["/etc/containers/registries.conf.d/registry-ndn.conf"],
}


class Machine:
    """A folder that stands for /, and `setup` on it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.root = folder / "root"
        (self.root / "etc").mkdir(parents=True)

    def path(self, path: str) -> Path:
        return self.root / path.removeprefix("/")

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        made = self.path(path)
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(text)
        made.chmod(mode)
        return made

    def setup(self, *arguments, status: int = 0) -> subprocess.CompletedProcess:
        done = registry_ndn("setup", *arguments, "--root", self.root, folder=self.folder)
        assert done.returncode == status, done.stdout + done.stderr
        return done

    def tree(self) -> dict:
        """Whatever lies below etc: the octets and the mode of files, and folders."""
        return {str(path.relative_to(self.root)): (path.is_file() and path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
                for path in sorted((self.root / "etc").rglob("*"))}


@pytest.fixture
def machine(folder):
    return Machine(folder)


@pytest.mark.parametrize("engine", OURS)
def test_what_is_written_is_taken_back(machine, engine):
    machine.write("/etc/docker/daemon.json", DAEMON, 0o640)
    before = machine.tree()
    machine.setup(engine, "--check", status=1)
    said = machine.setup(engine, "--yes").stdout
    for path in OURS[engine]:
        assert f"+++ {path}" in said and f"written\t{machine.root}{path}" in said, said
        assert "127.0.0.1:5000" in machine.path(path).read_text()
    assert stat.S_IMODE(machine.path("/etc/docker/daemon.json").stat().st_mode) == 0o640
    after = machine.tree()
    again = machine.setup(engine, "--yes").stdout
    assert machine.tree() == after
    assert ("nothing to do" in again) == (engine != "containerd"), again
    record = machine.path(f"/var/lib/registry-ndn-setup/{engine}.json")
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    machine.setup(engine, "--undo", "--yes")
    assert machine.tree() == before and not record.parent.exists()
    assert "nothing to undo" in machine.setup(engine, "--undo", "--yes").stdout
    machine.setup(engine, "--check", status=1)


def test_docker_keeps_what_its_settings_say(machine):
    machine.write("/etc/docker/daemon.json", DAEMON)
    machine.setup("docker", "--yes", "--endpoint", "http://192.0.2.7:5000")
    settings = json.loads(machine.path("/etc/docker/daemon.json").read_text())
    assert settings == json.loads(DAEMON) | {
        "registry-mirrors": ["http://192.0.2.7:5000", "https://mirror.example/"],
        "insecure-registries": ["192.0.2.7:5000"]}
    # With another address nothing of the first is left.
    machine.setup("docker", "--yes", "--registry", "quay.io", "--registry", "docker.io=127.0.0.1:5002")
    settings = json.loads(machine.path("/etc/docker/daemon.json").read_text())
    assert settings == json.loads(DAEMON) | {"registry-mirrors": ["http://127.0.0.1:5002", "https://mirror.example/"]}
    assert sorted(path.name for path in machine.path("/etc/docker/certs.d").iterdir() if any(path.iterdir())) == [
        "docker.io", "quay.io"]
    machine.setup("docker", "--check", "--registry", "quay.io")
    machine.setup("docker", "--check", "--registry", "ghcr.io", status=1)


def test_check_asks_about_the_address_that_setup_wrote(machine):
    machine.setup("podman", "--yes", "--endpoint", "http://192.0.2.7:5050", "--registry", "quay.io=192.0.2.7:5051")
    assert "http://192.0.2.7:5051" in machine.setup("podman", "--check").stdout
    machine.setup("podman", "--check", "--endpoint", "http://127.0.0.1:5000", status=1)
    # What is asked about is the last that was written.
    machine.setup("podman", "--yes", "--registry", "quay.io")
    assert "http://127.0.0.1:5000" in machine.setup("podman", "--check").stdout
    machine.setup("podman", "--undo", "--yes")
    machine.setup("podman", "--check", status=1)


def test_check_asks_about_the_registries_that_setup_was_told_of(machine):
    machine.setup("podman", "--yes", "--registry", "quay.io", "--registry", "ghcr.io=127.0.0.1:5051")
    machine.setup("podman", "--check")
    theirs = machine.write("/etc/containers/registries.conf.d/z.conf", '[[registry]]\nprefix = "quay.io"\nlocation = "quay.io"\n')
    done = machine.setup("podman", "--check", status=1)
    assert "has an entry of quay.io, which counts instead" in done.stdout
    machine.setup("podman", "--check", "--registry", "ghcr.io")
    # As long as a file of setup's is left, so is what it was told.
    theirs.unlink()
    ours = machine.path(OURS["podman"][0])
    text = ours.read_text()
    ours.write_text(text + "# mine\n")
    machine.setup("podman", "--undo", "--yes", status=1)
    ours.write_text(text.replace("quay.io", "quay.example"))
    remedy = f"registry-ndn setup podman --registry quay.io --registry ghcr.io=http://127.0.0.1:5051 --root {machine.root}"
    assert machine.setup("podman", "--check", status=1).stdout.endswith(f" for images of quay.io\n\t{remedy}\n")


def test_the_remedy_of_check_leads_to_the_address_that_was_asked_about(machine):
    options = ["--endpoint", "http://127.0.0.1:21050", "--registry", "quay.io"]
    done = machine.setup("docker", "--check", *options, status=1)
    assert done.stdout.endswith(f"\tregistry-ndn setup docker {' '.join(options)} --root {machine.root}\n"), done.stdout
    machine.setup("docker", "--yes", *options)
    machine.setup("docker", "--check", *options)


def test_a_password_in_a_file_is_not_shown_and_stays(machine):
    machine.write("/etc/docker/daemon.json", '{"proxies": {"http-proxy": "http://u:secret@proxy.example:3128"}}')
    shown = machine.setup("docker", "--yes").stdout
    assert "secret" not in shown and '"http://***@proxy.example:3128"' in shown, shown
    assert "u:secret@" in machine.path("/etc/docker/daemon.json").read_text()


def test_without_a_terminal_nothing_is_written_unasked(machine):
    done = machine.setup("podman", status=64)
    assert "there is no terminal to ask" in done.stderr and "--yes" in done.stderr
    assert "+++ /etc/containers/registries.conf.d/registry-ndn.conf" in done.stdout
    assert not machine.tree() and not machine.path("/var").exists()


@pytest.mark.parametrize("answer, status", [("y\n", 0), ("\n", 1)])
def test_at_a_terminal_it_asks(machine, answer, status):
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer.encode())
        done = subprocess.run([parts.binary(), "setup", "podman", "--root", machine.root], stdin=theirs, text=True,
                              capture_output=True, cwd=machine.folder, timeout=30, check=False)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == status and "Write that? [y/N]" in done.stderr, done.stderr
    assert bool(machine.tree()) == (status == 0)


@pytest.mark.parametrize("engine, path", [(engine, path) for engine, paths in OURS.items() for path in paths])
def test_what_was_changed_since_is_left_and_named(machine, engine, path):
    machine.write("/etc/docker/daemon.json", DAEMON)
    machine.setup(engine, "--yes")
    changed = machine.path(path)
    changed.write_text(changed.read_text() + "\n")
    text = changed.read_text()
    if path.endswith("daemon.json"):
        # Of a file of others our own part is taken out, and what was changed stays.
        machine.setup(engine, "--undo", "--yes")
        assert changed.read_text() == DAEMON + "\n"
        assert "nothing to undo" in machine.setup(engine, "--undo", "--yes").stdout
        return
    done = machine.setup(engine, "--undo", "--yes", status=1)
    assert f"{path} was changed since" in done.stderr and changed.read_text() == text
    assert machine.path("/etc/docker/daemon.json").read_text() == DAEMON
    # Without the line that says whose it is it is somebody's own.
    changed.write_text(text.partition("\n")[2])
    machine.setup(engine, "--undo", "--yes")
    assert changed.read_text() == text.partition("\n")[2]
    assert not machine.path(f"/var/lib/registry-ndn-setup/{engine}.json").exists()


def test_what_was_deleted_since_stays_so(machine):
    settings = machine.write("/etc/docker/daemon.json", DAEMON)
    machine.setup("docker", "--yes")
    settings.unlink()
    assert "daemon.json was removed since setup wrote it, and stays so" in machine.setup("docker", "--undo", "--yes").stdout
    assert not settings.exists() and "nothing to undo" in machine.setup("docker", "--undo", "--yes").stdout


def answering(machine, engine: str, meanwhile) -> subprocess.CompletedProcess:
    """`setup` whose question is answered with yes once `meanwhile` was done."""
    ours, theirs = pty.openpty()
    try:
        program = subprocess.Popen([parts.binary(), "setup", engine, "--root", machine.root], stdin=theirs, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=machine.folder)
        asked = program.stderr.read(len("Write that? [y/N] "))
        assert asked == "Write that? [y/N] "
        meanwhile()
        os.write(ours, b"y\n")
        output, errors = program.communicate(timeout=30)
        return subprocess.CompletedProcess([], program.returncode, output, errors)
    finally:
        os.close(ours)
        os.close(theirs)


def test_what_is_changed_while_it_asks_is_found_before_anything_is_written(machine):
    settings = machine.write("/etc/docker/daemon.json", DAEMON)
    done = answering(machine, "docker", lambda: settings.write_text("{}"))
    assert done.returncode == 1 and "changed meanwhile" in done.stderr and "nothing was written" in done.stderr
    assert settings.read_text() == "{}" and not machine.path("/etc/docker/certs.d").exists()
    assert "nothing to undo" in machine.setup("docker", "--undo", "--yes").stdout


def test_another_setup_while_it_asks_loses_nothing(machine):
    settings = machine.write("/etc/docker/daemon.json", DAEMON)
    before = machine.tree()
    done = answering(machine, "docker", lambda: machine.setup("docker", "--yes", "--endpoint", "http://192.0.2.7:5000"))
    assert done.returncode == 1 and "192.0.2.7" in settings.read_text()
    machine.setup("docker", "--undo", "--yes")
    assert machine.tree() == before


def test_many_at_once_lose_nothing(machine):
    machine.write("/etc/docker/daemon.json", DAEMON)
    before = machine.tree()
    programs = [subprocess.Popen([parts.binary(), "setup", "docker", "--yes", "--root", machine.root, "--endpoint",
                                  f"http://192.0.2.{number}:5000"], cwd=machine.folder, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL) for number in range(8)]
    assert 0 in [program.wait(timeout=30) for program in programs]
    machine.setup("docker", "--undo", "--yes")
    assert machine.tree() == before and not machine.path("/var/lib/registry-ndn-setup").exists()


def test_leftovers_of_a_killed_run_are_removed(machine):
    machine.write("/etc/docker/daemon.json", DAEMON)
    before = machine.tree()
    machine.write("/etc/docker/daemon.json.4711.new", "")
    machine.write("/etc/docker/certs.d/_default/hosts.toml.4711.new", "")
    kept = machine.write("/etc/docker/daemon.json.new", "")
    machine.setup("docker", "--yes")
    kept.unlink()
    assert not list(machine.path("/etc/docker").rglob("*.new"))
    machine.setup("docker", "--undo", "--yes")
    shutil.rmtree(machine.path("/etc/docker/certs.d"))
    assert machine.tree() == before


def test_a_record_that_is_damaged_is_named_with_what_to_do(machine):
    record = machine.write("/var/lib/registry-ndn-setup/docker.json", "{")
    done = machine.setup("docker", "--undo", "--yes", status=1)
    assert "is damaged" in done.stderr and f"{record}" in done.stderr and "delete that file" in done.stderr


def test_settings_that_are_no_text_keep_nothing_from_being_undone(machine):
    made = machine.write("/etc/docker/daemon.json", "")
    made.write_bytes(b'{"a": "\xff"}')
    assert "nothing to undo" in machine.setup("docker", "--undo", "--yes", "--endpoint", "127.0.0.1:5050").stdout


def test_what_is_somebody_elses_is_left_and_named(machine):
    machine.write("/etc/containerd/certs.d/quay.io/hosts.toml", 'server = "https://quay.io"\n')
    machine.write("/etc/containerd/certs.d/ghcr.io/ca.crt", "")
    before = machine.tree()
    done = machine.setup("containerd", "--yes", "--registry", "quay.io", "--registry", "ghcr.io", status=1)
    assert "quay.io/hosts.toml is there already" in done.stderr and "ghcr.io has certificates" in done.stderr
    assert machine.tree() == before


def test_links_are_not_followed_out_of_place(machine):
    elsewhere = machine.folder / "elsewhere"
    elsewhere.mkdir()
    machine.path("/etc/docker").mkdir()
    machine.path("/etc/docker/daemon.json").symlink_to(elsewhere / "daemon.json")
    assert "daemon.json is a symbolic link" in machine.setup("docker", "--yes", status=1).stderr
    machine.path("/etc/containers").symlink_to(elsewhere)
    assert f"leads to {elsewhere}, out of " in machine.setup("podman", "--yes", status=1).stderr
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("text, place", [('{\n  "debug": true,\n}\n', "line 3, column 1"), ("debug: true", "line 1, column 1"),
                                         ('{"registry-mirrors": "http://a"}', "line 1, column 22")])
def test_settings_that_are_wrong_are_named_with_their_place(machine, text, place):
    made = machine.write("/etc/docker/daemon.json", text)
    done = machine.setup("docker", "--yes", status=1)
    assert f"/etc/docker/daemon.json, {place}" in done.stderr and made.read_text() == text


@pytest.mark.parametrize("engine, path", [("buildkit", "/etc/buildkit/buildkitd.toml"), ("k3s", "/etc/rancher/k3s/registries.yaml"),
                                          ("k3s", "/etc/rancher/rke2/registries.yaml")])
def test_lines_for_files_of_others_are_printed(machine, engine, path):
    machine.path(path).parent.mkdir(parents=True)
    before = machine.tree()
    arguments = [engine, "--registry", "quay.io", "--registry", "registry.example:5000=127.0.0.1:5001"]
    said = machine.setup(*arguments).stdout
    assert machine.tree() == before
    lines = said.partition(f"{path} is for you to change; these lines belong into it:\n\n")[2].partition("\n\n")[0]
    machine.setup(*arguments, "--check", status=1)
    machine.write(path, lines + "\n")
    machine.setup(*arguments, "--check")
    assert "nothing to do" in machine.setup(*arguments).stdout


def test_a_wrong_call(folder):
    for wrong, words in [(["crane"], "crane"), (["docker", "--registry", "../etc"], "no name of a registry"),
                         (["docker", "--endpoint", "http://a/b"], "no address of a client"),
                         (["docker", "--undo", "--check"], "not both"), ([], "engine"),
                         (["docker", "--registry", "quay.io", "--registry", "Quay.io:443"], "given twice")]:
        done = registry_ndn("setup", *wrong, folder=folder)
        assert done.returncode == 64 and words in done.stderr, done.stderr


def test_a_plain_user_has_podmans_settings_of_their_own(needs_root):
    """Whose program it is, is no matter: it is opened by root here."""
    with tempfile.TemporaryDirectory(prefix="registry-ndn-user-") as home, open(parts.binary(), "rb") as program:
        os.chmod(home, 0o755)
        os.chown(home, 65534, 65534)

        def setup(*arguments):
            done = subprocess.run([f"/proc/self/fd/{program.fileno()}", "setup", *arguments], text=True, check=False,
                                  capture_output=True, user=65534, group=65534, extra_groups=[], cwd=home, timeout=30,
                                  pass_fds=[program.fileno()], env={"HOME": home, "PATH": ""})
            return done.returncode, done.stdout + done.stderr
        assert setup("podman", "--registry", "quay.io", "--yes")[0] == 0
        written = Path(home, ".config/containers/registries.conf.d/registry-ndn.conf")
        assert 'location = "127.0.0.1:5000/quay.io"' in written.read_text()
        assert setup("podman", "--registry", "quay.io", "--check")[0] == 0
        assert setup("podman", "--undo", "--yes")[0] == 0
        assert not Path(home, ".config").exists() and not list(Path(home, ".local/state/registry-ndn").iterdir())


# With the engines themselves.

@pytest.fixture
def etc(folder, needs_root):
    """A folder in the place of /etc, for what is run by `inside`."""
    made = folder / "etc"
    made.mkdir()
    return made


def inside(etc: Path, *command) -> list:
    """What runs a command that sees `etc` as /etc, and a /var/lib that is empty at first and kept beside it."""
    state = etc.with_name("lib")
    state.mkdir(exist_ok=True)
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
            'mount --bind "$0" /etc && mount --bind "$1" /var/lib && shift && exec "$@"', etc, state, *command]


def setup(etc: Path, *arguments, status: int = 0, environment: dict = None) -> str:
    """Runs `setup` there; what it said."""
    command = [str(word) for word in inside(etc, parts.binary(), "setup", *arguments)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
                          cwd=etc, env={**os.environ, **(environment or {})})
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def until(condition, timeout: float = 15.0):
    """Asks again until it holds: a daemon reads its settings when it comes to it."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_docker_pulls_through_the_client_once_it_has_read_its_settings(mirror, layout, folder, etc):
    client, _, _ = mirror
    settings = etc / "docker" / "daemon.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"labels": ["a=b"]} | pulls.needed_settings(folder), indent=3))
    before = settings.read_bytes()
    daemon = pulls.Docker(folder, settings=settings)
    environment = {"DOCKER_HOST": daemon.host, "DOCKER_CONFIG": str(folder)}
    arguments = ["docker", "--registry", f"docker.io={client.beta_address}"]

    def asks(*options) -> bool:
        done = subprocess.run([str(word) for word in inside(etc, parts.binary(), "setup", *arguments, "--check")],
                              capture_output=True, env={**os.environ, **environment}, timeout=60, check=False)
        return done.returncode == 0
    try:
        assert "does not ask" in setup(etc, *arguments, "--check", status=1, environment=environment)
        said = setup(etc, *arguments, "--yes", environment=environment)
        assert "systemctl reload docker" in said and not (etc / "docker" / "certs.d").exists(), said
        assert "has not read that" in setup(etc, *arguments, "--check", status=1, environment=environment)
        daemon.daemon.signal(signal.SIGHUP)
        until(asks)
        seen = count(client)
        assert daemon.pull_named("app:latest") == layout[1]
        came_over_ndn(client, layout[2], seen)
        said = setup(etc, "docker", "--undo", "--yes", environment=environment)
        assert "systemctl restart docker" in said, said
        assert settings.read_bytes() == before and [path.name for path in settings.parent.iterdir()] == ["daemon.json"]
        # What the file no longer names, a reload keeps.
        line = len(daemon.daemon.lines)
        daemon.daemon.signal(signal.SIGHUP)
        daemon.daemon.find(lambda text: "Reloaded configuration" in text, start=line)
        assert asks()
        daemon.restart()
        assert not asks()
    finally:
        daemon.stop()


def test_containerd_pulls_through_the_client(mirror, layout, etc, docker):
    client, _, _ = mirror
    (etc / "containerd").mkdir()
    ctr = pulls.Ctr(docker, etc / "containerd")
    arguments = ["containerd", "--registry", "alpha.example", "--endpoint", f"http://{client.address}"]
    setup(etc, *arguments, "--check", status=1)
    said = setup(etc, *arguments, "--yes")
    lines = said.partition("these lines belong into it:\n\n")[2].partition("\n\n")[0]
    assert "config_path does not name that folder" in setup(etc, *arguments, "--check", status=1)
    (etc / "containerd" / "config.toml").write_text(lines + "\n")
    setup(etc, *arguments, "--check")
    seen = count(client)
    ctr.fetch(f"alpha.example/{IMAGE}")
    came_over_ndn(client, layout[2], seen)
    setup(etc, "containerd", "--undo", "--yes")
    setup(etc, *arguments, "--check", status=1)
    assert not list((etc / "containerd" / "certs.d").iterdir())
    ctr.forget()


def test_all_registries_are_asked_for_at_a_client_alone_that_tells_them_apart(chain, mirror, etc):
    before = setup(etc, "containerd", "--yes", "--endpoint", chain[2].address, status=1)
    assert "serves one registry, whichever is named" in before and not list(etc.iterdir())
    assert "note\t" not in setup(etc, "containerd", "--yes", "--endpoint", mirror[0].address)
    assert mirror[0].address in (etc / "containerd" / "certs.d" / "_default" / "hosts.toml").read_text()


def test_docker_hub_is_not_led_to_what_does_not_serve_it(chain, mirror, etc):
    """Docker 20.10 says no registry's name to its mirrors: what answers there gives its own images."""
    for address, words in [(chain[2].address, "serves one registry, whichever is named"),
                           (mirror[1].url, "is no registry-ndn client"),
                           (mirror[0].address, "requests that name no registry")]:
        assert words in setup(etc, "docker", "--yes", "--endpoint", address, status=1)
        assert not list(etc.iterdir())
    setup(etc, "docker", "--yes", "--endpoint", mirror[0].beta_address)
    assert mirror[0].beta_address in (etc / "docker" / "daemon.json").read_text()


def test_a_registry_that_the_client_does_not_serve_is_named(mirror, etc):
    arguments = ["podman", "--yes", "--endpoint", mirror[0].address, "--registry"]
    assert "does not serve unknown.example" in setup(etc, *arguments, "unknown.example")
    assert "does not serve" not in setup(etc, *arguments, "alpha.example")


def test_podman_and_skopeo_pull_through_the_client(mirror, layout, folder, etc):
    client, _, _ = mirror
    environment = containers_environment(folder)
    arguments = ["podman", "--registry", "alpha.example", "--endpoint", client.address]
    setup(etc, *arguments, "--check", status=1)
    setup(etc, *arguments, "--yes")
    setup(etc, *arguments, "--check")

    def copied(name: str) -> str:
        shutil.rmtree(folder / "pulled", ignore_errors=True)
        run(*inside(etc, "skopeo", "--insecure-policy", "copy", "--quiet", f"docker://{name}", f"dir:{folder}/pulled"),
            environment=environment)
        return json.loads((folder / "pulled" / "manifest.json").read_text())["config"]["digest"]
    # By its own name, and by the client's address, for which plain HTTP is allowed as well.
    for name in [f"alpha.example/{IMAGE}", f"{client.address}/alpha.example/{IMAGE}"]:
        seen = count(client)
        assert copied(name) == layout[1]
        came_over_ndn(client, layout[2], seen)
    seen = count(client)
    assert pulls.podman("alpha.example", IMAGE, folder / "podman", etc=etc) == layout[1]
    came_over_ndn(client, layout[2], seen)
    # An entry that is read later counts alone.
    later = etc / "containers" / "registries.conf.d" / "z.conf"
    later.write_text('[[registry]]\nlocation = "alpha.example"\n')
    assert "counts instead" in setup(etc, *arguments, "--check", status=1)
    with pytest.raises(CommandFailed, match="lookup alpha.example"):
        copied(f"alpha.example/{IMAGE}")
    later.unlink()
    setup(etc, "podman", "--undo", "--yes")
    assert not list(etc.iterdir())
    with pytest.raises(CommandFailed, match="lookup alpha.example"):
        copied(f"alpha.example/{IMAGE}")
