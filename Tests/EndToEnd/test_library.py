"""The library, as a package elsewhere has it: by URL and version, with the files of docs/library.md as they stand there."""

import re
import shutil
import subprocess

import pytest

from harness import parts

URL = "https://example.org/registry-ndn"


def files() -> dict[str, str]:
    """The files of the page by their paths."""
    text = (parts.ROOT / "docs" / "library.md").read_text()
    found = dict(re.findall(r"<!-- file: (\S+) -->\n```swift\n(.*?)```", text, re.DOTALL))
    assert set(found) == {"Package.swift", "Program/FetchObject.swift"}
    return found


def version() -> str:
    """What `--version` says; docs/library.md asks for it."""
    return re.search(r'number = "(.+)"', (parts.ROOT / "Sources/Tools/Version.swift").read_text())[1]


def git(*arguments, at) -> str:
    return subprocess.run(["git", "-c", "user.name=tests", "-c", "user.email=tests@localhost", *map(str, arguments)], cwd=at,
                          check=True, capture_output=True, text=True).stdout


@pytest.fixture
def library(folder):
    """This working tree as a repository with a version."""
    copy = folder / "registry-ndn"
    for name in ("Plugins", "Sources", "Tests"):
        shutil.copytree(parts.ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(parts.ROOT / "Package.swift", copy)
    git("init", "--quiet", ".", at=copy)
    git("add", ".", at=copy)
    git("commit", "--quiet", "--message", "a version", at=copy)
    git("tag", version(), at=copy)
    return copy


def test_a_package_elsewhere_fetches_an_object_through_a_forwarder(chain, blob, folder, library):
    package = folder / "package"
    for path, text in files().items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        assert path != "Package.swift" or URL in text
        (package / path).write_text(text.replace(URL, f"file://{library}"))
    built = subprocess.run(["swift", "build", "--package-path", str(package)], capture_output=True, text=True, check=False, timeout=1200)
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    program = package / ".build" / "debug" / "fetch-object"

    forwarder = chain[0]
    digest, octets = blob(3_000_000, seed=51)
    name = parts.blob_name("demo/blobs", digest)
    done = subprocess.run([program, forwarder.unix, name], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0 and done.stdout == octets, done.stderr
    for arguments, said in ([], "usage: "), ([forwarder.unix, parts.blob_name("demo/blobs", f"sha256:{'0' * 64}")], "does not have this blob"):
        wrong = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)
        assert wrong.returncode == 1 and said in wrong.stderr, wrong
