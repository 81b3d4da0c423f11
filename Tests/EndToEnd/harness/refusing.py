"""A forwarder that refuses every command and whose clock is wrong, as far as management goes; made with python-ndn."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

from ndn import encoding
from ndn.encoding import Component
from ndn.security import DigestSha256Signer


def tlv(kind: int, value: bytes) -> bytes:
    assert len(value) < 65536
    length = bytes([len(value)]) if len(value) < 253 else b"\xfd" + len(value).to_bytes(2, "big")
    return bytes([kind]) + length + value


class RefusingForwarder:
    """Listens on a Unix socket until `stop`: 403 to commands, an empty rib/list that tells its clock."""

    def __init__(self, socket: Path, clock_ahead: float = 0.0):
        self.socket = socket
        self.commands = 0
        self.wires: list[bytes] = []
        self._clock_ahead = clock_ahead
        self._listening = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._listening.wait(10)

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_unix_server(self._client, path=str(self.socket))
        self._listening.set()
        await self._end.wait()
        server.close()

    async def _client(self, reader, writer) -> None:
        try:
            while True:
                kind = (await reader.readexactly(1))[0]
                first = (await reader.readexactly(1))[0]
                length = int.from_bytes(await reader.readexactly(2), "big") if first == 253 else first
                value = await reader.readexactly(length)
                if kind == 5:
                    writer.write(self._answer(tlv(kind, value)))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, wire: bytes) -> bytes:
        name, _, _, _ = encoding.parse_interest(wire)
        info = encoding.MetaInfo(freshness_period=1000)
        content = tlv(101, tlv(102, (403).to_bytes(2, "big")) + tlv(103, b"authorization rejected"))
        if bytes(Component.get_value(name[-1])) == b"list":
            version = int((time.time() + self._clock_ahead) * 1000)
            name = [*name, Component.from_version(version), Component.from_segment(0)]
            info = encoding.MetaInfo(freshness_period=1000, final_block_id=Component.from_segment(0))
            content = b""
        else:
            self.commands += 1
            self.wires.append(wire)
        return bytes(encoding.make_data(name, info, content, signer=DigestSha256Signer()))

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)
