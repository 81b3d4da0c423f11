"""Keys, certificates and signed blobs made with python-ndn, and a producer over UDP that serves just these."""

from __future__ import annotations

import base64
import datetime
import select
import socket
import threading
from pathlib import Path
from typing import Optional

from Cryptodome.PublicKey import ECC
from ndn.app_support.security_v2 import new_cert
from ndn.encoding import Component, MetaInfo, Name, make_data, parse_data, parse_interest
from ndn.security import Sha256WithEcdsaSigner

from .parts import blob_name
from .peers import CHUNK, DAY

Days = tuple[float, float]


class Key:
    """An ECDSA key of an identity, and its certificate once somebody issued one."""

    def __init__(self, identity: str, key_id: str = "k"):
        self.name = Name.from_str(f"{identity}/KEY/{key_id}")
        self.key = ECC.generate(curve="P-256")
        self.certificate_name = None
        self.certificate: Optional[bytes] = None

    @property
    def signer(self) -> Sha256WithEcdsaSigner:
        """Its KeyLocator is the certificate's name, or the key's own while there is none."""
        return Sha256WithEcdsaSigner(self.certificate_name or self.name, self.key.export_key(format="DER"))

    def certified(self, issuer: "Key", days: Days = (-1, 365)) -> "Key":
        """Has a certificate issued, valid from and until so many days from now."""
        now = datetime.datetime.now(datetime.timezone.utc)
        start, end = (now + datetime.timedelta(days=day) for day in days)
        public = self.key.public_key().export_key(format="DER")
        issuer_id = Component.from_str("self" if issuer is self else "issuer")
        name, wire = new_cert(self.name, issuer_id, public, issuer.signer, start, end)
        self.certificate_name, self.certificate = name, bytes(wire)
        return self

    def file(self, path: Path) -> Path:
        path.write_bytes(base64.encodebytes(self.certificate))
        return path


def segments(repository: str, digest: str, octets: bytes, signer) -> list[bytes]:
    """The Data packets of a blob."""
    prefix = Name.from_str(blob_name(repository, digest))
    last = (len(octets) - 1) // CHUNK
    info = MetaInfo(freshness_period=DAY, final_block_id=Component.from_segment(last))
    return [bytes(make_data([*prefix, Component.from_segment(number)], info,
                            octets[number * CHUNK:(number + 1) * CHUNK], signer=signer)) for number in range(last + 1)]


class PacketProducer:
    """Answers Interests over UDP with the packets it was given, and nothing else, until `stop`."""

    def __init__(self, packets: list[bytes]):
        self._packets = {bytes(Name.to_bytes(parse_data(packet, True)[0])): packet for packet in packets}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self._open = True
        self.answered = 0
        self._progress = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self._open:
            if not select.select([self._socket], [], [], 0.2)[0]:
                continue
            octets, client = self._socket.recvfrom(65536)
            answer = self._answer(octets) if octets[0] == 5 else None
            if answer:
                self._socket.sendto(answer, client)
                with self._progress:
                    self.answered += 1
                    self._progress.notify_all()

    def until(self, condition, timeout: float = 15.0) -> None:
        """Waits for what more answers bring about."""
        with self._progress:
            assert self._progress.wait_for(condition, timeout)

    def _answer(self, interest: bytes) -> Optional[bytes]:
        name, parameters, _, _ = parse_interest(interest, True)
        wanted = bytes(Name.to_bytes(name))
        if wanted in self._packets or not parameters.can_be_prefix:
            return self._packets.get(wanted)
        return next((packet for held, packet in self._packets.items()
                     if Name.is_prefix(name, Name.from_bytes(held))), None)

    def stop(self) -> None:
        self._open = False
        self._thread.join()
        self._socket.close()
