"""The golden requests: the same on every machine, none of them dependent on the clock.

The part of a name before the slash is its kind.  Every request draws its own random numbers from
its name, so that one more request changes no other.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

HOME, FLEET, EV = "/optimize", "/multi-battery/optimize", "/ev/optimize"
COST_FUNCTIONS = ("cost", "profit", "self_consumption")
TARIFFS = (
    *("dynamic", "flat", "time_of_use", "negative_midday", "negative_export"),
    *("export_above_import", "spikes", "mixed"),
)
START, ZONE = "2026-01-14T00:00:00+11:00", "Australia/Sydney"
_SEED = 20260114
CASES = json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))
"""What is special about requests, by kind and label."""

_ABSENT = "absent"  # in place of a value: the field is left out
_TOO_MUCH = {
    "too many prices": {"prices_import": [0.3] * 4321},
    "too many loads": {"load_forecast": [1] * 8641},
    "soc huge": {"battery.current_soc": 10**400},
}
_NO_OBJECTS = {
    "nothing": "",
    "no JSON": '{"prices_import": [0.3,',
    "a list": "[1, 2]",
    "a number": "5",
}


@dataclass(frozen=True, slots=True)
class GoldenRequest:
    """One request.

    Attributes
    ----------
    name : str
        Its kind, a slash, and what is special about it.
    path : str
        Endpoint.
    body : object
        What is sent as JSON; text is sent as it is.
    """

    name: str
    path: str
    body: Any

    @property
    def kind(self):
        """What it has in common with others."""
        return self.name.partition("/")[0]


BATTERY = {
    "current_soc": 0.45,
    "capacity_wh": 13500,
    "max_charge_w": 5000,
    "max_discharge_w": 5000,
    "efficiency": 0.93,
    "backup_reserve": 0.2,
}
SMALL = {**BATTERY, "capacity_wh": 5200, "max_charge_w": 2500, "max_discharge_w": 2800}
LARGE = {**BATTERY, "capacity_wh": 20000, "max_charge_w": 9000, "max_discharge_w": 7500}
CAR = {
    "vehicle_id": "car",
    "battery_capacity_kwh": 60,
    "current_soc": 0.35,
    "target_soc": 0.7,
    "max_charge_kw": 7.4,
    "min_charge_kw": 1.4,
    "departure_time": "07:30",
}


# Series


def _clock(n, minutes, start):
    """Hours since the midnight before the start, at the beginning of each interval."""
    began = datetime.fromisoformat(start)
    lengths = np.broadcast_to(np.asarray(minutes, dtype=float), (n,)) / 60.0
    return began.hour + began.minute / 60.0 + np.cumsum(lengths) - lengths


def _bump(clock, at, width):
    """One at a time of day, and less the further from it; of every day."""
    apart = (clock - at + 12.0) % 24.0 - 12.0
    return np.exp(-((apart / width) ** 2))


def _solar(clock, rng):
    sun = np.maximum(0.0, np.sin(np.pi * (clock % 24.0 - 6.0) / 12.0))
    return np.round(6000.0 * sun**1.3 * rng.uniform(0.4, 1.0, clock.size))


def _load(clock, rng):
    mean = 380.0 + 900.0 * _bump(clock, 7.5, 1.5) + 1900.0 * _bump(clock, 18.5, 2.2)
    return np.round(mean * rng.uniform(0.7, 1.4, clock.size))


def _dynamic(clock, rng):
    price = 0.24 + 0.22 * _bump(clock, 18.5, 2.0) + 0.08 * _bump(clock, 7.5, 1.5)
    price += rng.normal(0.0, 0.02, clock.size) - 0.12 * _bump(clock, 12.5, 2.5)
    return price, 0.7 * price - 0.06 + rng.normal(0.0, 0.005, clock.size)


def _flat(clock, rng):
    del rng
    return np.full(clock.size, 0.31), np.full(clock.size, 0.06)


def _time_of_use(clock, rng):
    del rng
    hour = clock % 24.0
    price = np.select([hour < 6.0, (hour >= 15.0) & (hour < 21.0)], [0.14, 0.52], 0.28)
    return price, np.where((hour >= 17.0) & (hour < 20.0), 0.12, 0.04)


def _hard(tariff, clock, rng):
    """Prices of a market day, with what breaks a linear programme."""
    buy, sell = _dynamic(clock, rng)
    if tariff in {"negative_midday", "mixed"}:
        buy = buy - 0.36 * _bump(clock, 12.5, 2.2)
    if tariff in {"negative_export", "mixed"}:
        sell = sell - 0.3 * _bump(clock, 12.0, 3.0)
    if tariff in {"export_above_import", "mixed"}:
        sell = np.where((clock % 24.0 >= 16.0) & (clock % 24.0 < 19.0), buy + 0.09, sell)
    if tariff == "spikes":
        spike = rng.uniform(size=clock.size) < 0.08
        buy, sell = np.where(spike, 14.2, buy), np.where(spike, 12.9, sell)
    return buy, sell


_PLAIN = {"dynamic": _dynamic, "flat": _flat, "time_of_use": _time_of_use}


def _site(name, *, n=48, minutes=30, tariff="dynamic", start=START, zone=ZONE, **changes):
    """What all endpoints share."""
    rng = np.random.default_rng([_SEED, crc32(name.encode())])
    clock = _clock(n, minutes, start)
    buy, sell = _PLAIN[tariff](clock, rng) if tariff in _PLAIN else _hard(tariff, clock, rng)
    return {
        "prices_import": np.round(buy, 4).tolist(),
        "prices_export": np.round(sell, 4).tolist(),
        "solar_forecast": _solar(clock, rng).tolist(),
        "load_forecast": _load(clock, rng).tolist(),
        "interval_minutes": minutes,
        "cost_function": "cost",
        "start_time": start,
        "timezone": zone,
        **changes,
    }


def _home(name, *, battery=None, **changes):
    body = {**_site(name, **changes), "battery": {**BATTERY, **(battery or {})}}
    return GoldenRequest(name, HOME, body)


def _fleet(name, batteries, **changes):
    named = [{"id": f"b{i}", **battery} for i, battery in enumerate(batteries)]
    return GoldenRequest(name, FLEET, {**_site(name, **changes), "batteries": named})


def _ev(name, cars, **changes):
    cars = [{**CAR, "vehicle_id": f"car {i}", **car} for i, car in enumerate(cars)]
    held = {"ev": cars[0]} if len(cars) == 1 else {"evs": cars}
    return GoldenRequest(name, EV, {**_site(name, **{"start": EVENING, **changes}), **held})


FIXED = {"curtailment": False}
EVENING = "2026-01-14T17:30:00+11:00"
SHAPES = ((12, 60), (48, 30), (96, 15))


# One battery


def _tariffs():
    for tariff in TARIFFS:
        for goal in COST_FUNCTIONS:
            for n, minutes in SHAPES:
                name = f"tariff/{tariff} {goal} {n} of {minutes}"
                start = "2026-01-14T08:00:00+11:00" if n == 12 else START
                yield _home(
                    name, tariff=tariff, cost_function=goal, n=n, minutes=minutes, start=start
                )


def _long():
    for tariff in ("dynamic", "time_of_use", "negative_midday", "export_above_import", "spikes"):
        for n in (288, 576):
            yield _home(f"long/{tariff} {n}", tariff=tariff, n=n, minutes=5)
    yield _home("long/mixed, no curtailment", tariff="mixed", n=288, minutes=5, grid=FIXED)
    yield _home("long/mixed, profit", tariff="mixed", n=576, minutes=5, cost_function="profit")


def _batteries():
    for label, battery in CASES["battery"].items():
        for tariff in ("dynamic", "negative_midday"):
            yield _home(f"battery/{label} {tariff}", battery=battery, tariff=tariff)


PARTS = {
    "grid": "both",
    "provider_config": "all",
    "demand_charges": "two",
    "allowances": "both",
    "hybrid": "2500",
}


def _home_sites():
    """Every part of a site beside the battery, at mild and at hard prices."""
    for field in ("grid", "provider_config", "demand_charges", "allowances", "hybrid"):
        for label, value in CASES[field].items():
            for tariff in ("dynamic", "spikes" if field == "provider_config" else "mixed"):
                yield _home(f"{field}/{label} {tariff}", tariff=tariff, **{field: value})
    for goal in ("profit", "self_consumption"):
        for field, label in PARTS.items():
            site = {"tariff": "mixed", "cost_function": goal, field: CASES[field][label]}
            yield _home(f"{field}/{label} mixed {goal}", **site)
    for margin in (0.01, 0.05):
        for goal in COST_FUNCTIONS:
            options = {"price_margin": margin}
            yield _home(f"margin/{margin} {goal}", cost_function=goal, options=options)
    options = {"client_safe_charge": True}
    yield _home("options/client safe", options=options)


def _times():
    """Changes of the clocks, zones, and intervals that differ."""
    starts = {
        "Sydney back": ("2026-04-04T20:00:00+11:00", ZONE),
        "Sydney forward": ("2026-10-03T20:00:00+10:00", ZONE),
        "London forward": ("2026-03-28T21:00:00+00:00", "Europe/London"),
        "London back": ("2026-10-24T21:00:00+01:00", "Europe/London"),
        "Adelaide": ("2026-07-14T06:30:00+09:30", "Australia/Adelaide"),
        "New York": ("2026-03-07T20:12:00-05:00", "America/New_York"),
        "UTC": ("2026-05-05T05:07:31+00:00", "UTC"),
    }
    for label, (start, zone) in starts.items():
        for field, value in (
            ("demand_charges", CASES["demand_charges"]["evening"]),
            ("provider_config", CASES["provider_config"]["chip"]),
        ):
            name = f"time/{label} {field}"
            yield _home(name, start=start, zone=zone, tariff="time_of_use", **{field: value})
    for label, minutes in LENGTHS.items():
        for tariff in ("dynamic", "mixed"):
            yield _home(f"lengths/{label} {tariff}", n=24, minutes=minutes, tariff=tariff)
    yield _home("lengths/a day of two", n=96, horizon_hours=24)
    yield _home("lengths/36 hours of two days", n=96, horizon_hours=36.2, tariff="time_of_use")


LENGTHS = {
    "growing": [5] * 6 + [15] * 6 + [60] * 12,
    "odd": [27.45, 30, 45, 60, 7.5, 90] * 4,
}


# Several batteries


FLEETS = {
    "one": [BATTERY],
    "two alike": [BATTERY, BATTERY],
    "three alike": [SMALL, SMALL, SMALL],
    "two, alike by size": [SMALL, {**SMALL, "capacity_wh": 10400, "max_charge_w": 5000}],
    "two unlike": [SMALL, {**LARGE, "efficiency": 0.88, "current_soc": 0.7}],
    "two with priorities": [{**SMALL, "priority": 2}, {**SMALL, "priority": 1}],
    "two, one under its reserve": [{**SMALL, "current_soc": 0.05}, BATTERY],
    "two, permissions": [
        {**SMALL, "can_export_to_grid": False},
        {**BATTERY, "can_charge_from_grid": False, "cycle_cost": 0.03},
    ],
    "three unlike": [SMALL, {**BATTERY, "efficiency": 0.97}, {**LARGE, "cycle_cost": 0.02}],
}


def _fleets():
    for label, batteries in FLEETS.items():
        for tariff in TARIFFS:
            name = f"fleet/{label} {tariff}"
            yield _fleet(name, batteries, n=24, minutes=60, tariff=tariff)
    pair = FLEETS["two unlike"]
    for goal in ("profit", "self_consumption"):
        yield _fleet(f"fleet/two unlike {goal}", pair, cost_function=goal, n=24, minutes=60)
    parts = {
        "demand": {"demand_charges": CASES["demand_charges"]["evening"]},
        "allowance": {"allowances": CASES["allowances"]["export bonus"]},
        "hybrid": {"hybrid": CASES["hybrid"]["5000"]},
        "grid": {"grid": {"max_import_w": 2500, "max_export_w": 3000}},
        "boost": {"provider_config": CASES["provider_config"]["boost"]},
    }
    for label, part in parts.items():
        yield _fleet(f"fleet/two unlike, {label}", pair, n=24, minutes=60, **part)
    yield _fleet("fleet/two alike, two days", [BATTERY, BATTERY], n=96)


# Vehicles


def _vehicles():
    for label, car in CASES["vehicle"].items():
        for tariff in ("dynamic", "time_of_use"):
            yield _ev(f"vehicle/{label} {tariff}", [car], n=32, tariff=tariff)
        yield _ev(f"vehicle and battery/{label}", [car], n=24, home_battery=BATTERY)
    pair = [{}, {"battery_capacity_kwh": 40, "max_charge_kw": 3.7, "departure_time": "09:00"}]
    for tariff in ("dynamic", "flat", "time_of_use", "negative_midday"):
        yield _ev(f"vehicles/two {tariff}", pair, n=32, tariff=tariff)
    limit = {"max_import_w": 6000}
    yield _ev("vehicles/two under one limit", pair, n=32, grid=limit)
    yield _ev("vehicles/two too much for the grid", pair, n=24, grid={"max_import_w": 2500})
    yield _ev("vehicles/two and a battery", pair, n=24, home_battery=BATTERY)
    homes = [{"id": "a", **SMALL}, {"id": "b", **SMALL}]
    yield _ev("vehicles/one and two batteries", [{}], n=24, batteries=homes)
    yield _ev("vehicles/three", [*pair, CASES["vehicle"]["solar only"]], n=24, tariff="time_of_use")
    yield _ev("vehicles/demand", [{}], n=32, demand_charges=CASES["demand_charges"]["all day"])
    yield _ev("vehicles/allowance", [{}], n=48, allowances=CASES["allowances"]["free midday"])
    yield _ev("vehicles/hybrid", [{}], n=24, home_battery=BATTERY, hybrid=CASES["hybrid"]["5000"])
    yield _ev("vehicles/quarters", [{}], n=96, minutes=15, tariff="dynamic")
    for tariff in ("negative_export", "export_above_import", "spikes", "mixed"):
        for goal in COST_FUNCTIONS:
            site = {"n": 32, "tariff": tariff, "cost_function": goal}
            name = f"vehicles/hard {tariff} {goal}"
            yield _ev(name, [{"max_discharge_kw": 4}], home_battery=BATTERY, **site)
    pair[0] = {"max_discharge_kw": 5, "min_soc": 0.2}
    homes[1] = {"id": "b", **LARGE, "efficiency": 0.88}
    for tariff in ("dynamic", "time_of_use", "mixed"):
        yield _ev(f"vehicles/whole site {tariff}", pair, n=24, tariff=tariff, batteries=homes)


# Bodies that need repair, and those that are refused


def _unclean():
    for kind in ("repair", "fault"):
        for endpoint in (HOME, FLEET, EV):
            cases = CASES[f"{kind} {endpoint}"]
            if (kind, endpoint) == ("fault", HOME):
                cases = {**cases, **_TOO_MUCH}
            for label, change in cases.items():
                name = f"{kind}/{label}"
                yield GoldenRequest(name, endpoint, _changed(_clean(name, endpoint).body, change))
    for label, text in _NO_OBJECTS.items():
        yield GoldenRequest(f"fault/{label}", HOME, text)


def _clean(name, endpoint):
    if endpoint == EV:
        return _ev(name, [{}], n=24)
    return _fleet(name, [SMALL, SMALL], n=24) if endpoint == FLEET else _home(name, n=24)


def _changed(body, change):
    """The body with dotted fields replaced; those that are to be absent are left out."""
    changed = dict(body)
    for path, value in change.items():
        name, _, rest = path.partition(".")
        if rest:
            changed[name] = _with_entry(changed[name], rest, value)
        elif value == _ABSENT:
            del changed[name]
        else:
            changed[name] = value
    return changed


def _with_entry(held, path, value):
    """A list or an object with one entry replaced."""
    if not isinstance(held, list):
        return _changed(held, {path: value})
    index, _, rest = path.partition(".")
    entries = list(held)
    entries[int(index)] = _changed(entries[int(index)], {rest: value}) if rest else value
    return entries


def all_requests():
    """Every golden request, always in the same order."""
    kinds = (_tariffs, _long, _batteries, _home_sites, _times, _fleets, _vehicles, _unclean)
    found = [request for kind in kinds for request in kind()]
    assert len({request.name for request in found}) == len(found)
    return found
