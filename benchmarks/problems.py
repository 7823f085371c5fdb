"""The synthetic problems that are timed: one battery, five-minute steps, in `profit` mode.

`profit`, since a plan that ends with the horizon is the one that every peer can state.
"""

from datetime import datetime
from typing import Any

import numpy as np

from benchmarks.days import synthetic_request
from benchmarks.peers.case import Case
from matrix_builders import tables
from optimiser import Battery, CostFunction, Forecast, Horizon, ProviderRules, Site, Tariff
from optimiser.model.arrays import ProblemArrays
from optimiser.value_function.terminal_value import build_problem

SIZES = (48, 96, 288, 576, 864, 2880)
PROMISED = 576
"""Intervals of two days in steps of five minutes, for which figures are promised."""

CONVEX, HARD = "dynamic", "negative_midday"
"""Prices with an exact relaxation, and prices that make it earn what no house can."""


LEAST_EXPORT_PRICE = 0.01
"""What exports of the convex problem earn at least. [$/kWh]

EMHASS weighs the hours of curtailment by a preference of its own; where nothing is curtailed, its
optimum is everybody's.
"""


def request(kind: str, n_intervals: int, seed: int = 1) -> dict[str, Any]:
    """Body of ``/optimize``; half-hours where two days are that short."""
    minutes = 5 if n_intervals > 96 else 30
    body = synthetic_request(seed, n_intervals=n_intervals, interval_minutes=minutes, kind=kind)
    if kind == CONVEX:
        body["prices_export"] = [max(price, LEAST_EXPORT_PRICE) for price in body["prices_export"]]
    return {**body, "cost_function": "profit"}


def site(kind: str, n_intervals: int, seed: int = 1) -> Site:
    """The same, as the library takes it."""
    body = request(kind, n_intervals, seed)
    hours = np.full(n_intervals, body["interval_minutes"] / 60.0)
    battery = body["battery"]
    return Site(
        horizon=Horizon(start=datetime.fromisoformat(body["start_time"]), hours=hours),
        tariff=Tariff(import_price=body["prices_import"], export_price=body["prices_export"]),
        forecast=Forecast(
            load=np.array(body["load_forecast"]) * hours / 1000.0,
            solar=np.array(body["solar_forecast"]) * hours / 1000.0,
        ),
        batteries=(
            Battery(
                capacity=battery["capacity_wh"] / 1000.0,
                charge_limit=battery["max_charge_w"] / 1000.0,
                discharge_limit=battery["max_discharge_w"] / 1000.0,
                charge_efficiency=battery["efficiency"],
                discharge_efficiency=battery["efficiency"],
                initial_soc=battery["current_soc"],
                reserve=battery["backup_reserve"],
            ),
        ),
    )


def problem(kind: str, n_intervals: int, seed: int = 1) -> ProblemArrays:
    """The same, as our solvers take it."""
    return build_problem(site(kind, n_intervals, seed), CostFunction.PROFIT, ProviderRules())


def case(n_intervals: int, seed: int = 1) -> Case:
    """The convex one, as every peer takes it; limits are those that our programme keeps."""
    home = site(CONVEX, n_intervals, seed)
    arrays = problem(CONVEX, n_intervals, seed)
    battery, meter, limits = home.batteries[0], arrays.meter, arrays.storages.limits
    return Case(
        hours=float(arrays.hours[0]),
        import_price=meter[tables.IMPORT_PRICE],
        export_price=meter[tables.EXPORT_PRICE],
        load=home.forecast.load,
        solar=home.forecast.solar,
        import_limit=meter[tables.IMPORT_LIMIT],
        export_limit=meter[tables.EXPORT_LIMIT],
        charge_limit=float(limits[tables.CHARGE_LIMIT].max()),
        discharge_limit=float(limits[tables.DISCHARGE_LIMIT].max()),
        charge_efficiency=battery.charge_efficiency,
        discharge_efficiency=battery.discharge_efficiency,
        capacity=battery.capacity,
        floor=float(limits[tables.STORED_LOWER, 0, 0]),
        ceiling=float(limits[tables.STORED_UPPER, 0, 0]),
        initial=float(arrays.storages.traits[tables.INITIAL, 0]),
    )
