"""Made-up days: seeded requests, most shaped as the PowerSync client posts them to `/optimize`.

``python -m benchmarks.days examples/`` writes one example of each scenario.  The same seed gives
the same day; only `random` and `standard_normal` are drawn, the streams least likely to change from
one numpy to the next.
"""

import argparse
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Request = dict[str, Any]

SYDNEY = ZoneInfo("Australia/Sydney")
MIDSUMMER = datetime(2026, 1, 14, tzinfo=SYDNEY)  # a Wednesday, weeks away from a change of clocks
EXAMPLE_SEED = 2026

SOLAR_PEAK = 6000.0  # [W]
SUNRISE, SUNSET = 5.9, 20.1  # of a Sydney midsummer, local time [h]
EXPORT_WINDOW = (17.0, 20.0)  # of `export_above_import`, local time [h]
EXPORT_WINDOW_PRICE = 0.45  # above every import price of the time of use [$/kWh]

BATTERY: Mapping[str, float] = {
    "current_soc": 0.5,
    "capacity_wh": 13500,
    "max_charge_w": 5000,
    "max_discharge_w": 5000,
    "efficiency": 0.9,
    "backup_reserve": 0.2,
}
PROVIDER_CONFIG: Mapping[str, bool | float | str] = {
    "export_boost_enabled": False,
    "export_price_offset": 0.0,
    "export_min_price": 0.0,
    "export_boost_start": "17:00",
    "export_boost_end": "21:00",
    "chip_mode_enabled": False,
    "chip_mode_start": "22:00",
    "chip_mode_end": "06:00",
    "chip_mode_threshold": 30.0,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Day:
    """What a home faces over one horizon, in the units of the wire.

    Attributes
    ----------
    import_price, export_price : float64 array, shape (T,)
        Cost of energy in, reward for energy out; may be negative. [$/kWh]
    solar, load : float64 array, shape (T,)
        Mean power over each interval. [W]
    interval_minutes
        Length of every interval. [min]
    start
        Zone-aware beginning of the first interval; None sends no time, as the client does.
    """

    import_price: Vector
    export_price: Vector
    solar: Vector
    load: Vector
    interval_minutes: int = 5
    start: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """The intervals of a made-up horizon; its clock never jumps.

    Attributes
    ----------
    elapsed : float64 array, shape (T,)
        Beginning of each interval, since the beginning of the first. [h]
    hour : float64 array, shape (T,)
        Local time of day in the middle of each interval, in [0, 24). [h]
    step
        Length of every interval. [h]
    """

    elapsed: Vector
    hour: Vector
    step: float


Tariff = Callable[[np.random.Generator, Clock], tuple[Vector, Vector]]


def synthetic_request(
    seed: int,
    n_intervals: int = 576,
    interval_minutes: int = 5,
    kind: str = "dynamic",
    start: datetime | None = MIDSUMMER,
) -> Request:
    """Make up a horizon of any length, as the client would post it.

    Parameters
    ----------
    seed
        The same seed and shape give the same request.
    n_intervals
        Number of intervals, T. [-]
    interval_minutes
        Length of every interval. [min]
    kind
        Name of a tariff in `TARIFFS`.
    start
        Zone-aware beginning; None starts the pattern at midnight and sends no time.

    Returns
    -------
    dict
        The request, its cost function the client's default.
    """
    price_rng, solar_rng, load_rng = np.random.default_rng(seed).spawn(3)
    clock = _clock(n_intervals, interval_minutes, start)
    import_price, export_price = TARIFFS[kind](price_rng, clock)
    day = Day(
        import_price=import_price,
        export_price=export_price,
        solar=_solar(solar_rng, clock),
        load=_load(load_rng, clock),
        interval_minutes=interval_minutes,
        start=start,
    )
    return client_request(day)


def client_request(
    day: Day, *, cost_function: str = "self_consumption", battery: Mapping[str, float] = BATTERY
) -> Request:
    """Shape `day` as the PowerSync client posts it: every provider rule present and off.

    Parameters
    ----------
    day
        The home over one horizon.
    cost_function
        `cost`, `profit` or `self_consumption`, the client's default.
    battery
        The battery object of the wire; keys left out are taken from `BATTERY`.

    Returns
    -------
    dict
        Ready for `json.dumps`.
    """
    request: Request = {
        "prices_import": _rounded(day.import_price, 5),
        "prices_export": _rounded(day.export_price, 5),
        "solar_forecast": _rounded(day.solar, 1),
        "load_forecast": _rounded(day.load, 1),
        "battery": {**BATTERY, **battery},
        "cost_function": cost_function,
        "interval_minutes": day.interval_minutes,
        "provider_config": dict(PROVIDER_CONFIG),
    }
    if day.start is not None:
        request["start_time"] = day.start.isoformat()
        if isinstance(day.start.tzinfo, ZoneInfo):
            request["timezone"] = day.start.tzinfo.key
    return request


def _rounded(values: Vector, digits: int) -> list[float]:
    rounded: list[float] = (np.round(values, digits) + 0.0).tolist()  # + 0.0 turns -0.0 into 0.0
    return rounded


def _clock(n_intervals: int, interval_minutes: int, start: datetime | None) -> Clock:
    step = interval_minutes / 60
    elapsed: Vector = np.arange(n_intervals, dtype=np.float64) * step
    first = 0.0 if start is None else start.hour + start.minute / 60
    hour: Vector = np.mod(first + elapsed + step / 2, 24)
    return Clock(elapsed, hour, step)


def _red_noise(rng: np.random.Generator, clock: Clock, memory: float) -> Vector:
    """Unit-variance noise that forgets itself within `memory` hours, whatever the interval."""
    kept = math.exp(-clock.step / memory)
    kicks = rng.standard_normal(clock.hour.size)
    kicks[1:] *= math.sqrt(1 - kept**2)
    return np.array(list(accumulate(kicks, lambda before, kick: kept * before + kick)))


def _solar(rng: np.random.Generator, clock: Clock) -> Vector:
    """Draw a bell over the daylight, dimmed by passing clouds [W]."""
    daylight = np.clip((clock.hour - SUNRISE) / (SUNSET - SUNRISE), 0, 1)
    weather = 0.5 * _red_noise(rng, clock, memory=18) + _red_noise(rng, clock, memory=0.5)
    clear_sky_share = np.clip(1 - 0.35 * np.maximum(weather, 0), 0.12, 1)
    bell: Vector = SOLAR_PEAK * np.sin(np.pi * daylight) ** 1.4 * clear_sky_share
    return bell


def _load(rng: np.random.Generator, clock: Clock) -> Vector:
    """Draw a standing load, a morning and an evening peak, and appliances [W]."""
    morning = 650 * _bump(clock.hour, centre=7.4, width=1.0)
    evening = 1300 * _bump(clock.hour, centre=19.2, width=1.9)
    unrest = np.exp(0.25 * _red_noise(rng, clock, memory=0.4))
    return (260 + morning + evening) * unrest + _appliances(rng, clock)


def _bump(hour: Vector, centre: float, width: float) -> Vector:
    distance = (hour - centre + 12) % 24 - 12
    bump: Vector = np.exp(-0.5 * (distance / width) ** 2)
    return bump


def _appliances(rng: np.random.Generator, clock: Clock) -> Vector:
    """Run kettles, ovens and washing, eight tries a day, while someone is awake [W]."""
    power = np.zeros(clock.hour.size)
    span = clock.hour.size * clock.step
    for begin, watts, length in rng.random((round(span / 3), 3)) * (span, 1600, 0.8):
        end = begin + 0.15 + length
        overlap = np.minimum(end, clock.elapsed + clock.step) - np.maximum(begin, clock.elapsed)
        awake = 6 <= clock.hour[int(begin / clock.step)] <= 23
        power += awake * (700 + watts) * np.clip(overlap / clock.step, 0, 1)
    return power


def _between(hour: Vector, begin: float, end: float) -> NDArray[np.bool_]:
    return (begin <= hour) & (hour < end)


def _dynamic(rng: np.random.Generator, clock: Clock) -> tuple[Vector, Vector]:
    """Amber-like: cheap at night and under the sun, dear in the evening."""
    hours = (0, 4, 6.5, 9, 11, 14, 16, 17.5, 19, 21, 24)
    level = (0.21, 0.18, 0.27, 0.19, 0.11, 0.12, 0.24, 0.42, 0.46, 0.30, 0.21)
    curve = np.interp(clock.hour, hours, level)
    import_price = np.maximum(curve * np.exp(0.12 * _red_noise(rng, clock, memory=1.5)), 0.04)
    midday = 0.025 * _bump(clock.hour, centre=12.5, width=2.0)
    return import_price, (import_price - 0.093) / 1.1 - midday


def _negative_midday(rng: np.random.Generator, clock: Clock) -> tuple[Vector, Vector]:
    """Dynamic prices, pushed below zero from ten to three: the grid pays for taking energy."""
    import_price, export_price = _dynamic(rng, clock)
    glut = _between(clock.hour, 10, 15) * (0.22 + 0.06 * _bump(clock.hour, centre=12.5, width=1.2))
    return import_price - glut, export_price - glut


def _time_of_use(_: np.random.Generator, clock: Clock) -> tuple[Vector, Vector]:
    """Three import prices by the clock and one for export."""
    peak = _between(clock.hour, 15, 21)
    shoulder = _between(clock.hour, 7, 22)
    import_price = np.where(peak, 0.42, np.where(shoulder, 0.29, 0.19))
    return import_price, np.full(clock.hour.size, 0.06)


def _export_above_import(rng: np.random.Generator, clock: Clock) -> tuple[Vector, Vector]:
    """Time of use, with an evening window in which energy out earns more than energy in costs."""
    import_price, export_price = _time_of_use(rng, clock)
    in_window = _between(clock.hour, *EXPORT_WINDOW)
    return import_price, np.where(in_window, EXPORT_WINDOW_PRICE, export_price)


def _flat(_: np.random.Generator, clock: Clock) -> tuple[Vector, Vector]:
    return np.full(clock.hour.size, 0.31), np.full(clock.hour.size, 0.07)


TARIFFS: Mapping[str, Tariff] = {
    "dynamic": _dynamic,
    "time_of_use": _time_of_use,
    "negative_midday": _negative_midday,
    "export_above_import": _export_above_import,
    "flat": _flat,
}


def _scenario(seed: int, *, kind: str, cost_function: str, from_hour: int = 0) -> Request:
    request = synthetic_request(seed, kind=kind, start=MIDSUMMER.replace(hour=from_hour))
    return {**request, "cost_function": cost_function}


def _below_reserve(seed: int) -> Request:
    """Dawn after a long evening: the state of charge is one hair under the reserve."""
    request = _scenario(seed, kind="dynamic", cost_function="cost", from_hour=5)
    hair = 0.001 + 0.007 * np.random.default_rng(seed).random()
    battery = request["battery"]
    soc = round(battery["backup_reserve"] - hair, 4)
    return {**request, "battery": {**battery, "current_soc": soc}}


SCENARIOS: dict[str, Callable[[int], Request]] = {
    "dynamic_day": partial(_scenario, kind="dynamic", cost_function="cost"),
    "time_of_use": partial(_scenario, kind="time_of_use", cost_function="self_consumption"),
    "negative_midday": partial(
        _scenario, kind="negative_midday", cost_function="cost", from_hour=6
    ),
    "export_above_import": partial(
        _scenario, kind="export_above_import", cost_function="profit", from_hour=12
    ),
    "below_reserve": _below_reserve,
    "flat_tariff": partial(_scenario, kind="flat", cost_function="self_consumption"),
}


def _two_days(seed: int, *, kind: str) -> Request:
    """Two days of half hours from noon, and of the provider's rules no word."""
    request = synthetic_request(seed, 96, 30, kind, MIDSUMMER.replace(hour=12))
    del request["provider_config"]
    return {**request, "cost_function": "cost"}


def _two_vehicles(seed: int) -> Request:
    """A car at home until the morning, one that comes in the evening, and the home's battery."""
    request = _two_days(seed, kind="dynamic")
    request["home_battery"] = request.pop("battery")
    charger = {"max_charge_kw": 7.4, "min_charge_kw": 1.4, "charger_efficiency": 0.92}
    here = {"vehicle_id": "hatchback", "battery_capacity_kwh": 60, "current_soc": 0.35}
    coming = {"vehicle_id": "van", "battery_capacity_kwh": 75, "current_soc": 0.6}
    return {
        **request,
        "grid": {"max_import_w": 14_000},
        "evs": [
            {**here, "target_soc": 0.8, **charger, "departure_time": "07:30"},
            {**coming, "target_soc": 0.9, **charger, "arrival_time": "18:30"}
            | {"departure_time": "2026-01-16T08:00:00+11:00"},
        ],
    }


def _several_batteries(seed: int) -> Request:
    """Two unlike batteries; where the bill is the same, the new one works first."""
    request = _two_days(seed, kind="dynamic")
    del request["battery"]
    new = {"id": "new", "capacity_wh": 13_500, "max_charge_w": 5000, "max_discharge_w": 5000}
    old = {"id": "old", "capacity_wh": 6500, "max_charge_w": 3000, "max_discharge_w": 3000}
    return {
        **request,
        "batteries": [
            {**new, "current_soc": 0.5, "efficiency": 0.95, "backup_reserve": 0.2, "priority": 1},
            {**old, "current_soc": 0.4, "efficiency": 0.9, "backup_reserve": 0.1, "priority": 2}
            | {"cycle_cost": 0.02},
        ],
    }


def _demand_charge(seed: int) -> Request:
    """Every kW above the month's peak so far costs 12 $, from three to nine on weekdays."""
    window = {"start": "15:00", "end": "21:00", "weekdays": "mon-fri"}
    charge = {"price_per_kw": 12.0, **window, "peak_so_far_kw": 1.5, "average_minutes": 30}
    return {**_two_days(seed, kind="time_of_use"), "demand_charges": [charge]}


SITES: dict[str, Callable[[int], Request]] = {
    "two_vehicles": _two_vehicles,
    "several_batteries": _several_batteries,
    "demand_charge": _demand_charge,
}
"""Examples of what the old client had no word for; two of them are of other endpoints."""


def json_text(value: object, indent: str = "") -> str:
    """Render `value` as JSON: a line per key of an object and per object of a list."""
    deeper = indent + "  "
    if isinstance(value, dict):
        ends = "{}"
        items = [f"{json.dumps(key)}: {json_text(item, deeper)}" for key, item in value.items()]
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        ends, items = "[]", [json_text(item, deeper) for item in value]
    else:
        return json.dumps(value, allow_nan=False)
    inside = ",".join(f"\n{deeper}{item}" for item in items)
    return f"{ends[0]}{inside}\n{indent}{ends[1]}"


def write_examples(folder: Path) -> None:
    """Write ``<scenario>.json`` for every scenario into `folder`, made where absent."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, scenario in (SCENARIOS | SITES).items():
        text = json_text(scenario(EXAMPLE_SEED)) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Write the examples."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.days", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the examples go; made where absent")
    write_examples(parser.parse_args().folder)


if __name__ == "__main__":
    main()
