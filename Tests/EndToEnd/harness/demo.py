"""What scripts/demo shows: an image pulled twice over NDN, and what that cost."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable

from . import image, parts, pulls
from .program import ProgramError
from .registry import CommandFailed, Registry

IMAGE = "demo/app:latest"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Demo:
    """Everything that runs, in one temporary folder."""

    def __init__(self):
        # A short path: Unix sockets are made in it.
        self.folder = Path(tempfile.mkdtemp(prefix="registry-ndn-demo-"))
        self._running: list = []

    def _keep(self, part):
        self._running.append(part)
        return part

    def prepare(self) -> None:
        say("\n== writing the image and pushing it to a registry")
        busybox = shutil.which("busybox")
        sizes = [80 << 20, 40 << 20, 40 << 20]
        config, layers = image.write(self.folder / "image", sizes, "demo", busybox=busybox and Path(busybox),
                                     local=parts.ROOT / "Sources")
        self.image_id = config.digest
        self.blobs = [config, *layers]
        self.registry = self._keep(Registry(self.folder))
        self.registry.push(self.folder / "image", IMAGE)
        size = sum(blob.size for blob in self.blobs)
        say(f"{IMAGE}: {len(layers)} layers, {size / 1e6:.0f} MB, at {self.registry.url} (docker-registry)")

    def start(self) -> None:
        say("\n== starting forwarder, server and client")
        self.forwarder = self._keep(parts.Forwarder(self.folder))
        self.server = self._keep(parts.Server(self.folder, self.registry, self.forwarder.unix))
        self.client = self._keep(parts.Client(self.folder, self.registry, self.forwarder.unix))
        for part in (self.forwarder, self.server, self.client):
            say(f"{part.name}: {', '.join(part.uris)}")

    def tool(self) -> tuple[str, Callable[[str], bool]]:
        """The tool's name, and what pulls from an address into an empty store and says whether the image is the same."""
        if pulls.is_root():
            try:
                daemon = self._keep(pulls.Docker(self.folder))
                return f"docker {pulls.docker_version()}", lambda address: self._docker(daemon, address)
            except (ProgramError, OSError) as error:
                say(f"No Docker daemon can run here, so skopeo pulls instead. Its last words:\n{error}")
        else:
            say("Not root (or one that may not mount), so no Docker daemon can be started: skopeo pulls to a folder instead.")
        pulls.skopeo(self.registry.address, IMAGE, self.folder / "direct")
        return "skopeo", self._skopeo

    def _docker(self, daemon: pulls.Docker, address: str) -> bool:
        daemon.forget()
        return daemon.pull(address, IMAGE) == self.image_id

    def _skopeo(self, address: str) -> bool:
        same_id = pulls.skopeo(address, IMAGE, self.folder / "pulled") == self.image_id
        return same_id and pulls.same_files(self.folder / "direct", self.folder / "pulled")

    def pull(self, tool: str, number: int, work: Callable[[str], bool]) -> dict:
        """One pull through the client; a row of the table."""
        say(f"pull {number}: {tool} pull {self.client.address}/{IMAGE}")
        seen, hits = len(self.client.requests()), self.forwarder.program.statistics()["cs_hits"]
        begin = time.monotonic()
        identical = work(self.client.address)
        seconds = time.monotonic() - begin
        for blob in self.blobs:
            self.client.request(blob.digest, count=number)
        requests = self.client.requests()[seen:]
        return {
            "tool": tool, "image": f"{IMAGE}, pull {number}",
            "bytes over NDN": f"{sum(request['ndn_bytes'] for request in requests):,}",
            "bytes over HTTP": f"{sum(request['upstream_bytes'] for request in requests):,}",
            "cache hits": f"{self.forwarder.program.statistics()['cs_hits'] - hits:,}",
            "seconds": f"{seconds:.1f}", "identical": "yes" if identical else "no",
        }

    def explain(self) -> None:
        print(f"""
Everything still runs. In another terminal:
  skopeo --insecure-policy copy --src-tls-verify=false docker://{self.client.address}/{IMAGE} dir:/tmp/demo-app
  docker pull {self.client.address}/{IMAGE}          (with a Docker of yours on this machine)
  {parts.binary()} fetch {parts.blob_name('demo/app', self.blobs[-1].digest)} -o /tmp/layer --router {self.forwarder.socket}
Registry {self.registry.url}, logs {self.folder}/*.log
Ctrl-C ends all of it.""", flush=True)
        signal.pause()

    def stop(self) -> None:
        for part in reversed(self._running):
            part.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def table(rows: list[dict]) -> str:
    """Columns as wide as their widest cell, numbers to the right."""
    columns = list(rows[0])
    widths = {column: max(len(column), *(len(row[column]) for row in rows)) for column in columns}
    lines = ["  ".join(column.ljust(widths[column]) for column in columns)]
    for row in rows:
        cells = (row[column].rjust(widths[column]) if row[column][0].isdigit() else row[column].ljust(widths[column])
                 for column in columns)
        lines.append("  ".join(cells))
    return "\n".join(line.rstrip() for line in lines)


def end(_number, _frame) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    demo = Demo()
    try:
        demo.prepare()
        demo.start()
        name, work = demo.tool()
        say("\n== pulling over NDN, each time into an empty store")
        rows = [demo.pull(name, number, work) for number in (1, 2)]
        print("\n" + table(rows), flush=True)
        if arguments.keep:
            demo.explain()
        return 0 if all(row["identical"] == "yes" for row in rows) else 1
    except (ProgramError, CommandFailed, StopIteration) as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("\ninterrupted")
        return 0 if arguments.keep else 130
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        say("taking everything down")
        demo.stop()


if __name__ == "__main__":
    sys.exit(main())
