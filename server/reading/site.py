"""A request struct to a site: W to kWh per interval, once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from matrix_builders import Vector
from optimiser import CostFunction, Forecast, Horizon, Inverter, ProviderRules, Site, Tariff
from server.options import HIGHEST_MARGIN, Options
from server.reading.charges import allowances_from_wire, demand_charges_from_wire
from server.reading.clock import snapped, start_of
from server.reading.forecasts import (
    export_prices,
    import_prices,
    load_power,
    solar_power,
    typical_load,
)
from server.reading.grid import grid_from_wire, inverter_from_wire
from server.reading.horizon import intervals_from_wire, intervals_within
from server.reading.provider_config import rules_from_wire
from server.reading.series import Intervals
from server.reading.storages import (
    Storages,
    several_batteries,
    single_battery,
    vehicles_and_batteries,
)
from server.wire.fields import Reader
from server.wire.repairs import Repairs
from server.wire.structs import (
    EvRequest,
    HybridIn,
    MultiBatteryRequest,
    OptimizeRequest,
    SiteRequest,
)
from server.wire.wording import clipped

_COST_FUNCTIONS = {str(known): known for known in CostFunction}


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
    keys : tuple of str
        What the storages are called: batteries, then vehicles; empty for a single battery.
    names : tuple of str or None
        What people call them.
    paths : tuple of str
        Where each storage is in the request: batteries, then vehicles.
    """

    site: Site
    cost_function: CostFunction
    rules: ProviderRules
    client_safe_charge: bool
    keys: tuple[str, ...] = ()
    names: tuple[str | None, ...] = ()
    paths: tuple[str, ...] = ()


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
    return _problem(request, options, now, repairs, lambda _: single_battery(request, repairs))


def multi_battery_problem(
    request: MultiBatteryRequest, options: Options, now: datetime, repairs: Repairs
) -> Problem:
    """Read one ``/multi-battery/optimize`` request; see `problem_from_wire`."""
    return _problem(request, options, now, repairs, lambda _: several_batteries(request, repairs))


def ev_problem(request: EvRequest, options: Options, now: datetime, repairs: Repairs) -> Problem:
    """Read one ``/ev/optimize`` request; see `problem_from_wire`."""
    return _problem(
        request,
        options,
        now,
        repairs,
        lambda horizon: vehicles_and_batteries(request, horizon, repairs),
    )


def _problem(
    request: SiteRequest,
    options: Options,
    now: datetime,
    repairs: Repairs,
    read_storages: Callable[[Horizon], Storages],
) -> Problem:
    """Read a request; its warnings stand in the order of these steps."""
    intervals = intervals_from_wire(request, options, repairs)
    n = intervals_within(request, intervals)
    start = start_of(request.start_time, request.timezone, options.zone, now, repairs)
    if not isinstance(request.interval_minutes, list):
        start = snapped(start, 60.0 * float(intervals.hours[0]))
    horizon = Horizon(start=start, hours=intervals.hours[:n])
    tariff = Tariff(
        import_price=import_prices(request, intervals, repairs)[:n],
        export_price=export_prices(request, intervals, repairs)[:n],
        demand_charges=demand_charges_from_wire(request.demand_charges, repairs),
        allowances=allowances_from_wire(request.allowances, repairs),
    )
    forecast = Forecast(
        load=_load(request, horizon, intervals, repairs) * horizon.hours / 1000.0,
        solar=solar_power(request, intervals, repairs)[:n] * horizon.hours / 1000.0,
    )
    grid = grid_from_wire(request.grid, n, intervals, repairs)
    cost_function = _cost_function(request.cost_function, options, repairs)
    rules = rules_from_wire(request.provider_config, repairs)
    if margin := _price_margin(request, options, repairs):
        rules = replace(rules, price_margin=margin)
    wanted = request.options.client_safe_charge if request.options else None
    storages = read_storages(horizon)
    return Problem(
        site=Site(
            horizon=horizon,
            tariff=tariff,
            forecast=forecast,
            grid=grid,
            batteries=storages.batteries,
            vehicles=storages.vehicles,
            inverter=_inverter(request, storages.hybrids, repairs),
        ),
        cost_function=cost_function,
        rules=rules,
        client_safe_charge=options.client_safe_charge if wanted is None else wanted,
        keys=storages.keys,
        names=storages.names,
        paths=storages.paths,
    )


def _inverter(
    request: SiteRequest, places: dict[str, HybridIn | None], repairs: Repairs
) -> Inverter | None:
    """The inverter that batteries share, wherever the request names it."""
    of_grid = request.grid.hybrid if request.grid else None
    nested = {f"{path}.hybrid": hybrid for path, hybrid in {"grid": of_grid, **places}.items()}
    return inverter_from_wire({"hybrid": request.hybrid, **nested}, repairs)


def _load(request: SiteRequest, horizon: Horizon, intervals: Intervals, repairs: Repairs) -> Vector:
    load = load_power(request, intervals, repairs)
    if load is not None:
        return load[: horizon.n_intervals]
    if isinstance(request, EvRequest):
        repairs.note("default", "load_forecast", "missing; no other load assumed")
        return np.zeros(horizon.n_intervals)
    message = "missing; the profile of a typical home assumed"
    repairs.note("default", "load_forecast", message)
    return typical_load(horizon)


def _price_margin(request: SiteRequest, options: Options, repairs: Repairs) -> float:
    """What a kWh through the meter counts as dearer. [$/kWh]"""
    wire = request.options.price_margin if request.options else None
    if wire is None:
        return options.price_margin
    reader = Reader(repairs, "options")
    margin = reader.finite("price_margin", wire, options.price_margin)
    return reader.clamped("price_margin", margin, 0.0, HIGHEST_MARGIN)


def _cost_function(wire: str | None, options: Options, repairs: Repairs) -> CostFunction:
    default = options.default_cost_function
    if wire is None:
        return default
    named = _COST_FUNCTIONS.get(wire.strip().lower())
    if named is not None:
        return named
    repairs.note("unknown_value", "cost_function", f"{clipped(wire)} is unknown; {default} assumed")
    return default
