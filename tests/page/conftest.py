"""One browser and one server for each file of tests."""

import json
import time
import urllib.request

import pytest

from tests.page.browsers import chromium
from tests.page.proxy import ingress
from tests.server.processes import ROOT, running_server


def post(server, body, path="/optimize"):
    """Reply of the API, once the page may know of it."""
    before = latest(server)
    raw = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(server.url + path, raw, headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        reply = json.loads(response.read())
    deadline = time.monotonic() + 120
    while latest(server) == before:
        assert time.monotonic() < deadline, "the plan was not written up"
        time.sleep(0.02)
    return reply


def latest(server):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.page_port}/status.json") as response:
        return json.loads(response.read())["latest"]


def example(name):
    return json.loads((ROOT / "examples" / f"{name}.json").read_text())


def saved(reply):
    """The headline of a reply."""
    summary = reply["bill"] if "bill" in reply else reply["summary"]
    return summary["savings_vs_self_consumption"]


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of this file alone, whose history is its own."""
    with running_server(tmp_path_factory.mktemp("page")) as running:
        running.page_url = f"http://127.0.0.1:{running.page_port}/"
        yield running


@pytest.fixture(scope="module")
def origin(server):
    """Where the test's Home Assistant lives."""
    with ingress(server.page_url.rstrip("/")) as found:
        yield found
