"""A request struct to a site: W to kWh per interval, once."""

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from matrix_builders import Vector
from optimiser import (
    CostFunction,
    Forecast,
    Grid,
    Horizon,
    ProblemError,
    ProviderRules,
    Site,
    Tariff,
)
from server.codec.battery import HIGHEST_POWER, battery_from_wire
from server.codec.clock import snapped, start_of
from server.codec.horizon import MAX_INTERVALS, intervals_from_wire, intervals_within
from server.codec.provider_config import rules_from_wire
from server.codec.repairs import Repairs
from server.codec.series import Intervals, align, numbers
from server.codec.wording import clipped, shown
from server.options import Options
from server.wire import GridIn, OptimizeRequest, Series

_HIGHEST_PRICE = 1_000.0  # $/kWh; the Australian market cap is 20
_HIGHEST_FORECAST = 1e6  # W
_KW_MEANT_BELOW = 50.0  # a home that never draws 50 W was measured in kW

# A typical home's draw by hour of the local day, for requests without a load. [W]
_TYPICAL_LOAD = np.array(
    [350, 300, 280, 270, 280, 350, 600, 900, 800, 600, 500, 500,
     550, 500, 500, 550, 700, 1100, 1400, 1300, 1100, 900, 700, 450],
    dtype=np.float64,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """What a request asks for.

    Attributes
    ----------
    site : Site
        The site.
    cost_function : CostFunction
        What to minimise.
    rules : ProviderRules
        Price modifications.
    client_safe_charge : bool
        Whether charging from solar alone is kept out of ``charge_w``.
    """

    site: Site
    cost_function: CostFunction
    rules: ProviderRules
    client_safe_charge: bool


def problem_from_wire(
    request: OptimizeRequest, options: Options, now: datetime, repairs: Repairs
) -> Problem:
    """Read one ``/optimize`` request.

    Parameters
    ----------
    request : OptimizeRequest
        As decoded.
    options : Options
        Defaults for what it leaves out.
    now : datetime
        Time-zone aware.
    repairs : Repairs
        Takes note of everything mended.

    Returns
    -------
    Problem
        Complete and valid.

    Raises
    ------
    ProblemError
        Where something has no sane reading.
    """
    intervals = intervals_from_wire(request, options, repairs)
    n = intervals_within(request, intervals)
    start = start_of(request.start_time, request.timezone, options.zone, now, repairs)
    if not isinstance(request.interval_minutes, list):
        start = snapped(start, 60.0 * float(intervals.hours[0]))
    hours = intervals.hours[:n]
    horizon = Horizon(start=start, hours=hours)
    battery = battery_from_wire(request.battery, repairs)
    wanted = request.options.client_safe_charge if request.options else None
    return Problem(
        site=Site(
            horizon=horizon,
            tariff=Tariff(
                import_price=_import_prices(request, intervals, repairs)[:n],
                export_price=_export_prices(request, intervals, repairs)[:n],
            ),
            forecast=Forecast(
                load=_load(request, horizon, intervals, repairs)[:n] * hours / 1000.0,
                solar=_solar(request, intervals, repairs)[:n] * hours / 1000.0,
            ),
            batteries=(battery,),
            grid=_grid_limits(request.grid),
        ),
        cost_function=_cost_function(request.cost_function, options, repairs),
        rules=rules_from_wire(request.provider_config, repairs),
        client_safe_charge=options.client_safe_charge if wanted is None else wanted,
    )


def _given(
    field: str, wire: Series, largest: float, intervals: Intervals, repairs: Repairs
) -> Vector | None:
    """Series of a request on the grid of the plan; None where it is missing."""
    if wire is None or wire == []:
        return None
    if not isinstance(wire, list):
        return np.full(intervals.size, numbers(field, [wire], largest, repairs)[0])
    if len(wire) > 2 * MAX_INTERVALS:
        raise ProblemError(field, f"must hold at most {2 * MAX_INTERVALS} values, got {len(wire)}")
    return align(field, numbers(field, wire, largest, repairs), intervals, repairs)


def _import_prices(request: OptimizeRequest, intervals: Intervals, repairs: Repairs) -> Vector:
    prices = _given("prices_import", request.prices_import, _HIGHEST_PRICE, intervals, repairs)
    assert prices is not None  # or there would be no intervals
    return prices


def _export_prices(request: OptimizeRequest, intervals: Intervals, repairs: Repairs) -> Vector:
    prices = _given("prices_export", request.prices_export, _HIGHEST_PRICE, intervals, repairs)
    if prices is None:
        repairs.note("default", "prices_export", "missing; exports assumed to earn nothing")
        return np.zeros(intervals.size)
    return prices


def _solar(request: OptimizeRequest, intervals: Intervals, repairs: Repairs) -> Vector:
    solar = _given("solar_forecast", request.solar_forecast, _HIGHEST_FORECAST, intervals, repairs)
    if solar is None:
        repairs.note("default", "solar_forecast", "missing; no solar assumed")
        return np.zeros(intervals.size)
    return _not_negative("solar_forecast", solar, repairs)


def _load(
    request: OptimizeRequest, horizon: Horizon, intervals: Intervals, repairs: Repairs
) -> Vector:
    field = "load_forecast"
    load = _given(field, request.load_forecast, _HIGHEST_FORECAST, intervals, repairs)
    if load is None:
        repairs.note("default", field, "missing; the profile of a typical home assumed")
        return _TYPICAL_LOAD[[start.hour for start in horizon.starts]]
    if 0 < float(load.max()) < _KW_MEANT_BELOW:
        repairs.note("unit", field, f"never above {load.max():g} W; read as kW")
        load = 1000.0 * load
    return _not_negative(field, load, repairs)


def _not_negative(field: str, values: Vector, repairs: Repairs) -> Vector:
    if bool((values < 0).any()):
        count = int(np.count_nonzero(values < 0))
        repairs.note("clamped", field, f"{count} values under zero; zero assumed")
    return np.maximum(values, 0.0)


def _grid_limits(wire: GridIn | None) -> Grid:
    """Limits of the connection; without one, what the largest home could use."""
    wire = wire or GridIn()
    return Grid(
        import_limit=_limit("max_import_w", wire.max_import_w),
        export_limit=_limit("max_export_w", wire.max_export_w),
        curtailment=wire.curtailment is not False,
    )


def _limit(name: str, watts: float | None) -> float:
    if watts is None or watts == math.inf:
        return HIGHEST_POWER / 1000.0
    if not watts >= 0:
        raise ProblemError(f"grid.{name}", f"must not be negative, got {shown(watts)}")
    return watts / 1000.0


def _cost_function(wire: str | None, options: Options, repairs: Repairs) -> CostFunction:
    default = options.default_cost_function
    if wire is None:
        return default
    name = wire.strip().lower()
    if name in set(CostFunction):
        return CostFunction(name)
    repairs.note("unknown_value", "cost_function", f"{clipped(wire)} is unknown; {default} assumed")
    return default
