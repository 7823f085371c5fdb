"""Attributes and answers as each integration writes them, from slots of time and value.

The shapes are those of the integrations' own sources, as of August 2026.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

BERLIN, SYDNEY, LONDON = map(ZoneInfo, ("Europe/Berlin", "Australia/Sydney", "Europe/London"))


class Slot(NamedTuple):
    start: datetime  # local, with offset
    end: datetime
    value: object  # money/kWh or W; whatever else stands for none


class Source(NamedTuple):
    make: Callable[[list[Slot]], object]  # what Home Assistant holds
    quantity: str
    unit: str | None
    zone: ZoneInfo
    minutes: int
    has_ends: bool = True


def slots_of(zone, day, days, minutes, value=None):
    """Consecutive slots of whole local days, each with its own value, some below zero."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    last = date.fromordinal(day.toordinal() + days)
    end = datetime(last.year, last.month, last.day, tzinfo=zone).astimezone(UTC)
    step = timedelta(minutes=minutes)
    count = int((end - start) / step)
    return [
        Slot(
            (start + k * step).astimezone(zone),
            (start + (k + 1) * step).astimezone(zone),
            k - 5 if value is None else value(k),
        )
        for k in range(count)
    ]


def times(value, factor):
    """The value in another unit, where it is a number."""
    return value * factor if isinstance(value, int | float) else value


def by_day(slots):
    """Slots of the first local day, and of the others."""
    first = slots[0].start.date()
    return (
        [slot for slot in slots if slot.start.date() == first],
        [slot for slot in slots if slot.start.date() != first],
    )


def rows(slots, start, value, end=None, factor=1.0, **others):
    """Rows of the keys given."""
    return [
        {
            start: slot.start.isoformat(),
            **({end: slot.end.isoformat()} if end else {}),
            value: times(slot.value, factor),
            **others,
        }
        for slot in slots
    ]


def amber(slots):
    second = timedelta(seconds=1)
    return {
        "forecasts": [
            {
                "duration": (slot.end.timestamp() - slot.start.timestamp()) / 60,
                "date": slot.start.date().isoformat(),
                "nem_date": slot.end.isoformat(),
                "per_kwh": slot.value,
                "spot_per_kwh": 99.0,
                "start_time": (slot.start.astimezone(UTC) + second).isoformat(),
                "end_time": slot.end.astimezone(UTC).isoformat(),
                "renewables": 41,
                "spike_status": "none",
                "descriptor": "low",
                "range_min": times(slot.value, 0.5),
                "range_max": times(slot.value, 2.0),
            }
            for slot in slots
        ]
    }


def amber_express(slots):
    return {"descriptor": "low", "estimate": True, "forecast": rows(slots, "time", "value")}


def octopus(slots):
    rates = rows(slots, "start", "value_inc_vat", "end", is_capped=False)
    return {"event_types": ["octopus_energy"], "tariff_code": "E-1R-AGILE", "rates": rates}


def nord_pool_core(slots):
    utc = [Slot(s.start.astimezone(UTC), s.end.astimezone(UTC), s.value) for s in slots]
    return {"SE3": rows(utc, "start", "price", "end", 1000.0), "SE4": rows(utc, "start", "price")}


def nord_pool_hacs(slots, factor=1.0, **flags):
    today, tomorrow = by_day(slots)
    return {
        "average": 1.2,
        "unit": "kWh",
        "currency": "SEK",
        "today": [times(slot.value, factor) for slot in today],
        "tomorrow": [times(slot.value, factor) for slot in tomorrow],
        "tomorrow_valid": bool(tomorrow),
        "raw_today": rows(today, "start", "value", "end", factor),
        "raw_tomorrow": rows(tomorrow, "start", "value", "end", factor),
        **flags,
    }


def nord_pool_in_ore(slots):
    return nord_pool_hacs(slots, 100.0, price_in_cents=True)


def nord_pool_per_mwh(slots):
    return nord_pool_hacs(slots, 1000.0, unit="MWh", price_in_cents=False)


def nord_pool_bare(slots):
    attributes = nord_pool_hacs(slots)
    return {key: attributes[key] for key in ("unit", "currency", "today", "tomorrow")}


def tibber_core(slots):
    return {"prices": {"Home": rows(slots, "start_time", "price")}}


def tibber_api(slots):
    today, tomorrow = (
        rows(part, "startsAt", "total", energy=9.0, tax=8.0, level="NORMAL")
        for part in by_day(slots)
    )
    return {"priceInfo": {"currency": "NOK", "today": today, "tomorrow": tomorrow}}


def entsoe(slots):
    today, tomorrow = (
        [{"time": str(slot.start), "price": slot.value} for slot in part] for part in by_day(slots)
    )
    return {"prices_today": today, "prices_tomorrow": tomorrow, "prices": today + tomorrow}


def epex(slots):
    return {"data": rows(slots, "start_time", "price_per_kwh", "end_time")}


def epex_older(slots):
    data = [
        {**row, "price_ct_per_kwh": times(slot.value, 100.0)}
        for row, slot in zip(
            rows(slots, "start_time", "price_eur_per_mwh", "end_time", 1000.0), slots, strict=True
        )
    ]
    return {"data": data, "price_ct_per_kwh": 12.0}


def epex_net(slots):
    return {"data": rows(slots, "start_time", "price_ct_per_kwh", "end_time", 100.0)}


def awattar_rest(slots):
    return {
        "object": "list",
        "data": [
            {
                "start_timestamp": int(slot.start.timestamp() * 1000),
                "end_timestamp": int(slot.end.timestamp() * 1000),
                "marketprice": times(slot.value, 1000.0),
                "unit": "Eur/MWh",
            }
            for slot in slots
        ],
    }


def energy_charts(slots):
    return {
        "unix_seconds": [int(slot.start.timestamp()) for slot in slots],
        "price": [times(slot.value, 1000.0) for slot in slots],
        "unit": "EUR / MWh",
        "deprecated": False,
    }


def aemo(slots):
    return {"region": "NSW1", "forecast": rows(slots, "start_time", "price")}


def flow_power(slots):
    return {
        "unit": "$/kWh",
        "forecast": [slot.value for slot in slots],
        "timestamps": [str(slot.start) for slot in slots],
        "forecast_dict": {slot.start.strftime("%Y-%m-%d %H:%M:%S%z"): slot.value for slot in slots},
        "forecast_cents": [times(slot.value, 100.0) for slot in slots],
        "apex_import_history": [[int(slot.start.timestamp() * 1000), 77.7] for slot in slots],
    }


def energi_data_service(slots):
    today, tomorrow = by_day(slots)
    return {
        "current_price": 0.76,
        "unit": "kWh",
        "currency": "DKK",
        "today": [slot.value for slot in today],
        "tomorrow": [slot.value for slot in tomorrow],
        "raw_today": rows(today, "hour", "price"),
        "raw_tomorrow": rows(tomorrow, "hour", "price") if tomorrow else None,
        "forecast": rows(tomorrow, "hour", "price", factor=3.0),
        "today_min": {"hour": "2026-08-22T05:00:00+02:00", "price": 0.3},
    }


def ge_spot(slots):
    today, tomorrow = by_day(slots)
    return {
        "currency": "SEK",
        "use_subunit": True,
        "raw_today": rows(today, "time", "price", factor=100.0),
        "raw_tomorrow": rows(tomorrow, "time", "price", factor=100.0) or None,
    }


def stromligning(slots):
    return {"prices": rows(slots, "start", "price", "end")}


def frank(slots):
    return {"prices": rows(slots, "from", "price", "till")}


def zonneplan(slots):
    forecast = [
        {
            "electricity_price": slot.value,
            "electricity_price_excl_tax": 0.07,
            "tariff_group": "low",
            "solar_percentage": 0,
            "solar_yield": 0,
            "datetime": slot.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
            "sustainability_score": 1276,
        }
        for slot in slots
    ]
    return {"forecast": forecast}


def easy_energy(slots):
    return {
        "prices": [{"timestamp": str(s.start.astimezone(UTC)), "price": s.value} for s in slots]
    }


def localvolts(slots):
    return {"forecast": rows(slots, "start_time", "costsFlexUp", "end_time", earningsFlexUp=7.0)}


def emhass_cost(slots):
    strings = [slot._replace(value=str(slot.value)) for slot in slots]
    return {"unit_load_cost_forecasts": rows(strings, "date", "unit_load_cost")}


def solcast(slots):
    half_hours = [
        {
            "period_start": slot.start.isoformat(),
            "pv_estimate": times(slot.value, 1e-3),
            "pv_estimate10": times(slot.value, 0.5e-3),
            "pv_estimate90": times(slot.value, 2e-3),
        }
        for slot in slots
    ]
    hourly = [{**row, "pv_estimate": 3.3} for row in half_hours[::2]]
    return {
        "estimate": 22.4,
        "dataCorrect": True,
        "detailedForecast": half_hours,
        "detailedHourly": hourly,
        "detailedForecast-1234-abcd": [{**row, "pv_estimate": 1.1} for row in half_hours],
    }


def solcast_api(slots):
    forecasts = [
        {
            "pv_estimate": times(slot.value, 1e-3),
            "period_end": slot.end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z"),
            "period": "PT30M",
        }
        for slot in slots
    ]
    return {"forecasts": forecasts}


def volcast(slots):
    return {"detailedForecast": rows(slots, "period_start", "power_w")}


def open_meteo(slots):
    quarter = {slot.start.isoformat(): times(slot.value, 0.25) for slot in slots}
    return {
        "watts": {slot.start.isoformat(): 9999 for slot in slots},
        "wh_period": {slot.start.isoformat(): 777 for slot in slots[::4]},
        "wh_period_15m": quarter,
    }


def wh_hours(slots):
    return {"wh_hours": {slot.start.isoformat(): slot.value for slot in slots}}


def kwh_by_time(slots):
    return {"forecast": rows(slots, "time", "value", factor=0.5e-3)}  # half hours


def kw_by_time(slots):
    return {"forecast": rows(slots, "time", "value", factor=1e-3)}


def emhass_power(slots):
    strings = [slot._replace(value=str(slot.value)) for slot in slots]
    return {"forecasts": rows(strings, "date", "p_pv_forecast")}


SOURCES = {
    "Amber": Source(amber, "price", None, SYDNEY, 30),
    "Amber, its sensor": Source(amber, "price", "$/kWh", SYDNEY, 5),
    "Amber Express": Source(amber_express, "price", "$/kWh", SYDNEY, 30, has_ends=False),
    "Octopus Energy": Source(octopus, "price", None, LONDON, 30),
    "Nord Pool": Source(nord_pool_core, "price", None, BERLIN, 15),
    "Nord Pool, HACS": Source(nord_pool_hacs, "price", "SEK/kWh", BERLIN, 60),
    "Nord Pool, HACS, no unit": Source(nord_pool_hacs, "price", None, BERLIN, 15),
    "Nord Pool, HACS, öre": Source(nord_pool_in_ore, "price", "Öre/kWh", BERLIN, 60),
    "Nord Pool, HACS, flag": Source(nord_pool_in_ore, "price", None, BERLIN, 60),
    "Nord Pool, HACS, MWh": Source(nord_pool_per_mwh, "price", "EUR/MWh", BERLIN, 60),
    "Nord Pool, HACS, MWh, no unit": Source(nord_pool_per_mwh, "price", None, BERLIN, 60),
    "Nord Pool, lists": Source(nord_pool_bare, "price", "SEK/kWh", BERLIN, 60),
    "Nord Pool, lists of quarters": Source(nord_pool_bare, "price", "SEK/kWh", BERLIN, 15),
    "Tibber": Source(tibber_core, "price", None, BERLIN, 15, has_ends=False),
    "Tibber, API": Source(tibber_api, "price", None, BERLIN, 60, has_ends=False),
    "ENTSO-e": Source(entsoe, "price", "EUR/kWh", BERLIN, 60, has_ends=False),
    "EPEX Spot": Source(epex, "price", "€/kWh", BERLIN, 60),
    "EPEX Spot, older": Source(epex_older, "price", "EUR/MWh", BERLIN, 60),
    "EPEX Spot, net": Source(epex_net, "price", "ct/kWh", BERLIN, 60),
    "aWATTar": Source(awattar_rest, "price", None, BERLIN, 60),
    "Energy Charts": Source(energy_charts, "price", None, BERLIN, 15, has_ends=False),
    "AEMO NEM": Source(aemo, "price", "$/kWh", SYDNEY, 30, has_ends=False),
    "Flow Power": Source(flow_power, "price", "$/kWh", SYDNEY, 30, has_ends=False),
    "Energi Data Service": Source(
        energi_data_service, "price", "DKK/kWh", BERLIN, 60, has_ends=False
    ),
    "GE-Spot": Source(ge_spot, "price", "öre/kWh", BERLIN, 15, has_ends=False),
    "Strømligning": Source(stromligning, "price", "DKK/kWh", BERLIN, 60),
    "Frank Energie": Source(frank, "price", "€/kWh", BERLIN, 60),
    "Zonneplan": Source(zonneplan, "price", "€/kWh", BERLIN, 60, has_ends=False),
    "easyEnergy": Source(easy_energy, "price", "€/kWh", BERLIN, 60, has_ends=False),
    "Localvolts": Source(localvolts, "price", "$/kWh", SYDNEY, 5),
    "EMHASS, cost": Source(emhass_cost, "price", "€/kWh", BERLIN, 30, has_ends=False),
    "Solcast": Source(solcast, "power", "kWh", SYDNEY, 30, has_ends=False),
    "Solcast, API": Source(solcast_api, "power", None, SYDNEY, 30),
    "Volcast": Source(volcast, "power", "kWh", BERLIN, 30, has_ends=False),
    "Open-Meteo": Source(open_meteo, "power", "kWh", BERLIN, 15, has_ends=False),
    "Energy dashboard": Source(wh_hours, "power", None, BERLIN, 60, has_ends=False),
    "kWh of half hours": Source(kwh_by_time, "power", "kWh", BERLIN, 30, has_ends=False),
    "kW": Source(kw_by_time, "power", "kW", BERLIN, 30, has_ends=False),
    "EMHASS, power": Source(emhass_power, "power", "W", BERLIN, 30, has_ends=False),
}

DAYS = {
    BERLIN: {"summer": date(2026, 8, 22), "long": date(2026, 10, 25), "short": date(2026, 3, 29)},
    LONDON: {"summer": date(2026, 8, 22), "long": date(2026, 10, 25), "short": date(2026, 3, 29)},
    SYDNEY: {"summer": date(2026, 1, 22), "long": date(2026, 4, 5), "short": date(2026, 10, 4)},
}
