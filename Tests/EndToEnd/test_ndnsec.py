"""Keys and certificates to and from ndn-cxx's ndnsec, where there is one on the PATH. (What it wrote once is among the
unit tests' files.)"""

import os
import re
import shutil
import subprocess

import pytest

from harness.parts import binary

pytestmark = pytest.mark.skipif(not shutil.which("ndnsec"), reason="needs ndnsec on the PATH")


@pytest.fixture
def ours(folder):
    """Runs a subcommand with a keychain of the test's; its output."""
    (folder / "passphrase").write_text("secret\n")

    def run(*arguments, keychain="keys", status=0):
        done = subprocess.run([str(binary()), *map(str, arguments), "--keychain", str(folder / keychain)], cwd=folder,
                              capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr
    return run


@pytest.fixture
def ndnsec(folder):
    """Runs ndnsec with a home of its own; its output, which also goes to `into`."""
    def run(*arguments, into=None):
        done = subprocess.run(["ndnsec", *map(str, arguments)], cwd=folder, capture_output=True, timeout=30,
                              env={**os.environ, "HOME": str(folder)}, stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, done.stderr
        if into:
            (folder / into).write_bytes(done.stdout)
        return done.stdout.decode()
    return run


def key_of(output: str) -> str:
    return re.search(r"^key\t(\S+)$", output, re.M).group(1)


@pytest.mark.parametrize("kind", ["e", "r"], ids=["ecdsa", "rsa"])
def test_export_there_import_here(ours, ndnsec, folder, kind):
    ndnsec("key-gen", "-t", kind, "/a/b", into="self")
    ndnsec("export", "-P", "secret", "-o", folder / "bag", "/a/b")
    key = key_of(ours("cert", "import", "bag", "--bag-passphrase-file", "passphrase"))
    assert key in ndnsec("list", "-k") and key in ours("keygen", "list")
    assert "genuine, by its own key" in ours_show(folder / "self")


def ours_show(path) -> str:
    return subprocess.run([str(binary()), "cert", "show", str(path)], capture_output=True, text=True, timeout=30,
                          check=True).stdout


def test_export_here_import_there(ours, ndnsec, folder):
    key = key_of(ours("keygen", "/a/b"))
    ours("cert", "export", "/a/b", "--bag-passphrase-file", "passphrase", "-o", "bag")
    ndnsec("import", "-P", "secret", folder / "bag")
    assert key in ndnsec("list", "-k")
    # With the key that it imported ndnsec signs, and what it signs is genuine here.
    ndnsec("sign-req", "/a/b", into="request")
    assert "genuine, by its own key" in ours_show(folder / "request")


def test_a_request_of_ours_is_issued_there(ours, ndnsec, folder):
    key = key_of(ours("keygen", "/a/b"))
    ndnsec("key-gen", "-t", "e", "/a", into="root")
    ours("cert", "request", "/a/b", "-o", "request")
    assert key in ndnsec("cert-dump", "-p", "-f", folder / "request")
    ndnsec("cert-gen", "-s", "/a", "-i", "there", folder / "request", into="issued")
    ours("cert", "install", "issued")
    assert f"{key}/there/v=" in ours("keygen", "list")


def test_a_request_of_theirs_is_issued_here(ours, ndnsec, folder):
    ndnsec("key-gen", "-t", "e", "/a/b")
    ndnsec("sign-req", "/a/b", into="request")
    ours("keygen", "/a")
    ours("cert", "issue", "request", "--key", "/a", "-o", "issued")
    ndnsec("cert-install", folder / "issued")
    dumped = ndnsec("cert-dump", "-p", "-f", folder / "issued")
    issuer = re.search(r"Key Locator: Name=(\S+)", dumped).group(1)
    assert issuer.startswith("/a/KEY/") and issuer in ours("keygen", "list")
    assert "/issuer/v=" in ndnsec("list", "-c")
