"""A site that pulls an image, at the near end of scripts/netlab: python -m bench.site_worker WAY … prints what it took as JSON.

At the near end are the pullers and what they ask: clients and their forwarder, a cache, or nothing. The registry, with TLS, and the
server beside it are at the far end.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from harness import nfd, parts
from harness.program import Program, ProgramError

from . import caches
from .stand import BenchRegistry
from .worker import FAR, far, kept, options, plain_registry, secure_registry

PULLERS = 8
# Clients, and the pullers of each.
NDN = {"clients": (PULLERS, 1), "nfd": (PULLERS, 1), "nfd-site": (PULLERS, 1), "nfd-alone": (1, 1), "one-client": (1, PULLERS), "alone": (1, 1)}
# Where the server listens.
FACE = f"udp://{FAR}:6363"
FACE_COUNTERS = ("OUT-INTERESTS", "IN-DATA", "IN-NACKS", "IN-BYTES", "OUT-BYTES")
WAYS = [*NDN, "nginx", "proxy", "https"]


@dataclass
class Site:
    """What one way has started."""
    chosen: argparse.Namespace
    secure: BenchRegistry
    keep: list
    urls: list[str] = field(default_factory=list)
    """Whom each puller asks."""
    clients: list[Program] = field(default_factory=list)
    server: Program | None = None
    router: str = ""
    """The management of the forwarder, where there is one."""
    forwarder: Program | None = None
    """It, when it is ours, and tells its counters."""
    between: Program | None = None
    """What stands between the pullers' own programs and the link: a forwarder or a cache."""

    def add(self, part):
        self.keep.append(part)
        return part

    def start(self) -> None:
        way = self.chosen.way
        if way in NDN:
            self._start_ndn()
        elif way == "https":
            self.urls = [self.secure.url] * PULLERS
        else:
            address = f"127.0.0.1:{5080 if way == 'nginx' else 5081}"
            make = caches.nginx if way == "nginx" else caches.docker_registry_proxy
            self.between = self.add(make(self.chosen.folder, address, self.secure.address, self.chosen.tls[0]))
            self.urls = [f"http://{address}"] * PULLERS

    def _start_ndn(self) -> None:
        chosen, folder = self.chosen, self.chosen.folder
        plain = self.add(plain_registry(chosen))
        # As docs/forwarders.md has it: the far server listens, and the site's forwarder has a route to it.
        self.server = self.add(far("server", [parts.binary(), "server", "--registry", plain.url, "--name", parts.PREFIX, "--uplink",
                                              "none", "--listen", FACE], folder))
        self.server.ready()
        if chosen.way.startswith("nfd"):
            router = self.add(nfd.NFD(folder, udp="unicast_mtu 1400"))
            # Over UDP it would cut each Data into datagrams of 1400 bytes for each client.
            self.router, asked = router.unix, router.tcp
            self.between = router.program
            self._tool("register", parts.PREFIX, "--face", FACE)
        else:
            forwarder = self.add(parts.Forwarder(folder, host="0.0.0.0", options=["--route", f"{parts.PREFIX}={FACE}"]))
            self.forwarder = self.between = forwarder.program
            self.router, asked = forwarder.unix, f"127.0.0.1:{forwarder.udp.rpartition(':')[2]}"
        if chosen.way == "nfd-site":
            self._tool("strategy", "set", parts.PREFIX, "--site")
        self._wait_for_server(asked)
        clients, pullers = NDN[chosen.way]
        for number in range(clients):
            client = self.add(Program(f"client-{number}", [
                parts.binary(), "client", "--upstream", self.secure.url, "--ca-file", chosen.tls[0], "--name", parts.PREFIX,
                "--router", asked, "--listen", "127.0.0.1:0"], folder, cwd=folder))
            self.clients.append(client)
        addresses = [client.ready().partition(" ")[0] for client in self.clients]
        self.urls = [address for address in addresses for _ in range(pullers)]

    def _tool(self, *arguments) -> str:
        done = parts.registry_ndn(*arguments, "--router", self.router, folder=self.chosen.folder)
        if done.returncode:
            raise ProgramError(f"registry-ndn {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
        return done.stdout

    def _wait_for_server(self, asked: str) -> None:
        for _ in range(20):
            if parts.registry_ndn("ping", parts.PREFIX, "--router", asked, "--count", "1",
                                  folder=self.chosen.folder).returncode == 0:
                return
        raise ProgramError(f"the server is not reached through the site's forwarder\n{self.server.tail()}")

    def faces(self) -> list[dict[str, str]]:
        """The forwarder's, by the columns of `registry-ndn faces`."""
        head, *rows = self._tool("faces").splitlines()
        return [dict(zip(head.split(), row.split())) for row in rows]

    def counters(self) -> dict:
        """What the programs have counted since they began, and the forwarder of its face to the server."""
        counted: dict = {"cpu": {"clients": sum((client.cpu_seconds() for client in self.clients), 0.0),
                                 "between": self.between.cpu_seconds() if self.between else 0.0}}
        if self.clients:
            counted["clients"] = [client.statistics() for client in self.clients]
            counted["server"] = self.server.statistics()
            uplink = next((row for row in self.faces() if f"//{FAR}:" in row["REMOTE"]), {})
            counted["uplink"] = {name: int(uplink[name]) for name in FACE_COUNTERS if name in uplink}
        if self.forwarder:
            counted["forwarder"] = self.forwarder.statistics()
        return counted

    def requests(self, rounds: int) -> list[dict]:
        """What the clients say of the requests of the last of so many rounds; waits a moment for what is not written yet."""
        said = []
        for client in self.clients:
            count = len(self.chosen.digests) * len(self.urls) // len(self.clients)
            deadline = time.monotonic() + 5
            while len(client.events("request")) < rounds * count and time.monotonic() < deadline:
                time.sleep(0.05)
            said += client.events("request")[(rounds - 1) * count:]
        return said


def link_octets() -> dict[str, int]:
    """Octets of IP packets that came over the link and that were sent into it, as this end's device has counted them."""
    for line in Path("/proc/self/net/dev").read_text().splitlines():
        if found := re.match(r"\s*link:\s*(\d+)(?:\s+\d+){7}\s+(\d+)", line):
            return {"down": int(found[1]), "up": int(found[2])}
    raise ProgramError("there is no device `link` here: run this by scripts/netlab")


def since(now, before):
    """The same counters, each less what it was."""
    if isinstance(now, dict):
        return {name: since(value, before[name]) for name, value in now.items()}
    if isinstance(now, list):
        return [since(one, other) for one, other in zip(now, before)]
    return now - before


def pull(site: Site, seconds: float, rounds: int) -> dict:
    """All pullers begin at the same moment; it is the `rounds`th time that they do."""
    chosen = site.chosen
    counters = site.counters()
    pullers = [subprocess.Popen(
        [sys.executable, "-m", "bench.puller", url, *chosen.digests, "--seconds", str(seconds), "--authority", chosen.tls[0]],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for url in site.urls]
    for puller in pullers:
        if puller.stdout.readline() != "ready\n":
            raise ProgramError("a puller did not start")
    before = link_octets()
    for puller in pullers:
        puller.stdin.write("\n")
        puller.stdin.flush()
    said = [json.loads(puller.communicate()[0]) for puller in pullers]
    # What is still under way belongs to it.
    time.sleep(0.3)
    after = link_octets()
    return {"pullers": said, "link": since(after, before), "counters": since(site.counters(), counters),
            "requests": site.requests(rounds)}


def main() -> None:
    parser = options(WAYS)
    parser.add_argument("--digests", nargs="+", help="of the image's layers")
    parser.add_argument("--seconds", type=float, help="after which a puller counts as not done")
    parser.add_argument("--warm", action="store_true", help="and once more, when all of it has been here")
    chosen = parser.parse_args()
    with kept() as keep:
        secure = secure_registry(chosen)
        keep.append(secure)
        site = Site(chosen, secure, keep)
        site.start()
        said = {}
        for rounds, state in enumerate(("cold", "warm") if chosen.warm else ("cold",), 1):
            said[state] = pull(site, chosen.seconds, rounds)
        print(json.dumps(said))


if __name__ == "__main__":
    sys.exit(main())
