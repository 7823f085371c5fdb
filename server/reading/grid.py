"""The grid connection and the inverter of a request."""

import math

from matrix_builders import Vector
from optimiser import Grid, Inverter, ProblemError
from server.reading.series import Intervals, align, number, numbers
from server.wire.fields import HIGHEST_POWER, LEAST_POWER
from server.wire.repairs import Repairs
from server.wire.structs import GridIn, HybridIn, Limit
from server.wire.wording import shown


def grid_from_wire(wire: GridIn | None, n: int, intervals: Intervals, repairs: Repairs) -> Grid:
    """Limits of the connection; without one, what the largest home could use.

    Parameters
    ----------
    wire : GridIn or None
        As decoded.
    n : int
        Number of intervals planned.
    intervals : Intervals
        Those of the request.
    repairs : Repairs
        Takes note of everything mended.

    Returns
    -------
    Grid
        In kW.

    Raises
    ------
    ProblemError
        Where a limit is negative.
    """
    wire = wire or GridIn()
    return Grid(
        import_limit=_limit("max_import_w", wire.max_import_w, n, intervals, repairs),
        export_limit=_limit("max_export_w", wire.max_export_w, n, intervals, repairs),
        curtailment=wire.curtailment is not False,
    )


def _limit(
    name: str, wire: Limit, n: int, intervals: Intervals, repairs: Repairs
) -> float | Vector:
    """Limit [kW]: one for all intervals, or one for each."""
    field = f"grid.{name}"
    if isinstance(wire, list) and wire:
        # An interval without a limit is no gap to be interpolated.
        given = [
            HIGHEST_POWER if entry is None else min(number(entry), HIGHEST_POWER) for entry in wire
        ]
        limits = align(field, numbers(field, given, HIGHEST_POWER, repairs), intervals, repairs)
        if bool((limits < 0).any()):
            raise ProblemError(field, f"must not be negative, got {shown(float(limits.min()))}")
        return limits[:n] / 1000.0
    watts = math.inf if wire is None or isinstance(wire, list) else number(wire)
    if math.isnan(watts):
        repairs.note("default", field, f"must be a number, got {shown(wire)}; no limit assumed")
        watts = math.inf
    if watts < 0:
        raise ProblemError(field, f"must not be negative, got {shown(watts)}")
    return (HIGHEST_POWER if watts == math.inf else watts) / 1000.0


def inverter_from_wire(places: dict[str, HybridIn | None], repairs: Repairs) -> Inverter | None:
    """The inverter that batteries share; the first of the `places` that names one counts."""
    for path, wire in places.items():
        if wire is not None:
            return _inverter(path, wire, repairs)
    return None


def _inverter(path: str, wire: HybridIn, repairs: Repairs) -> Inverter | None:
    limit = number(wire.ac_limit_w)
    if not limit >= 0:
        got = shown(wire.ac_limit_w)
        repairs.note(
            "rule_ignored", f"{path}.ac_limit_w", f"must be a number of watts, got {got}; ignored"
        )
        return None
    if 0 < limit < LEAST_POWER:
        repairs.note("clamped", f"{path}.ac_limit_w", f"{limit:g} W is nothing; 0 assumed")
        limit = 0.0
    return Inverter(
        ac_limit=min(limit, HIGHEST_POWER) / 1000.0,
        dc_coupled_solar=wire.dc_coupled_solar is not False,
    )
