"""What scripts/demo shows: an image pulled from its registry and twice over NDN, and what that cost."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

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
        self.docker: Optional[pulls.Docker] = None

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
        watched = ["--admin", "127.0.0.1:0"]
        self.forwarder = self._keep(parts.Forwarder(self.folder, options=watched))
        self.server = self._keep(parts.Server(self.folder, self.registry, self.forwarder.unix, options=watched))
        self.client = self._keep(parts.Client(self.folder, self.registry, self.forwarder.unix, options=watched))
        for part in (self.forwarder, self.server, self.client):
            say(f"{part.name}: {', '.join(part.uris)}; its page: {page(part)}")

    def tool(self) -> tuple[str, Callable[[str], bool]]:
        """The tool's name, and what pulls from an address into an empty store and says whether the image is the same."""
        if pulls.is_root():
            say("starting a Docker daemon of the demo's own (yours, if you run one, is not touched)")
            try:
                self.docker = self._keep(pulls.Docker(self.folder))
                return f"docker {pulls.docker_version()}", self._docker
            except (ProgramError, OSError) as error:
                say(f"No Docker daemon can run here, so skopeo pulls instead. Its last words:\n{error}")
        else:
            say("Not root (or one that may not mount), so no Docker daemon can be started: skopeo pulls to a folder instead.")
        pulls.skopeo(self.registry.address, IMAGE, self.folder / "direct")
        return "skopeo", self._skopeo

    def _docker(self, address: str) -> bool:
        self.docker.forget()
        return self.docker.pull(address, IMAGE) == self.image_id

    def _skopeo(self, address: str) -> bool:
        same_id = pulls.skopeo(address, IMAGE, self.folder / "pulled") == self.image_id
        return same_id and pulls.same_files(self.folder / "direct", self.folder / "pulled")

    def pull_directly(self, tool: str, work: Callable[[str], bool]) -> Pull:
        """One pull past us, from the registry itself, to compare with."""
        say(f"{tool} pull {self.registry.address}/{IMAGE}          (from the registry itself)")
        begin = time.monotonic()
        identical = work(self.registry.address)
        return Pull("from the registry", 0, sum(blob.size for blob in self.blobs), 0, time.monotonic() - begin, identical)

    def pull(self, tool: str, number: int, work: Callable[[str], bool]) -> Pull:
        """The `number`th pull through the client."""
        say(f"{tool} pull {self.client.address}/{IMAGE}          (through the client, {ordinal(number)} time)")
        seen, hits = len(self.client.requests()), self.forwarder.program.statistics()["cs_hits"]
        begin = time.monotonic()
        identical = work(self.client.address)
        seconds = time.monotonic() - begin
        for blob in self.blobs:
            self.client.request(blob.digest, count=number)
        requests = [request for request in self.client.requests()[seen:] if "digest" in request]
        return Pull(
            f"over NDN, {ordinal(number)} time", sum(request["ndn_bytes"] for request in requests),
            sum(request["upstream_bytes"] for request in requests),
            self.forwarder.program.statistics()["cs_hits"] - hits, seconds, identical)

    def explain(self) -> None:
        docker = f"""
  export DOCKER_HOST=unix://{self.docker.folder}/docker.sock          (the demo's own Docker daemon)
  docker pull {self.client.address}/{IMAGE}""" if self.docker else ""
        print(f"""
Everything still runs. In another terminal:{docker}
  skopeo --insecure-policy copy --src-tls-verify=false docker://{self.client.address}/{IMAGE} dir:{self.folder}/copy
  {parts.binary()} fetch {parts.PREFIX} demo/app {self.blobs[-1].digest} -o {self.folder}/layer --router {self.forwarder.socket}
  {parts.binary()} top --admin {page(self.client)}
  tail -f {self.folder}/client.log
The pages of client, server and forwarder are at
  {page(self.client)}  {page(self.server)}  {page(self.forwarder)}
The registry is at {self.registry.url}.
Ctrl-C ends all of it and deletes {self.folder}.""", flush=True)
        signal.pause()

    def stop(self) -> None:
        for part in reversed(self._running):
            part.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.exists():
            say(f"warning: {self.folder} could not be deleted whole")


@dataclass
class Pull:
    """One pull, a row of the table. Bytes are those of blobs; the manifest, a kilobyte, always comes over HTTP."""
    way: str
    ndn_bytes: int
    http_bytes: int
    cache_hits: int
    """Segments that the forwarder had already."""
    seconds: float
    identical: bool

    def row(self, tool: str) -> dict:
        return {
            "tool": tool, "pull": self.way, "bytes over NDN": f"{self.ndn_bytes:,}",
            "bytes over HTTP": f"{self.http_bytes:,}", "segments from the cache": f"{self.cache_hits:,}",
            "seconds": f"{self.seconds:.1f}", "identical": "yes" if self.identical else "no",
        }


def verdict(direct: Pull, first: Pull, second: Pull) -> tuple[bool, str]:
    """Whether the demo succeeded, and one sentence with what matters."""
    if not (direct.identical and first.identical and second.identical):
        return False, "FAILED: an image that was pulled is not the one that was pushed."
    through = [first, second]
    share = sum(pull.ndn_bytes for pull in through) / sum(pull.ndn_bytes + pull.http_bytes for pull in through)
    if share < 1:
        return False, (f"FAILED: the image is the one that was pushed, but only {share:.0%} of its blobs' bytes came over NDN: "
                       "the client's log says why.")
    return True, (f"Success: both times all {first.ndn_bytes / 1e6:.0f} MB of the image came over NDN and are the bytes that "
                  f"were pushed: {first.seconds:.1f} s from the registry, {second.seconds:.1f} s from the forwarder's cache, "
                  f"{direct.seconds:.1f} s without NDN.")


def page(part: parts.Part) -> str:
    """Where a browser sees what a part does."""
    return part.program.event("metrics and probes are told")["admin"] + "/"


def ordinal(number: int) -> str:
    return {1: "first", 2: "second"}.get(number, f"{number}th")


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
        say("\n== pulling three times, each time into an empty store")
        all_pulls = [demo.pull_directly(name, work), *(demo.pull(name, number, work) for number in (1, 2))]
        has_succeeded, sentence = verdict(*all_pulls)
        print(f"\n{table([pull.row(name) for pull in all_pulls])}\n\n{sentence}", flush=True)
        if arguments.keep and has_succeeded:
            demo.explain()
        return 0 if has_succeeded else 1
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
