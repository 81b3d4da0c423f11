"""One download at the near end of scripts/netlab: python -m bench.link_worker ndn|https|open|closed|whole … prints it as JSON.

ndn and https: by curl. open, closed and whole: over NDN, by harness.chunked, in open or closed ranges at the same time, or by one GET.

Registry and server run at the far end, client and curl at the near one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from harness import chunked, parts
from harness.program import Program

from .measuring import Transfer
from .stand import REPOSITORY, BenchRegistry
from .worker import FAR, enter, far, kept, options

def over_ndn(chosen: argparse.Namespace, registry: BenchRegistry, keep: list) -> tuple[str, dict]:
    """The URL that curl asks, and the programs at work."""
    server = far("server", [parts.binary(), "server", "--registry", registry.url, "--name", parts.PREFIX, "--uplink", "none",
                            "--listen", f"udp://{FAR}:6363"], chosen.folder)
    keep.append(server)
    server.ready()
    client = Program("client", [parts.binary(), "client", "--upstream", registry.url, "--name", parts.PREFIX,
                                "--router", f"{FAR}:6363", "--listen", "127.0.0.1:0"], chosen.folder, cwd=chosen.folder)
    keep.append(client)
    return client.ready().partition(" ")[0], {"server": server, "client": client}


def by_ranges(chosen: argparse.Namespace, url: str, client: Program, server: Program) -> dict:
    path = f"/v2/{REPOSITORY}/blobs/{chosen.digest}"
    done = subprocess.run([sys.executable, "-m", "harness.chunked", url.removeprefix("http://"), path, str(chosen.size), chosen.way],
                          stdout=subprocess.PIPE, text=True, check=True)
    octets, seconds = done.stdout.split()
    # Those who hang up are heard of a moment later.
    expected = 1 if chosen.way == "whole" else -(-chosen.size // chunked.CHUNK)
    deadline = time.monotonic() + 10
    while len(client.events("request")) < expected and time.monotonic() < deadline:
        time.sleep(0.05)
    return {"octets": int(octets), "seconds": float(seconds), "cpu": {}, "request": client.events("request"),
            "sent": server.statistics()["data"]}


def main() -> None:
    parser = options(["ndn", "https", "open", "closed", "whole"])
    parser.add_argument("--digest")
    parser.add_argument("--size", type=int, help="of the blob, for ranges")
    parser.add_argument("--seconds", type=float, help="after which the download is cut")
    chosen = parser.parse_args()
    with kept() as keep:
        is_ndn = chosen.way != "https"
        registry = BenchRegistry(chosen.folder, "registry", chosen.storage, None if is_ndn else chosen.tls,
                                 f"{FAR}:5000", enter())
        keep.append(registry)
        programs = {"registry": registry.program}
        url = registry.url
        if is_ndn:
            url, ours = over_ndn(chosen, registry, keep)
            programs |= ours
        if chosen.way in ("open", "closed", "whole"):
            print(json.dumps(by_ranges(chosen, url, keep[-1], programs["server"])))
            return
        # What arrived is known from curl's own count: slow ways are cut before the blob ends.
        report = chosen.folder / "curl.txt"
        transfer = Transfer("curl", [
            "sh", "-c", 'exec curl --silent --fail --cacert "$1" --max-time "$2" --output /dev/null '
            '--write-out "%{size_download} %{time_total} %{time_appconnect}" "$3" >"$4"', "sh", chosen.tls[0],
            chosen.seconds, f"{url}/v2/{REPOSITORY}/blobs/{chosen.digest}", report], programs)
        sample = transfer.run(1, accept=(0, 28))
        octets, seconds, _ = (float(word) for word in report.read_text().split())
        done = {"octets": octets, "seconds": seconds, "cpu": sample.cpu}
        if is_ndn:
            done["request"] = [event for event in keep[-1].events("request")][-1:]
        print(json.dumps(done))


if __name__ == "__main__":
    sys.exit(main())
