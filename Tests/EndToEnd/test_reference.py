"""docs/reference.md says of each subcommand and option what the program says."""

import subprocess
import sys

from harness.parts import ROOT, binary


def reference(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, ROOT / "scripts" / "reference", *map(str, arguments)], capture_output=True,
                          text=True, check=False, timeout=120)


def test_the_reference_is_what_the_program_says(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    done = reference(binary())
    assert done.returncode == 0, done.stderr
    written = (ROOT / "docs" / "reference.md").read_text()
    assert written.splitlines() == done.stdout.splitlines(), "write it anew: scripts/reference PROGRAM > docs/reference.md"
    assert written == done.stdout


def test_the_script_says_how_it_is_called():
    for wrong in ([], ["--help"], ["one", "two"]):
        done = reference(*wrong)
        assert done.returncode == 64 and "usage: scripts/reference PROGRAM" in done.stderr and not done.stdout
