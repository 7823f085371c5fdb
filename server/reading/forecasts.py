"""Prices and forecasts of a request, on the intervals of the plan."""

import numpy as np

from matrix_builders import Vector
from optimiser import Horizon
from server.reading.series.lists import on_intervals, series_from_wire
from server.reading.series.steps import Kind, SeriesRule, Timeline
from server.wire.repairs import Repairs
from server.wire.requests import EvRequest, SiteRequest
from server.wire.storages import HIGHEST_PRICE

_HIGHEST_FORECAST = 1e6  # W
IMPORT_PRICES = SeriesRule("prices_import", HIGHEST_PRICE, Kind.PRICE)
"""The series that the intervals follow."""

_EXPORT_PRICES = SeriesRule("prices_export", HIGHEST_PRICE, Kind.PRICE)
_SOLAR = SeriesRule("solar_forecast", _HIGHEST_FORECAST, Kind.POWER)
_LOAD = SeriesRule("load_forecast", _HIGHEST_FORECAST, Kind.POWER)

_KW_MEANT_BELOW = 50.0  # a home that never draws 50 W was measured in kW

# A typical home's draw by hour of the local day, for requests without a load. [W]
_TYPICAL_LOAD = np.array(
    [350, 300, 280, 270, 280, 350, 600, 900, 800, 600, 500, 500,
     550, 500, 500, 550, 700, 1100, 1400, 1300, 1100, 900, 700, 450],
    dtype=np.float64,
)  # fmt: skip


def export_prices(request: SiteRequest, timeline: Timeline, repairs: Repairs) -> Vector:
    """Return the export price of every interval; nothing where it is missing. [$/kWh]"""
    prices = series_from_wire(_EXPORT_PRICES, request.prices_export, timeline.start, repairs)
    if prices is None:
        repairs.note("default", "prices_export", "missing; exports assumed to earn nothing")
        return np.zeros(timeline.n_planned)
    return on_intervals(_EXPORT_PRICES, prices, timeline, repairs)


def solar_power(request: SiteRequest, timeline: Timeline, repairs: Repairs) -> Vector:
    """Return the solar of every interval; nothing where it is missing. [W]"""
    solar = series_from_wire(_SOLAR, request.solar_forecast, timeline.start, repairs)
    if solar is None:
        repairs.note("default", "solar_forecast", "missing; no solar assumed")
        return np.zeros(timeline.n_planned)
    power = on_intervals(_SOLAR, solar, timeline, repairs)
    return _raise_to_zero("solar_forecast", power, repairs)


def load_power(
    request: SiteRequest, timeline: Timeline, horizon: Horizon, repairs: Repairs
) -> Vector:
    """Return the load of every interval. [W]

    Where it is missing, a home draws what is typical of its hours, and vehicles are all there is.
    """
    field = "load_forecast"
    series = series_from_wire(_LOAD, request.load_forecast, timeline.start, repairs)
    if series is None and isinstance(request, EvRequest):
        repairs.note("default", field, "missing; no other load assumed")
        return np.zeros(timeline.n_planned)
    if series is None:
        repairs.note("default", field, "missing; the profile of a typical home assumed")
        return _TYPICAL_LOAD[[start.hour for start in horizon.starts]]
    load = on_intervals(_LOAD, series, timeline, repairs)
    highest = load.max()
    if 0 < highest < _KW_MEANT_BELOW:
        repairs.note("unit", field, f"never above {highest:g} W; read as kW")
        load = 1000.0 * load
    return _raise_to_zero(field, load, repairs)


def _raise_to_zero(field: str, values: Vector, repairs: Repairs) -> Vector:
    count = int(np.count_nonzero(values < 0))
    if not count:
        return values
    repairs.note("clamped", field, f"{count} values under zero; zero assumed")
    return np.maximum(values, 0.0)
