"""Independent NDN peers, made with python-ndn: a consumer, and imitations of the original system's server and client."""

from __future__ import annotations

import asyncio
import threading
from typing import Callable, Optional

from ndn import appv2, encoding, types
from ndn.encoding import Component, Name
from ndn.security import DigestSha256Signer, NullSigner
from ndn.transport.stream_face import UnixFace
from ndn.transport.udp_face import UdpFace

from .parts import PREFIX

CHUNK = 7777
DAY = 86_400_000
NACK = 3


def unix_face(path) -> UnixFace:
    return UnixFace(str(path))


def udp_face(address: str) -> UdpFace:
    host, _, port = address.rpartition(":")
    return UdpFace(host, int(port))


def with_app(face, work: Callable, timeout: float = 60.0):
    """Runs `await work(app)` over a new face; its result."""
    async def run():
        app = appv2.NDNApp(face=face)
        result = asyncio.get_running_loop().create_future()

        async def start():
            try:
                result.set_result(await asyncio.wait_for(work(app), timeout))
            except Exception as error:
                result.set_exception(error)
            app.shutdown()
        await app.main_loop(start())
        return await result
    return asyncio.run(run())


async def segment(app, prefix, number: int, **options):
    """One segment as (content, MetaInfo); InterestTimeout or InterestNack when there is none."""
    name = prefix + [Component.from_segment(number)]
    _, content, context = await app.express(name, appv2.pass_all, **options)
    return bytes(content or b""), context["meta_info"]


async def fetch_blob(app, uri: str, window: int = 8) -> bytes:
    """A blob segment by segment, as a plain consumer that knows nothing of registries would."""
    prefix = Name.from_str(uri)
    first, info = await segment(app, prefix, 0)
    assert info.content_type in (None, 0), f"content type {info.content_type}"
    last = Component.to_number(info.final_block_id)
    contents = {0: first}
    numbers = iter(range(1, last + 1))

    async def worker():
        for number in numbers:
            for attempt in range(5):
                try:
                    contents[number], info = await segment(app, prefix, number, lifetime=1000)
                    break
                except types.InterestTimeout:
                    if attempt == 4:
                        raise
            assert Component.to_number(info.final_block_id) == last
            assert len(contents[number]) == CHUNK or number == last
    await asyncio.gather(*(worker() for _ in range(window)))
    return b"".join(contents[number] for number in range(last + 1))


async def original_client(app, uri: str, give_up: float) -> Optional[bytes]:
    """Asks as the original client does: 32 at a time, without flags, past the end until a Data says it was the last.

    Like it, takes any Data for a segment, whatever its content type. None when `give_up` seconds bring nothing.
    """
    prefix = Name.from_str(uri)
    contents: dict[int, bytes] = {}
    state = {"next": 0, "last": None}
    progress = asyncio.Event()

    async def worker():
        while state["last"] is None or state["next"] <= state["last"]:
            number = state["next"]
            state["next"] += 1
            for _ in range(10):
                try:
                    contents[number], info = await segment(app, prefix, number, lifetime=1000)
                    progress.set()
                    if info.final_block_id and Component.to_number(info.final_block_id) == number:
                        state["last"] = number
                    break
                except types.InterestTimeout:
                    if state["last"] is not None and number > state["last"]:
                        return
    workers = [asyncio.create_task(worker()) for _ in range(32)]
    try:
        await asyncio.wait_for(progress.wait(), give_up)
        while state["last"] is None or any(number not in contents for number in range(state["last"] + 1)):
            progress.clear()
            await asyncio.wait_for(progress.wait(), give_up)
    except asyncio.TimeoutError:
        return None
    finally:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return b"".join(contents[number] for number in range(state["last"] + 1))


class Producer:
    """Answers Interests under PREFIX with what `answer(repository, digest, segment)` gives, until `stop`."""

    def __init__(self, face, answer: Callable[[str, bytes, int], Optional[bytes]]):
        self._face = face
        self._answer = answer
        self._registered = threading.Event()
        self._error: Optional[BaseException] = None
        self.interests: list[int] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        if not self._registered.wait(15) or self._error:
            raise RuntimeError(f"python-ndn could not register {PREFIX}: {self._error}")

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._error = error
            self._registered.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        app = appv2.NDNApp(face=self._face)
        app.attach_handler(PREFIX, self._handle)

        async def register():
            if not await app.register(PREFIX):
                self._error = RuntimeError("rib/register was not answered with 200")
            self._registered.set()
        self._app = app
        await app.main_loop(register())

    def _handle(self, name, _parameters, reply, _context) -> None:
        base = len(Name.from_str(PREFIX))
        # The original gives no reply at all to any other form.
        if len(name) != base + 3 or Component.get_type(name[-1]) != Component.TYPE_SEGMENT:
            return
        digest = bytes(Component.get_value(name[base + 1]))
        if len(digest) != 32:
            return
        number = Component.to_number(name[-1])
        self.interests.append(number)
        data = self._answer(name, bytes(Component.get_value(name[base])).decode(), digest, number)
        if data:
            reply(data)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._app.shutdown)
        self._thread.join(10)


def original_answer(blobs: dict[bytes, bytes]) -> Callable:
    """The original server's answers: NullSignature, Nack content type for the unknown, empty Data past the end."""
    def answer(name, _repository: str, digest: bytes, number: int) -> bytes:
        blob = blobs.get(digest)
        if not blob:
            info = encoding.MetaInfo(content_type=NACK, freshness_period=1000)
            return encoding.make_data(name, info, None, signer=NullSigner())
        final = Component.from_segment((len(blob) - 1) // CHUNK)
        content = blob[number * CHUNK:(number + 1) * CHUNK]
        info = encoding.MetaInfo(freshness_period=DAY, final_block_id=final)
        return encoding.make_data(name, info, content or None, signer=NullSigner())
    return answer


def wrong_answer(blobs: dict[bytes, bytes], segments: set[int]) -> Callable:
    """Properly signed Data of the right size in which some segments hold a flipped bit."""
    def answer(name, _repository: str, digest: bytes, number: int) -> Optional[bytes]:
        blob = blobs.get(digest)
        content = bytearray(blob[number * CHUNK:(number + 1) * CHUNK]) if blob else b""
        if not content:
            return None
        if number in segments:
            content[len(content) // 2] ^= 1
        final = Component.from_segment((len(blob) - 1) // CHUNK)
        info = encoding.MetaInfo(freshness_period=DAY, final_block_id=final)
        return encoding.make_data(name, info, bytes(content), signer=DigestSha256Signer())
    return answer
