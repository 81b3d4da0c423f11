"""Throws random and mutated packets at a socket: python -m harness.garbage URI --seconds N --rate N."""

from __future__ import annotations

import argparse
import random
import socket
import time
import urllib.parse

NAME = bytes.fromhex("071e08076578616d706c650806646f636b65720808") + b"demo/app\x32\x01\x00"
NAME = b"\x07" + bytes([len(NAME) - 2]) + NAME[2:]


def element(kind: int, value: bytes) -> bytes:
    """One TLV; the kinds used here are below 253."""
    length = bytes([len(value)]) if len(value) < 253 else b"\xfd" + len(value).to_bytes(2, "big")
    return bytes([kind]) + length + value


def valid_packets() -> list[bytes]:
    """Interests, Data, LpPackets and management commands for mutations to start from."""
    interest = element(5, NAME + b"\x0a\x04abcd\x0c\x02\x0f\xa0\x22\x01\x20")
    fresh = element(5, NAME + b"\x21\x00\x12\x00\x0a\x04efgh")
    signature = b"\x16\x03\x1b\x01\x00\x17\x20" + bytes(32)
    data = element(6, NAME + b"\x14\x07\x19\x02\x27\x10\x18\x01\x00" + element(0x15, bytes(900)) + signature)
    command = element(5, element(7, b"".join(
        element(8, part) for part in (b"localhost", b"nfd", b"rib", b"register", b"\x68\x07" + NAME[:7]))))
    wrapped = element(0x64, b"\x62\x04tokn" + element(0x50, interest))
    nack = element(0x64, b"\xfd\x03\x20\x05\xfd\x03\x21\x01\x96" + element(0x50, interest))
    fragment = element(0x64, b"\x51\x08" + bytes(7) + b"\x05\x52\x01\x01\x53\x01\x03" + element(0x50, data[:300]))
    return [interest, fresh, data, command, wrapped, nack, fragment, b"\x64\x00"]


def valid_requests() -> list[bytes]:
    """HTTP requests for mutations to start from, and what Docker sends to find out about TLS."""
    blob = b"/v2/demo/app/blobs/sha256:" + b"0" * 64
    return [
        b"GET " + blob + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET " + blob + b" HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\n\r\n", bytes.fromhex("160301020001"),
        b"HEAD " + blob + b" HTTP/1.0\r\n\r\n", b"PUT /v2/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    ]


def mutate(packet: bytes, source: random.Random) -> bytes:
    """Flips, cuts, repeats or replaces a few octets; now and then all of it."""
    if source.random() < 0.2:
        return source.randbytes(source.choice((1, 2, 8, 60, 500, 1400, 8000)))
    octets = bytearray(packet)
    for _ in range(source.randint(1, 4)):
        where = source.randrange(len(octets)) if octets else 0
        way = source.randrange(4)
        if way == 0 and octets:
            octets[where] ^= 1 << source.randrange(8)
        elif way == 1:
            octets[where:where] = source.randbytes(source.randint(1, 9))
        elif way == 2:
            del octets[where:where + source.randint(1, 9)]
        else:
            octets[where:where + 1] = source.choice((b"\xff", b"\xfd\xff\xff", b"\xfe\xff\xff\xff\xff", b"\xff" * 9, b"\0"))
    return bytes(octets)


def connect(uri: urllib.parse.SplitResult) -> socket.socket:
    if uri.scheme == "unix":
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(2)
        made.connect(uri.path)
        return made
    kind = socket.SOCK_DGRAM if uri.scheme.startswith("udp") else socket.SOCK_STREAM
    made = socket.socket(socket.AF_INET, kind)
    made.settimeout(2)
    made.connect((uri.hostname, uri.port))
    return made


def throw(uri: str, rate: int, seconds: float, seed: int) -> tuple[int, int]:
    """Sends in steps of 10 ms; the packets sent, and the connections that the other side closed on us."""
    parts = urllib.parse.urlsplit(uri)
    source = random.Random(seed)
    models = valid_requests() if parts.scheme == "http" else valid_packets()
    packets = [mutate(source.choice(models), source) for _ in range(20_000)]
    packets += source.choices(models, k=500)
    target, sent, closed = connect(parts), 0, 0
    begin = time.monotonic()
    while (elapsed := time.monotonic() - begin) < seconds:
        while sent < elapsed * rate:
            try:
                target.send(packets[source.randrange(len(packets))])
            except OSError:
                closed += 1
                target.close()
                try:
                    target = connect(parts)
                except OSError:
                    # A stream listener may be out of room for a moment; the test looks at whether it lives.
                    target = socket.socket()
            sent += 1
        time.sleep(0.01)
    target.close()
    return sent, closed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("uri", help="udp4://, tcp4://, unix:// or http://")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sent, closed = throw(arguments.uri, arguments.rate, arguments.seconds, arguments.seed)
    print(f"sent {sent} closed {closed}")


if __name__ == "__main__":
    main()
