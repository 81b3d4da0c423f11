#!/usr/bin/env python3
"""Writes the committed corpus of the fuzz targets from the vectors, and the scripts of segments for the reassembler.

    Tests/Fuzz/corpus.py        run it again after vectors.json has changed
"""
import json
import pathlib

here = pathlib.Path(__file__).resolve().parent
vectors = json.loads((here.parent / "RegistryNDNTests/Resources/vectors.json").read_text())
LINK = {"lp", "lp-fragments", "invalid-lp", "stream", "invalid-datagram"}
LARGEST = 2048


def write(target, name, octets):
    folder = here / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(octets)


def place(missing_plus, length, final=None):
    """A segment relative to the lowest missing one; see step() in reassembler.c."""
    op = 0 if final is None else 4
    return bytes([op, missing_plus + 16, length] + ([] if final is None else [final]))


def place_at(segment, length, final=None):
    op = 1 if final is None else 13
    octets = bytes([op]) + segment.to_bytes(8, "big") + bytes([length])
    return octets + (b"" if final is None else final.to_bytes(8, "big"))


TAKE, TAKE_PARTIAL = b"\x02", b"\x03"


def start(slabs, chunk, first=None):
    return bytes([slabs - 1, chunk]) + (b"\0" if first is None else b"\1" + first.to_bytes(8, "big"))


SCRIPTS = {
    "in-order": start(2, 8) + b"".join(place(0, 8, 99) + TAKE for _ in range(99)) + place(0, 3, 99) + TAKE * 2,
    "backwards": start(2, 8) + b"".join(place_at(n, 8 if n < 99 else 5, 99) for n in range(99, -1, -1)) + TAKE * 3,
    "duplicates": start(1, 4) + (place_at(1, 4) * 2 + place_at(0, 4)) * 2 + TAKE_PARTIAL * 2 + place_at(0, 4),
    "late-final": start(1, 4) + place(0, 4) * 3 + TAKE_PARTIAL + place(0, 2, 3) + TAKE,
    "late-final-of-taken": start(1, 4) + place(0, 4) * 64 + TAKE + place_at(63, 4, 63) + TAKE + place_at(64, 4),
    "final-of-partial": start(1, 4) + place(0, 4) * 2 + TAKE_PARTIAL + place_at(1, 4, 1) + TAKE,
    "one-segment": start(1, 0) + place(0, 7, 0) + TAKE,
    "empty": start(1, 0) + place(0, 0, 0) + TAKE,
    "empty-last": start(1, 5) + place(0, 5, 1) + place(0, 0, 1) + TAKE,
    "learn": start(4, 0) + place(3, 9, 200) + place(0, 9, 200) + place(0, 8, 200) + TAKE_PARTIAL,
    "final-first": start(1, 0) + place_at(7, 3, 7) + place_at(0, 5, 7) + place_at(7, 3, 7),
    "final-changes": start(1, 5) + place(0, 5, 9) + place(0, 5, 8),
    "final-before": start(1, 5) + place(5, 5) + place(0, 5, 3),
    "window": start(1, 5) + place_at(63, 5) + place_at(64, 5) + place_at(2**64 - 1, 5, 2**64 - 1),
    "huge": start(1, 31) + place_at(0, 31, 2**64 - 1) + place_at(0, 31, 2**63 // 31) + place_at(0, 31, 2**58),
    "resume": start(2, 6, 1000) + place_at(999, 6) + place(0, 6) * 70 + TAKE + TAKE_PARTIAL + place(0, 1, 70) + TAKE,
    "resume-at-the-end": start(2, 6, 2**64 - 3) + place_at(2**64 - 3, 6) + place_at(2**64 - 2, 6) + TAKE_PARTIAL,
}

for vector in vectors:
    octets = bytes.fromhex(vector.get("hex") or "")
    if 0 < len(octets) <= LARGEST:
        write("lp" if vector["kind"] in LINK else "packet", vector["id"], octets)
for name, octets in SCRIPTS.items():
    write("reassembler", name, octets)
