"""The grid connection and the inverter of a request."""

import math
from collections.abc import Sequence
from typing import Any

from matrix_builders import Vector
from optimiser import Battery, Grid, Inverter, ProblemError
from server.reading.battery import Named
from server.reading.series import align, numbers_from_list
from server.wire.repairs import Repairs, number_from_json
from server.wire.requests import GridIn, Limit, SiteRequest
from server.wire.storages import HIGHEST_POWER, LEAST_POWER, HybridIn
from server.wire.wording import format_value


def grid_from_wire(wire: GridIn | None, n: int, hours: Vector, repairs: Repairs) -> Grid:
    """Read the limits of the connection on the first n of the intervals of a request.

    Without a limit, it is what the largest home could use.
    """
    wire = wire or GridIn()
    return Grid(
        import_limit=_limit("grid.max_import_w", wire.max_import_w, n, hours, repairs),
        export_limit=_limit("grid.max_export_w", wire.max_export_w, n, hours, repairs),
        curtailment=wire.curtailment is not False,
    )


def _limit(field: str, wire: Limit, n: int, hours: Vector, repairs: Repairs) -> float | Vector:
    """Return a limit [kW]: one for all intervals, or one for each."""
    if isinstance(wire, list) and wire:
        return _limits(field, wire, hours, repairs)[:n] / 1000.0
    watts = math.inf if wire is None or isinstance(wire, list) else number_from_json(wire)
    if math.isnan(watts):
        message = f"must be a number, got {format_value(wire)}; no limit assumed"
        repairs.note("default", field, message)
        watts = math.inf
    if watts < 0:
        raise ProblemError(field, f"must not be negative, got {format_value(watts)}")
    return (HIGHEST_POWER if watts == math.inf else watts) / 1000.0


def _limits(field: str, wire: list[Any], hours: Vector, repairs: Repairs) -> Vector:
    """Return the limit of each interval [W]; one without a limit is no gap to be interpolated."""
    raw = [math.inf if entry is None else number_from_json(entry) for entry in wire]
    capped = [min(entry, HIGHEST_POWER) for entry in raw]
    limits = numbers_from_list(field, capped, HIGHEST_POWER, repairs)
    limits = align(field, limits, hours, repairs)
    if limits.min() < 0:
        lowest = format_value(float(limits.min()))
        raise ProblemError(field, f"must not be negative, got {lowest}")
    return limits


def inverter_from_wire(
    request: SiteRequest, batteries: Sequence[Named[Battery]], repairs: Repairs
) -> Inverter | None:
    """Read the inverter that batteries share; the first place that names one counts."""
    of_grid = request.grid.hybrid if request.grid else None
    places = {"hybrid": request.hybrid, "grid.hybrid": of_grid}
    for battery in batteries:
        places[f"{battery.path}.hybrid"] = battery.hybrid
    for path, wire in places.items():
        if wire is not None:
            return _inverter(path, wire, repairs)
    return None


def _inverter(path: str, wire: HybridIn, repairs: Repairs) -> Inverter | None:
    field, limit = f"{path}.ac_limit_w", number_from_json(wire.ac_limit_w)
    if not limit >= 0:
        got = format_value(wire.ac_limit_w)
        repairs.note("rule_ignored", field, f"must be a number of watts, got {got}; ignored")
        return None
    if 0 < limit < LEAST_POWER:
        repairs.note("clamped", field, f"{limit:g} W is nothing; 0 assumed")
        limit = 0.0
    return Inverter(
        ac_limit=min(limit, HIGHEST_POWER) / 1000.0,
        dc_coupled_solar=wire.dc_coupled_solar is not False,
    )
