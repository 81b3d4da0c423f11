"""Reads JUnit files: FILE and what `swift test` writes beside it. Prints "passed failed skipped", or with --failures what
failed, each with the beginning of its message."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Iterator, Optional

LINES = 30


def cases(file: Path) -> Iterator[ElementTree.Element]:
    found = [path for path in (file, file.with_name(f"{file.stem}-swift-testing.xml")) if path.exists()]
    if not found:
        sys.exit(f"{file} was not written")
    for path in found:
        yield from ElementTree.parse(path).iter("testcase")


def failure(case: ElementTree.Element) -> Optional[ElementTree.Element]:
    broken = case.find("failure")
    return case.find("error") if broken is None else broken


def show(case: ElementTree.Element, broken: ElementTree.Element) -> None:
    print(f"FAILED  {case.get('classname', '')}.{case.get('name', '')}")
    # pytest's text ends with what matters; Swift's is in the attribute.
    lines = (broken.text or broken.get("message") or "").strip().splitlines()
    for line in lines[-LINES:]:
        print(f"        {line}")


def main() -> None:
    found = list(cases(Path(sys.argv[-1])))
    failed = [(case, broken) for case in found if (broken := failure(case)) is not None]
    if sys.argv[1] == "--failures":
        for case, broken in failed:
            show(case, broken)
        return
    skipped = sum(case.find("skipped") is not None for case in found)
    print(len(found) - len(failed) - skipped, len(failed), skipped)


main()
