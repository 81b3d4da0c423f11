"""Two network namespaces joined by a veth pair: hosts of our own on one machine. Needs root."""

from __future__ import annotations

import os
import subprocess


class TwoHosts:
    """`near` and `far` are what goes before a command that runs there; their addresses are `near_address`, `far_address`."""

    near_address, far_address = "10.111.0.1", "10.111.0.2"

    def __init__(self, mtu: int):
        self._names = [f"ndn-{os.getpid()}-{end}" for end in ("near", "far")]
        self.near, self.far = ([*"ip netns exec".split(), name] for name in self._names)
        try:
            for name in self._names:
                _ip("netns", "add", name)
            near, far = self._names
            _ip("-n", near, "link", "add", "ndn0", "mtu", str(mtu), "type", "veth", "peer", "name", "ndn0", "mtu",
                str(mtu), "netns", far)
            for name, address in zip(self._names, (self.near_address, self.far_address)):
                _ip("-n", name, "addr", "add", f"{address}/24", "dev", "ndn0")
                _ip("-n", name, "link", "set", "ndn0", "up")
                _ip("-n", name, "link", "set", "lo", "up")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], capture_output=True, check=True)
