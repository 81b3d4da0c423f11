"""The goals that the project has set itself: a key, what it says, and the section that measures it."""

from __future__ import annotations

from .results import NOT_RUN, Result

GOALS = [
    ("cold", "direct, cold: ≥ 1.2 × curl over HTTPS", "direct"),
    ("warm", "direct, warm: ≥ 2.0 × curl over HTTPS", "direct"),
    ("cold-cpu", "direct, cold, CPU of all processes: ≤ 5.0 core-s/GB", "direct"),
    ("warm-cpu", "direct, warm, CPU of all processes: ≤ 3.0 core-s/GB", "direct"),
    ("nfd", "through NFD: ≥ 1.1 × ndnget's best pipeline, or NFD at ≥ 95 % of a core and half its CPU", "nfd"),
    ("original", "through NFD: ≥ 4.5 × the original client", "original"),
    ("sharing", "8 clients, one forwarder: upstream ≤ 1.05 × the blob", "sharing"),
    ("sharing-quarter", "8 clients, cache of a quarter of the blob: upstream ≤ 1.5 × the blob", "sharing"),
    ("sharing-slowest", "8 clients: slowest ≤ 1.5 × the median client", "sharing"),
    ("link-0", "100 Mbit/s, 50 ms, no loss: ≥ 95 % of the payload rate", "link"),
    ("link-0.1", "100 Mbit/s, 50 ms, 0.1 % loss: ≥ 92 % of the payload rate", "link"),
    ("link-1", "100 Mbit/s, 50 ms, 1 % loss: ≥ 80 % of the payload rate", "link"),
    ("link-cubic", "at 1 % loss: ≥ 3 × TCP CUBIC", "link"),
    ("link-bbr", "at 1 % loss: ≥ 0.9 × TCP BBR", "link"),
    ("memory-client", "client with 10 concurrent 1 GB pulls: ≤ 64 MB RSS", "memory"),
    ("memory-server", "server under the same: ≤ 128 MB RSS", "memory"),
    ("signing-memory", "--signing ecdsa from memory: ≥ 0.9 × digest", "signing"),
    ("signing-worker", "first-time signing, one worker: ≥ 0.75 × openssl speed × chunk size", "signing"),
    ("signing-first", "first-time signing, end to end: ≥ 0.5 × openssl speed × chunk size", "signing"),
    ("rest-memory", "client at rest: ≤ 25 MB RSS", "startup"),
    ("rest-size", "stripped binary: ≤ 26 MB", "startup"),
    ("rest-ready", "ready in ≤ 50 ms", "startup"),
]


def table(results: dict[str, Result]) -> list[dict]:
    rows = []
    for key, text, section in GOALS:
        result = results.get(section)
        if result and key in result.goals:
            measured, met = result.goals[key]
            rows.append({"goal": text, "measured": measured, "": "met" if met else "**not met**"})
        else:
            reason = "; ".join(result.not_run) if result and result.not_run else f"section {section} was left out"
            rows.append({"goal": text, "measured": "–", "": f"{NOT_RUN}: {reason}"})
    return rows
