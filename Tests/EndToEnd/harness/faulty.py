"""A producer over UDP that answers for some segments of a blob with Data that anybody can see is faulty."""

from __future__ import annotations

from collections import Counter
from typing import Optional

from ndn.encoding import Component, MetaInfo, Name, make_data, parse_interest
from ndn.security import DigestSha256Signer

from .parts import blob_name
from .peers import CHUNK, DAY, NACK
from .trust import PacketProducer, segments

KINDS = ["length", "nack", "type", "final"]


class FaultyProducer(PacketProducer):
    """Serves one blob, and `more` packets.

    `faulty` says of which segments the answer is wrong, and how: one of KINDS, or "signature" for Data that `signer` did
    not sign. With `times` only so many answers for each are wrong. `interests` counts those received, by segment.
    """

    def __init__(self, repository: str, digest: str, octets: bytes, faulty: dict[int, str],
                 times: Optional[int] = None, signer=None, impostor=None, more: tuple = ()):
        signer = signer or DigestSha256Signer()
        self._name = Name.from_str(blob_name(repository, digest))
        self._times = times
        self._wrong = {number: self._packet(number, octets, kind, impostor if kind == "signature" else signer)
                       for number, kind in faulty.items()}
        self.interests: Counter = Counter()
        super().__init__(segments(repository, digest, octets, signer) + list(more))

    def _packet(self, number: int, octets: bytes, kind: str, signer) -> bytes:
        content = octets[number * CHUNK:(number + 1) * CHUNK]
        last = (len(octets) - 1) // CHUNK + (kind == "final")
        kinds = {"nack": NACK, "type": 77}
        info = MetaInfo(content_type=kinds.get(kind, 0), freshness_period=DAY,
                        final_block_id=Component.from_segment(last))
        # Longer than any segment, the last one too.
        content = {"length": bytes(CHUNK + 1), "nack": b""}.get(kind, content)
        return bytes(make_data([*self._name, Component.from_segment(number)], info, content, signer=signer))

    def _answer(self, interest: bytes) -> Optional[bytes]:
        name = parse_interest(interest, True)[0]
        if Component.get_type(name[-1]) == Component.TYPE_SEGMENT:
            number = Component.to_number(name[-1])
            self.interests[number] += 1
            if number in self._wrong and (self._times is None or self.interests[number] <= self._times):
                return self._wrong[number]
        return super()._answer(interest)
