"""Our server as a process beside a fake Home Assistant."""

import json
import time
import urllib.request
from contextlib import contextmanager

from tests.controller.homes import running_fake
from tests.server.processes import ROOT, running_server


class Visitor:
    """The page's own questions and changes, without a browser."""

    def __init__(self, server):
        self.url = f"http://127.0.0.1:{server.page_port}"
        self._token = None

    def get(self, path):
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=60) as response:
            return json.loads(response.read())

    def post(self, path, body):
        self._token = self._token or self.get("setup.json")["token"]
        headers = {"Content-Type": "application/json", "X-Page-Token": self._token}
        raw = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", raw, headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read())

    def until(self, is_true, within=60.0):
        """The status of the home once something is true of it."""
        deadline = time.monotonic() + within
        while not is_true(status := self.get("home.json")):
            assert time.monotonic() < deadline, status
            time.sleep(0.1)
        return status

    def set_up(self, **changes):
        """Confirm what is found, and wait for the first plan."""
        self.until(lambda status: status["link"]["connected"])
        found = self.post("setup/find", {})
        assert found["missing"] == []
        self.post("setup", found["draft"] | changes)
        return self.until(lambda status: status["planned_at"] and status["told"] == "mqtt")


@contextmanager
def planned_home(folder, *, packages=ROOT, environment=None, before=(), **options):
    """A fake, our server beside it, and its visitor."""
    with running_fake(**options) as (fake, loop):
        secret = {"HOME_ASSISTANT_TOKEN": fake.token}
        flags = ("--home-assistant", f"http://127.0.0.1:{fake.port}", "--data", folder / "data")
        with running_server(
            folder,
            *flags,
            environment={**(environment or {}), **secret},
            folder=packages,
            before=before,
        ) as server:
            yield fake, loop, server, Visitor(server)
