"""Prices and forecasts of a request, on the intervals of the plan."""

import numpy as np

from matrix_builders import Vector
from optimiser import Horizon
from server.reading.series import series_from_wire
from server.wire.repairs import Repairs
from server.wire.requests import EvRequest, SiteRequest
from server.wire.storages import HIGHEST_PRICE

_HIGHEST_FORECAST = 1e6  # W
_KW_MEANT_BELOW = 50.0  # a home that never draws 50 W was measured in kW

# A typical home's draw by hour of the local day, for requests without a load. [W]
_TYPICAL_LOAD = np.array(
    [350, 300, 280, 270, 280, 350, 600, 900, 800, 600, 500, 500,
     550, 500, 500, 550, 700, 1100, 1400, 1300, 1100, 900, 700, 450],
    dtype=np.float64,
)  # fmt: skip


def import_prices(request: SiteRequest, hours: Vector, repairs: Repairs) -> Vector:
    """Return the import price of every interval of the request. [$/kWh]"""
    field, raw = "prices_import", request.prices_import
    prices = series_from_wire(field, raw, HIGHEST_PRICE, hours, repairs)
    assert prices is not None  # or there would be no intervals
    return prices


def export_prices(request: SiteRequest, hours: Vector, repairs: Repairs) -> Vector:
    """Return the export price of every interval; nothing where it is missing. [$/kWh]"""
    field, raw = "prices_export", request.prices_export
    prices = series_from_wire(field, raw, HIGHEST_PRICE, hours, repairs)
    if prices is None:
        repairs.note("default", field, "missing; exports assumed to earn nothing")
    return np.zeros(hours.size) if prices is None else prices


def solar_power(request: SiteRequest, hours: Vector, repairs: Repairs) -> Vector:
    """Return the solar of every interval; nothing where it is missing. [W]"""
    field, raw = "solar_forecast", request.solar_forecast
    solar = series_from_wire(field, raw, _HIGHEST_FORECAST, hours, repairs)
    if solar is None:
        repairs.note("default", field, "missing; no solar assumed")
    return np.zeros(hours.size) if solar is None else _raise_to_zero(field, solar, repairs)


def load_power(request: SiteRequest, hours: Vector, horizon: Horizon, repairs: Repairs) -> Vector:
    """Return the load of every interval of the horizon. [W]

    Where it is missing, a home draws what is typical of its hours, and vehicles are all there is.
    """
    field, n = "load_forecast", horizon.n_intervals
    load = series_from_wire(field, request.load_forecast, _HIGHEST_FORECAST, hours, repairs)
    if load is None and isinstance(request, EvRequest):
        repairs.note("default", field, "missing; no other load assumed")
        return np.zeros(n)
    if load is None:
        repairs.note("default", field, "missing; the profile of a typical home assumed")
        return _TYPICAL_LOAD[[start.hour for start in horizon.starts]]
    highest = load.max()
    if 0 < highest < _KW_MEANT_BELOW:
        repairs.note("unit", field, f"never above {highest:g} W; read as kW")
        load = 1000.0 * load
    return _raise_to_zero(field, load, repairs)[:n]


def _raise_to_zero(field: str, values: Vector, repairs: Repairs) -> Vector:
    count = int(np.count_nonzero(values < 0))
    if not count:
        return values
    repairs.note("clamped", field, f"{count} values under zero; zero assumed")
    return np.maximum(values, 0.0)
