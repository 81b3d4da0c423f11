"""TLS servers that are not ours: OpenSSL's s_server, nginx before a registry, sockets that misbehave."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from pathlib import Path
from typing import Callable

from .listener import Listener
from .parts import ROOT
from .program import Program
from .registry import Registry, run

CERTIFICATES = ROOT / "Tests" / "RegistryNDNTests" / "Resources" / "tls"
TRUST = ["--ca-file", CERTIFICATES / "root.pem"]


def pem(name: str) -> Path:
    return CERTIFICATES / f"{name}.pem"


KEY = CERTIFICATES / "leaf.key"


def self_signed(folder: Path, *addresses: str) -> tuple[Path, Path]:
    """A new certificate (ECDSA P-256, as most registries have) for these addresses and names, its own authority, and its
    key."""
    made, key = folder / "tls.crt", folder / "tls.key"
    names = ",".join(("IP:" if re.fullmatch(r"[\d.]+", address) else "DNS:") + address for address in addresses)
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
        "-subj", "/CN=registry", "-addext", f"subjectAltName={names}", "-keyout", key, "-out", made)
    return made, key


class OpenSSLServer:
    """`openssl s_server -www`, which answers every GET with a page."""

    def __init__(self, folder: Path, certificate: str, *options):
        self.program = Program("s_server", ["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert",
                                            pem(certificate), "-cert_chain", pem(certificate), "-key", KEY, *options],
                               folder)
        self.port = int(self.program.find(lambda line: re.search(r"ACCEPT 127\.0\.0\.1:(\d+)", line)).group(1))
        self.url = f"https://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.program.stop()


NGINX = """\
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
    access_log off; client_max_body_size 0; proxy_request_buffering off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; {more}
        location / {{ proxy_pass {upstream}; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https; }}
    }}
}}
"""


class Nginx:
    """nginx with TLS before a registry."""

    def __init__(self, folder: Path, registry: Registry, more: str = ""):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        folder = folder / "nginx"
        folder.mkdir()
        configuration = folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=folder, port=port, certificate=pem("good"), key=KEY, more=more,
                                              upstream=registry.url))
        self.program = Program("nginx", ["nginx", "-p", folder, "-e", "stderr", "-c", configuration], folder)
        self.url = f"https://127.0.0.1:{port}"
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                threading.Event().wait(0.05)
        raise AssertionError(self.program.tail())

    def stop(self) -> None:
        self.program.stop()


SECURE_REGISTRY = """\
version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:0", tls: {{certificate: {certificate}, key: {key}}}}}
"""


class SecureRegistry:
    """A docker-registry that speaks TLS itself, on the storage of one that does not."""

    def __init__(self, folder: Path, registry: Registry):
        configuration = folder / "secure-registry.yml"
        configuration.write_text(SECURE_REGISTRY.format(root=registry.folder / "data", certificate=pem("good"), key=KEY))
        self.program = Program("secure-registry", ["docker-registry", "serve", configuration], folder,
                               {"OTEL_TRACES_EXPORTER": "none"})
        self.address = self.program.find(lambda line: re.search(r"listening on (127\.0\.0\.1:\d+), tls", line)).group(1)
        self.url = f"https://{self.address}"

    def stop(self) -> None:
        self.program.stop()


class Peer(Listener):
    """A peer whose `talk` gets each connection before any TLS."""

    @property
    def url(self) -> str:
        return f"https://{self.address}"


def context() -> ssl.SSLContext:
    """Of a server that shows the good certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pem("good"), KEY)
    return made


def answering(answer: bytes | list, farewell: bool, closes: bool = True) -> Callable[[socket.socket], None]:
    """Speaks TLS, reads a request, answers, each piece of a list in a record of its own, and ends with or without
    close_notify."""
    shown = context()
    pieces = answer if isinstance(answer, list) else [answer]

    def talk(connection: socket.socket) -> None:
        with shown.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True) as secure:
            secure.recv(65536)
            for piece in pieces:
                secure.sendall(piece)
            if not closes:
                secure.recv(1)
            elif farewell:
                secure.unwrap()
            else:
                socket.socket(fileno=secure.detach()).close()
    return talk
