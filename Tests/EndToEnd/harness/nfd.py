"""A real NFD, where there is one on the PATH: on a Unix socket and free ports, with nothing beyond the loopback."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from .program import Program

CONFIGURATION = """\
log {{ default_level INFO }}
tables {{ cs_max_packets 65536 strategy_choice {{ / /localhost/nfd/strategy/best-route }} }}
face_system
{{
  unix {{ path {socket} }}
  udp {{ listen yes port {port} enable_v4 yes enable_v6 no mcast no {udp} }}
  tcp {{ listen yes port {port} enable_v4 yes enable_v6 no }}
}}
authorizations {{ authorize {{ certfile any privileges {{ faces fib cs strategy-choice }} }} }}
rib {{ localhost_security {{ {localhost} }} {localhop} }}
"""
ANYBODY = "trust-anchor { type any }"


def available() -> bool:
    return shutil.which("nfd") is not None


def demanding(scope: str, signer: str, anchor: Path) -> str:
    """Rules that let keys below `signer` register, if a chain leads from their certificate to `anchor`."""
    return f"""
rule {{ id commands for interest
  filter {{ type name regex ^<{scope}><nfd><rib>[<register><unregister>]<>{{1,3}}$ }}
  checker {{ type customized sig-type ecdsa-sha256 key-locator {{ type name name {signer} relation is-prefix-of }} }} }}
rule {{ id certificates for data
  filter {{ type name regex ^<>*<KEY><>{{1,3}}$ }}
  checker {{ type hierarchical sig-type ecdsa-sha256 }} }}
trust-anchor {{ type file file-name "{anchor}" }}
"""


class NFD:
    """`stop` or a kill, then `start`, keep the socket's path and the port. `udp` is more of what stands in
    that section, `within` what goes before the command."""

    def __init__(self, folder: Path, localhost: str = ANYBODY, localhop: str = "", udp: str = "", within: list = ()):
        self.folder = folder
        self._within = list(within)
        self.socket = folder / "nfd.sock"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        hop = f"localhop_security {{ {localhop} }}" if localhop else ""
        self._configuration = folder / "nfd.conf"
        self._configuration.write_text(
            CONFIGURATION.format(socket=self.socket, port=self.port, localhost=localhost, localhop=hop,
                                 udp=udp))
        self.start()

    def start(self) -> None:
        home = self.folder / "nfd-home"
        home.mkdir(exist_ok=True)
        self.program = Program("nfd", [*self._within, "nfd", "--config", self._configuration], self.folder, {"HOME": str(home)})
        # The RIB's management comes last.
        self.program.find(lambda line: "Start monitoring face" in line)

    @property
    def unix(self) -> str:
        return f"unix://{self.socket}"

    @property
    def udp(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def tcp(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def stop(self) -> int:
        return self.program.stop()
