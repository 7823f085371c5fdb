"""Whatever Home Assistant says, there are inputs of a plan or a sentence."""

import math
import random
from datetime import timedelta
from itertools import pairwise

import pytest

from server.home.errors import InputError
from server.home.inputs import InputReader
from server.home.request import request_from
from server.settings.home import (
    ActionPrices,
    DashboardForecast,
    EntityForecast,
    EntityPrices,
    MeterSettings,
    PriceSettings,
    SolarSettings,
)
from server.wire.requests import AllowanceIn, DemandChargeIn
from tests.home.meters import HOUR, utc
from tests.settings.homes import a_car, a_heat_store, a_home, a_load

NOW = utc(2026, 6, 10, 10)
ENTITIES = ["soc", "car", "plug", "target", "leave", "price", "other", "forecast"]
TEXTS = [
    "unavailable", "unknown", "", "50", "nan", "inf", "-1e400", "<b>50</b>", "07:30:00", "on",
    "2026-06-10 13:00", "2026-06-10T12:00:00+02:00", "1_0", "9" * 50, "%",
]  # fmt: skip
KEYS = ["start", "end", "value", "price", "forecast", "unit_of_measurement", "per_kwh", "data"]

HOME = a_home(
    import_price=PriceSettings(source=EntityPrices(entities=["sensor.price", "sensor.other"])),
    export_price=PriceSettings(source=ActionPrices(action="tibber.get_prices")),
    cars=[
        a_car(soc="sensor.car", plugged="sensor.plug", target="sensor.target",
              departure="sensor.leave", energy="sensor.c")
    ],
    loads=[a_load(enabled="sensor.other", energy="sensor.c")],
    heat=[a_heat_store(level="sensor.car")],
    meter=MeterSettings(energy_in=["sensor.a"], energy_out=["sensor.b"]),
    solar=SolarSettings(
        energy=["sensor.b"],
        forecasts=[DashboardForecast(), EntityForecast(entities=["sensor.forecast"])],
    ),
    demand_charges=[DemandChargeIn(price_per_kw=10.0, average_minutes=7), DemandChargeIn()],
    allowances=[AllowanceIn(direction="export", daily_quota_kwh=10, bonus_price=0.1)],
)  # fmt: skip


class Chaos:
    """Values of no sense, the same for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth=0):
        draw = self.random
        plain = [None, True, draw.uniform(-1e9, 1e9), draw.choice(TEXTS), draw.randrange(10**12)]
        if depth == 3 or draw.random() < 0.5:
            return draw.choice(plain)
        if draw.random() < 0.3:
            return [self.value(depth + 1) for _ in range(draw.randrange(4))]
        if draw.random() < 0.5:
            return self.prices()
        return {draw.choice(KEYS): self.value(depth + 1) for _ in range(draw.randrange(4))}

    def prices(self):
        draw = self.random
        stamps = [NOW + draw.randrange(-48, 99) * HOUR for _ in range(draw.randrange(60))]
        return [{"start": at.isoformat(), "price": draw.uniform(-1, 1)} for at in stamps]

    def energies(self, count):
        draw = self.random
        return [draw.choice([None, 0.0, draw.uniform(-1, 5)]) for _ in range(draw.randrange(count))]

    async def change(self, fake, now):
        draw = self.random
        for entity in ENTITIES:
            attributes = {
                "unit_of_measurement": draw.choice(["%", "EUR/kWh", 5]),
                "data": self.value(),
            }
            at = now + timedelta(minutes=draw.randrange(-2000, 20))
            await fake.set_state(f"sensor.{entity}", str(self.value(3)), attributes, changed=at)
        soc = draw.choice([*TEXTS, *["50"] * 30])
        await fake.set_state("sensor.soc", soc, {"unit_of_measurement": "%"}, changed=now)
        if draw.random() < 0.5:
            prices = [
                {"start": (NOW + h * HOUR).isoformat(), "price": draw.random()} for h in range(48)
            ]
            await fake.set_state("sensor.price", "0.3", {"data": prices}, changed=now)
        fake.actions["tibber.get_prices"] = draw.choice([self.value(), {"prices": self.prices()}])
        hours = {
            (now + h * HOUR).isoformat(): draw.uniform(-5, 5000) for h in range(draw.randrange(40))
        }
        fake.forecasts = draw.choice([{}, {"roof": {}}, {"roof": hours}])
        for meter in "abc":
            hourly = self.energies(400)
            fake.add_statistics(f"sensor.{meter}", now - len(hourly) * HOUR, hourly)
            fine = self.energies(200)
            start = now - len(fine) * timedelta(minutes=5)
            fake.add_statistics(f"sensor.{meter}", start, fine, period="5minute")


async def read(reader, now):
    """Return inputs, or the sentence in their place."""
    try:
        return await reader.read(HOME, now)
    except InputError as error:
        return error.text


@pytest.mark.parametrize("seed", range(4))
async def test_any_answers_give_inputs_or_a_sentence(home_assistant, link, seed):
    chaos, reader = Chaos(seed), InputReader(link)

    for look in range(12):
        now = NOW + look * HOUR
        await chaos.change(home_assistant, now)

        inputs = await read(reader, now)

        assert reader.health
        if isinstance(inputs, str):
            assert inputs.endswith(".")
            continue
        request_from(inputs, HOME)
        for rows in (inputs.import_prices.all_rows(), inputs.load_rows, inputs.solar_rows):
            assert all(a.end <= b.start for a, b in pairwise(rows))
            assert all(math.isfinite(row.value) for row in rows)
