"""The keychain from outside: many processes at once, damaged files, lax modes, passphrases and the terminal."""

import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time

import pytest

from harness.parts import binary


def run(*arguments, status: int = 0) -> str:
    """In a session of its own, so that there is no terminal to ask at."""
    done = subprocess.run([str(binary()), *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, start_new_session=True, check=False)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


class AtTerminal:
    """A command with a terminal of its own; `answer` waits for a question, then types."""

    def __init__(self, *arguments):
        self._end, terminal = pty.openpty()
        self.shown = ""
        self._process = subprocess.Popen(
            [str(binary()), *map(str, arguments)], stdin=terminal, stdout=terminal, stderr=terminal,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self._terminal = terminal

    def _read(self, deadline: float) -> None:
        assert select.select([self._end], [], [], max(0, deadline - time.monotonic()))[0], f"waited for: {self.shown!r}"
        self.shown += os.read(self._end, 4096).decode()

    def answer(self, question: str, *lines: str) -> None:
        deadline = time.monotonic() + 30
        for line in lines:
            start = len(self.shown)
            while question not in self.shown[start:]:
                self._read(deadline)
            # The question comes first, then the echo is switched off.
            while termios.tcgetattr(self._terminal)[3] & termios.ECHO:
                assert time.monotonic() < deadline
            os.write(self._end, line.encode())

    def end(self) -> int:
        status = self._process.wait(30)
        while select.select([self._end], [], [], 0)[0]:
            self.shown += os.read(self._end, 4096).decode()
        self.echoes = bool(termios.tcgetattr(self._terminal)[3] & termios.ECHO)
        os.close(self._terminal)
        os.close(self._end)
        return status


def test_many_processes_at_once_lose_nothing(folder):
    keys = folder / "keys"
    processes = [subprocess.Popen([str(binary()), "keygen", f"/a/{number}", "--keychain", str(keys)],
                                  stdout=subprocess.PIPE, text=True) for number in range(24)]
    made = set()
    for process in processes:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        made |= {line.split("\t")[1] for line in output.splitlines() if line.startswith("key\t")}
    listed = run("keygen", "list", "--keychain", keys)
    assert len(made) == 24 and made == set(re.findall(r"^[* ] (/\S+)", listed, re.M))
    assert {path.suffix for path in keys.iterdir() if path.name not in ("registry-ndn-keychain", "defaults")} == {
        ".pem", ".ndncert"}, "nothing half-written is left"


def test_defaults_chosen_at_once_are_all_there(folder):
    keys = folder / "keys"
    for number in range(8):
        run("keygen", f"/a/{number}", "--keychain", keys)
    processes = [subprocess.Popen([str(binary()), "keygen", "default", f"/a/{number}", "--keychain", str(keys)],
                                  stdout=subprocess.DEVNULL) for number in range(8)]
    assert [process.wait(60) for process in processes] == [0] * 8
    chosen = {line.split("/KEY/")[0] for line in (keys / "defaults").read_text().splitlines() if "/KEY/" in line}
    assert chosen == {f"/a/{number}" for number in range(8)}


def test_a_damaged_file_is_named_and_the_rest_is_there(folder):
    keys = folder / "keys"
    run("keygen", "/a", "--keychain", keys)
    run("keygen", "/b", "--keychain", keys)
    of_a = next(path for path in keys.glob("*.pem") if "/a/KEY/" in path.read_text())
    of_a.write_bytes(of_a.read_bytes()[:100])
    certificate = next(path for path in keys.glob("*.ndncert"))
    certificate.write_bytes(certificate.read_bytes()[:-40])
    said = run("keygen", "list", "--keychain", keys, status=1)
    assert str(of_a) in said and str(certificate) in said and "/b/KEY/" in said


@pytest.mark.parametrize("what", ["folder", "key"])
def test_what_others_may_read_is_refused(folder, what):
    keys = folder / "keys"
    run("keygen", "/a", "--keychain", keys)
    target = keys if what == "folder" else next(keys.glob("*.pem"))
    target.chmod(target.stat().st_mode | 0o040)
    said = run("cert", "request", "/a", "--keychain", keys, status=1)
    assert str(target) in said and "chmod" in said


def test_a_passphrase_is_asked_at_the_terminal_and_not_shown(folder):
    keys = folder / "keys"
    making = AtTerminal("keygen", "/a", "--encrypt", "--keychain", keys)
    making.answer("New passphrase of /a/KEY/", "correct horse\n")
    making.answer("The same again", "correct horse\n")
    assert making.end() == 0, making.shown
    assert making.echoes and "correct" not in making.shown
    assert "encrypted" in run("keygen", "list", "--keychain", keys)
    assert "ENCRYPTED PRIVATE KEY" in next(keys.glob("*.pem")).read_text()

    for typed, status in (("correct horse\n", 0), ("battery staple\n", 1)):
        using = AtTerminal("cert", "request", "/a", "--keychain", keys, "-o", folder / f"request{status}")
        using.answer("assphrase", typed)
        assert using.end() == status, using.shown
        assert typed.strip() not in using.shown
    assert (folder / "request0").exists() and not (folder / "request1").exists()


def test_two_passphrases_that_differ_make_no_key(folder):
    keys = folder / "keys"
    making = AtTerminal("keygen", "/a", "--encrypt", "--keychain", keys)
    making.answer("New passphrase", "one\n")
    making.answer("The same again", "other\n")
    assert making.end() == 1 and "differ" in making.shown and making.echoes
    assert not list(folder.glob("keys/*.pem"))


def test_an_interrupt_at_the_question_restores_the_terminal(folder):
    making = AtTerminal("keygen", "/a", "--encrypt", "--keychain", folder / "keys")
    making.answer("New passphrase", "half\x03")
    assert making.end() == 1 and "interrupted" in making.shown and making.echoes


def test_passphrases_come_from_a_file_or_the_terminal_alone(folder):
    keys, passphrase = folder / "keys", folder / "passphrase"
    passphrase.write_text("correct horse\n")
    run("keygen", "/a", "--keychain", keys, "--passphrase-file", passphrase)
    assert "--passphrase-file" in run("cert", "request", "/a", "--keychain", keys, status=1)
    run("keygen", "/a", "--keychain", keys, "--passphrase", "correct horse", status=64)
    passphrase.write_text("wrong\n")
    said = run("cert", "request", "/a", "--keychain", keys, "--passphrase-file", passphrase, status=1)
    assert "passphrase" in said and "correct" not in said and "wrong\n" not in said
