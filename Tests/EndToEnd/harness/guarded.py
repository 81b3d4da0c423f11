"""A docker-registry that asks who one is, and the token service that it believes."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .program import Program
from .registry import Registry, run

USER, PASSWORD = "reader", "open sesame"
# bcrypt of the password, with the fewest rounds there are.
HTPASSWD = USER + ":$2b$04$sXlJsZrDfsdWa9UF1/1K9OCHzfCGu76xuy9TsRVNcaX2eZnR.acuu\n"
CONFIGURATION = """\
version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: "{address}"}}
auth: {auth}
"""


class GuardedRegistry(Registry):
    """On the storage of a registry that is open; `auth` as docker-registry's configuration has it."""

    def __init__(self, folder: Path, storage: Path, auth: dict, name: str = "guarded"):
        self._storage, self._auth = storage, auth
        super().__init__(folder, name)

    def start(self) -> None:
        configuration = self.folder / "config.yml"
        # JSON is YAML.
        configuration.write_text(CONFIGURATION.format(root=self._storage, address=self.address,
                                                      auth=json.dumps(self._auth)))
        self.program = Program(self.name, ["docker-registry", "serve", configuration], self.folder,
                               {"OTEL_TRACES_EXPORTER": "none"})
        self.address = self.program.find(lambda line: re.search(r"listening on (127\.0\.0\.1:\d+)", line)).group(1)


def credentials_file(folder: Path, address: str, password: str = PASSWORD, mode: int = 0o600) -> Path:
    """For `--credentials`."""
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    path = folder / "credentials.json"
    path.write_text(json.dumps({"auths": {address: {"auth": auth}}}))
    path.chmod(mode)
    return path


def by_password(folder: Path) -> dict:
    (folder / "htpasswd").write_text(HTPASSWD)
    return {"htpasswd": {"realm": "here", "path": str(folder / "htpasswd")}}


def encode(octets: bytes) -> str:
    """base64url without padding, as tokens have it."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class TokenService:
    """Gives tokens: to anybody for repositories under `open/`, else to those who know the password."""

    def __init__(self, folder: Path):
        self._key, self._certificate = folder / "token.key", folder / "token.crt"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=tokens",
            "-keyout", self._key, "-out", self._certificate)
        self.requests: list[dict] = []
        # Answers in gzip, where that is accepted.
        self.coded = 0
        # Where `/moved` redirects to, and with which status.
        self.moved_to, self.moved_status = "/token", 307
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"
        self.realm = self.url
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def auth(self) -> dict:
        return {"token": {"realm": self.realm, "service": "the registry", "issuer": "tokens",
                          "rootcertbundle": str(self._certificate)}}

    def token(self, scopes: list[str], knows: bool) -> str:
        der = subprocess.run(["openssl", "x509", "-in", self._certificate, "-outform", "DER"], check=True,
                             capture_output=True).stdout
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            if knows or name.startswith("open/"):
                access.append({"type": kind, "name": name, "actions": actions.split(",")})
        now = int(time.time())
        claims = {"iss": "tokens", "sub": USER, "aud": "the registry", "exp": now + 300, "nbf": now - 10, "iat": now,
                  "jti": str(len(self.requests)), "access": access}
        signed = encode(json.dumps(header).encode()) + "." + encode(json.dumps(claims).encode())
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self._key], input=signed.encode(), check=True,
                                   capture_output=True).stdout
        return f"{signed}.{encode(signature)}"

    def _handler(self):
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                path, _, fields = self.path.partition("?")
                if path == "/moved":
                    return self._answer(service.moved_status, {}, {"Location": f"{service.moved_to}?{fields}"})
                query = urllib.parse.parse_qs(fields)
                given = self.headers.get("Authorization", "")
                right = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
                scopes = query.get("scope", [])
                service.requests.append({"scopes": scopes, "authorization": given})
                if given and given != right:
                    return self._answer(401, {"errors": []})
                self._answer(200, {"token": service.token(scopes, bool(given)), "expires_in": 300})

            def do_POST(self):
                """containerd asks so first, and as above when it is told that this is not known."""
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._answer(405, {"errors": []})

            def _answer(self, status: int, document: dict, headers: dict | None = None):
                body = json.dumps(document).encode()
                self.send_response(status)
                if "gzip" in self.headers.get("Accept-Encoding", ""):
                    service.coded += 1
                    body = gzip.compress(body)
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
        return Handler

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
