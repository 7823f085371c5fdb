"""A request struct to a site: W to kWh per interval, once."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from matrix_builders import Vector
from optimiser import (
    Battery,
    CostFunction,
    Forecast,
    Horizon,
    Inverter,
    ProviderRules,
    Site,
    Tariff,
    Vehicle,
)
from server.codec.battery import batteries_from_wire, battery_from_wire
from server.codec.charges import allowances_from_wire, demand_charges_from_wire
from server.codec.clock import snapped, start_of
from server.codec.forecasts import (
    export_prices,
    import_prices,
    load_power,
    solar_power,
    typical_load,
)
from server.codec.grid import grid_from_wire, inverter_from_wire
from server.codec.horizon import intervals_from_wire, intervals_within
from server.codec.provider_config import rules_from_wire
from server.codec.reader import Reader
from server.codec.repairs import Repairs
from server.codec.series import Intervals
from server.codec.vehicle import vehicles_from_wire
from server.codec.wording import clipped
from server.options import HIGHEST_MARGIN, Options
from server.wire import (
    EvRequest,
    HybridIn,
    MultiBatteryRequest,
    OptimizeRequest,
    SiteRequest,
)


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
    problem = _problem(request, options, now, repairs, load_matters=True)
    battery = battery_from_wire(request.battery, repairs)
    places = {"battery": request.battery.hybrid if request.battery else None}
    problem = _with(problem, _inverter(request, places, repairs), (battery,))
    return replace(problem, paths=("battery",))


def multi_battery_problem(
    request: MultiBatteryRequest, options: Options, now: datetime, repairs: Repairs
) -> Problem:
    """Read one ``/multi-battery/optimize`` request; see `problem_from_wire`."""
    problem = _problem(request, options, now, repairs, load_matters=True)
    keys, batteries = batteries_from_wire(request.batteries, repairs)
    wires = request.batteries or []
    places = {f"batteries[{i}]": wire.hybrid for i, wire in enumerate(wires)}
    problem = _with(problem, _inverter(request, places, repairs), batteries)
    paths = tuple(f"batteries[{i}]" for i in range(len(keys)))
    return replace(problem, keys=keys, names=tuple(wire.name for wire in wires), paths=paths)


def ev_problem(request: EvRequest, options: Options, now: datetime, repairs: Repairs) -> Problem:
    """Read one ``/ev/optimize`` request; see `problem_from_wire`."""
    problem = _problem(request, options, now, repairs, load_matters=False)
    read = vehicles_from_wire(request, problem.site.horizon, repairs)
    homes, hybrids = _homes(request, repairs)
    batteries = tuple(battery for _, _, battery in homes)
    problem = _with(problem, _inverter(request, hybrids, repairs), batteries, read.vehicles)
    return replace(
        problem,
        keys=tuple(key for key, _, _ in homes) + read.keys,
        names=tuple(name for _, name, _ in homes) + read.names,
        paths=tuple(hybrids) + read.paths,
    )


def _homes(
    request: EvRequest, repairs: Repairs
) -> tuple[list[tuple[str, str | None, Battery]], dict[str, HybridIn | None]]:
    """Key, name and reading of every home battery, and the inverter that each names, by path."""
    if request.batteries is None:
        home = request.home_battery
        if home is None:
            return [], {}
        battery = battery_from_wire(home, repairs, "home_battery")
        return [("home_battery", None, battery)], {"home_battery": home.hybrid}
    if request.home_battery is not None:
        message = "both home_battery and batteries are given; home_battery is ignored"
        repairs.note("unknown_value", "home_battery", message)
    keys, batteries = batteries_from_wire(request.batteries, repairs)
    names = [wire.name for wire in request.batteries]
    hybrids = {f"batteries[{i}]": wire.hybrid for i, wire in enumerate(request.batteries)}
    return list(zip(keys, names, batteries, strict=True)), hybrids


def _problem(
    request: SiteRequest, options: Options, now: datetime, repairs: Repairs, *, load_matters: bool
) -> Problem:
    """What every request says, before anything that stores energy."""
    intervals = intervals_from_wire(request, options, repairs)
    n = intervals_within(request, intervals)
    start = start_of(request.start_time, request.timezone, options.zone, now, repairs)
    if not isinstance(request.interval_minutes, list):
        start = snapped(start, 60.0 * float(intervals.hours[0]))
    hours = intervals.hours[:n]
    horizon = Horizon(start=start, hours=hours)
    wanted = request.options.client_safe_charge if request.options else None
    return Problem(
        site=Site(
            horizon=horizon,
            tariff=Tariff(
                import_price=import_prices(request, intervals, repairs)[:n],
                export_price=export_prices(request, intervals, repairs)[:n],
                demand_charges=demand_charges_from_wire(request.demand_charges, repairs),
                allowances=allowances_from_wire(request.allowances, repairs),
            ),
            forecast=Forecast(
                load=_load(request, horizon, intervals, repairs, load_matters) * hours / 1000.0,
                solar=solar_power(request, intervals, repairs)[:n] * hours / 1000.0,
            ),
            grid=grid_from_wire(request.grid, n, intervals, repairs),
        ),
        cost_function=_cost_function(request.cost_function, options, repairs),
        rules=replace(
            rules_from_wire(request.provider_config, repairs),
            price_margin=_price_margin(request, options, repairs),
        ),
        client_safe_charge=options.client_safe_charge if wanted is None else wanted,
    )


def _inverter(
    request: SiteRequest, places: dict[str, HybridIn | None], repairs: Repairs
) -> Inverter | None:
    """The inverter that batteries share, wherever the request names it."""
    of_grid = request.grid.hybrid if request.grid else None
    nested = {f"{path}.hybrid": hybrid for path, hybrid in {"grid": of_grid, **places}.items()}
    return inverter_from_wire({"hybrid": request.hybrid, **nested}, repairs)


def _with(
    problem: Problem,
    inverter: Inverter | None,
    batteries: tuple[Battery, ...],
    vehicles: tuple[Vehicle, ...] = (),
) -> Problem:
    """The same with its storages."""
    site = replace(problem.site, batteries=batteries, vehicles=vehicles, inverter=inverter)
    return replace(problem, site=site)


def _load(
    request: SiteRequest, horizon: Horizon, intervals: Intervals, repairs: Repairs, matters: bool
) -> Vector:
    load = load_power(request, intervals, repairs)
    if load is not None:
        return load[: horizon.n_intervals]
    if matters:
        message = "missing; the profile of a typical home assumed"
        repairs.note("default", "load_forecast", message)
        return typical_load(horizon)
    repairs.note("default", "load_forecast", "missing; no other load assumed")
    return np.zeros(horizon.n_intervals)


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
    name = wire.strip().lower()
    if name in set(CostFunction):
        return CostFunction(name)
    repairs.note("unknown_value", "cost_function", f"{clipped(wire)} is unknown; {default} assumed")
    return default
