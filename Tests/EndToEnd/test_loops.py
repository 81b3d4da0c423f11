"""Clients whose upstream is, by mistake, themselves: refused with 508, and said once."""

import json
from types import SimpleNamespace

import pytest

from harness import parts
from harness.exchange import exchange

NOWHERE = "127.0.0.1:9"
BLOB = "/v2/demo/blobs/blobs/sha256:" + 64 * "0"


@pytest.mark.parametrize("is_own", [True, False], ids=["itself", "another that leads back"])
def test_an_upstream_that_leads_back_is_refused(start, free_tcp_port, is_own):
    """Not with as many requests as there are connections, and the log does not say it for each."""
    own = f"127.0.0.1:{free_tcp_port}"
    other = None if is_own else start.client(NOWHERE, registry=SimpleNamespace(url=f"http://{own}"), name="other")
    first = start.keep(parts.Part("client", start.folder, [
        "client", "--upstream", f"http://{own if is_own else other.address}", "--name", parts.PREFIX, "--router", NOWHERE,
        "--listen", own]))
    first.start()
    for method, path in [("GET", "/v2/demo/app/manifests/latest"), ("GET", BLOB), ("HEAD", BLOB), ("GET", "/v2/")] * 2:
        answer = exchange(own, method, path)
        assert answer.status == 508, (method, path, answer.status, answer.body)
        if method == "GET":
            error = json.loads(answer.body)["errors"][0]
            assert "leads back to this client" in error["message"] and "--upstream" in error["message"], error
    said = [event for event in first.program.events() if "circle" in event["message"]]
    assert len(said) == 1 and "--upstream" in said[0]["message"], said
    # Of each request, and of the look at the upstream when it starts, one comes back.
    asked = [event for event in first.program.events("request") if event["path"] == BLOB]
    assert len(asked) <= 8, first.program.tail(30)
