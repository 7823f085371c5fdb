"""The controller of a home beside a fake Home Assistant, in this process, with one clock."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import msgspec

from server.controller.controller import Controller
from server.controller.orders import Order
from server.home_assistant.link import Link
from server.http import keys
from server.http.app import create_app
from server.settings.home import ActingSettings, ChargeNow, Settings
from tests.controller.homes import fill
from tests.home_assistant.fake import FakeHomeAssistant

NOON = datetime(2026, 11, 12, 11, 1, tzinfo=UTC)
SOC = "sensor.my_powerwall_charge"
PRICES = "sensor.nordpool_kwh_de_eur"
ACTING = ActingSettings(action="script.battery")


class Place:
    """A home, its fake Home Assistant, its controller and the clock of both."""

    def __init__(self, folder, now=NOON):
        self.now, self.folder = now, folder
        self.fake = FakeHomeAssistant(clock=lambda: self.now)
        self.home = fill(self.fake, self.now)
        self.fake.states["script.battery"] = self.state("script.battery", "off")

    def state(self, entity, value, **attributes):
        stamp = self.now.isoformat()
        named = dict.fromkeys(("last_changed", "last_updated", "last_reported"), stamp)
        return {"entity_id": entity, "state": value, "attributes": attributes, **named}

    async def start(self):
        await self.fake.start()
        await self.serve()

    async def serve(self):
        """Start the server, also once more."""
        app = create_app(clock=lambda: self.now)
        self.link = Link(self.fake.address, backoff=(0.01, 0.05), clock=lambda: self.now)
        self.controller = Controller(self.link, self.folder, app[keys.STATE])
        self._context = self.controller.planning()
        await self._context.__aenter__()
        self.app = app
        await asyncio.wait_for(self.link.wait_connected(), 10)

    async def stop(self):
        await self._context.__aexit__(None, None, None)
        self.app[keys.STATE].worker.close()

    async def confirm(self, **changes):
        found = await self.controller.find()
        assert found.missing == []
        settings = msgspec.convert(found.draft, Settings)
        await self.controller.confirm(msgspec.structs.replace(settings, **changes))
        return await self.plan_after(None)

    async def plan_after(self, before, *, is_true=lambda status: True):
        """The status once there is a newer plan, of which something is true."""
        async with asyncio.timeout(20):
            while True:
                status = self.controller.status()
                if status.planned_at != before and status.told and is_true(status):
                    return status
                await asyncio.sleep(0.02)

    async def soc(self, value):
        await self.fake.set_state(SOC, str(value), self.fake.states[SOC]["attributes"])

    def told(self):
        """What Home Assistant was told last."""
        return json.loads(self.fake.retained.get("powersync_optimiser/state") or "{}")

    def forecast(self, key):
        return json.loads(self.fake.retained[f"powersync_optimiser/attributes/{key}"])["forecast"]

    async def told_so(self, **values):
        async with asyncio.timeout(20):
            while not values.items() <= self.told().items():
                await asyncio.sleep(0.02)

    async def is_charging(self):
        """Order a charge that the sun alone does not give, and wait until it is commanded."""
        self.now += timedelta(hours=6)
        await self.soc(64)
        until = (self.now + timedelta(hours=1)).isoformat()
        await self.controller.obey(Order(charge_now=ChargeNow(soc=1.0, until=until)))
        async with asyncio.timeout(20):
            while "charge" not in self.commands():
                await asyncio.sleep(0.02)

    def given(self):
        """Variables that the battery's script was given."""
        return [data["variables"] for call, data in self.fake.calls if call == "script.turn_on"]

    def commands(self):
        """Actions that the battery's script was given."""
        return [variables["action"] for variables in self.given()]
