"""Home Assistant Core and Mosquitto, in a folder of their own, on the loopback interface."""

import asyncio
import contextlib
import itertools
import shutil
import tempfile
from pathlib import Path

import aiohttp
import yaml

from tests.real_home_assistant.clock import Clock
from tests.real_home_assistant.processes import (
    HERE,
    PYTHON,
    ROOT,
    Process,
    inside,
    until,
)
from tests.server.processes import free_port

_START = 120  # s until the API answers; 15 on a quiet machine
_USER = {"name": "Test", "username": "test", "password": "a long password", "language": "en"}
_LARGE = 2**26  # B of one WebSocket message


def configuration(port, zone, currency):
    """Return Core's configuration: the parts of a usual one that need no cloud and no radio."""
    return {
        "homeassistant": {
            "name": "Home",
            "latitude": 52.5,
            "longitude": 13.4,
            "elevation": 40,
            "unit_system": "metric",
            "currency": currency,
            "country": "DE",
            "time_zone": zone,
        },
        "http": {"server_host": "127.0.0.1", "server_port": port},
        **dict.fromkeys(
            ("api", "websocket_api", "config", "history", "energy", "onboarding", "template")
        ),
        "recorder": {"commit_interval": 1},
        "logger": {
            "default": "warning",
            # neither ffmpeg nor a camera is here
            "logs": dict.fromkeys(("haffmpeg", "homeassistant.components.camera"), "critical"),
        },
        "script": {
            "battery": {
                "mode": "queued",
                "fields": {
                    name: {"description": name}
                    for name in ("action", "power_w", "until", "duration", "target_soc")
                },
                "sequence": [
                    {
                        "event": "battery_commanded",
                        "event_data": {
                            name: f"{{{{ {name} | default(none) }}}}"
                            for name in ("action", "power_w", "until", "duration", "target_soc")
                        },
                    }
                ],
            }
        },
    }


class CommandError(Exception):
    """An answer of Core that says no."""


class Core:
    """A Home Assistant for one test: its processes, its clock and its API.

    Attributes
    ----------
    url, token : str
        Where it answers, and a long-lived access token of its owner.
    folder : Path
        Its configuration folder, seen from outside the root.
    clock : Clock
        Its wall clock.
    """

    def __init__(self, start, zone="Europe/Berlin", currency="EUR"):
        self.home = Path(tempfile.mkdtemp(dir=ROOT / "homes"))
        self.folder = self.home / "config"
        self.folder.mkdir()
        self.clock = Clock(self.home / "wall_clock", start)
        self.port, self.broker_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = ""
        text = yaml.safe_dump(configuration(self.port, zone, currency))
        (self.folder / "configuration.yaml").write_text(text)
        (self.home / "mosquitto.conf").write_text(
            f"user root\nlistener {self.broker_port} 127.0.0.1\nallow_anonymous true\n"
        )
        within = Path("/") / self.home.relative_to(ROOT)
        moved = {"WALL_CLOCK": str(within / "wall_clock"), "LD_PRELOAD": "/opt/wall_clock.so"}
        preloaded = ["env", *(f"{name}={value}" for name, value in moved.items())]
        arguments = ["-m", "homeassistant", "--skip-pip", "--log-no-color"]
        self.process = Process(
            inside(*preloaded, PYTHON, *arguments, "-c", within / "config"), self.home / "core.log"
        )
        self.broker = Process(
            inside("mosquitto", "-c", within / "mosquitto.conf"), self.home / "mosquitto.log"
        )
        self._session: aiohttp.ClientSession | None = None
        self._socket = None
        self._numbers = itertools.count(1)

    # Life

    async def start(self):
        """Start Core, and wait until it has set up everything."""
        await self.process.start()
        self._session = self._session or aiohttp.ClientSession(raise_for_status=False)
        await until(self._is_ready, _START, "Core answers")
        if not self.token:
            await self._create_user()

    async def stop(self):
        await self._close_socket()
        await self.process.stop()

    async def kill(self):
        await self._close_socket()
        await self.process.kill()

    async def close(self, *, keep=False):
        """End both processes, and remove the folder."""
        await self.stop()
        await self.broker.stop()
        if self._session:
            await self._session.close()
        if not keep:
            shutil.rmtree(self.home)

    async def _is_ready(self):
        self.process.require_running()
        try:
            if not self.token:
                async with self._session.get(f"{self.url}/api/onboarding") as reply:
                    return reply.status == 200
            return (await self.get("config"))["state"] == "RUNNING"
        except (aiohttp.ClientError, CommandError):
            return False

    async def _create_user(self):
        """Make the owner, as the first visitor of a new Home Assistant does."""
        client = {"client_id": f"{self.url}/"}
        made = await self._json("POST", "/api/onboarding/users", json=client | _USER)
        code = {"grant_type": "authorization_code", "code": made["auth_code"]}
        self.token = (await self._json("POST", "/auth/token", data=client | code))["access_token"]
        self.token = await self.command(
            "auth/long_lived_access_token", client_name="tests", lifespan=365
        )
        await self._close_socket()  # the next one is of the lasting token
        await until(self._is_ready, _START, "Core runs")

    # REST

    async def _json(self, method, path, **sent):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._session.request(method, self.url + path, headers=headers, **sent) as reply:
            if reply.status >= 400:
                raise CommandError(f"{method} {path}: {reply.status} {await reply.text()}")
            return await reply.json()

    async def get(self, path):
        return await self._json("GET", f"/api/{path}")

    async def post(self, path, body=None):
        return await self._json("POST", f"/api/{path}", json=body or {})

    async def state(self, entity_id):
        """Return the state of an entity, or None."""
        try:
            return await self.get(f"states/{entity_id}")
        except CommandError:
            return None

    async def call(self, action, /, **data):
        """Call an action."""
        return await self.post(f"services/{action.replace('.', '/')}", data)

    async def add_entry(self, domain, *steps):
        """Add an integration through its config flow, and return the id of its entry."""
        flow = await self.post("config/config_entries/flow", {"handler": domain})
        for step in steps:
            flow = await self.post(f"config/config_entries/flow/{flow['flow_id']}", step)
        if flow["type"] != "create_entry":
            raise CommandError(f"{domain}: {flow}")
        return flow["result"]["entry_id"]

    async def entry_of(self, domain):
        """Return the id of the one config entry of an integration."""
        entries = await self.get(f"config/config_entries/entry?domain={domain}")
        (entry,) = entries
        return entry["entry_id"]

    async def remove_entry(self, entry):
        await self._json("DELETE", f"/api/config/config_entries/entry/{entry}")

    async def add_mqtt(self):
        """Start the broker, and let Core connect to it."""
        await self.broker.start()
        return await self.add_entry(
            "mqtt",
            {
                "broker": "127.0.0.1",
                "port": self.broker_port,
                "other_settings": {"set_client_cert": False, "set_ca_cert": "off"},
            },
        )

    # WebSocket

    async def command(self, kind, **fields):
        """Send one command, and return its result."""
        socket = await self._connection()
        number = next(self._numbers)
        await socket.send_json({"id": number, "type": kind, **fields})
        while True:
            message = await socket.receive_json(timeout=60)
            if message.get("id") == number and message["type"] == "result":
                if not message["success"]:
                    raise CommandError(f"{kind}: {message['error']}")
                return message["result"]

    async def _connection(self):
        if self._socket is None or self._socket.closed:
            self._socket = await self._session.ws_connect(
                f"{self.url}/api/websocket", max_msg_size=_LARGE
            )
            await authenticate(self._socket, self.token)
        return self._socket

    async def _close_socket(self):
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    @contextlib.asynccontextmanager
    async def events(self, kind):
        """Collect the data of events of one type, each with the time it came [s, monotonic]."""
        found = []
        async with self._session.ws_connect(f"{self.url}/api/websocket") as socket:
            await authenticate(socket, self.token)
            await socket.send_json({"id": 1, "type": "subscribe_events", "event_type": kind})
            assert (await socket.receive_json())["success"]
            task = asyncio.create_task(_collect(socket, found))
            yield found
            task.cancel()


async def authenticate(socket, token):
    assert (await socket.receive_json())["type"] == "auth_required"
    await socket.send_json({"type": "auth", "access_token": token})
    answer = await socket.receive_json()
    assert answer["type"] == "auth_ok", answer


async def _collect(socket, found):
    async for message in socket:
        found.append(message.json()["event"]["data"])


@contextlib.asynccontextmanager
async def running_core(start, integrations=(), *, has_broker=True, **options):
    """Run Core with copies of the tests' integration, and with the broker; end both."""
    core = Core(start, **options)
    for domain in integrations:
        copy_integration(core.folder, domain)
    try:
        await core.start()
        if has_broker:
            await core.add_mqtt()
        yield core
    finally:
        await core.close()


def copy_integration(folder, domain):
    """Put a copy of the tests' integration into a configuration folder, under a domain."""
    copied = folder / "custom_components" / domain
    shutil.copytree(HERE / "integration", copied, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = copied / "manifest.json"
    manifest.write_text(manifest.read_text().replace("DOMAIN", domain))
    (folder / "sources").mkdir(exist_ok=True)
