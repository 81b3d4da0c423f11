"""The page in a browser, while a pull runs: what it shows, on a telephone and on a desk, in the light and in the dark."""

import http.server
import json
import os
import re
import shutil
import threading
from pathlib import Path

import pytest

from harness import blobs
from harness.browser import Browser, is_there
from harness.exchange import exchange
from harness.parts import authority
from harness.states import state

pytestmark = pytest.mark.skipif(not is_there(), reason="needs Debian's chromium-headless-shell")
REPOSITORY = "demo/blobs"
ADMIN = ["--admin", "127.0.0.1:0"]
SIZES = [(360, False), (1200, False), (1200, True), (360, True)]
# Of the section with this id.
SECTION = "document.getElementById('{}').innerText"


def admin(part) -> str:
    return authority(part.program.event("metrics and probes are told")["admin"])


@pytest.fixture
def browser():
    with Browser() as browser:
        yield browser
        assert browser.complaints == []


def keep(browser, folder: Path, name: str) -> None:
    """A screenshot; it stays where $REGISTRY_NDN_SCREENSHOTS says."""
    picture = folder / f"{name}.png"
    browser.screenshot(picture)
    assert picture.stat().st_size > 5_000
    if kept := os.environ.get("REGISTRY_NDN_SCREENSHOTS"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, kept)


def check_layout(browser) -> None:
    """Nothing is wider than the window, and text can be told from its ground (WCAG 2.2, 1.4.3)."""
    width = browser.evaluate("innerWidth")
    # Heads of columns are only heard on a telephone.
    wide = browser.evaluate(f"[...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > {width}"
                            " && !one.closest('thead')).map(one => one.outerHTML.slice(0, 200))")
    assert wide == [] and browser.evaluate("document.documentElement.scrollWidth") <= width
    worst = browser.evaluate("""(() => {
      const light = color => { const parts = color.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]; };
      const ground = one => { for (; one; one = one.parentElement) { const color = getComputedStyle(one).backgroundColor;
        if (!color.endsWith(", 0)")) return color; } };
      const texts = [...document.querySelectorAll("body *")].filter(one => one.checkVisibility() &&
        [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
      return Math.min(...texts.map(one => { const [a, b] = [light(getComputedStyle(one).color), light(ground(one))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); })); })()""")
    assert worst >= 4.5


def test_a_pull_is_seen_while_it_runs(start, browser, folder, blob):
    forwarder = start.forwarder(options=ADMIN)
    server = start.server(uplink=forwarder.unix, options=ADMIN)
    client = start.client(router=forwarder.unix, options=ADMIN)
    # More than lies in sockets while nobody reads.
    digest, octets = blob(64_000_000)
    download = blobs.Download(client.address, REPOSITORY, digest, buffer=1 << 20)
    body = download.read(16_000_000)
    browser.open(f"http://{admin(client)}/", *SIZES[0][:1], dark=SIZES[0][1])
    share = "document.querySelector('#pulls progress').value / document.querySelector('#pulls progress').max"
    browser.wait(f"document.querySelector('#pulls progress')?.max > 1 && {share} > 0.1")
    begun = browser.evaluate(share)
    for width, dark in SIZES:
        browser.resize(width, dark)
        check_layout(browser)
        keep(browser, folder, f"client-{width}-{'dark' if dark else 'light'}")
    shown = browser.evaluate(SECTION.format("pulls"))
    assert REPOSITORY in shown and digest[7:19] in shown and "NDN" in shown and "of 64.0 MB" in shown
    body += download.read(16_000_000)
    browser.wait(f"{share} > {begun} + 0.1")
    # Those who hear the page.
    roles = browser.roles()
    for role, name in (("heading", "Pulls in progress"), ("table", "Pulls in progress"), ("columnheader", "Progress"),
                       ("progressbar", f"{REPOSITORY} {digest[7:19]}"), ("status", "Blobs come over NDN"), ("region", "Routers")):
        assert (role, name) in roles, roles
    assert any(role == "image" and name.startswith("Bytes a minute in the last hour: NDN ") for role, name in roles)
    assert body + download.rest() == octets
    download.close()
    browser.wait(SECTION.format("pulls") + ".includes('Nothing is being pulled.')")
    assert digest[7:19] in browser.evaluate(SECTION.format("recent"))
    # The two others.
    for part, words in ((server, ["Prefixes", "/example/docker", "registered", "Cache"]),
                        (forwarder, ["Routes (FIB)", "/example/docker", "Content store", "Faces"])):
        browser.open(f"http://{admin(part)}/", 1200)
        browser.wait("document.getElementById('problems')")
        assert all(word in browser.text() for word in words), browser.text()
        for width, dark in SIZES:
            browser.resize(width, dark)
            check_layout(browser)
            keep(browser, folder, f"{part.name}-{width}-{'dark' if dark else 'light'}")
    # A program that goes is missed, and found again.
    browser.wait("document.getElementById('link').innerText === 'live'")
    forwarder.stop()
    browser.wait("document.getElementById('link').innerText.startsWith('no answer') && document.body.className === 'stale'")
    refusals = [complaint for complaint in browser.complaints if "ERR_CONNECTION_REFUSED" in complaint]
    assert refusals == browser.complaints
    browser.complaints.clear()


class Impostor:
    """The page of a program, before states that we make."""

    def __init__(self, page, state: dict):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                is_page = self.path == "/"
                self.send_response(200)
                for name, value in page.headers.items() if is_page else [("content-type", "text/event-stream")]:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page.body if is_page else b"data: " + json.dumps(state).encode() + b"\n\n")

            def log_message(self, *_):
                pass
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_what_others_name_is_text_and_never_markup(start, browser, folder):
    client = start.client(router="/nowhere.sock", options=ADMIN)
    evil = '</td><script>window.bad = 1</script><img src=x onerror="window.bad = 2">'
    address = admin(client)
    told = state(address)
    pull = {"id": "1", "prefix": evil, "repository": f"demo/{evil}", "digest": evil, "ndn_bytes": 1, "upstream_bytes": 0, "seconds": 1}
    told["client"] |= {"pulls": [pull], "pull_count": 99, "recent": [pull | {"fallback": evil, "failure": evil}],
                       "routers": [{"uri": evil, "is_used": True, "is_up": False, "trouble": evil}]}
    told["client"]["registries"][0] |= {"prefix": evil, "url": evil, "standing": evil}
    told["health"] = {"state": "degraded", "reason": evil, "remedy": evil}
    told["problems"] = [{"time": 1, "level": evil, "text": evil}]
    told["version"] = evil
    impostor = start.keep(Impostor(exchange(address, "GET", "/"), told))
    browser.open(f"http://127.0.0.1:{impostor.port}/", 360)
    browser.wait("document.getElementById('problems')")
    assert browser.text().count(evil) >= 12
    assert browser.evaluate("window.bad === undefined && document.scripts.length === 1 && document.images.length === 0")
    check_layout(browser)
    # Its policy holds whatever the page's own script would do.
    refused = browser.evaluate("try { document.body.innerHTML = '<b>x</b>'; 'taken' } catch (error) { error.name }")
    assert refused == "TypeError"
    assert browser.evaluate("window.bad") is None
    complaints = [complaint for complaint in browser.complaints if not re.search("Trusted ?(Types|HTML)", complaint)]
    browser.complaints[:] = complaints
