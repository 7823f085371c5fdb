"""New forms of series, units, times and rules, drawn at random: read plainly, or said.

``python -m tests.fuzz.forms [COUNT]`` reads 10⁵ bodies by default and plans one in two hundred.
Whatever a request means by the letter is worked out here a second time, without the reader; a field
whose value differs from that has to have a warning.
"""

import argparse
import json
import random
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np

from optimiser import ProblemError
from server.options import Options
from server.plans.planning import Kind, answer_request
from server.reading.site import problem_from_request
from server.wire.json_body import decode
from server.wire.repairs import Repairs
from server.wire.requests import EvRequest, OptimizeRequest

NOW = datetime(2026, 3, 28, 22, 7, 31, tzinfo=UTC)
COUNT = 100_000
PLANNED = 200  # one in so many is planned too
OPTIONS = Options()

_ZONES = ("UTC", "Europe/Berlin", "Australia/Adelaide", "europe/berlin", "+05:45", "nowhere", None)
_FACTORS = (1.0, 1.0, 1.0, 1e-3, 0.01, 100.0, 1e3, 1e6)
_ODD = ("unavailable", None, "5 kW", "80%", "0.5", -1, 0, 1, 1e9, True, [], {}, "x", 20)
_TIMES = ("7:30 AM", "07:30", 1774800000, "unknown", "2026-03-29T02:30", "2026-03-29T06:50+02:00")

_BATTERY = {
    "current_soc": (0.1, 0.9),
    "capacity_wh": (3000, 20000),
    "max_charge_w": (500, 9000),
    "max_discharge_w": (500, 9000),
    "backup_reserve": (0.05, 0.3),
    "max_soc": (0.9, 1.0),
    "cycle_cost": (0.0, 0.05),
}
_IN_SITE = {
    "current_soc": ("initial_soc", 1.0),
    "capacity_wh": ("capacity", 1e-3),
    "max_charge_w": ("charge_limit", 1e-3),
    "max_discharge_w": ("discharge_limit", 1e-3),
    "backup_reserve": ("reserve", 1.0),
    "max_soc": ("max_soc", 1.0),
    "cycle_cost": ("cycle_cost", 1.0),
}


def drawn_request(rng):
    """A request in any of the forms, perhaps with an odd value in it."""
    n, minutes = rng.choice((4, 8, 24, 48)), rng.choice((5, 15, 30, 60, 120))
    # A stamp of a series that is a second beside a whole minute is that minute: none is drawn.
    start = NOW + timedelta(seconds=9 + 10 * rng.randrange(-720, 720))
    prices = [round(rng.uniform(-0.05, 0.5), 4) for _ in range(n)]
    request = {
        "start_time": start.isoformat(),
        "timezone": rng.choice(_ZONES),
        "interval_minutes": rng.choice((minutes, minutes, [minutes] * n)),
        "prices_import": prices,
        "prices_export": _series(rng, n, minutes, start, (0.0, 0.2)),
        "solar_forecast": _series(rng, n, minutes, start, (0, 4000)),
        "load_forecast": _series(rng, n, minutes, start, (200, 4000)),
        "battery": {name: round(rng.uniform(*span), 3) for name, span in _BATTERY.items()},
    }
    if rng.random() < 0.2:
        request["grid"] = {"max_import_w": _series(rng, n, minutes, start, (5000, 9000))}
    if rng.random() < 0.1:
        request["price_unit"] = rng.choice(("ct/kWh", "EUR/MWh", "/kWh", "apples"))
    if rng.random() < 0.3:
        request["ev"] = {
            "vehicle_id": "car",
            "departure_time": rng.choice(_TIMES),
            "arrival_time": rng.choice((None, *_TIMES)),
        }
        request["home_battery"] = request.pop("battery")
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        _spoil(rng, request)
    return request


def _series(rng, n, minutes, start, span):
    """Numbers as a list of any length, a constant, or one of the forms in time."""
    size = rng.choice((n, n, n, n // 2, n + 3, 288))
    values = [round(rng.uniform(*span), 3) for _ in range(size)]
    kind = rng.randrange(6)
    step = rng.choice((minutes, 5, 30, 60))
    begins = start + timedelta(minutes=rng.choice((0, -90, -step, 20)))
    stamps = [(begins + i * timedelta(minutes=step)).isoformat() for i in range(size)]
    if kind == 0:
        return values[0]
    if kind == 1:
        even = {"interval_minutes": step, "values": values}
        return even if rng.random() < 0.5 else {"start": stamps[0], **even}
    if kind == 2:
        return [{"start": s, "value": v} for s, v in zip(stamps, values, strict=True)]
    if kind == 3:
        return dict(zip(stamps, values, strict=True))
    return values


def _spoil(rng, request):
    """Scale a field, or put something odd in its place."""
    inner = rng.choice([request, *[v for v in request.values() if isinstance(v, dict) and v]])
    name = rng.choice([*inner])
    value = inner[name]
    if isinstance(value, list) and value and all(isinstance(v, float | int) for v in value):
        factor = rng.choice(_FACTORS)
        inner[name] = [factor * v for v in value]
        if rng.random() < 0.3:
            inner[name][rng.randrange(len(value)) :] = [rng.choice(_ODD)]
    elif isinstance(value, float | int) and rng.random() < 0.6:
        inner[name] = value * rng.choice(_FACTORS)
    else:
        inner[name] = rng.choice(_ODD)


def silent_readings(request):
    """Fields that are not read by the letter, and have no warning; None of a refusal."""
    repairs = Repairs()
    kind = EvRequest if "ev" in request else OptimizeRequest
    try:
        wire = decode(json.dumps(request).encode(), kind, repairs)
        problem = problem_from_request(wire, OPTIONS, NOW, repairs)
    except ProblemError:
        return None
    site = problem.site
    warned = {warning.field for warning in repairs.warnings}
    found = []
    for name, read in _arrays(site).items():
        due = _by_the_letter(request.get(name), site, request)
        if due is not None and not np.allclose(read, due, rtol=1e-6, atol=1e-6):
            found.append(name)
    path = "home_battery" if "ev" in request else "battery"
    battery = request.get(path)
    if isinstance(battery, dict):
        for name, (field, factor) in _IN_SITE.items():
            value = battery.get(name)
            if isinstance(value, float | int) and not isinstance(value, bool):
                unit = _price_factor(request) if name == "cycle_cost" else 1.0
                read = getattr(site.batteries[0], field)
                if abs(read - value * factor * unit) > 1e-6 * max(1.0, abs(read)):
                    found.append(f"{path}.{name}")
    return [name for name in found if name not in warned]


def _arrays(site):
    hours = site.horizon.hours
    return {
        "prices_import": site.tariff.import_price,
        "prices_export": site.tariff.export_price,
        "solar_forecast": 1000.0 * site.forecast.solar / hours,
        "load_forecast": 1000.0 * site.forecast.load / hours,
    }


def _price_factor(request):
    return {"ct/kWh": 0.01, "EUR/MWh": 1e-3}.get(request.get("price_unit"), 1.0)


def _by_the_letter(value, site, request):
    """Means over the intervals of the site, by plain loops; None where the letter gives none."""
    n = site.horizon.n_intervals
    factor = _price_factor(request) if value in (
        request.get("prices_import"), request.get("prices_export")
    ) else 1.0  # fmt: skip
    is_number = isinstance(value, float | int) and not isinstance(value, bool)
    if is_number:
        return np.full(n, factor * value)
    if isinstance(value, list) and len(value) >= n:
        numbers = all(isinstance(v, float | int) and not isinstance(v, bool) for v in value)
        return factor * np.array(value[:n], dtype=float) if numbers else None
    if isinstance(value, dict) and isinstance(value.get("values"), list) and "start" in value:
        return _means_of(value, site, factor)
    return None


def _means_of(even, site, factor):
    """Means of an even series; None where it does not reach over the whole horizon."""
    try:
        begins = datetime.fromisoformat(even["start"]).timestamp()
        step, values = 60.0 * float(even["interval_minutes"]), [float(v) for v in even["values"]]
    except (TypeError, ValueError):
        return None
    edges = [instant.timestamp() for instant in site.horizon.instants]
    if step <= 0 or begins > edges[0] or begins + step * len(values) < edges[-1]:
        return None
    means = []
    for first, after in pairwise(edges):
        total = 0.0
        for i, value in enumerate(values):
            low, high = begins + step * i, begins + step * (i + 1)
            total += value * max(0.0, min(high, after) - max(low, first))
        means.append(factor * total / (after - first))
    return np.array(means)


def check(count, seed=0):
    """Requests that were misread, with what, out of so many; a crash is an exception."""
    rng = random.Random(seed)
    misread, read = [], 0
    for i in range(count):
        request = drawn_request(rng)
        found = silent_readings(request)
        read += found is not None
        if found:
            misread.append((found, request))
        if i % PLANNED == 0:
            kind = Kind.VEHICLES if "ev" in request else Kind.BATTERY
            with suppress(ProblemError):
                answer_request(kind, json.dumps(request).encode(), OPTIONS, lambda: NOW)
    return misread, read


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.forms", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=COUNT, help="bodies (%(default)s)")
    count = parser.parse_args().count
    misread, read = check(count, seed=random.SystemRandom().randrange(2**32))
    for found, request in misread[:5]:
        print(", ".join(found), json.dumps(request)[:2000])
    print(f"{count} bodies, {read} read, {len(misread)} of them silently not by the letter")
    return bool(misread)


if __name__ == "__main__":
    sys.exit(main())
