"""Supervisor around our server: its proxy, its address, its ingress, and what a profile allows.

For processes that `namespaces` started: name, addresses and mounts exist in there only.
"""

import http.client
import json
import os
import pwd
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving import IMAGE_ENVIRONMENT
from tests.controller.homes import running_fake
from tests.controller.processes import Visitor
from tests.server.processes import ROOT, running_server

INGRESS = "172.30.32.2"
USER = "nobody"
PROFILE = ROOT / "addon" / "apparmor.txt"
OPTIONS = {"log_level": "info", "optimization_interval": 15, "horizon_hours": 48}
PREFIX = "/api/hassio_ingress/a-token-of-ingress"

# As Core and Supervisor hand them on for a browser at http://home.local:8123.
HEADERS = {
    "Host": "home.local:8123",
    "Origin": "http://home.local:8123",
    "Sec-Fetch-Site": "same-origin",
    "X-Forwarded-For": "192.168.1.20, 172.30.32.1",
    "X-Forwarded-Host": "home.local:8123",
    "X-Forwarded-Proto": "http",
    "X-Hass-Source": "core.ingress",
    "X-Ingress-Path": PREFIX,
    "X-Remote-User-Id": "0123456789abcdef",
    "X-Remote-User-Name": "owner",
    "X-Remote-User-Display-Name": "The owner",
    "Cookie": "ingress_session=0123456789abcdef",
}


def namespaces(*command):
    """Command that runs another one with a network, mounts and processes of its own."""
    return ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
            *map(str, command)]  # fmt: skip


def furnish():
    """Make the network, the name and the folders of the add-on inside the namespaces."""
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "address", "add", f"{INGRESS}/32", "dev", "lo")
    hosts = Path(tempfile.mkdtemp()) / "hosts"
    hosts.write_text("127.0.0.1 localhost supervisor\n")
    hosts.parent.chmod(0o755)
    _run("mount", "--bind", hosts, "/etc/hosts")
    _open_to_all(Path(sys.base_prefix))


def _open_to_all(place):
    """Let every user read a folder that lies in another's home, as Python does here and there."""
    closed = [one for one in place.parents if not one.stat().st_mode & 0o001]
    if closed:
        held = tempfile.mkdtemp()
        _run("mount", "--bind", place, held)
        _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", closed[-1])
        place.mkdir(parents=True)
        _run("mount", "--bind", held, place)


def _run(*command):
    subprocess.run(list(map(str, command)), check=True)


class Ingress(Visitor):
    """The page's own questions and changes as they come from ingress, its prefix taken away."""

    def __init__(self, server, address=INGRESS, headers=HEADERS):
        self._port, self._address, self._headers = server.page_port, address, headers
        self._token = None

    def ask(self, method, path, body=None, **headers):
        """Status and text of an answer."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=60, source_address=(self._address, 0)
        )
        connection.request(method, f"/{path}", body, self._headers | headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text

    def get(self, path):
        return _wanted(self.ask("GET", path))

    def post(self, path, body):
        self._token = self._token or self.get("setup.json")["token"]
        headers = {"Content-Type": "application/json", "X-Page-Token": self._token}
        return _wanted(self.ask("POST", path, json.dumps(body).encode(), **headers))


def _wanted(answer):
    status, text = answer
    assert status == 200, text
    return json.loads(text)


class Addon:
    """The add-on as Supervisor starts it.

    Attributes
    ----------
    folder : Path
        Stands for ``/data``.
    fake, loop
        Home Assistant behind the proxy.
    """

    def __init__(self, fake, loop, packages, folder):
        self.fake, self.loop, self.packages, self.folder = fake, loop, packages, folder
        self.data = folder / "powersync"
        options = folder / "options.json"
        options.write_text(json.dumps(OPTIONS))
        options.chmod(0o600)

    @contextmanager
    def running(self, *, before=(), **environment):
        """The server, with the capabilities that the profile has, and its visitor."""
        flags = ("--addon", "--user", USER)
        flags += ("--options", self.folder / "options.json", "--data", self.data)
        with running_server(
            self.folder,
            *flags,
            environment={**IMAGE_ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            folder=self.packages,
            before=[*before, *only_capabilities(PROFILE.read_text())],
        ) as server:
            yield server, Ingress(server)

    def token(self):
        """What Supervisor puts into the environment."""
        return {"SUPERVISOR_TOKEN": self.fake.token}

    def owners(self):
        """Owner and mode of the folder and of each file in it."""
        paths = (self.data, *self.data.iterdir())
        found = {path.name: path.lstat() for path in paths}
        return {
            name: (pwd.getpwuid(one.st_uid).pw_name, oct(one.st_mode & 0o777))
            for name, one in found.items()
        }


def only_capabilities(profile, *more):
    """Command that leaves root no capability but those of an AppArmor profile, and some more."""
    kept = [*re.findall(r"^\s+capability (\w+),", profile, re.M), *more]
    return ["setpriv", "--bounding-set=" + ",".join(["-all", *(f"+{name}" for name in kept)])]


@contextmanager
def addon_of(packages):
    """An add-on beside a fake Home Assistant behind Supervisor's proxy."""
    with tempfile.TemporaryDirectory() as name, running_fake(80) as (fake, loop):
        folder = Path(name)
        folder.chmod(0o755)
        yield Addon(fake, loop, packages, folder)


def lacking():
    """Say what this machine lacks, if anything."""
    if os.geteuid() != 0:
        return "needs root, for namespaces"
    tried = subprocess.run(namespaces("true"), capture_output=True, text=True, check=False)
    return tried.stderr if tried.returncode else None
