"""Series that say when their values hold, as JSON: evenly spaced, or in rows."""

from datetime import datetime
from typing import Any

import numpy as np

from matrix_builders import Vector
from optimiser import ProblemError
from server.reading.clock import epoch_from_wire
from server.reading.series.steps import edges_from_now
from server.wire.repairs import Repairs, number_from_json
from server.wire.wording import format_value, quote

SHORTEST_STEP, LONGEST_STEP = 0.5, 24 * 60.0
"""Of intervals and of steps. [min]"""

_SMALLEST_GAP = 60.0  # s; stamps of one feed may differ by a second or so
_MOST_NAMES = 5  # of unknown fields

# What a row may call its beginning, end and value; the first name is ours.
_NAMES = {
    "start": ("start", "from", "time", "start_time", "startsAt", "period_start", "datetime"),
    "end": ("end", "till", "to", "end_time", "period_end"),
    "value": (
        "value", "price", "per_kwh", "price_per_kwh", "total", "power", "power_w", "pv_estimate",
    ),
}  # fmt: skip
_KILOWATTS = "pv_estimate"  # as Solcast has it


def rows_from_json(
    field: str, raw: list[Any] | dict[str, Any], start: datetime, repairs: Repairs
) -> tuple[list[Any], Vector]:
    """Return the N values of a series in time, and its N + 1 instants from `start` on. [s]

    Missing rows are NaN among the values.
    """
    if isinstance(raw, dict) and {"values", "interval_minutes", "start"} & raw.keys():
        return _even_rows(field, raw, start, repairs)
    if isinstance(raw, dict):
        raw = [{"start": stamp, "value": value} for stamp, value in raw.items()]
    if not raw:
        raise ProblemError(field, "must hold values, got none")
    names = _names_of_rows(field, raw, repairs)
    values = [row.get(names["value"]) for row in raw]
    if names["value"] == _KILOWATTS:
        repairs.note("unit", field, f"{_KILOWATTS} is in kW; read so")
        values = [1000.0 * number_from_json(value) for value in values]
    begins, ends = _instants(field, raw, names, start, repairs)
    return _order_rows(field, values, begins, ends, repairs)


def _even_rows(
    field: str, raw: dict[str, Any], start: datetime, repairs: Repairs
) -> tuple[list[Any], Vector]:
    """Read ``{"start"?, "interval_minutes", "values"}``."""
    minutes, values = number_from_json(raw.get("interval_minutes")), raw.get("values")
    if not SHORTEST_STEP <= minutes <= LONGEST_STEP:
        got = format_value(raw.get("interval_minutes"))
        rule = f"must lie in [{SHORTEST_STEP:g}, {LONGEST_STEP:g}] minutes, got {got}"
        raise ProblemError(f"{field}.interval_minutes", rule)
    if not isinstance(values, list) or not values:
        got = "none" if values == [] else format_value(values)
        raise ProblemError(f"{field}.values", f"must be a list of numbers, got {got}")
    _note_unknown(field, raw.keys() - {"start", "interval_minutes", "values"}, repairs)
    edges = edges_from_now(start, minutes, len(values))
    if raw.get("start") is not None:
        begin, is_naive = epoch_from_wire(f"{field}.start", raw["start"], start.tzinfo)
        if is_naive:
            _note_naive(field, repairs)
        edges = np.round(edges - edges[0]) + begin - start.timestamp()  # at whole seconds
    return values, np.round(edges, 3)


def _names_of_rows(field: str, rows: list[dict[str, Any]], repairs: Repairs) -> dict[str, str]:
    """Return the name that the rows of a series give to each of our fields."""
    sent: set[str] = set().union(*rows)
    names = {ours: next((n for n in known if n in sent), ours) for ours, known in _NAMES.items()}
    for ours in ("start", "value"):
        if names[ours] not in sent:
            raise ProblemError(f"{field}[0].{ours}", "must be given, got nothing")
    renamed = [f"{theirs} read as {ours}" for ours, theirs in names.items() if ours != theirs]
    if renamed:
        repairs.note("renamed", field, f"rows with {', '.join(renamed)}")
    _note_unknown(field, sent - set(names.values()), repairs)
    return names


def _instants(
    field: str, rows: list[dict[str, Any]], names: dict[str, str], start: datetime, repairs: Repairs
) -> tuple[Vector, Vector]:
    """Return beginning and end of each row, NaN where it names no end, from `start` on. [s]"""
    begins, ends, naive = [], [], 0
    begin = None
    for i, row in enumerate(rows):
        place, stamp = f"{field}[{i}].{names['start']}", row.get(names["start"])
        begin, is_naive = epoch_from_wire(place, stamp, start.tzinfo, begin)
        begins.append(begin)
        naive += is_naive
        end, stamp = np.nan, row.get(names["end"])
        if stamp is not None:
            place = f"{field}[{i}].{names['end']}"
            end, _ = epoch_from_wire(place, stamp, start.tzinfo, begin)
            if end <= begin:
                raise ProblemError(place, f"must be later than its start, got {quote(stamp)}")
        ends.append(end)
    if naive:
        _note_naive(field, repairs)
    origin = start.timestamp()
    return np.array(begins) - origin, np.array(ends) - origin


def _order_rows(
    field: str, values: list[Any], begins: Vector, ends: Vector, repairs: Repairs
) -> tuple[list[Any], Vector]:
    """Put rows in order, each at most until the next, and NaN in the gaps between them."""
    order = np.argsort(begins, kind="stable")
    is_kept = np.append(np.diff(begins[order]) > 0, True)  # of equal beginnings, the last
    kept = order[is_kept]
    begins, ends = begins[kept], ends[kept]
    if kept.size == 1 and np.isnan(ends[0]):
        raise ProblemError(f"{field}[0].end", "must be given where there is one row, got none")
    # The last row without an end lasts as long as the shortest: nothing is claimed beyond that.
    nexts = np.append(begins[1:], begins[-1] + np.diff(begins).min(initial=np.inf))
    is_cut = ends[:-1] > nexts[:-1]
    ends = np.append(np.fmin(ends, nexts)[:-1], nexts[-1] if np.isnan(ends[-1]) else ends[-1])
    is_gap = nexts[:-1] - ends[:-1] >= _SMALLEST_GAP
    if (np.diff(order) < 0).any():
        repairs.note("unsorted", field, "rows not in the order of time; sorted")
    if not is_kept.all() or is_cut.any():
        repairs.note("overlap", field, "rows overlap; each ends where the next one begins")
    if is_gap.any():
        hours = (nexts[:-1] - ends[:-1])[is_gap].sum() / 3600.0
        repairs.note("gap", field, f"no rows for {hours:.4g} h between the first and the last")
    edges = np.sort(np.concatenate((begins, ends[:-1][is_gap], ends[-1:])))
    if np.diff(edges).min() < 60.0 * SHORTEST_STEP:
        rule = f"must hold each value for at least {SHORTEST_STEP:g} minutes"
        raise ProblemError(field, f"{rule}, got {np.diff(edges).min():g} seconds")
    filled = [
        value
        for at, gap in zip(kept.tolist(), [*is_gap.tolist(), False], strict=True)
        for value in ([values[at], np.nan] if gap else [values[at]])
    ]
    return filled, np.round(edges, 3)


def _note_naive(field: str, repairs: Repairs) -> None:
    repairs.note("local_time", field, "stamps without an offset; the site's local time assumed")


def _note_unknown(field: str, names: set[str], repairs: Repairs) -> None:
    if names:
        listed = ", ".join(quote(name)[1:-1] for name in sorted(names)[:_MOST_NAMES])
        repairs.note("unknown_field", field, f"{listed}: not fields we know; ignored")
