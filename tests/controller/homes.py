"""Homes in a fake Home Assistant, with a month of statistics and prices of now."""

import asyncio
import math
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tests.finding import homes
from tests.home_assistant.fake import FakeHomeAssistant

METERS = ("grid_in", "grid_out", "solar_energy", "battery_in", "battery_out", "home_energy")
HOUR = timedelta(hours=1)
FIVE_MINUTES = timedelta(minutes=5)

# kWh of each hour of a day.
LOAD = (
    [0.3] * 6
    + [0.8, 1.0, 0.6, 0.4, 0.4, 0.5, 0.6, 0.5, 0.4, 0.5, 0.8, 1.4, 1.8, 1.6, 1.2]
    + [0.6] * 3
)
SUN = [0.0] * 8 + [0.3, 0.9, 1.6, 2.1, 2.2, 1.8, 1.0, 0.3] + [0.0] * 8


def daily_prices(start, hours):
    """Prices of a day-ahead market, dear in the evening and cheap at night."""
    return [
        {
            "start": (start + k * HOUR).isoformat(),
            "end": (start + (k + 1) * HOUR).isoformat(),
            "value": round(0.25 + 0.12 * math.cos((k % 24 - 18.5) / 12 * math.pi), 4),
        }
        for k in range(hours)
    ]


def fill(fake, now, *, is_complete=True, soc=64):
    """Fill a fake with a home: a Powerwall, solar, Nord Pool's prices, and its history."""
    home = homes.Home(fake, now=now)
    homes.add_powerwall(home, soc)
    for name in METERS:
        home.energy(f"sensor.{name}")
    today = home.midnight()
    prices = daily_prices(today, 48)
    shown = {
        "unit_of_measurement": "EUR/kWh",
        "currency": "EUR",
        "raw_today": prices[:24],
        "raw_tomorrow": prices[24:],
        "tomorrow_valid": True,
    }
    hour = now.astimezone(home.zone).hour
    home.add(
        "sensor.nordpool_kwh_de_eur",
        prices[hour]["value"],
        shown,
        platform="nordpool",
        name="Nord Pool",
    )
    home.entry("forecast", "forecast_solar", "Forecast.Solar")
    first = today.astimezone(UTC)
    fake.forecasts["forecast"] = {
        (first + k * HOUR).isoformat(): 1000.0 * SUN[k % 24] for k in range(72)
    }
    if is_complete:
        home.dashboard(
            homes.grid(
                entity_energy_price="sensor.nordpool_kwh_de_eur", number_energy_price_export=0.06
            ),
            homes.solar("forecast"),
            homes.battery(stat_soc="sensor.my_powerwall_charge", capacity=13.5),
            {"type": "home", "stat_energy_to": "sensor.home_energy"},
        )
    add_history(fake, now)
    return home


def add_history(fake, now, days=30):
    """Add hours of a month and five minutes of an hour, by plain self-consumption."""
    start = now.replace(minute=0, second=0, microsecond=0) - days * 24 * HOUR
    series = {
        name: []
        for name in (
            "grid_in",
            "grid_out",
            "solar_energy",
            "battery_in",
            "battery_out",
            "home_energy",
        )
    }
    stored = 5.0
    for k in range(days * 24):
        hour = (start + k * HOUR).hour
        net = LOAD[hour] - SUN[hour]
        into = min(max(-net, 0.0), 13.5 - stored, 5.0)
        out = min(max(net, 0.0), stored - 1.35, 5.0)
        stored += into - out
        series["home_energy"].append(LOAD[hour])
        series["solar_energy"].append(SUN[hour])
        series["battery_in"].append(into)
        series["battery_out"].append(out)
        series["grid_in"].append(max(net - out, 0.0))
        series["grid_out"].append(max(-net - into, 0.0))
    recent = now.replace(second=0, microsecond=0) - timedelta(minutes=now.minute % 5) - HOUR
    for name, values in series.items():
        fake.add_statistics(f"sensor.{name}", start, values)
        fake.add_statistics(f"sensor.{name}", recent, [values[-1] / 12] * 12, period="5minute")


@contextmanager
def running_fake(port=0, clock=lambda: datetime.now(UTC), **options):
    """A filled fake in a thread of its own, for tests of whole processes."""
    loop, fake = asyncio.new_event_loop(), FakeHomeAssistant(clock)
    fake.port = port
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    fill(fake, clock(), **options)
    asyncio.run_coroutine_threadsafe(fake.start(), loop).result(10)
    try:
        yield fake, loop
    finally:
        asyncio.run_coroutine_threadsafe(fake.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
