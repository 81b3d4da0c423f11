"""What comments and documents name: paths of the repository, links, and sections of docs/protocol.md.

paths.py exist: prints each path, link or file name that leads nowhere. paths.py citations: prints each document, and each section of
docs/protocol.md, that is cited and does not exist.
"""

import re
import sys
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "kubernetes", "monitoring", "Sources", "Tests", "scripts", "Plugins", ".ci")
ENDINGS = ("", ".c", ".h", ".md", ".py", ".sh", ".swift")
URL = re.compile(r"\b[a-z]+://[^\s)>`\"]+")
PATH = re.compile(rf"(?<![\w./:$*~-])((?:{'|'.join(FOLDERS[:-1])})/[\w.+/-]*\w|\.ci/\w+)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
# A file's name in backticks, with some of its folders or none.
NAME = re.compile(r"`((?:[\w+-]+/)*[\w+-]+\.(?:c|h|md|py|sh|swift))`")
# A document as such are called: capitals, or a folder of papers.
DOCUMENT = re.compile(r"(?<![\w./*-])((?:[\w.-]+/)*[A-Z]+\.md)\b|\bshared[/]\w+")
PROTOCOL = "docs/protocol.md"
# Over the end of a line too, and what begins the next line of a comment.
SECTION = re.compile(rf"{re.escape(PROTOCOL)}`?[\s/*#]+(?:section )?(\d+(?:\.\d+)?)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def texts():
    """Path from the root, and text, of whatever may name others."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")] + list(ROOT.glob("*.md"))
    for path in sorted([*found, ROOT / "Package.swift"]):
        place = path.relative_to(ROOT)
        if path.suffix in ENDINGS and path.is_file() and not {"__pycache__", "corpus"} & set(place.parts):
            yield PurePosixPath(place), URL.sub("", path.read_text(errors="replace"))


def entries():
    """Files and folders, each with every end of its path: by c, b/c and a/b/c."""
    found = set()
    for folder in FOLDERS:
        for path in [ROOT / folder, *(ROOT / folder).rglob("*")]:
            parts = path.relative_to(ROOT).parts
            found.update("/".join(parts[i:]) for i in range(len(parts)))
    return found | {path.name for path in ROOT.iterdir()}


def anchors(text):
    """The names that a page's headings have in links."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(text)}


def lines(text, pattern):
    for match in pattern.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match


def leads(link, place):
    """Whether a link of the page at `place` leads to a file, and to a heading where it names one."""
    target, _, anchor = link.partition("#")
    path = (ROOT / place.parent / target).resolve() if target else ROOT / place
    return path.exists() and (not anchor or anchor in anchors(path.read_text()))


def exist():
    known = entries()
    for place, text in texts():
        for number, match in lines(text, PATH):
            if not (ROOT / match[1]).exists() and not (ROOT / place.parent / match[1]).exists():
                print(f"{place}:{number}: {match[1]}")
        if place.suffix == ".md":
            for number, match in lines(text, LINK):
                if not leads(match[1], place):
                    print(f"{place}:{number}: {match[1]}")
            for number, match in lines(text, NAME):
                if match[1] not in known:
                    print(f"{place}:{number}: {match[1]}")


def citations():
    known = entries()
    sections = set(re.findall(r"^#+ (\d+(?:\.\d+)?)\b", (ROOT / PROTOCOL).read_text(), re.MULTILINE))
    for place, text in texts():
        for number, match in lines(text, DOCUMENT):
            if not match[1] or PurePosixPath(match[1]).name not in known:
                print(f"{place}:{number}: {match[0]}")
        for number, match in lines(text, SECTION):
            if match[1] not in sections:
                print(f"{place}:{number}: {PROTOCOL} has no section {match[1]}")


if __name__ == "__main__":
    {"exist": exist, "citations": citations}[sys.argv[1]]()
