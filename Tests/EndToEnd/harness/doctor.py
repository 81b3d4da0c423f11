"""What `doctor` found, by check, and a registry that answers in one way."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from .parts import PREFIX, registry_ndn

CHECKS = ["open-files", "configuration", "listen", "engine", "upstream", "tls", "registry", "login", "clock", "image", "router",
          "receive-buffer", "route", "packet-size", "metadata", "signature", "blob"]
SERVERS = [*CHECKS]
SERVERS.remove("engine")
SERVERS.insert(2, "keychain")


def examine(folder, registry, router, *options, prefix=PREFIX, listen="127.0.0.1:0", engines=""):
    """(exit status, what was found by check), with the options of a client. `engines` is the PATH where engines are."""
    return found_by("--upstream", registry.url, "--name", prefix, "--router", router, "--listen", listen, *options,
                    folder=folder, environment={"PATH": str(engines)})


def found_by(*arguments, folder, checks=CHECKS, environment=None):
    done = registry_ndn("doctor", *arguments, "--json", folder=folder, timeout=40, environment=environment)
    assert done.stdout.startswith("["), done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert [finding["check"] for finding in found] == checks
    assert all(finding.keys() == {"check", "status", "message", "remedy"} for finding in found)
    return done.returncode, {finding["check"]: finding for finding in found}


def statuses(found, status):
    return [check for check in found if found[check]["status"] == status]


def names(result, check, *words):
    """Whether this check alone failed, with these words, and says what to do."""
    status, found = result
    assert (status, statuses(found, "fail")) == (1, [check]), found
    assert all(word in found[check]["message"] for word in words), found[check]
    assert found[check]["remedy"]
    skipped = [found[other]["message"] for other in statuses(found, "skip")]
    assert all(check in message for message in skipped if message.startswith("not tried")), skipped
    return found


class Stub:
    """Answers every GET in one way; its clock may be ahead."""

    def __init__(self, status=200, kind="application/json", ahead=0, challenge=None):
        class Handler(BaseHTTPRequestHandler):
            def date_time_string(self, timestamp=None):
                return super().date_time_string((timestamp or time.time()) + ahead)

            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", "2")
                if challenge:
                    self.send_header("WWW-Authenticate", challenge)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
