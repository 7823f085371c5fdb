"""Prices and forecasts of a request, on the intervals of the plan."""

import numpy as np

from matrix_builders import Vector
from optimiser import Horizon, ProblemError
from optimiser.problem.checks import extent
from server.reading.horizon import MAX_INTERVALS
from server.reading.series import Given, Intervals, align, numbers
from server.wire.fields import HIGHEST_PRICE
from server.wire.repairs import Repairs
from server.wire.structs import SiteRequest

_HIGHEST_FORECAST = 1e6  # W
_KW_MEANT_BELOW = 50.0  # a home that never draws 50 W was measured in kW

# A typical home's draw by hour of the local day, for requests without a load. [W]
_TYPICAL_LOAD = np.array(
    [350, 300, 280, 270, 280, 350, 600, 900, 800, 600, 500, 500,
     550, 500, 500, 550, 700, 1100, 1400, 1300, 1100, 900, 700, 450],
    dtype=np.float64,
)  # fmt: skip


def import_prices(request: SiteRequest, intervals: Intervals, repairs: Repairs) -> Vector:
    """Import price of every interval of the request. [$/kWh]"""
    prices = _given("prices_import", request.prices_import, HIGHEST_PRICE, intervals, repairs)
    assert prices is not None  # or there would be no intervals
    return prices


def export_prices(request: SiteRequest, intervals: Intervals, repairs: Repairs) -> Vector:
    """Export price of every interval; nothing where it is missing. [$/kWh]"""
    prices = _given("prices_export", request.prices_export, HIGHEST_PRICE, intervals, repairs)
    if prices is None:
        repairs.note("default", "prices_export", "missing; exports assumed to earn nothing")
        return np.zeros(intervals.size)
    return prices


def solar_power(request: SiteRequest, intervals: Intervals, repairs: Repairs) -> Vector:
    """Solar of every interval; nothing where it is missing. [W]"""
    solar = _given("solar_forecast", request.solar_forecast, _HIGHEST_FORECAST, intervals, repairs)
    if solar is None:
        repairs.note("default", "solar_forecast", "missing; no solar assumed")
        return np.zeros(intervals.size)
    lowest, _ = extent(solar)
    return _not_negative("solar_forecast", solar, lowest, repairs)


def typical_load(horizon: Horizon) -> Vector:
    """What a typical home draws; shape (T,). [W]"""
    return _TYPICAL_LOAD[[start.hour for start in horizon.starts]]


def load_power(request: SiteRequest, intervals: Intervals, repairs: Repairs) -> Vector | None:
    """Load of every interval; None where it is missing. [W]"""
    field = "load_forecast"
    load = _given(field, request.load_forecast, _HIGHEST_FORECAST, intervals, repairs)
    if load is None:
        return None
    lowest, highest = extent(load)
    if 0 < highest < _KW_MEANT_BELOW:
        repairs.note("unit", field, f"never above {highest:g} W; read as kW")
        load = 1000.0 * load
    return _not_negative(field, load, lowest, repairs)


def _not_negative(field: str, values: Vector, lowest: float, repairs: Repairs) -> Vector:
    if lowest >= 0:
        return values
    count = int(np.count_nonzero(values < 0))
    repairs.note("clamped", field, f"{count} values under zero; zero assumed")
    return np.maximum(values, 0.0)


def _given(
    field: str, given: Given, largest: float, intervals: Intervals, repairs: Repairs
) -> Vector | None:
    """Series of a request on the grid of the plan; None where it is missing."""
    if given is None:
        return None
    if isinstance(given, float | int):
        return np.full(intervals.size, numbers(field, [given], largest, repairs)[0])
    if len(given) == 0:
        return None
    if len(given) > 2 * MAX_INTERVALS:
        raise ProblemError(field, f"must hold at most {2 * MAX_INTERVALS} values, got {len(given)}")
    return align(field, numbers(field, given, largest, repairs), intervals, repairs)
