"""Our server beside Home Assistant, and its page as a browser uses it."""

import contextlib
import sys
from datetime import datetime

import aiohttp

from tests.real_home_assistant.processes import ROOT, Process, until
from tests.server.processes import free_port

_START = 120  # s; numba compiles where its cache is cold


class Refusal(Exception):
    """An answer that says no."""


class Planner:
    """One server, its settings and its books.

    Parameters
    ----------
    core : Core
        The Home Assistant that it plans for; both see the same clock.
    """

    def __init__(self, core):
        self.folder = core.home / "planner"
        self.folder.mkdir()
        self.clock = core.clock
        ports = free_port(), free_port()
        self.page = f"http://127.0.0.1:{ports[1]}"
        command = [sys.executable, "-m", "server", "--host", "127.0.0.1"]
        command += ["--port", ports[0], "--ui-port", ports[1]]
        command += ["--home-assistant", core.url, "--data", self.folder]
        environment = {
            "HOME_ASSISTANT_TOKEN": core.token,
            "WALL_CLOCK": str(core.clock.path),
            "LD_PRELOAD": str(ROOT / "opt/wall_clock.so"),
        }
        self.process = Process(command, core.home / "planner.log", environment)
        self._session: aiohttp.ClientSession | None = None

    async def start(self):
        """Start it, and wait until it has found Home Assistant."""
        await self.process.start()
        self._session = self._session or aiohttp.ClientSession()
        await until(self._is_up, _START, "our server is connected")

    async def _is_up(self):
        self.process.require_running()
        with contextlib.suppress(aiohttp.ClientError):
            return (await self.status())["link"]["connected"]

    async def close(self):
        if self._session:
            await self._session.close()
        await self.process.stop()

    async def get(self, path):
        async with self._session.get(f"{self.page}/{path}") as reply:
            return await self._answer(reply, path)

    async def post(self, path, body=None):
        """Change something, as the page does."""
        setup = await self.get("setup.json")
        headers = {"X-Page-Token": setup["token"], "Origin": self.page}
        async with self._session.post(
            f"{self.page}/{path}", json=body or {}, headers=headers
        ) as reply:
            return await self._answer(reply, path)

    async def _answer(self, reply, path):
        if reply.status >= 400:
            raise Refusal(f"{path}: {reply.status} {await reply.text()}")
        return await reply.json()

    async def status(self):
        return await self.get("home.json")

    async def find(self):
        """Look for sources, and return what was found."""
        return await self.post("setup/find")

    async def confirm(self, **changed):
        """Confirm what was found, with changes of the settings, and return them."""
        found = await self.find()
        assert not found["missing"] or changed, found["missing"]
        settings = found["draft"] | changed
        await self.post("setup", settings)
        return settings

    async def planned_since(self, instant, seconds=60):
        """Wait for a plan made after an instant of the wall clock, and return the status."""

        async def planned():
            status = await self.status()
            at, is_plan = status["planned_at"], status["is_proved"] is not None
            return status if is_plan and datetime.fromisoformat(at) >= instant else None

        return await until(planned, seconds, f"a plan after {instant}")


@contextlib.asynccontextmanager
async def running_planner(core):
    """Run our server beside a Core, and end it."""
    planner = Planner(core)
    try:
        await planner.start()
        yield planner
    finally:
        await planner.close()
