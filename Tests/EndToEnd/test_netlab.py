"""scripts/netlab: what the link between the two namespaces does to packets, and what is left behind."""

import json
import os
import subprocess
import sys
import time

import pytest

from harness import parts

NETLAB = parts.ROOT / "scripts" / "netlab"
pytestmark = pytest.mark.usefixtures("needs_root")

# Sends numbered datagrams of 1000 octets (with headers) from the far end in one burst; prints which arrive, and when.
BURST = """
import os, shlex, socket, subprocess, sys, time
count = int(sys.argv[1])
here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
here.bind(("192.0.2.1", 9000))
here.settimeout(1)
code = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9000)); "
code += f"[s.send(n.to_bytes(4, 'big') + bytes(968)) for n in range({count})]"
far = subprocess.Popen([*shlex.split(os.environ["NETLAB_FAR"]), sys.executable, "-c", code])
first = last = None
try:
    while True:
        number = int.from_bytes(here.recv(2000)[:4], "big")
        last = time.monotonic()
        first = first or last
        print(number)
except TimeoutError:
    print("seconds", last - first)
sys.exit(far.wait())
"""


def burst(count, *options):
    """(the numbers that arrived, seconds between first and last, counters of the direction towards us)"""
    done = subprocess.run([NETLAB, *options, "--", sys.executable, "-c", BURST, str(count)], capture_output=True,
                          text=True, check=True, timeout=60)
    *numbers, seconds = done.stdout.splitlines()
    return [int(number) for number in numbers], float(seconds.split()[1]), json.loads(done.stderr)["down"]


def test_the_wire_has_its_rate():
    numbers, seconds, counters = burst(300, "--rate", "8mbit", "--queue", "none")
    assert numbers == list(range(300))
    # 1 ms a packet, 299 of them after the first; a busy machine may hold the last ones up.
    assert 0.28 <= seconds <= 0.6
    assert counters["octets"] == 300_000 and counters["queue_peak_octets"] > 200_000


def test_a_full_queue_drops_the_newest():
    numbers, _, counters = burst(300, "--rate", "1mbit", "--queue", "50p")
    assert numbers[:50] == list(range(50)) and len(numbers) == 300 - counters["dropped"]
    # In octets the same.
    _, _, counters = burst(300, "--rate", "1mbit", "--queue", "50kB")
    assert 200 < counters["dropped"] <= 250 and counters["queue_peak_octets"] == 50_000


def test_losses_are_the_seeds():
    runs = [burst(1000, "--rate", "100mbit", "--queue", "none", "--loss", "10%", "--jitter", "5ms", "--seed", seed)
            for seed in ("7", "7", "8")]
    assert runs[0][0] == runs[1][0] != runs[2][0]
    assert 60 < runs[0][2]["lost"] < 140
    assert runs[0][0] == sorted(runs[0][0])


def test_the_delay_is_both_ways():
    echo = ("import os, shlex, socket, subprocess, sys, time\n"
            "code = \"import socket; s = socket.create_server(('192.0.2.2', 9)); print(flush=True); s.accept()\"\n"
            "far = subprocess.Popen([*shlex.split(os.environ['NETLAB_FAR']), sys.executable, '-c', code], stdout=-1)\n"
            "far.stdout.readline(); begin = time.monotonic()\n"
            "socket.create_connection(('192.0.2.2', 9)); print(time.monotonic() - begin)")
    done = subprocess.run([NETLAB, "--delay", "30ms,20ms", "--", sys.executable, "-c", echo], capture_output=True,
                          text=True, check=True, timeout=60)
    assert 0.05 <= float(done.stdout) <= 0.15


@pytest.mark.parametrize("tcp", ["cubic", "bbr"])
def test_the_kernels_congestion_control_is_the_chosen(tcp):
    available = open("/proc/sys/net/ipv4/tcp_available_congestion_control").read().split()
    if tcp not in available:
        pytest.skip(f"this kernel has no {tcp}")
    show = ("import os, socket, subprocess, threading\n"
            "server = socket.create_server(('192.0.2.1', 9))\n"
            "code = \"import socket; s = socket.create_connection(('192.0.2.1', 9)); \"\n"
            "code += 'print(s.getsockopt(6, 13, 16).strip(bytes(1)).decode())'\n"
            "os.system(os.environ['NETLAB_FAR'] + ' python3 -c ' + __import__('shlex').quote(code))\n"
            "print(server.accept()[0].getsockopt(6, 13, 16).strip(bytes(1)).decode())")
    done = subprocess.run([NETLAB, "--tcp", tcp, "--delay", "1ms", "--", sys.executable, "-c", show],
                          capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == [tcp, tcp]


def test_nothing_is_left_behind():
    # One that outlives the command, at the far end.
    done = subprocess.run([NETLAB, "--", "sh", "-c", "$NETLAB_FAR sleep 1000 >/dev/null 2>&1 & echo $!; exit 7"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 7
    assert not os.path.exists(f"/proc/{done.stdout.strip()}")
    # And when netlab itself is killed, its command ends too.
    killed = subprocess.Popen([NETLAB, "--", "sh", "-c", "echo $$; exec sleep 1000"], stdout=subprocess.PIPE, text=True)
    command = int(killed.stdout.readline())
    killed.kill()
    killed.wait()
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{command}") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{command}")


@pytest.mark.parametrize("options", [["--rate", "fast"], ["--delay", "25"], ["--loss", "200%"], ["--queue", "0p"],
                                     ["--mtu", "9"], ["--seed", "-1"], []])
def test_wrong_options_are_refused(options):
    command = ["--", "true"] if options else []
    done = subprocess.run([NETLAB, *options, *command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 64
    assert done.stderr.startswith("error: ") and "usage: scripts/netlab" in done.stderr
