"""ECDSA: what it leaves of the throughput at the server and at a client that checks, beside openssl speed."""

from __future__ import annotations

import json
import os
import re
import subprocess

from harness import parts
from harness.registry import run

from ..measuring import Sample, Spread, alternate, costs, ratio, rates
from ..results import Result
from ..stand import Stand
from .direct import Pair

TITLE = "signing"
CHUNK = 7777
DIGEST, SIGNED, CHECKED = "digest", "ecdsa", "ecdsa, --trust-anchor"
COLD_DIGEST, COLD = "digest, cold", "ecdsa, signed for the first time"
OPENSSL, WORKER = "openssl speed, sign", "one worker, sign"
OPENSSL_VERIFY, CHECKER = "openssl speed, verify", "one worker, verify"
# What each path is compared with.
REFERENCES = [((DIGEST, SIGNED), DIGEST), ((CHECKED,), SIGNED), ((COLD_DIGEST,), COLD_DIGEST),
              ((COLD, OPENSSL, WORKER), OPENSSL), ((OPENSSL_VERIFY, CHECKER), OPENSSL_VERIFY)]
# The blob fits.
MEMORY = ["--cache-size", "512MiB"]


def openssl_speed() -> tuple[float, float]:
    """Signatures made and checked in a second by one core."""
    said = run("openssl", "speed", "-seconds", "1", "ecdsap256")
    made, checked = re.search(r"nistp256\).*?([0-9.]+)\s+([0-9.]+)\s*$", said, re.M).groups()
    return float(made), float(checked)


def micro(name: str) -> float:
    """Operations in a second by one core."""
    done = subprocess.run([os.environ["MICRO"], name], stdout=subprocess.PIPE, text=True, check=True)
    return 1e9 / json.loads(done.stdout)["ns"]


class Core:
    """A core that does nothing else, in octets of segments a second. openssl tells of signing and checking at once."""

    def __init__(self):
        self._checked = 0.0

    def variants(self) -> dict:
        return {OPENSSL: self._sign, WORKER: lambda _: of(micro("sign Data (ECDSA)")),
                OPENSSL_VERIFY: lambda _: of(self._checked), CHECKER: lambda _: of(micro("verify Data (ECDSA)"))}

    def _sign(self, _number: int) -> Sample:
        made, self._checked = openssl_speed()
        return of(made)


def of(operations: float) -> Sample:
    """A second in which a core does so many, each for a segment."""
    return Sample(round(operations * CHUNK), 1.0)


def measure(stand: Stand) -> Result:
    keys, anchor = stand.folder / "keys", stand.folder / "anchor.ndncert"
    run(parts.binary(), "keygen", parts.PREFIX, "--keychain", keys)
    run(parts.binary(), "cert", "export", parts.PREFIX, "--certificate-only", "--keychain", keys, "-o", anchor)
    by_key = ["--keychain", keys, "--signing", "ecdsa"]
    # Of another section's blobs none: a first signature is one of a blob that the server has never read.
    digests = [stand.blob(100 + number) for number in range(stand.runs)]
    pairs = {DIGEST: Pair(stand, "digest", ["--signing", "digest", *MEMORY]),
             SIGNED: Pair(stand, "ecdsa", by_key + MEMORY),
             CHECKED: Pair(stand, "checked", by_key + MEMORY, client=["--trust-anchor", anchor])}
    cold = {COLD_DIGEST: Pair(stand, "digest-cold", ["--signing", "digest"]), COLD: Pair(stand, "ecdsa-cold", by_key)}
    for pair in pairs.values():
        pair.get(digests[0], stand.size)
    variants = {name: lambda _, pair=pair: pair.get(digests[0], stand.size) for name, pair in pairs.items()}
    variants |= {name: lambda number, pair=pair: pair.get(digests[number], stand.size) for name, pair in cold.items()}
    samples = alternate(variants | Core().variants(), stand.runs, TITLE)
    result = Result("Signed Data: client and server directly over UDP, and a core by itself", samples=samples)
    for name, runs in samples.items():
        reference = next(other for names, other in REFERENCES if name in names)
        result.rows.append({
            "path": name, "MB/s": rates(runs).text(), "×": f"{ratio(runs, samples[reference]).text(2)} {reference}",
            "core-s/GB": costs(runs).text(2) if runs[0].cpu else f"{1000 / rates(runs).median:.2f}",
            "of which": " ".join(f"{part} {costs(runs, part).median:.2f}" for part in runs[0].cpu),
        })
    result.judge("signing-memory", ratio(samples[SIGNED], samples[DIGEST]), at_least=0.9, unit=" ×")
    result.judge("signing-worker", ratio(samples[WORKER], samples[OPENSSL]), at_least=0.75, unit=" ×")
    result.judge("signing-first", ratio(samples[COLD], samples[OPENSSL]), at_least=0.5, unit=" ×")
    cost = Spread.of(one.cost("client") - other.cost("client") for one, other in zip(samples[CHECKED], samples[SIGNED]))
    left = ratio(samples[CHECKED], samples[SIGNED])
    result.judge("verifying", left, at_least=0.85, unit=" ×")
    result.notes.append(f"--verify anchor costs the client {cost.text(2)} core-s/GB and leaves {left.text(2)} of the "
                        f"throughput, of which a core that only checks could do {rates(samples[CHECKER]).text()} MB/s.")
    result.numbers = {"cost of --verify anchor, core-s/GB": vars(cost), "throughput left": vars(left)}
    stand.clear()
    return result
