"""A UDP relay that loses and reorders datagrams, as a real network does."""

from __future__ import annotations

import random
import selectors
import socket
import threading


class Relay:
    """Stands before a UDP listener; `address` is where clients go instead."""

    def __init__(self, target: str, loss: float, reorder: float, seed: int = 1):
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._loss, self._reorder = loss, reorder
        self._random = random.Random(seed)
        self._front = self._socket()
        self._front.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._front.getsockname()[1]
        self.passed = self.lost = self.reordered = 0
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._front, selectors.EVENT_READ, None)
        self._backs: dict[tuple, socket.socket] = {}
        self._held: list[tuple] = []
        self._deaf: set[tuple] = set()
        self._open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def forget(self) -> None:
        """As a NAT that loses its table: whoever has spoken through it so far hears nothing any more from this address."""
        self._deaf = set(self._backs)

    def worsen(self, loss: float, reorder: float) -> None:
        """From now on so many are lost and reordered."""
        self._loss, self._reorder = loss, reorder

    @staticmethod
    def _socket() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        made.setblocking(False)
        return made

    def _back(self, client: tuple) -> socket.socket:
        """The socket that speaks to the target for one client."""
        if client not in self._backs:
            back = self._backs[client] = self._socket()
            back.connect(self._target)
            self._selector.register(back, selectors.EVENT_READ, client)
        return self._backs[client]

    def _run(self) -> None:
        while self._open:
            # A datagram that is held back follows at the latest after this time.
            ready = self._selector.select(0.005 if self._held else 0.1)
            if not ready:
                self._release()
            for key, _ in ready:
                self._drain(key.fileobj, key.data)

    def _drain(self, source: socket.socket, client) -> None:
        for _ in range(64):
            try:
                octets, sender = source.recvfrom(65535)
            except OSError:
                return
            if self._random.random() < self._loss or (client or sender) in self._deaf:
                self.lost += 1
                continue
            packet = (octets, None, self._back(sender)) if client is None else (octets, client, self._front)
            if self._random.random() < self._reorder:
                self._held.append(packet)
                self.reordered += 1
                continue
            self._send(packet)
            if len(self._held) > 3:
                self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        for packet in reversed(held):
            self._send(packet)

    def _send(self, packet: tuple) -> None:
        octets, client, out = packet
        try:
            out.sendto(octets, client) if client else out.send(octets)
            self.passed += 1
        except OSError:
            self.lost += 1

    def stop(self) -> None:
        self.close()

    def close(self) -> None:
        self._open = False
        self._thread.join()
        for made in [self._front, *self._backs.values()]:
            made.close()
