"""The client's own address changes: its kept connections to the registry are dead, and nothing says so."""

import subprocess
import sys

import pytest

from harness import parts
from harness.namespaces import TwoHosts
from harness.program import Program

# Answers everything with 200, over connections that it keeps, and says who asked.
REGISTRY = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = self.client_address[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = http.server.ThreadingHTTPServer((sys.argv[1], 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
ASK = """
import sys, time, urllib.request
begin = time.monotonic()
print(urllib.request.urlopen(sys.argv[1], timeout=40).read().decode(), time.monotonic() - begin)
"""
pytestmark = pytest.mark.usefixtures("needs_root")


def test_a_request_moves_to_a_new_connection(start, folder):
    hosts = start.keep(TwoHosts(1500))
    registry = start.keep(Program("registry", [*hosts.far, sys.executable, "-c", REGISTRY, hosts.far_address], folder))
    port = registry.find(lambda line: line.strip().isdigit() and line.strip())
    client = start.keep(parts.Part("client", folder, [
        "client", "--upstream", f"http://{hosts.far_address}:{port}", "--name", parts.PREFIX, "--router", "127.0.0.1:9",
        "--listen", "127.0.0.1:0"], within=hosts.near))
    client.start()
    url = client.uri("http") + "/v2/"

    def ask():
        done = subprocess.run([*hosts.near, sys.executable, "-c", ASK, url], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        address, seconds = done.stdout.split()
        return address, float(seconds)
    assert ask()[0] == hosts.near_address
    for change in (["del", f"{hosts.near_address}/24"], ["add", "10.111.0.9/24"]):
        subprocess.run([*hosts.near, "ip", "address", *change, "dev", "ndn0"], check=True)
    address, seconds = ask()
    assert address == "10.111.0.9" and seconds < 10
    # What else was kept is not tried any more.
    assert ask()[1] < 2
