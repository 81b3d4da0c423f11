"""Pull-through caches that are not ours, beside which a site's forwarder is measured: nginx, and docker-registry as a proxy."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

from harness.program import Program, ProgramError

# Without the two long times, whoever has waited 5 s for another's download reads the layer once more, and it is not kept.
NGINX = """\
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    proxy_cache_path {folder}/cache levels=1:2 keys_zone=blobs:10m max_size=8g inactive=1d use_temp_path=off;
    upstream registry {{ server {remote}; keepalive 16; }}
    server {{
        listen {address};
        location / {{
            proxy_pass https://registry; proxy_http_version 1.1;
            proxy_set_header Host {remote}; proxy_set_header Connection "";
            proxy_ssl_verify on; proxy_ssl_trusted_certificate {certificate}; proxy_ssl_name registry;
            proxy_ssl_session_reuse on; proxy_read_timeout 1h;
            proxy_cache blobs; proxy_cache_key $uri; proxy_cache_valid 200 1d;
            proxy_cache_lock on; proxy_cache_lock_timeout 1h; proxy_cache_lock_age 1h;
        }}
    }}
}}
"""
PROXY = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: "{address}"}}
proxy: {{remoteurl: "https://{remote}"}}
"""


def nginx(folder: Path, address: str, remote: str, certificate: Path) -> Program:
    """nginx with `proxy_cache_lock` at `address`, before the https registry at `remote`, with nothing in its cache."""
    place = folder / "nginx"
    place.mkdir()
    configuration = place / "nginx.conf"
    configuration.write_text(NGINX.format(folder=place, address=address, remote=remote, certificate=certificate))
    program = Program("nginx", ["nginx", "-p", place, "-e", "stderr", "-c", configuration], folder)
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + 15
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
            return program
        except OSError:
            if time.monotonic() > deadline or not program.running:
                program.stop()
                raise ProgramError(f"nginx does not listen\n{program.tail()}") from None
            time.sleep(0.05)


def docker_registry_proxy(folder: Path, address: str, remote: str, certificate: Path) -> Program:
    """docker-registry as a pull-through cache at `address`, of the https registry at `remote`, with nothing in its storage."""
    place = folder / "proxy"
    place.mkdir()
    configuration = place / "config.yml"
    configuration.write_text(PROXY.format(root=place / "data", address=address, remote=remote))
    program = Program("proxy", ["docker-registry", "serve", configuration], folder,
                      {"OTEL_TRACES_EXPORTER": "none", "SSL_CERT_FILE": str(certificate)})
    try:
        program.find(lambda line: re.search(r"listening on [0-9.]+:\d+", line))
    except ProgramError:
        program.stop()
        raise
    return program
