"""Public symbols without a docstring: docstrings.py FILE..., where each FILE is a symbol graph of the Swift compiler.

Prints a line for each, and fails when there are any. What the compiler makes, and what a symbol inherits from a protocol or gets from
another module's extension, is not looked at.
"""

import json
import sys
from pathlib import Path


def written(graph):
    """The symbols that stand in the code."""
    return [symbol for symbol in graph["symbols"]
            if "::SYNTHESIZED::" not in symbol["identifier"]["precise"] and "location" in symbol]


def undocumented(symbols):
    for symbol in symbols:
        if not symbol.get("docComment", {}).get("lines"):
            place = symbol["location"]
            declaration = "".join(fragment["spelling"] for fragment in symbol["declarationFragments"])
            name = ".".join(symbol["pathComponents"])
            yield f"{place['uri'].removeprefix('file://')}:{place['position']['line'] + 1}: {name}: {declaration}"


def main():
    symbols = [symbol for file in sys.argv[1:] for symbol in written(json.loads(Path(file).read_text()))]
    found = sorted(undocumented(symbols))
    for line in found:
        print(f"no docstring: {line}")
    print(f"{len(symbols)} public symbols, {len(found)} without a docstring")
    # Graphs without symbols show nothing.
    sys.exit(1 if found or not symbols else 0)


if __name__ == "__main__":
    main()
