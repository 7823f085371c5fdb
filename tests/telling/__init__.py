"""Commands, entities, controls and acting, on replies to the requests of `examples`."""

import functools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from server.home.readings import Inputs, PriceRows, SocReading
from server.options import Options
from server.plans.planning import Kind, answer_request, reply_from
from server.settings.home import (
    BatterySettings,
    CarSettings,
    FixedPrice,
    PriceSettings,
    Settings,
)
from server.sources.rows import Row

EXAMPLES = Path(__file__).parents[2] / "examples"
SYDNEY = ZoneInfo("Australia/Sydney")
NOW = datetime(2026, 1, 14, 1, tzinfo=UTC)
"""12:00 in Sydney."""

ONE_BATTERY = (
    "dynamic_day",
    "time_of_use",
    "negative_midday",
    "flat_tariff",
    "demand_charge",
    "export_above_import",
    "below_reserve",
)


def request_of(name):
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def kind_of(request):
    if "evs" in request:
        return Kind.VEHICLES
    return Kind.BATTERIES if "batteries" in request else Kind.BATTERY


def plan(request):
    """The reply to a request, and its first instant."""
    start = datetime.fromisoformat(request["start_time"])
    body = json.dumps(request).encode()
    return reply_from(answer_request(kind_of(request), body, Options(), lambda: start)), start


@functools.cache
def plan_of(name):
    """The reply to an example, its first instant, and the settings of its home."""
    request = request_of(name)
    return *plan(request), settings_of(request)


def settings_of(request, **changes):
    batteries = request.get("batteries") or [request.get("battery") or request.get("home_battery")]
    return Settings(
        currency="AUD",
        import_price=PriceSettings(source=FixedPrice(price=0.3)),
        batteries=[battery_of(battery) for battery in batteries if battery],
        cars=[
            CarSettings(name=car["vehicle_id"], capacity_kwh=60.0, charge_kw=7.4)
            for car in request.get("evs", [])
        ],
        **changes,
    )


def battery_of(battery):
    return BatterySettings(
        soc="sensor.soc",
        capacity_kwh=battery["capacity_wh"] / 1000.0,
        charge_kw=battery["max_charge_w"] / 1000.0,
        discharge_kw=battery["max_discharge_w"] / 1000.0,
        efficiency=battery.get("efficiency", 0.95),
        reserve=battery.get("backup_reserve", 0.0),
        max_soc=battery.get("max_soc", 1.0),
        export=battery.get("can_export_to_grid", True),
    )


def inputs_of(request, start, socs=(0.5,), **changes):
    """The readings that an example was made of; its prices as rows, none of them guessed."""
    zone = start.tzinfo if request.get("timezone") is None else ZoneInfo(request["timezone"])
    step = timedelta(minutes=request["interval_minutes"])

    def prices(values):
        rows = [
            Row(start + t * step, start + (t + 1) * step, value) for t, value in enumerate(values)
        ]
        return PriceRows(rows=rows, guesses=[], published_until=rows[-1].end, notes=[])

    return Inputs(
        at=start,
        zone=zone,
        timezone=str(zone),
        import_prices=prices(request["prices_import"]),
        export_prices=prices(request["prices_export"]),
        solar_rows=[],
        load_rows=[],
        socs=[SocReading(value=soc, at=start) for soc in socs],
        **changes,
    )
