"""Network namespaces, alone or joined by veth pairs: hosts of our own on one machine. Needs root."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

NEW_NETWORK = 0x40000000


def own_network() -> None:
    """From now on this process has a network of its own, with a loopback and nothing else. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Alone:
    """A host with nothing but its loopback, all ports of which are free. `enter` is what goes before a command there."""

    def __init__(self):
        self._name = f"ndn-{os.getpid()}-alone"
        # `ip netns exec` would mount another /sys, where dockerd finds no cgroups.
        self.enter = ["nsenter", f"--net=/run/netns/{self._name}"]
        _ip("netns", "add", self._name)
        _ip("-n", self._name, "link", "set", "lo", "up")

    def stop(self) -> None:
        subprocess.run(["ip", "netns", "del", self._name], capture_output=True, check=False)


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

    def cut(self) -> None:
        """From now on what either sends is lost, and nobody says so."""
        _ip("-n", self._names[0], "link", "set", "ndn0", "arp", "off")
        _ip("-n", self._names[1], "link", "set", "ndn0", "down")

    def mend(self) -> None:
        """The link that was cut carries again."""
        _ip("-n", self._names[1], "link", "set", "ndn0", "up")
        _ip("-n", self._names[0], "link", "set", "ndn0", "arp", "on")

    def readdress(self, name: str, old: str, new: str) -> None:
        """The host at that end, `near` or `far`, has another address from now on."""
        space = self._names[("near", "far").index(name)]
        _ip("-n", space, "addr", "del", f"{old}/24", "dev", "ndn0")
        _ip("-n", space, "addr", "add", f"{new}/24", "dev", "ndn0")

    def name(self, *lines: str) -> None:
        """What `near` finds when it looks names up, as /etc/hosts has it; to be said first before anything runs there."""
        folder = Path("/etc/netns") / self._names[0]
        folder.mkdir(parents=True, exist_ok=True)
        # The same file with another content: what runs already has it mounted.
        with (folder / "hosts").open("w") as hosts:
            hosts.writelines(f"{line}\n" for line in lines)

    def stop(self) -> None:
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        shutil.rmtree(Path("/etc/netns") / self._names[0], ignore_errors=True)


class Star:
    """A namespace in the middle with a link to each of some others: hosts that reach the middle alone.

    `middle` and `arms[n]` are what goes before a command there; `addresses[n]` is the arm's.
    """

    def __init__(self, arms: int):
        self._names = [f"ndn-{os.getpid()}-{end}" for end in ("middle", *range(arms))]
        self.middle, *self.arms = ([*"ip netns exec".split(), name] for name in self._names)
        self.addresses = [f"10.112.{number}.2" for number in range(arms)]
        try:
            for name in self._names:
                _ip("netns", "add", name)
                _ip("-n", name, "link", "set", "lo", "up")
            middle = self._names[0]
            for number, name in enumerate(self._names[1:]):
                _ip("-n", middle, "link", "add", f"arm{number}", "type", "veth", "peer", "name", "middle", "netns", name)
                for place, device, host in ((middle, f"arm{number}", 1), (name, "middle", 2)):
                    _ip("-n", place, "addr", "add", f"10.112.{number}.{host}/24", "dev", device)
                    _ip("-n", place, "link", "set", device, "up")
        except BaseException:
            self.stop()
            raise

    def cut(self, arm: int) -> None:
        """From now on what is sent to the arm is lost, and nobody says so: its own end of the link goes down."""
        _ip("-n", self._names[0], "link", "set", f"arm{arm}", "arp", "off")
        _ip("-n", self._names[1 + arm], "link", "set", "middle", "down")

    def stop(self) -> None:
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], capture_output=True, check=True)
