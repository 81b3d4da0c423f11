"""Counts tests in JUnit files: prints "passed failed skipped" for FILE and what `swift test` writes beside it."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

passed = failed = skipped = 0
file = Path(sys.argv[1])
found = [path for path in (file, file.with_name(f"{file.stem}-swift-testing.xml")) if path.exists()]
if not found:
    sys.exit(f"{file} was not written")
for path in found:
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
print(passed, failed, skipped)
