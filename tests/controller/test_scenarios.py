"""Days of homes to which anything may happen, and what holds whatever does."""

import asyncio
import contextlib
import json
import logging
import math
import os
import random
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from server.books.database import BooksError
from server.controller import controller as module
from server.controller.news import next_plan_at
from server.controller.orders import Order
from server.home_assistant.link import LinkError
from server.home_assistant.transport.connection import Connection
from server.home_assistant.transport.rest import Rest
from server.plans import planning
from server.settings.checks import SettingsError, check
from server.settings.home import (
    ActingSettings,
    BatterySettings,
    CarSettings,
    ChargeNow,
    HeatSettings,
    InverterSettings,
    LoadSettings,
    MeterSettings,
    PriceSettings,
    Settings,
    SolarSettings,
    TariffPrices,
)
from server.settings.tariff import Rate, Tariff
from server.wire.requests import DemandChargeIn
from tests.controller.place import ACTING, NOON, PRICES, SOC, Place
from tests.home_assistant.fake import Refusal

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

SEED = int(os.environ.get("SCENARIO_SEED", "0"))
EVENTS = int(os.environ.get("SCENARIO_EVENTS", "6"))
"""Few, for every day; other seeds and more events for a search."""

OLDEST = timedelta(minutes=46)
"""Of a state of charge that anything is commanded on, and a minute."""

BROKEN = ("unavailable", "unknown", "nan", "inf", "", "sixty", "1_0", "-5", "640", "1e999")
BEGINNINGS = (
    NOON,
    datetime(2026, 10, 25, 0, 31, tzinfo=UTC),  # clocks go back at 1:00
    datetime(2026, 3, 29, 0, 31, tzinfo=UTC),  # and forward
    datetime(2026, 11, 30, 22, 46, tzinfo=UTC),  # a quarter of an hour before a new month
)
PAYLOADS = (
    ("mode", "automatic"), ("mode", "watch"), ("mode", "paused"), ("mode", "AUTOMATIC"),
    ("reserve", "30"), ("reserve", "nan"), ("reserve", "101"), ("reserve", "-0"), ("reserve", ""),
    ("charge_to", "90"), ("charge_to", "1e400"), ("charge_by", "07:30"), ("charge_by", "25:00"),
    ("charge_now", "ON"), ("charge_now", "OFF"), ("charge_now", "on"), ("replan", "PRESS"),
    ("unknown", "x" * 5000), ("mode", "\x00\ud83d\ude00"), ("replan/more", ""),
)  # fmt: skip


def cars(k):
    return CarSettings(
        name=f"Car {k}",
        capacity_kwh=60.0 + 10 * k,
        charge_kw=11.0,
        soc=f"sensor.car_{k}_soc",
        plugged=f"binary_sensor.car_{k}",
        target=f"number.car_{k}_target",
        departure=f"sensor.car_{k}_departure",
    )


def second_battery():
    return BatterySettings(
        name="Old", soc="sensor.old_soc", capacity_kwh=5.0, charge_kw=2.0, discharge_kw=1.5,
        efficiency=0.88, reserve=0.2, max_soc=0.95, export=False,
    )  # fmt: skip


def night_tariff():
    rates = [Rate(price=0.12, start="22:00", end="06:00"), Rate(price=0.45, weekdays=[0, 1, 2])]
    return PriceSettings(source=TariffPrices(tariff=Tariff(otherwise=0.3, rates=rates)))


HOMES = {
    "plain": lambda s: s,
    "two unlike batteries": lambda s: replace(s, batteries=[*s.batteries, second_battery()]),
    "car only": lambda s: replace(s, batteries=[], cars=[cars(1)]),
    "battery and two cars": lambda s: replace(s, cars=[cars(1), cars(2)]),
    "batteries and a car": lambda s: replace(
        s, batteries=[*s.batteries, second_battery()], cars=[cars(1)]
    ),
    "hybrid": lambda s: replace(s, inverter=InverterSettings(ac_limit_kw=3.0)),
    "no export": lambda s: replace(
        s, export_price=None, meter=replace(s.meter, max_export_kw=0.0)
    ),
    "no sun, no meters": lambda s: replace(
        s, solar=SolarSettings(), meter=MeterSettings(), home_energy=[], currency="JPY"
    ),
    "tariff over midnight": lambda s: replace(s, import_price=night_tariff(), horizon_hours=72),
    "demand charge": lambda s: replace(
        s, demand_charges=[DemandChargeIn(price_per_kw=9.0)], horizon_hours=24, currency="SEK"
    ),
    "loads, heat and a car": lambda s: replace(
        s,
        cars=[cars(1)],
        loads=[
            LoadSettings(name="Washer", power_kw=2.0, energy_kwh=1.5, enabled="input_boolean.wash"),
            LoadSettings(name="Dryer", power_kw=3.0, energy_kwh=2.0, after="Washer", latest="6:30"),
        ],
        heat=[HeatSettings(level="sensor.water", at_full=60.0, capacity_kwh=6.0, power_kw=2.0)],
    ),
    "nobody to act": lambda s: replace(s, acting=ActingSettings()),
}  # fmt: skip


class World(Place):
    """A home, things that happen to it, and rules that hold."""

    def __init__(self, folder, seed):
        self.random = random.Random(seed)
        super().__init__(folder, self.random.choice(BEGINNINGS))
        self.is_planning, self.reported, self.paid_until = False, {}, self.now
        self.told_by_us, self.tried, self.may_be_in_force = [], [], False
        self.is_unruly, self.story, self.is_normal_twice = False, [], False
        self.fake.actions["script.turn_on"] = self._script
        self.add_entities()
        self.show_prices()

    # What is there

    def add_entities(self):
        self.good_soc(SOC, 64)
        self.good_soc("sensor.old_soc", 50)
        self.put("sensor.water", "35.5", unit_of_measurement="°C")
        self.put("input_boolean.wash", "on")
        for k in (1, 2):
            self.put(f"sensor.car_{k}_soc", "40", unit_of_measurement="%")
            self.put(f"number.car_{k}_target", "80", unit_of_measurement="%")
            self.put(f"binary_sensor.car_{k}", "on")
            self.put(f"sensor.car_{k}_departure", "07:00")

    def put(self, entity, value, **attributes):
        self.fake.states[entity] = self.state(entity, value, **attributes)

    def good_soc(self, entity, value):
        self.put(entity, str(value), unit_of_measurement="%", device_class="battery")
        self.reported[entity] = self.now

    def midnight(self, days=0):
        local = self.now.astimezone(self.home.zone)
        when = datetime(local.year, local.month, local.day, tzinfo=self.home.zone)
        return (when + timedelta(days=days)).astimezone(UTC)

    def rows(self, days, change=lambda price: price, factor=1.0):
        begin, end = self.midnight(days), self.midnight(days + 1)
        starts = [begin + k * HOUR for k in range(int((end - begin) / HOUR))]
        values = [
            change(0.25 + 0.12 * math.cos((k % 24 - 18.5) / 12 * math.pi))
            for k in range(len(starts))
        ]
        return [
            {
                "start": at.astimezone(self.home.zone).isoformat(),
                "end": (at + HOUR).astimezone(self.home.zone).isoformat(),
                "value": factor * value,
            }
            for at, value in zip(starts, values, strict=True)
        ]

    def show_prices(self, change=lambda price: price, factor=1.0, unit="EUR/kWh"):
        has_tomorrow = self.now.astimezone(self.home.zone).hour >= 13
        tomorrow = self.rows(1, change, factor) if has_tomorrow else []
        more = {
            "unit_of_measurement": unit,
            "raw_today": self.rows(0, change, factor),
            "raw_tomorrow": tomorrow,
            "tomorrow_valid": has_tomorrow,
        }
        self.put(PRICES, "0.3", **more)
        self.paid_until = self.midnight(2 if has_tomorrow else 1)

    def _script(self, data):
        self.tried.append((self.now, data["variables"]))
        is_normal = data["variables"]["action"] == "normal"
        if is_normal:
            self.is_normal_twice |= not self.may_be_in_force
        self.may_be_in_force = True
        if self.random.random() < 0.3 and self.is_unruly:
            raise Refusal("home_assistant_error", "The inverter does not answer")
        self.may_be_in_force = not is_normal
        self.told_by_us.append((self.now, data["variables"]))

    async def begin(self, kind):
        await self.start()
        plan = self.controller._plan
        self.controller._actor._retries = (0.0, 0.0)

        async def watched():
            self.is_planning = True
            try:
                await plan()
            finally:
                self.is_planning = False

        self.controller._plan = watched
        found = await self.controller.find()
        settings = HOMES[kind](replace(msgspec.convert(found.draft, Settings), acting=ACTING))
        await self.controller.confirm(settings)

    # What happens

    async def send(self, entity):
        """Let those who follow an entity know what was put."""
        state = self.fake.states.pop(entity)
        await self.fake.set_state(entity, state["state"], state["attributes"])

    async def settle(self):
        calm = 0
        async with asyncio.timeout(60):
            while calm < 4:
                await asyncio.sleep(0.02)
                calm = calm + 1 if self._is_calm() else 0

    def _is_calm(self):
        began, link = self.controller._began, self.link
        is_due = not began <= self.now < next_plan_at(began)
        is_busy = self.is_planning or link.news.is_set() or self.controller._wake.is_set()
        is_up = link.is_connected or bool(self.fake.faults.keys() & {"*", "login"})
        return is_up and not is_due and not is_busy

    async def pass_time(self, span):
        self.now += span
        self.home.now = self.now

    async def event_minutes(self):
        for _ in range(self.random.randint(1, 6)):
            await self.pass_time(5 * MINUTE)
            if self.random.random() < 0.8:
                await self.event_soc_follows()
            await self.settle()
            self.verify()

    async def event_hours(self):
        await self.pass_time(self.random.uniform(0.1, 6) * HOUR)

    async def event_clock_back(self):
        await self.pass_time(-HOUR)
        self.told_by_us = [(min(at, self.now), what) for at, what in self.told_by_us]
        self.reported = {key: min(at, self.now) for key, at in self.reported.items()}

    async def event_soc_follows(self):
        for entity in (SOC, "sensor.old_soc"):
            state = self.fake.states[entity]["state"]
            try:
                before = float(state)
            except ValueError:
                before = 50.0
            value = round(min(max(before + self.random.uniform(-3, 3), 0), 100), 1)
            self.good_soc(entity, value if math.isfinite(value) else 50.0)
            await self.send(entity)

    async def event_soc_jumps(self):
        self.good_soc(SOC, self.random.choice([0, 5, 50, 100]))
        await self.send(SOC)

    async def event_soc_breaks(self):
        unit = self.random.choice(["%", None, "kWh", 5])
        self.put(SOC, self.random.choice(BROKEN), unit_of_measurement=unit)
        await self.send(SOC)

    async def event_soc_is_a_share(self):
        self.put(SOC, str(round(self.random.random(), 3)))
        self.reported[SOC] = self.now
        await self.send(SOC)

    async def event_soc_gone(self):
        if SOC in self.fake.states:
            await self.fake.remove_state(SOC)
        self.put(SOC, "unknown")

    async def event_prices(self):
        change = self.random.choice(
            [
                lambda price: price,
                lambda price: -price,
                lambda price: 3.0 * price,
                lambda price: price - 0.3,
                lambda _: 0.0,
                lambda price: round(price, 1),
            ]
        )
        factor, unit = self.random.choice(
            [(1.0, "EUR/kWh"), (1000.0, "EUR/MWh"), (100.0, "ct/kWh"), (1.0, None), (1.0, 7)]
        )
        self.show_prices(change, factor, unit)
        await self.send(PRICES)

    async def event_prices_break(self):
        rows = self.random.choice(
            [
                [],
                None,
                [{"start": "yesterday", "value": {}}],
                [{"start": self.now.isoformat(), "value": math.inf}],
                [row | {"value": math.inf} for row in self.rows(0)],
                "x" * 1000,
                [self.rows(-3), 7, None],
            ]
        )
        state = self.random.choice(["unavailable", "unknown", "0.3"])
        attributes = {"unit_of_measurement": "EUR/kWh", "raw_today": rows}
        attributes = json.loads(json.dumps(attributes).replace("Infinity", '"inf"'))
        self.put(PRICES, state, **self.random.choice([attributes, {}]))
        await self.send(PRICES)

    async def event_car(self):
        k = self.random.choice([1, 2])
        entity, value = self.random.choice(
            [
                (f"binary_sensor.car_{k}", self.random.choice(["on", "off", "unavailable", "?"])),
                (f"sensor.car_{k}_soc", self.random.choice(["10", "99", "unknown", "250"])),
                (f"number.car_{k}_target", self.random.choice(["50", "100", "120", "nan"])),
                (
                    f"sensor.car_{k}_departure",
                    self.random.choice(
                        ["06:30", "", "2020-01-01", (self.now + 3 * HOUR).isoformat()]
                    ),
                ),
            ]
        )
        self.put(entity, value, unit_of_measurement="%")
        await self.send(entity)

    async def event_appliance(self):
        entity, values = self.random.choice(
            [
                ("input_boolean.wash", ["on", "off", "unavailable", "ON", ""]),
                ("sensor.water", ["20", "58", "999", "nan", "unknown"]),
            ]
        )
        self.put(entity, self.random.choice(values))
        await self.send(entity)

    async def event_control(self):
        for _ in range(self.random.choice([1, 1, 3])):
            key, payload = self.random.choice(PAYLOADS)
            await self.fake.publish(f"powersync_optimiser/set/{key}", payload)

    async def event_order(self):
        until = (self.now + self.random.uniform(-1, 20) * HOUR).isoformat()
        order = self.random.choice(
            [
                Order(mode=self.random.choice(["automatic", "watch", "paused"])),
                Order(mode="automatic"),
                Order(reserve=self.random.choice([0.0, 0.5, 1.0, math.nan])),
                Order(charge_now=ChargeNow(soc=self.random.random(), until=until)),
                Order(charge_now=None),
                Order(is_replan=True),
            ]
        )
        with contextlib.suppress(SettingsError):
            await self.controller.obey(order)

    async def event_settings(self):
        settings = self.controller.setup().settings
        changed = self.random.choice(
            [
                replace(settings, horizon_hours=self.random.choice([6, 24, 72])),
                replace(settings, acting=self.random.choice([ACTING, ActingSettings()])),
                replace(settings, may_publish=not settings.may_publish),
                replace(settings, currency=self.random.choice(["JPY", "SEK", None, "EUR"])),
                replace(settings, batteries=list(reversed(settings.batteries))),
                replace(settings, cost_function=self.random.choice(["cost", "self_consumption"])),
            ]
        )
        with contextlib.suppress(SettingsError):
            await self.controller.confirm(changed)

    async def event_mqtt(self):
        self.fake.has_mqtt = not self.fake.has_mqtt
        if self.random.random() < 0.5:
            await self.fake.drop()

    async def event_core_restarts(self):
        self.fake.retained.clear()
        await self.fake.drop()

    async def event_core_down(self):
        self.fake.faults["*"] = "down"
        await self.fake.drop()

    async def event_fault(self):
        name = self.random.choice(
            [
                *("recorder/statistics_during_period", "energy/solar_forecast", "call_service"),
                *("config/entity_registry/list", f"states/{SOC}", f"states/{PRICES}"),
                "power_sync/optimization",
            ]
        )
        self.fake.faults[name] = self.random.choice(["slow", "garbage", "wrong types"])

    async def event_script(self):
        self.is_unruly = not self.is_unruly
        self.put("script.battery", self.random.choice(["off", "on", "unavailable"]))

    async def event_books(self):
        self.told_by_us = self.told_by_us[-50:]
        with contextlib.suppress(BooksError):
            await self.random.choice([self.controller.delete_books, self.read_books])()

    async def read_books(self):
        today = self.now.date()
        msgspec.json.encode(await self.controller.days(today - timedelta(days=3), today))
        async for _ in self.controller.csv(date(2026, 1, 1), today):
            pass

    async def event_find(self):
        with contextlib.suppress(LinkError):
            msgspec.json.encode(await self.controller.find())

    async def event_heal(self):
        self.fake.faults.clear()
        self.fake.has_mqtt, self.is_unruly = True, False
        self.put("script.battery", "off")
        await self.event_soc_follows()
        self.show_prices()
        await self.send(PRICES)

    async def happen(self):
        events = [name for name in dir(self) if name.startswith("event_")]
        name = self.random.choice([*events, *["event_minutes", "event_heal"] * 3])
        self.story.append((self.now.isoformat(), name))
        await getattr(self, name)()
        await self.settle()
        self.verify()

    # What holds

    def verify(self):
        assert all(not task.done() for task in self.controller._work)
        status = self.controller.status()
        text = msgspec.json.encode(status)
        assert b"NaN" not in text
        check(self.controller.setup().settings)
        stored = msgspec.json.decode((self.folder / "settings.json").read_bytes(), type=Settings)
        assert stored == self.controller.setup().settings
        self.verify_told(status)
        self.verify_given()

    def verify_told(self, status):
        for topic, payload in self.fake.retained.items():
            if topic.startswith("powersync_optimiser/") and payload and "/set" not in topic:
                content = json.loads(payload, parse_constant=pytest.fail)
                assert len(payload.encode()) < 16_384, topic
                if topic == "powersync_optimiser/state" and "action" in content:
                    assert content["action"] in {None, "charge", "normal", "export", "hold"}
        for entity, posted in self.fake.posted:
            assert len(json.dumps(posted["attributes"])) < 16_384, entity
            assert len(posted["state"]) < 256
        told = self.told()
        was_told = status.told == "mqtt" and self.controller._publisher.error is None
        if not self.fake.faults and was_told and status.command and told:
            assert told["action"] == status.command.action
            assert told["power"] == status.command.power_w
            days = {day.day: day for day in status.days}
            for name in ("today", "tomorrow"):
                expected = round(days[name].savings, 2) if name in days else None
                assert told[f"savings_{name}"] == expected

    def verify_given(self):
        """What the script was given: fresh, short, renewed, and one *normal* after it."""
        assert not self.is_normal_twice
        settings = self.controller.setup().settings
        for at, what in self.tried:
            if what["action"] == "normal":
                continue
            for battery in self.batteries_at_try:
                assert at - self.reported[battery.soc] <= OLDEST, (at, self.reported)
            assert 1 <= what["duration"] <= 20
            limit = sum(max(b.charge_kw, b.discharge_kw) for b in self.batteries_at_try)
            assert 0 <= what["power_w"] <= 1000 * limit + 1
            if not isinstance(settings.import_price.source, TariffPrices):
                assert at < self.paid_until
        self.tried.clear()
        self.verify_in_force(settings)

    def verify_in_force(self, settings):
        if self.fake.faults or self.is_unruly or not self.told_by_us:
            return
        if self.fake.states["script.battery"]["state"] == "unavailable":
            return
        if self.controller._actor.last.error:  # tried again with the next plan
            return
        at, what = self.told_by_us[-1]
        may_act = settings.mode == "automatic" and settings.acting.action
        if not may_act:
            assert what["action"] == "normal"
        elif what["action"] != "normal" and self.now - at < 20 * MINUTE:
            assert at + what["duration"] * MINUTE >= self.now + 5 * MINUTE
        status = self.controller.status()
        if what["action"] != "normal" and may_act:
            assert status.command
            assert status.command.action == what["action"]

    @property
    def batteries_at_try(self):
        return self.controller.setup().settings.batteries


@pytest.fixture
def quick(monkeypatch):
    """Patience of milliseconds where nothing answers."""
    for name, value in (
        *(("_LONGEST_WAIT", 0.05), ("_GROUP", 0.01), ("_GROUP_LATER", 0.02)),
        *(("_BOOKS_EVERY", 0.05), ("_AFTER_FAILURE", 0.05)),
    ):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(planning, "TIME_LIMIT", 1.0)
    command, request = Connection.command, Rest.request

    async def quick_command(self, kind, fields, timeout, key=None):
        return await command(self, kind, fields, min(timeout, 1.0), key)

    async def quick_request(self, *args, timeout, **named):
        return await request(self, *args, timeout=min(timeout, 1.0), **named)

    monkeypatch.setattr(Connection, "command", quick_command)
    monkeypatch.setattr(Rest, "request", quick_request)


@pytest.mark.parametrize("kind", HOMES)
async def test_whatever_happens(kind, tmp_path, quick, caplog):
    seed = f"{kind} {SEED}"
    world = World(tmp_path, seed)
    caplog.set_level(logging.WARNING)
    await world.begin(kind)
    try:
        await world.settle()
        for _ in range(EVENTS):
            await world.happen()
    except BaseException:
        print(*world.story, sep="\n")
        print(world.told_by_us[-5:])
        raise
    finally:
        await world.stop()
        await world.fake.stop()
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == []
