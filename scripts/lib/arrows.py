"""Arrows between the folders of Sources/RegistryNDN: prints each use of a type of a folder that arrows.txt does not allow, and each
import of a target that Package.swift does not name.

arrows.py [ROOT]: ROOT is the folder above Sources. Types are known by their names: one that two folders declare is not looked at,
nor are those that a type or a file keeps to itself.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORD = re.compile(r"(?<![\w.])[A-Z]\w*")
DECLARATION = re.compile(
    r"^(?:@\w+(?:\([^)]*\))? )*(?:(?:public|package|final|indirect) )*(?:struct|class|enum|actor|protocol|typealias) (\w+)",
    re.MULTILINE)
# Types inside others; and the parameters of generic ones.
INNER = re.compile(r"^ +.*?\b(?:struct|class|enum|actor|protocol|typealias|associatedtype) (\w+)", re.MULTILINE)
PARAMETERS = re.compile(r"\b(?:struct|class|enum|actor|protocol|func) \w+<([^>]*)>")


def code(text: str) -> str:
    """The text without comments and without what stands in quotation marks."""
    text = re.sub(r'"""\n.*?"""', lambda found: "\n" * found.group().count("\n"), text, flags=re.DOTALL)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', re.sub(r"//.*", "", text))


def allowed() -> dict[str, set[str]]:
    rows = (line.split(":") for line in (HERE / "arrows.txt").read_text().splitlines() if ":" in line and line[0] != "#")
    return {folder: set(known.split()) for folder, known in rows}


def imports(manifest: str) -> tuple[dict[str, set[str]], set[str]]:
    """The targets that a folder's own target depends on, for each folder; and all targets that share the folders."""
    layers = dict(re.findall(r'^    "(\w+)": \[(.*)\],$', manifest, re.MULTILINE))
    known = dict(re.findall(r'name: "(\w+)",\n +dependencies: \[\n(.*?)\n +\],\n +path', manifest, re.DOTALL))
    return {folder: set(layers) & set(re.findall(r'^ +"(\w+)",', known[target], re.MULTILINE))
            for target, folders in layers.items() for folder in re.findall(r"\w+", folders)}, set(layers)


def main() -> None:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[1]
    sources = root / "Sources" / "RegistryNDN"
    table = allowed()
    known, targets = imports((root / "Package.swift").read_text())
    files = {path: code(path.read_text()) for path in sorted(sources.rglob("*.swift"))}
    home: dict[str, set[str]] = defaultdict(set)
    inner: dict[str, set[str]] = defaultdict(set)
    for path, text in files.items():
        folder = path.relative_to(sources).parts[0]
        if folder not in table:
            print(f"{path.relative_to(root)}: the folder {folder} has no line in scripts/lib/arrows.txt")
        for name in DECLARATION.findall(text):
            home[name].add(folder)
        inner[folder].update(INNER.findall(text))
        inner[folder].update(name for list in PARAMETERS.findall(text) for name in re.findall(r"(?:^|, )(\w+)", list))
    for path, text in files.items():
        folder = path.relative_to(sources).parts[0]
        for number, line in enumerate(text.splitlines(), 1):
            module = re.match(r"(?:@\w+ )?(?:\w+ )?import (\w+)", line)
            if module and module[1] in targets - known.get(folder, set()):
                print(f"{path.relative_to(root)}:{number}: {folder} may not import {module[1]}")
            for name in sorted(set(WORD.findall(line))):
                if len(home[name]) != 1 or name in inner[folder]:
                    continue
                (other,) = home[name]
                if other != folder and other not in table.get(folder, ()):
                    print(f"{path.relative_to(root)}:{number}: {folder} may not know {other} ({name})")


if __name__ == "__main__":
    main()
