"""Pulls in whose middle something dies: docker's and containerd's go on where they were, and cost what was missing."""

import signal
import threading

import pytest

from conftest import IMAGE
from harness import parts, pulls
from harness.gate import Gate
from harness.registry import CommandFailed

CHUNK = 7777


@pytest.fixture
def chain(start, shared_registry):
    """Forwarder, server and client; containerd names the registry with ns=alpha.example."""
    forwarder = start.forwarder()
    server = start.server(uplink=forwarder.unix)
    mirror = f"alpha.example={shared_registry.url},{parts.PREFIX}"
    return forwarder, server, start.client(router=forwarder.unix, options=["--mirror", mirror])


@pytest.fixture
def gate(chain, layout):
    """Before the client, holding the largest layer when a half of it has passed: (gate, layer, held from)."""
    large = max(layout[2], key=lambda blob: blob.size)
    after = large.size // 2
    made = Gate(chain[2].address, after)
    yield made, large, after
    made.stop()


def gets(client, digest, least):
    """Those GETs of a blob that are over; waits for so many."""
    seen = []

    def is_enough(event):
        if event.get("digest") == digest and event["method"] == "GET":
            seen.append(event)
        return len(seen) >= least
    client.program.event("request", is_enough, 60)
    return seen


def only_the_rest(request, size):
    """A resumed request brought what was missing, over NDN, and asked for no other segments. How much that is depends on
    how much of what had passed was written down."""
    missing = int(request["ndn_bytes"])
    assert request["status"] == 206 and request["source"] == "ndn", request
    assert 0 < missing < size, request
    assert int(request["segments"]) <= missing // CHUNK + 4, request


def in_background(work) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def pull_until_held(docker, held):
    """Begins a pull into an empty store, and waits for its middle: (thread, where it puts the image's id)."""
    docker.forget()
    pulled = []
    pull = in_background(lambda: pulled.append(docker.pull(held.address, IMAGE)))
    assert held.reached.wait(60)
    return pull, pulled


def test_docker_when_the_client_is_killed(chain, layout, docker, gate):
    client = chain[2]
    held, large, _ = gate
    pull, pulled = pull_until_held(docker, held)
    client.program.kill()
    client.restart()
    held.open()
    pull.join(120)
    assert pulled == [layout[1]]
    # Killed, the client told nothing of the first request; the second is the one that resumes.
    only_the_rest(gets(client, large.digest, 1)[0], large.size)


def test_docker_when_the_server_is_killed(chain, layout, docker, gate):
    """The client has the rest from the registry: docker notices nothing."""
    _, server, client = chain
    held, large, _ = gate
    pull, pulled = pull_until_held(docker, held)
    server.program.kill()
    held.open()
    pull.join(120)
    assert pulled == [layout[1]]
    requests = gets(client, large.digest, 1)
    assert len(requests) == 1 and int(requests[0]["ndn_bytes"]) > 0, requests
    assert int(requests[0]["ndn_bytes"]) + int(requests[0]["upstream_bytes"]) == large.size, requests


def test_docker_when_the_registry_is_restarted(start, layout, docker):
    """Without NDN: what breaks off is asked for again, by a range."""
    registry = start.own_registry()
    registry.push(layout[0], IMAGE)
    client = start.client(router="127.0.0.1:9", registry=registry)
    held = start.keep(Gate(client.address, max(blob.size for blob in layout[2]) // 4))
    pull, pulled = pull_until_held(docker, held)
    registry.program.kill()
    registry.start()
    held.open()
    pull.join(120)
    assert pulled == [layout[1]]
    large = max(layout[2], key=lambda blob: blob.size)
    requests = gets(client, large.digest, 1)
    # The kernel may have held all that was left.
    assert [request["status"] for request in requests] in ([200], [200, 206]), requests


def ctr_of(docker, folder, held):
    """containerd with a hosts.toml that sends alpha.example to the gate."""
    ctr = pulls.Ctr(docker, folder)
    ctr.mirror("alpha.example", f"http://{held.address}")
    return ctr


def test_ctr_when_the_client_is_killed(chain, layout, docker, folder, gate):
    client = chain[2]
    held, large, _ = gate
    ctr = ctr_of(docker, folder, held)
    done = []
    fetch = in_background(lambda: done.append(attempt(lambda: ctr.fetch(f"alpha.example/{IMAGE}"))))
    assert held.reached.wait(60)
    # Another blob whose connection is refused ends the whole fetch, and with it what containerd keeps of this one.
    for other in layout[2]:
        if other != large:
            gets(client, other.digest, 1)
    client.program.kill()
    client.restart()
    held.open()
    fetch.join(120)
    assert len(done) == 1
    if not done[0]:
        # It gave up: what it has is kept, and the next attempt goes on from there.
        ctr.fetch(f"alpha.example/{IMAGE}")
    assert all(ctr.has(blob.digest) for blob in layout[2])
    ctr.forget()
    only_the_rest(gets(client, large.digest, 1)[0], large.size)


def test_ctr_when_it_is_killed_itself(chain, layout, docker, folder, gate):
    """Its own content store knows what it has; the request that nobody waits for any more stops."""
    client = chain[2]
    held, large, after = gate
    ctr = ctr_of(docker, folder, held)
    program = ctr.start_fetch(f"alpha.example/{IMAGE}")
    assert held.reached.wait(60)
    program.send_signal(signal.SIGKILL)
    program.wait(30)
    held.open()
    ctr.fetch(f"alpha.example/{IMAGE}")
    assert all(ctr.has(blob.digest) for blob in layout[2])
    ctr.forget()
    first, second = gets(client, large.digest, 2)[:2]
    assert int(first["ndn_bytes"]) >= after
    only_the_rest(second, large.size)


def attempt(work) -> bool:
    try:
        work()
        return True
    except CommandFailed:
        return False
