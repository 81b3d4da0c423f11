"""The goals that the project has set itself: a key, what it says, and the section that measures it."""

from __future__ import annotations

from .results import NOT_RUN, Result

GOALS = [
    ("cold", "direct, cold: ≥ 1.2 × curl over HTTPS where a core's AES-GCM is at most 2.5 × as fast as its SHA-256, ≥ 0.8 × elsewhere",
     "direct"),
    ("warm", "direct, warm: ≥ 2.0 × curl over HTTPS where a core's AES-GCM is at most 2.5 × as fast as its SHA-256, ≥ 1.2 × elsewhere",
     "direct"),
    ("cold-cpu", "direct, cold, CPU of all processes: ≤ 2.8 core-s/GB", "direct"),
    ("warm-cpu", "direct, warm, CPU of all processes: ≤ 1.6 core-s/GB", "direct"),
    ("nfd", "through NFD: ≥ 1.1 × ndnget's best pipeline, or NFD at ≥ 95 % of a core and half its CPU", "nfd"),
    ("original", "through NFD over UDP: ≥ 1.6 × the original client's best run, NFD at ≥ 95 % of a core", "original"),
    ("sharing", "8 clients, one forwarder: upstream ≤ 1.02 × the blob", "sharing"),
    ("sharing-quarter", "8 clients, cache of a quarter of the blob: upstream ≤ 1.2 × the blob", "sharing"),
    ("sharing-slowest", "8 clients: slowest ≤ 1.5 × the median client", "sharing"),
    ("link-0", "100 Mbit/s, 50 ms, no loss: ≥ 97 % of the payload rate", "link"),
    ("link-0.1", "100 Mbit/s, 50 ms, 0.1 % loss: ≥ 96 % of the payload rate", "link"),
    ("link-1", "100 Mbit/s, 50 ms, 1 % loss: ≥ 90 % of the payload rate", "link"),
    ("link-cubic", "at 1 % loss: ≥ 3 × TCP CUBIC", "link"),
    ("link-bbr", "at 1 % loss: ≥ 1.0 × TCP BBR", "link"),
    ("site-0", "8 clients of a site, one forwarder, 100 Mbit/s, 50 ms, no loss: last done ≤ 1.05 × nginx's time", "site"),
    ("site-1", "the same at 1 % loss: ≤ 0.35 × nginx's time", "site"),
    ("site-link-0", "the same without loss: over the link ≤ 1.06 × what one client alone moves", "site"),
    ("site-link-1", "the same over the link at 1 % loss: ≤ 1.06 ×", "site"),
    ("site-slowest-0", "8 clients of a site, no loss: slowest ≤ 1.2 × the median", "site"),
    ("site-slowest-1", "8 clients of a site, 1 % loss: slowest ≤ 1.2 × the median", "site"),
    ("site-alone", "one client alone behind the site's forwarder, no loss: ≥ 95 % of the payload rate", "site"),
    ("site-again", "the same: ≤ 0.5 % of its segments asked for again", "site"),
    ("site-one", "one client for 8 pullers, no loss: ≤ 1.05 × the time of one puller", "site"),
    ("site-warm-link", "8 clients of a site, warm: nothing over the link but what keeps it up (≤ 0.001 × the image)", "site"),
    ("site-warm", "the same: ≤ 2 × nginx's time", "site"),
    ("nfd-site-0", "8 clients of a site behind NFD with `strategy set --site`, no loss: last done ≤ 1.05 × nginx's time", "site"),
    ("nfd-site-1", "the same behind NFD at 1 % loss: ≤ 0.35 × nginx's time", "site"),
    ("nfd-site-link-0", "the same without loss: over the link ≤ 1.06 × what one client alone moves through NFD", "site"),
    ("nfd-site-link-1", "the same through NFD over the link at 1 % loss: ≤ 1.06 ×", "site"),
    ("nfd-site-slowest-0", "the same behind NFD without loss: slowest ≤ 1.2 × the median", "site"),
    ("nfd-site-slowest-1", "the same behind NFD at 1 % loss: slowest ≤ 1.2 × the median", "site"),
    ("nfd-site-alone", "one client alone behind NFD, no loss: ≥ 95 % of the payload rate", "site"),
    ("nfd-site-again", "the same behind NFD: ≤ 0.5 % of its segments asked for again", "site"),
    ("nfd-plain", "8 clients of a site behind NFD as it comes, no loss: last done ≤ 1.5 × nginx's time", "site"),
    ("nfd-plain-link", "the same: over the link ≤ 1.5 × the image", "site"),
    ("small-50-cold", "blobs of 10 and 200 kB one by one, 50 ms, cold: ≤ 1.1 × a kept HTTPS connection", "small"),
    ("small-50-warm", "the same, warm: ≤ 1.1 ×", "small"),
    ("small-0-warm", "the same at 0 ms, warm: ≤ 1.1 ×", "small"),
    ("small-20", "the same 20 at a time, 50 ms, cold: ≤ 1.0 × as many kept HTTPS connections", "small"),
    ("ranges-time", "8 open ranges of 8 MiB at a time, 100 Mbit/s, 20 ms: ≤ 1.05 × the time of one GET", "ranges"),
    ("ranges-octets", "the same: ≤ 1.05 × the blob over NDN", "ranges"),
    ("ranges-sent", "the same: ≤ 1.1 × the blob sent by the server", "ranges"),
    ("flood", "500 Interests a second for random digests, registry 50 ms away, 60 s: a cold blob at ≥ 0.5 × its usual speed",
     "flood"),
    ("flood-lookups", "the same: ≤ 50 lookups in vain in the registry's busiest second", "flood"),
    ("memory-client", "client with 10 concurrent 1 GB pulls: ≤ 48 MB RSS", "memory"),
    ("memory-server", "server under the same: ≤ 96 MB RSS", "memory"),
    ("verifying", "with --trust-anchor: ≥ 0.85 × without", "signing"),
    ("signing-memory", "--signing ecdsa from memory: ≥ 0.9 × digest", "signing"),
    ("signing-worker", "first-time signing, one worker: ≥ 0.75 × openssl speed × chunk size", "signing"),
    ("signing-first", "first-time signing, end to end: ≥ 0.5 × openssl speed × chunk size", "signing"),
    ("rest-memory", "client at rest: ≤ 20 MB RSS", "startup"),
    ("rest-size", "stripped binary: ≤ 25 MB", "startup"),
    ("rest-ready", "ready in ≤ 30 ms", "startup"),
]


def table(results: dict[str, Result]) -> list[dict]:
    return list(verdicts(results).values())


def verdicts(results: dict[str, Result]) -> dict[str, dict]:
    """By a goal's key, a row of the table."""
    rows = {}
    for key, text, section in GOALS:
        result = results.get(section)
        if result and key in result.goals:
            measured, met = result.goals[key]
            rows[key] = {"goal": text, "measured": measured, "": "met" if met else "not met"}
        else:
            reason = "; ".join(result.not_run) if result and result.not_run else f"section {section} was left out"
            rows[key] = {"goal": text, "measured": "–", "": f"{NOT_RUN}: {reason}"}
    return rows
