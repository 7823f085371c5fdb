"""Requests of sites with several storages: the same seed gives the same site."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import cycle, islice, product
from typing import Any

import numpy as np

from benchmarks import problems
from benchmarks.days import BATTERY, MIDSUMMER, SYDNEY, synthetic_request

Request = dict[str, Any]

N_INTERVALS = problems.PROMISED
KINDS = ("dynamic", "flat", "time_of_use", "negative_midday")
COST_FUNCTIONS = ("cost", "profit", "self_consumption")

_SIZES = ((13_500, 5_000, 0.95), (10_000, 3_300, 0.93), (6_500, 5_000, 0.97))  # Wh, W, one-way
_STAYS = ((60, 17.5, 31.25), (75, 19.0, 43.0))  # kWh, hours of arrival and departure
_IMPORT, _EXPORT = 14_000, 5_000  # W, of a site with two vehicles

_CHARGERS = (3.7, 7.4, 11.0)  # kW
_TARGETS = (0.6, 0.7, 0.8, 0.9, 1.0)
_STARTS = (6, 11, 16)  # o'clock
_ON_OFF = tuple(product(("time_of_use", "dynamic", "negative_midday"), (1, 2, 3), (False, True)))
_STRIDE = 7  # has no divisor in common with the number of those: few seeds differ in everything


def unlike_batteries(
    seed: int, number: int, n_intervals: int = N_INTERVALS, *, curtailment: bool = True
) -> Request:
    """Body of ``/multi-battery/optimize``: one battery, split unevenly, under negative prices.

    Where solar may not be curtailed, batteries gain by turning over and over: the harder problem.
    """
    body = problems.request(problems.HARD, n_intervals, seed)
    battery = body.pop("battery")
    share = 1.0 / number
    return {
        **body,
        "cost_function": "cost",
        "grid": {"curtailment": curtailment},
        "batteries": [
            {
                **battery,
                "id": f"battery {k}",
                "capacity_wh": battery["capacity_wh"] * share * (1.0 + 0.1 * k),
                "max_charge_w": battery["max_charge_w"] * share,
                "max_discharge_w": battery["max_discharge_w"] * share,
                "efficiency": battery["efficiency"] + 0.01 * k,
                "current_soc": 0.3 + 0.1 * k,
            }
            for k in range(number)
        ],
    }


def whole_site(seed: int, kind: str, cost_function: str) -> Request:
    """Body of ``/ev/optimize``: three batteries, two vehicles, one synthetic day and the next."""
    request = synthetic_request(seed, n_intervals=N_INTERVALS, interval_minutes=5, kind=kind)
    return {**_with_storages(request, seed, _SIZES, _STAYS), "cost_function": cost_function}


def large_site(number: int, n_intervals: int, kind: str, seed: int = 1) -> Request:
    """Body of ``/ev/optimize``: `number` batteries and as many vehicles, in one-minute steps."""
    request = synthetic_request(seed, n_intervals=n_intervals, interval_minutes=1, kind=kind)
    sizes = [
        (capacity * (1.0 + 0.05 * i), power, efficiency)
        for i, (capacity, power, efficiency) in enumerate(islice(cycle(_SIZES), number))
    ]
    stays = [
        (capacity + i, arrival + i / 4, departure + i / 4)
        for i, (capacity, arrival, departure) in enumerate(islice(cycle(_STAYS), number))
    ]
    homes = number / len(_STAYS)
    for series in ("load_forecast", "solar_forecast"):
        request[series] = [homes * power for power in request[series]]
    return {**_with_storages(request, seed, sizes, stays), "cost_function": "cost"}


def _with_storages(
    request: Request,
    seed: int,
    sizes: Sequence[tuple[float, float, float]],
    stays: Sequence[tuple[float, float, float]],
) -> Request:
    """The request with unlike batteries and vehicles in the place of its battery."""
    source = np.random.default_rng(seed)
    start = datetime.fromisoformat(request["start_time"])
    homes = len(stays) / len(_STAYS)
    return {
        **{key: value for key, value in request.items() if key != "battery"},
        "grid": {"max_import_w": _IMPORT * homes, "max_export_w": _EXPORT * homes},
        "batteries": [
            {
                **BATTERY,
                "id": f"battery {i}",
                "capacity_wh": capacity,
                "max_charge_w": power,
                "max_discharge_w": power,
                "efficiency": efficiency,
                "current_soc": round(float(source.uniform(0.2, 0.8)), 3),
                "cycle_cost": 0.01 * (i % len(_SIZES)),
            }
            for i, (capacity, power, efficiency) in enumerate(sizes)
        ],
        "evs": [
            {
                "vehicle_id": f"car {i}",
                "battery_capacity_kwh": capacity,
                "target_soc": 0.8,
                "max_charge_kw": 7.4,
                "min_charge_kw": 1.4,
                "charger_efficiency": 0.92,
                "current_soc": round(float(source.uniform(0.2, 0.5)), 3),
                "arrival_time": (start + timedelta(hours=arrival)).isoformat(),
                "departure_time": (start + timedelta(hours=departure)).isoformat(),
            }
            for i, (capacity, arrival, departure) in enumerate(stays)
        ],
    }


def on_off_site(seed: int, minutes: int) -> Request:
    """Body of ``/ev/optimize``: one to three chargers that are on or off, over two days.

    Parameters
    ----------
    seed
        Decides prices, number of vehicles and presence of a battery in turn, and draws the rest.
    minutes
        Length of every interval. [min]
    """
    kind, n_vehicles, has_battery = _ON_OFF[_STRIDE * seed % len(_ON_OFF)]
    source = np.random.default_rng(seed)
    request = synthetic_request(
        seed,
        n_intervals=48 * 60 // minutes,
        interval_minutes=minutes,
        kind=kind,
        start=MIDSUMMER.replace(hour=int(source.choice(_STARTS))),
    )
    battery = {**request.pop("battery"), "current_soc": round(float(source.uniform(0.2, 0.8)), 3)}
    vehicles = [_on_off_vehicle(source, v) for v in range(n_vehicles)]
    grid = {"max_import_w": _tight_import(vehicles)} if source.random() < 0.5 else {}
    home = {"home_battery": battery} if has_battery else {}
    return {**request, **home, "cost_function": "cost", "grid": grid, "evs": vehicles}


def _on_off_vehicle(source: np.random.Generator, v: int) -> Request:
    """A car that is here or comes in the evening, and leaves in the morning after."""
    power = float(source.choice(_CHARGERS))
    arrival = None if source.random() < 0.3 else _quarter_hour(source.uniform(16.5, 20.5))
    return {
        "vehicle_id": f"car {v}",
        "battery_capacity_kwh": int(source.integers(40, 78)),
        "current_soc": round(float(source.uniform(0.15, 0.55)), 2),
        "target_soc": float(source.choice(_TARGETS)),
        "max_charge_kw": power,
        "min_charge_kw": power,
        "charger_efficiency": 0.92,
        "arrival_time": arrival,
        "departure_time": _quarter_hour(24.0 + source.uniform(6.0, 9.0)),
    }


def _quarter_hour(hours: float) -> str:
    """The instant so many hours after the first midnight, at a full quarter of an hour."""
    return (MIDSUMMER + timedelta(hours=round(4 * hours) / 4)).astimezone(SYDNEY).isoformat()


def _tight_import(vehicles: Sequence[Request]) -> float:
    """Import limit that lets the strongest charger run, but not all of several at once. [W]"""
    powers: list[float] = [vehicle["max_charge_kw"] for vehicle in vehicles]
    return round(1000.0 * (max(0.6 * sum(powers), *powers) + 3.0))
