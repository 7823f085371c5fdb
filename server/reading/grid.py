"""The grid connection and the inverter of a request."""

import math
from collections.abc import Sequence
from typing import Any

from matrix_builders import Vector
from optimiser import Battery, Grid, Inverter, ProblemError
from server.reading.battery import Named
from server.reading.series import align, numbers_from_list
from server.wire.repairs import FieldReader, Repairs, number_from_json
from server.wire.requests import GridIn, Limit, SiteRequest
from server.wire.storages import HIGHEST_POWER, HybridIn
from server.wire.wording import format_value

_HIGHEST = HIGHEST_POWER / 1000.0  # kW


def grid_from_wire(wire: GridIn | None, n: int, hours: Vector, repairs: Repairs) -> Grid:
    """Read the limits of the connection on the first n of the intervals of a request.

    Without a limit, it is what the largest home could use.
    """
    if wire is None:
        return Grid(import_limit=_HIGHEST, export_limit=_HIGHEST)
    reader = FieldReader(wire, "grid", repairs)
    return Grid(
        import_limit=_limit("max_import_w", wire.max_import_w, n, hours, reader),
        export_limit=_limit("max_export_w", wire.max_export_w, n, hours, reader),
        curtailment=wire.curtailment is not False,
    )


def _limit(name: str, wire: Limit, n: int, hours: Vector, reader: FieldReader) -> float | Vector:
    """Return a limit [kW]: one for all intervals, or one for each."""
    if isinstance(wire, list):
        return _limits(name, wire, hours, reader)[:n] / 1000.0 if wire else _HIGHEST
    return min(reader.number(name) / 1000.0, _HIGHEST)


def _limits(name: str, wire: list[Any], hours: Vector, reader: FieldReader) -> Vector:
    """Return the limit of each interval [W]; one without a limit is no gap to be interpolated.

    The largest shows what all are meant in.
    """
    field = f"grid.{name}"
    raw = [math.inf if entry is None else number_from_json(entry) for entry in wire]
    largest = max([entry for entry in raw if 0.0 < entry < math.inf], default=0.0)
    size = reader.number(name, value=largest) / largest if largest else 1.0
    capped = [min(size * entry, HIGHEST_POWER) for entry in raw]
    limits = numbers_from_list(field, capped, HIGHEST_POWER, reader.repairs)
    limits = align(field, limits, hours, reader.repairs)
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
    with repairs.skip_on_error(f"{path}.ac_limit_w"):
        limit = FieldReader(wire, path, repairs).number("ac_limit_w")
        return Inverter(
            ac_limit=min(limit, HIGHEST_POWER) / 1000.0,
            dc_coupled_solar=wire.dc_coupled_solar is not False,
        )
    return None
