"""The way to the router dies without a word: pulls go on at once, and NDN serves again by itself, within a minute.

Each outage is said in one line, and so is its end.
"""

import signal
import subprocess
import time

import pytest

from harness import blobs, relay
from harness.namespaces import TwoHosts
from harness.parts import PREFIX, registry_ndn
from harness.program import event_of

REPOSITORY = "demo/blobs"
BACK = "connected again"
SILENT = "nothing comes back, connecting again"
NOBODY = "no program listens there, asking until one does"
DOWN = "NDN path down; blobs come from the upstream meanwhile"
UP = "NDN path up"


def connection_lines(client, start: int) -> list[str]:
    """What the client has said about its connection to the router since line `start`."""
    events = [event["message"] for event in map(event_of, client.program.lines[start:]) if event]
    return [message for message in events if message in (BACK, NOBODY, "cannot connect, trying again")
            or message.endswith("connecting again")]


class Outage:
    """From now on: a pull comes from the registry soon, and then NDN is back within a minute."""

    def __init__(self, client, pull, blob_of):
        self._client, self._pull, self._blob_of = client, pull, blob_of
        self._start = len(client.program.lines)
        self._downs = len(client.program.events(DOWN))

    def ends(self) -> None:
        begin = time.monotonic()
        digest, octets = self._blob_of()
        for count in range(1, 100):
            asked = time.monotonic()
            assert self._pull(digest) == octets
            assert time.monotonic() - asked < 10
            request = self._client.request(digest, count)
            if request["source"] == "ndn":
                assert request["upstream_bytes"] == 0, request
                break
            # Either the path is left alone until it is up again, or it is tried by the next pull.
            assert time.monotonic() - begin < 60
            if self._client.program.events(DOWN)[self._downs:]:
                self._client.program.event(UP, start=self._start, timeout=60)
        assert time.monotonic() - begin < 60

    def lines(self) -> list[str]:
        return connection_lines(self._client, self._start)


@pytest.fixture
def hosts(needs_root):
    made = TwoHosts(mtu=1500)
    yield made
    made.stop()


@pytest.mark.parametrize("scheme", ["udp", "tcp"])
def test_this_host_gets_another_address_and_then_the_router_does(start, folder, hosts, blob, scheme):
    own = start.own_registry()
    made = iter([blob(100_000, seed=seed) for seed in range(40, 45)])
    for seed in range(40, 45):
        own.put_blob(REPOSITORY, blob(100_000, seed=seed)[1])
    own.stop()
    own.within = hosts.near
    own.start()
    hosts.name("127.0.0.1 localhost", f"{hosts.far_address} router.example")
    forwarder = start.forwarder(host=hosts.far_address, within=hosts.far)
    start.server(uplink=forwarder.unix)
    port = getattr(forwarder, scheme).rpartition(":")[2]
    client = start.client(router=f"{scheme}://router.example:{port}", registry=own, within=hosts.near)

    def pull(digest):
        url = f"http://{client.address}/v2/{REPOSITORY}/blobs/{digest}"
        return subprocess.run([*hosts.near, "curl", "--silent", "--show-error", "--fail", url], capture_output=True,
                              timeout=60, check=True).stdout
    digest, octets = next(made)
    assert pull(digest) == octets and client.request(digest)["source"] == "ndn"

    outage = Outage(client, pull, lambda: next(made))
    hosts.readdress("near", hosts.near_address, "10.111.0.9")
    outage.ends()
    if scheme == "tcp":
        assert len(outage.lines()) == 2 and outage.lines()[-1] == BACK, outage.lines()

    outage = Outage(client, pull, lambda: next(made))
    forwarder.stop()
    hosts.readdress("far", hosts.far_address, "10.111.0.3")
    forwarder.move("10.111.0.3")
    hosts.name("127.0.0.1 localhost", "10.111.0.3 router.example")
    outage.ends()
    assert len(outage.lines()) == 2 and outage.lines()[-1] == BACK, outage.lines()


@pytest.mark.parametrize("scheme", ["udp", "tcp"])
def test_the_cable_is_cut_in_the_middle_of_a_pull(start, hosts, blob, scheme):
    """Nothing says so: the pull stands still for 2 s."""
    own = start.own_registry()
    large, *small = [blob(size, seed=seed) for seed, size in [(40, 48_000_000), *((seed, 100_000) for seed in range(41, 45))]]
    for _, octets in (large, *small):
        own.put_blob(REPOSITORY, octets)
    own.stop()
    own.within = hosts.near
    own.start()
    forwarder = start.forwarder(host=hosts.far_address, within=hosts.far)
    start.server(uplink=forwarder.unix)
    client = start.client(router=f"{scheme}://{getattr(forwarder, scheme)}", registry=own, within=hosts.near,
                          options=["--memory", "8MiB"])

    def begin(digest):
        url = f"http://{client.address}/v2/{REPOSITORY}/blobs/{digest}"
        return subprocess.Popen([*hosts.near, "curl", "--silent", "--show-error", "--fail", url], stdout=subprocess.PIPE)

    def pull(digest):
        with begin(digest) as program:
            return program.stdout.read()
    made = iter(small)
    outage = Outage(client, pull, lambda: next(made))
    with begin(large[0]) as program:
        octets = program.stdout.read(1 << 20)
        hosts.cut()
        cut = time.monotonic()
        assert octets + program.stdout.read() == large[1]
        assert 1.5 < time.monotonic() - cut < 4.5
    request = client.request(large[0])
    assert (request["source"], request["fallback"]) == ("both", "no further segments arrive"), request
    asked = time.monotonic()
    digest, octets = next(made)
    assert pull(digest) == octets and time.monotonic() - asked < 3
    client.program.event(SILENT)
    hosts.mend()
    outage.ends()
    assert outage.lines() == [SILENT, BACK]


def test_the_forwarder_dies_and_its_host_says_so(start, blob):
    """Over UDP, that is: ICMP port unreachable."""
    forwarder = start.forwarder()
    start.server(uplink=forwarder.unix)
    client = start.client(router=forwarder.udp, options=["--memory", "8MiB"])
    large, *small = [blob(size, seed=seed) for seed, size in [(40, 48_000_000), *((seed, 100_000) for seed in range(41, 45))]]
    made = iter(small)
    outage = Outage(client, lambda digest: blobs.get(client.address, REPOSITORY, digest), lambda: next(made))
    download = blobs.Download(client.address, REPOSITORY, large[0])
    octets = download.read(1 << 20)
    forwarder.program.kill()
    died = time.monotonic()
    assert octets + download.rest() == large[1]
    assert time.monotonic() - died < 3.5
    request = client.request(large[0])
    assert (request["source"], request["fallback"]) == ("both", "the connection to the router is down"), request
    # Nobody pulls meanwhile.
    client.program.event(DOWN)
    forwarder.restart()
    client.program.event(BACK, timeout=5)
    client.program.event(UP, timeout=10)
    outage.ends()
    assert outage.lines() == [NOBODY, BACK]


def test_one_pull_is_enough_to_say_that_the_path_is_down(chain, blob):
    """Its failure, soon after an answer, might be the blob's own: the producer is asked, and says nothing."""
    _, server, client = chain
    known, unknown = blob(1_000_000, seed=46), blob(100_000, seed=47)
    assert blobs.get(client.address, REPOSITORY, known[0]) == known[1]
    # By then the client knows that this server answers probes.
    time.sleep(1)
    server.program.signal(signal.SIGSTOP)
    assert blobs.get(client.address, REPOSITORY, unknown[0]) == unknown[1]
    client.program.event(DOWN, timeout=10)
    server.program.signal(signal.SIGCONT)
    client.program.event(UP, timeout=10)


def test_the_server_stands_still_in_the_middle_of_the_only_pull(start, blob):
    """That it answers probes is known from the begin of that pull."""
    forwarder = start.forwarder()
    server = start.server(uplink=forwarder.unix)
    client = start.client(router=forwarder.unix, options=["--memory", "8MiB"])
    digest, octets = blob(48_000_000, seed=40)
    download = blobs.Download(client.address, REPOSITORY, digest)
    begin = download.read(1 << 20)
    time.sleep(1)
    server.program.signal(signal.SIGSTOP)
    assert begin + download.rest() == octets
    client.program.event(DOWN, timeout=10)
    server.program.signal(signal.SIGCONT)
    client.program.event(UP, timeout=10)


def test_a_range_of_a_known_blob_does_not_wait_long_for_a_silent_router(chain, blob):
    forwarder, _, client = chain
    digest, octets = blob(10_000_000, seed=48)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    forwarder.program.signal(signal.SIGSTOP)
    asked = time.monotonic()
    part = blobs.Download(client.address, REPOSITORY, digest, {"Range": "bytes=5000000-5999999"})
    assert (part.status, part.rest()) == (206, octets[5_000_000:6_000_000])
    assert time.monotonic() - asked < 3.5
    forwarder.program.signal(signal.SIGCONT)


def test_a_nat_forgets_the_client(start, blob):
    forwarder = start.forwarder()
    start.server(uplink=forwarder.unix)
    between = start.keep(relay.Relay(forwarder.udp, loss=0, reorder=0))
    client = start.client(router=between.address)
    made = iter([blob(100_000, seed=seed) for seed in range(40, 43)])
    digest, octets = next(made)
    assert blobs.get(client.address, REPOSITORY, digest) == octets and client.request(digest)["source"] == "ndn"
    outage = Outage(client, lambda digest: blobs.get(client.address, REPOSITORY, digest), lambda: next(made))
    between.forget()
    outage.ends()
    assert outage.lines() == [SILENT, BACK]


def test_the_forwarder_is_restarted(chain, blob):
    forwarder, server, client = chain
    made = iter([blob(100_000, seed=seed) for seed in range(40, 43)])
    outage = Outage(client, lambda digest: blobs.get(client.address, REPOSITORY, digest), lambda: next(made))
    forwarder.program.kill()
    forwarder.restart()
    outage.ends()
    assert outage.lines() == ["connection lost, connecting again", BACK]
    server.program.event(BACK)
    assert connection_lines(server, 0) == ["connection lost, connecting again", BACK]
    assert len(server.program.events("prefix registered")) == 2


@pytest.mark.parametrize("scheme", ["unix", "tcp"])
def test_the_end_of_an_outage_is_said_though_nobody_pulls(start, scheme):
    forwarder = start.forwarder()
    client = start.client(router=f"tcp://{forwarder.tcp}" if scheme == "tcp" else forwarder.unix)
    forwarder.program.kill()
    client.program.event("connection lost, connecting again", timeout=5)
    time.sleep(1)
    forwarder.restart()
    client.program.event(BACK, timeout=10)


def test_a_router_that_stood_still_is_heard_again_though_nobody_pulls(chain, blob):
    forwarder, _, client = chain
    digest, octets = blob(100_000, seed=49)
    forwarder.program.signal(signal.SIGSTOP)
    assert blobs.get(client.address, REPOSITORY, digest) == octets
    client.program.event(SILENT, timeout=15)
    time.sleep(3)
    forwarder.program.signal(signal.SIGCONT)
    client.program.event(BACK, timeout=15)


def test_another_program_takes_the_route_away(chain, blob, folder):
    forwarder, server, client = chain
    route = next(line for line in registry_ndn("routes", "--router", forwarder.unix, folder=folder).stdout.splitlines()
                 if line.startswith(PREFIX))
    removed = registry_ndn("unregister", PREFIX, "--face", route.split()[1], "--router", forwarder.unix,
                           folder=folder)
    assert removed.returncode == 0, removed.stderr
    server.program.event("the forwarder has lost the route to the prefix; registering again", timeout=10)
    digest, octets = blob(100_000, seed=40)
    outage = Outage(client, lambda digest: blobs.get(client.address, REPOSITORY, digest), lambda: (digest, octets))
    outage.ends()
