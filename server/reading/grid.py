"""The grid connection and the inverter of a request."""

import math
from collections.abc import Sequence

from matrix_builders import Vector
from optimiser import Battery, Grid, Inverter, ProblemError
from server.reading.battery import Named
from server.reading.series.lists import on_intervals, series_from_wire
from server.reading.series.steps import Kind, SeriesRule, Timeline
from server.wire.repairs import Repairs, number_from_json
from server.wire.requests import GridIn, Limit, SiteRequest
from server.wire.storages import HIGHEST_POWER, LEAST_POWER, HybridIn
from server.wire.wording import format_value


def grid_from_wire(wire: GridIn | None, timeline: Timeline, repairs: Repairs) -> Grid:
    """Read the limits of the connection.

    Without a limit, it is what the largest home could use.
    """
    wire = wire or GridIn()
    return Grid(
        import_limit=_limit("grid.max_import_w", wire.max_import_w, timeline, repairs),
        export_limit=_limit("grid.max_export_w", wire.max_export_w, timeline, repairs),
        curtailment=wire.curtailment is not False,
    )


def _limit(field: str, wire: Limit, timeline: Timeline, repairs: Repairs) -> float | Vector:
    """Return a limit [kW]: one for all intervals, or one for each."""
    if isinstance(wire, list | dict):
        rule = SeriesRule(field, HIGHEST_POWER, Kind.LIMIT)
        series = series_from_wire(rule, wire, timeline.start, repairs)
        if series is None:
            return HIGHEST_POWER / 1000.0
        limits = on_intervals(rule, series, timeline, repairs)
        if limits.min() < 0:
            lowest = format_value(float(limits.min()))
            raise ProblemError(field, f"must not be negative, got {lowest}")
        return limits / 1000.0
    watts = math.inf if wire is None else number_from_json(wire)
    if math.isnan(watts):
        message = f"must be a number, got {format_value(wire)}; no limit assumed"
        repairs.note("default", field, message)
        watts = math.inf
    if watts < 0:
        raise ProblemError(field, f"must not be negative, got {format_value(watts)}")
    return (HIGHEST_POWER if watts == math.inf else watts) / 1000.0


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
