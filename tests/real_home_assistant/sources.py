"""Prices and solar forecasts in the shapes of the integrations that publish them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from tests.real_home_assistant.prices import Market, sun
from tests.real_home_assistant.processes import until

PRICE = {"unit": "EUR/kWh", "state_class": "measurement"}
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Source:
    """One integration of the tests.

    Attributes
    ----------
    name : str
        What tests call it.
    domain : str
        The real integration's.
    shown : callable
        Its file, of a `Market`.
    entities : list of str
        Those that a proposal names, in order; empty where it is an action.
    action : str or None
        That a proposal names.
    """

    name: str
    domain: str
    shown: Callable[[Market], dict[str, Any]]
    entities: tuple[str, ...] = ()
    action: str | None = None


def entity(entity_id, state, attributes=None, **more):
    """Return an entity as the integration's file holds it."""
    key = entity_id.partition(".")[2]
    found = {"entity_id": entity_id, "unique_id": f"id-{key}", "state": state, **more}
    return {**found, "attributes": attributes or {}}


async def show(core, domain, shown):
    """Write what an integration shows; where it runs, it is seen at once."""
    path = core.folder / "sources" / f"{domain}.json"
    path.write_text(json.dumps(shown))
    await core.post("events/sources_changed")


async def add_source(core, source, market):
    """Set a source up, and return the id of its config entry."""
    await show(core, source.domain, source.shown(market))
    entry = await core.add_entry(source.domain)

    async def is_shown():
        return all([await core.state(name) for name in source.entities])

    await until(is_shown, 10, f"entities of {source.name}")
    return entry


def amber_rows(market, factor=1.0):
    """Half hours of which the first is cut in fives, each one second late."""
    rows = [row for row in market.steps(30) if row[1] > market.now]
    (start, _, price), five = rows[0], timedelta(minutes=5)
    fives = [(start + n * five, start + n * five + five, price) for n in range(6)]
    return [
        {
            "duration": round((end - start).total_seconds() / 60),
            "per_kwh": round(price * factor, 6),
            "spot_per_kwh": round(price * factor - 0.09, 6),
            "start_time": (start.astimezone(UTC) + SECOND).isoformat(),
            "end_time": end.astimezone(UTC).isoformat(),
            "renewables": 40,
            "spike_status": "none",
            "descriptor": "neutral",
        }
        for start, end, price in fives + rows[1:]
    ]


def amber(market):
    """Two channels, by an action alone."""
    held = {"general": amber_rows(market), "feed_in": amber_rows(market, 0.5)}
    channel = {"channel_type": "general"}
    state = entity("sensor.home_general_price", market.present, channel, **PRICE)
    return {"entities": [state], "answers": held}


def amber_sensors(market):
    """Two channels, by the attributes of sensors alone."""
    found = []
    for channel, factor in (("general", 1.0), ("feed_in", 0.5)):
        rows = amber_rows(market, factor)
        attributes = {"forecasts": rows, "channel_type": channel}
        name = f"sensor.home_{channel}_forecast"
        found.append(entity(name, rows[0]["per_kwh"], attributes, **PRICE))
    return {"entities": found}


def amber_express(market):
    """Future prices with a time each."""
    rows = [row for row in market.steps(30) if row[1] > market.now]
    forecast = [{"time": start.isoformat(), "value": price} for start, _, price in rows]
    attributes = {"forecast": forecast}
    return {"entities": [entity("sensor.amber_express_price", market.present, attributes, **PRICE)]}


def octopus(market):
    """Event entities of today and tomorrow, which is empty until it is published."""
    found = []
    for number, key in enumerate(("current", "next")):
        rates = [
            {
                "start": start.isoformat(),
                "end": end.isoformat(),
                "value_inc_vat": price,
                "is_capped": False,
                "is_intelligent_adjusted": False,
            }
            for start, end, price in (market.steps(30, [number]) if number < market.days else [])
        ]
        attributes = {
            "rates": rates,
            "tariff_code": "E-1R-AGILE",
            "mpan": "1",
            "serial_number": "1",
        }
        name = f"event.octopus_energy_electricity_1_1_{key}_day_rates"
        found.append(entity(name, "updated", attributes))
    return {"entities": found}


def nordpool(market):
    """Quarter hours of a day by an action, per MWh and in UTC."""
    days = {}
    for number in range(market.days):
        date = (market.midnight.date() + timedelta(days=number)).isoformat()
        days[date] = [
            {
                "start": start.astimezone(UTC).isoformat(),
                "end": end.astimezone(UTC).isoformat(),
                "price": round(price * 1000, 3),
            }
            for start, end, price in market.steps(15, [number])
        ]
    state = entity("sensor.nord_pool_de_lu_current_price", market.present, **PRICE)
    return {"entities": [state], "answers": {"DE-LU": days}}


def nordpool_lists(market):
    """Raw lists of today and tomorrow, in cents; nothing where tomorrow is not published."""

    def raw(number):
        return [
            {
                "start": start.isoformat(),
                "end": end.isoformat(),
                "value": round(price * 100, 4) if number < market.days else None,
            }
            for start, end, price in market.steps(60, [number])
        ]

    attributes = {
        "current_price": round(market.present * 100, 4),
        "currency": "EUR",
        "region": "DE-LU",
        "unit": "kWh",
        "price_in_cents": True,
        "tomorrow_valid": market.days > 1,
        "raw_today": raw(0),
        "raw_tomorrow": raw(1),
    }
    state = round(market.present * 100, 4)
    name = "sensor.nordpool_kwh_de_lu_eur_3_10_0"
    return {"entities": [entity(name, state, attributes, unit="Cent/kWh", device_class="monetary")]}


def tibber(market):
    """Hours of a home by an action, of today where nothing is said, without ends."""
    rows = [
        {"start_time": start.isoformat(timespec="milliseconds"), "price": price}
        for start, _, price in market.steps(60)
    ]
    state = entity("sensor.electricity_price_home", market.present, **PRICE)
    return {"entities": [state], "answers": {"Home": rows}}


def entsoe(market):
    """Lists of today and tomorrow, with a blank for the T."""

    def prices(days):
        return [{"time": str(start), "price": price} for start, _, price in market.steps(60, days)]

    attributes = {
        "prices_today": prices([0]),
        "prices_tomorrow": prices([1] if market.days > 1 else []),
        "prices": prices(range(market.days)),
    }
    name = "sensor.average_electricity_price"
    return {"entities": [entity(name, market.present, attributes, **PRICE)]}


def epex(market):
    """Rows with a start, an end and a price per kWh."""
    data = [
        {"start_time": start.isoformat(), "end_time": end.isoformat(), "price_per_kwh": price}
        for start, end, price in market.steps(15)
    ]
    name = "sensor.epex_spot_data_market_price"
    return {"entities": [entity(name, market.present, {"data": data}, **PRICE)]}


def aemo(market):
    """Rows with a start and a price."""
    rows = [row for row in market.steps(30) if row[1] > market.now]
    forecast = [{"start_time": start.isoformat(), "price": price} for start, _, price in rows]
    name = "sensor.aemo_nem_nsw1_current_30min_forecast"
    return {"entities": [entity(name, market.present, {"forecast": forecast}, **PRICE)]}


def flow_power(market):
    """One mapping from instants to prices."""
    found = {start.isoformat(): price for start, end, price in market.steps(30) if end > market.now}
    name = "sensor.flow_power_import_price"
    return {"entities": [entity(name, market.present, {"forecast_dict": found}, **PRICE)]}


def half_hours(market, number):
    """Return the starts of the half hours of a local day."""
    return [start for start, _, _ in market.steps(30, [number])]


def solcast(market):
    """One entity a day, with mean powers in kW and their spread."""
    found = []
    for number, key in enumerate(("today", "tomorrow", "day_3")):
        rows = [
            {
                "period_start": at.isoformat(),
                "pv_estimate": round(sun(at) / 1000, 4),
                "pv_estimate10": round(sun(at) / 2000, 4),
                "pv_estimate90": round(sun(at) / 800, 4),
            }
            for at in half_hours(market, number)
        ]
        total = round(sum(row["pv_estimate"] for row in rows) / 2, 3)
        name = f"sensor.solcast_pv_forecast_forecast_{key}"
        energy = {"unit": "kWh", "device_class": "energy"}
        found.append(entity(name, total, {"detailedForecast": rows}, **energy))
    return {"entities": found}


def volcast(market):
    """Power in W under the attribute of another."""
    found = []
    for number, key in enumerate(("today", "tomorrow")):
        rows = [
            {"period_start": at.isoformat(), "power_w": sun(at)}
            for at in half_hours(market, number)
        ]
        total = round(sum(row["power_w"] for row in rows) / 2000, 3)
        energy = {"unit": "kWh", "device_class": "energy"}
        name = f"sensor.volcast_energy_{key}"
        found.append(entity(name, total, {"detailedForecast": rows}, **energy))
    return {"entities": found}


def open_meteo(market):
    """Energy of hours and quarters by their start, beside momentary power."""
    found = []
    for number, key in enumerate(("today", "tomorrow")):
        hours = {at.isoformat(): round(sun(at), 1) for at, _, _ in market.steps(60, [number])}
        quarters = {
            at.isoformat(): round(sun(at) / 4, 2) for at, _, _ in market.steps(15, [number])
        }
        attributes = {"watts": hours, "wh_period": hours, "wh_period_15m": quarters}
        total = round(sum(hours.values()) / 1000, 3)
        name = f"sensor.energy_production_{key}"
        energy = {"unit": "kWh", "device_class": "energy"}
        found.append(entity(name, total, attributes, **energy))
    return {"entities": found}


def forecast_solar(market):
    """The Energy dashboard's own format, with an odd first row."""
    hours = [start for start, _, _ in market.steps(60, range(3)) if sun(start) > 0]
    first = {hours[0].replace(minute=4, second=31).isoformat(): 0}
    return {"entities": [], "solar": first | {at.isoformat(): round(sun(at)) for at in hours}}


_OCTOPUS = tuple(
    f"event.octopus_energy_electricity_1_1_{key}_day_rates" for key in ("current", "next")
)

PRICES = [
    Source("Amber", "amberelectric", amber, action="amberelectric.get_forecasts"),
    Source("Amber sensors", "amberelectric", amber_sensors, ("sensor.home_general_forecast",)),
    Source("Amber Express", "amber_express", amber_express, ("sensor.amber_express_price",)),
    Source("Octopus", "octopus_energy", octopus, _OCTOPUS),
    Source("Nord Pool", "nordpool", nordpool, action="nordpool.get_prices_for_date"),
    Source(
        "Nord Pool lists", "nordpool", nordpool_lists, ("sensor.nordpool_kwh_de_lu_eur_3_10_0",)
    ),
    Source("Tibber", "tibber", tibber, action="tibber.get_prices"),
    Source("ENTSO-e", "entsoe", entsoe, ("sensor.average_electricity_price",)),
    Source("EPEX Spot", "epex_spot", epex, ("sensor.epex_spot_data_market_price",)),
    Source("AEMO", "aemo_nem", aemo, ("sensor.aemo_nem_nsw1_current_30min_forecast",)),
    Source("Flow Power", "flow_power", flow_power, ("sensor.flow_power_import_price",)),
]

SUNS = [
    Source(
        "Solcast",
        "solcast_solar",
        solcast,
        tuple(
            f"sensor.solcast_pv_forecast_forecast_{key}" for key in ("today", "tomorrow", "day_3")
        ),
    ),
    Source(
        "Volcast",
        "volcast",
        volcast,
        ("sensor.volcast_energy_today", "sensor.volcast_energy_tomorrow"),
    ),
    Source(
        "Open-Meteo",
        "open_meteo_solar_forecast",
        open_meteo,
        ("sensor.energy_production_today", "sensor.energy_production_tomorrow"),
    ),
    Source("Forecast.Solar", "forecast_solar", forecast_solar),
]

DOMAINS = sorted({source.domain for source in PRICES + SUNS})
