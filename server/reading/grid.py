"""The grid connection and the inverter of a request."""

import math
from collections.abc import Sequence

import numpy as np

from matrix_builders import Vector
from optimiser import Battery, Grid, Inverter
from server.reading.battery import Named
from server.reading.series.lists import number_or_series
from server.reading.series.steps import Kind, Timeline
from server.wire.repairs import FieldReader, Repairs
from server.wire.requests import GridIn, SiteRequest
from server.wire.storages import HIGHEST_POWER, HIGHEST_PRICE, HybridIn, Limit

_HIGHEST = HIGHEST_POWER / 1000.0  # kW


def grid_from_wire(wire: GridIn | None, timeline: Timeline, repairs: Repairs) -> Grid:
    """Read the limits of the connection.

    Without a limit, it is what the largest home could use.
    """
    if wire is None:
        return Grid(import_limit=_HIGHEST, export_limit=_HIGHEST)
    reader = FieldReader(wire, "grid", repairs)
    threshold, price = _threshold(wire, timeline, reader)
    return Grid(
        import_limit=_limit("max_import_w", wire.max_import_w, timeline, reader),
        export_limit=_limit("max_export_w", wire.max_export_w, timeline, reader),
        phase_limit=_phase_limit(wire, reader),
        curtailment=wire.curtailment is True,
        import_threshold=threshold,
        excess_import_price=price,
    )


def _phase_limit(wire: GridIn, reader: FieldReader) -> float:
    """Return the limit of each phase; infinite where there is none. [kW]"""
    if wire.max_import_a_per_phase is None:
        return math.inf
    limit = reader.number("max_import_a_per_phase") * reader.number("voltage") / 1000.0
    return limit if limit <= _HIGHEST else math.inf


def _threshold(
    wire: GridIn, timeline: Timeline, reader: FieldReader
) -> tuple[float | Vector, float | Vector]:
    """Return the threshold of imports [kW], and what those above it cost more [$/kWh]."""
    names = "import_threshold_w", "excess_import_price"
    missing = [name for name in names if getattr(wire, name) in (None, [])]
    if missing:
        for name in set(names) - set(missing):
            reader.note("default", name, f"{missing[0]} is missing; imports cost no more above it")
        return math.inf, 0.0
    largest = HIGHEST_PRICE * max(1.0, reader.repairs.prices.dearest)
    threshold = _limit("import_threshold_w", wire.import_threshold_w, timeline, reader)
    return threshold, number_or_series("excess_import_price", largest, timeline, reader)


def _limit(name: str, wire: Limit, timeline: Timeline, reader: FieldReader) -> float | Vector:
    """Return a limit [kW]: one for all intervals, or one for each."""
    if wire == []:
        return _HIGHEST
    limits = number_or_series(name, HIGHEST_POWER, timeline, reader, Kind.LIMIT)
    if isinstance(limits, float):
        return min(limits / 1000.0, _HIGHEST)
    return np.minimum(limits / 1000.0, _HIGHEST)


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
        reader = FieldReader(wire, path, repairs)
        limit = reader.number("ac_limit_w")
        return Inverter(
            ac_limit=min(limit, HIGHEST_POWER) / 1000.0,
            ac_charge_limit=reader.number("ac_charge_limit_w") / 1000.0,
            dc_coupled_solar=wire.dc_coupled_solar is not False,
        )
    return None
