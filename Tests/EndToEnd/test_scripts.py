"""The scripts that people type: what they refuse, what they say, and what they leave alone."""

import shutil
import subprocess
import sys

import pytest

from harness import parts
from harness.demo import Pull, verdict

SCRIPTS = parts.ROOT / "scripts"


def image(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, SCRIPTS / "image", *map(str, arguments)], capture_output=True, text=True,
                          check=False, timeout=60)


def test_an_image_is_written_to_a_new_folder_and_never_over_what_is_there(folder):
    target = folder / "image"
    assert image(target, "--size", "2MB", "--layers", "2").returncode == 0
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    again = image(target, "--size", "64K")
    assert again.returncode == 1 and str(target) in again.stderr and "not empty" in again.stderr
    assert {path: path.read_bytes() for path in target.rglob("*") if path.is_file()} == before


def test_a_folder_with_blobs_of_somebody_else_is_left_alone(folder):
    theirs = folder / "theirs" / "blobs" / "precious"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    assert image(folder / "theirs").returncode == 1
    assert [path for path in (folder / "theirs").rglob("*") if path.is_file()] == [theirs]


@pytest.mark.parametrize("size", ["64K", "64KiB", "0.0625MiB", "65536", "65536B", "65.536KB"])
def test_sizes_of_an_image_are_taken_as_people_write_them(folder, size):
    written = [image(folder / name, "--size", text, "--layers", "1").stdout
               for name, text in (("a", size), ("b", "65536"))]
    assert written[0] and written[0] == written[1]


def test_a_wrong_size_of_an_image_is_refused_with_examples(folder):
    done = image(folder / "image", "--size", "much")
    assert done.returncode == 2 and "1.5GiB" in done.stderr


def pull(ndn: int, http: int, identical: bool = True) -> Pull:
    return Pull("a way", ndn, http, 0, 1.0, identical)


def test_the_demo_succeeds_when_every_byte_came_over_ndn_and_is_right():
    has_succeeded, sentence = verdict(pull(0, 100), pull(100, 0), pull(100, 0))
    assert has_succeeded and sentence.startswith("Success")


@pytest.mark.parametrize("second", [pull(99, 1), pull(0, 100), pull(100, 0, identical=False)])
def test_the_demo_fails_when_a_byte_came_past_ndn_or_is_wrong(second):
    has_succeeded, sentence = verdict(pull(0, 100), pull(100, 0), second)
    assert not has_succeeded and sentence.startswith("FAILED")


def test_failures_are_shown_with_the_end_of_their_message(folder):
    junit = folder / "tests.xml"
    junit.write_text('<testsuites><testsuite><testcase classname="a" name="good"/>'
                     '<testcase classname="a" name="bad"><failure>long story\nassert 1 == 2</failure></testcase>'
                     '</testsuite></testsuites>')
    count = [sys.executable, SCRIPTS / "lib" / "count.py"]
    counts = subprocess.run([*count, "--counts", junit], capture_output=True, text=True, check=True)
    failures = subprocess.run([*count, "--failures", junit], capture_output=True, text=True, check=True)
    assert counts.stdout == "1 1 0\n"
    assert "a.bad" in failures.stdout and "assert 1 == 2" in failures.stdout and "good" not in failures.stdout


@pytest.mark.parametrize("arguments", [
    ["--engines"], ["--engines", "../sid"], ["--engines", "sid", "unit"], ["unit", "packaging"], ["--image", "--long"]])
def test_the_tests_are_of_one_kind_and_engines_of_one_release_of_debian(arguments):
    done = subprocess.run([SCRIPTS / "test", *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 64 and "--engines sid|trixie" in done.stderr


@pytest.mark.parametrize("folder_of_it, line, said", [
    ("Face", "let known = PrefixRegistration.self", "Face may not know NFD (PrefixRegistration)"),
    ("Server", "func known(_ fetcher: Optional<BlobFetcher>) {}", "Server may not know Fetch (BlobFetcher)"),
    ("Fetch", "internal import RegistryNDN", "Fetch may not import RegistryNDN"),
    ("Client", "internal import NDNForwarder", "Client may not import NDNForwarder"),
])
def test_an_arrow_against_the_layers_is_found(folder, folder_of_it, line, said):
    def arrows():
        done = subprocess.run([sys.executable, SCRIPTS / "lib" / "arrows.py", folder], capture_output=True, text=True, check=True)
        return done.stdout

    shutil.copytree(parts.ROOT / "Sources", folder / "Sources")
    shutil.copy(parts.ROOT / "Package.swift", folder)
    assert arrows() == ""
    place = folder / "Sources" / "RegistryNDN" / folder_of_it / "Added.swift"
    place.write_text(f"// A comment may name PrefixRegistration.\n{line}\n")
    assert arrows() == f"Sources/RegistryNDN/{folder_of_it}/Added.swift:2: {said}\n"
