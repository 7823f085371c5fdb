"""Series as they really arrive, made into one clean number for each interval."""

import contextlib
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np

from matrix_builders import Vector
from optimiser import ProblemError
from server.reading.series.extension import means_of_intervals
from server.reading.series.rows import rows_from_json
from server.reading.series.steps import (
    Kind,
    SeriesRule,
    Steps,
    Timeline,
    edges_from_now,
    trim_missing,
)
from server.wire.repairs import FieldReader, Repairs, number_from_json
from server.wire.storages import Permission
from server.wire.wording import format_value

MAX_INTERVALS = 4_320
"""72 h of minutes; more is refused."""

_SAMPLE = 5.0  # min; the PowerSync client samples its forecasts so, whatever its intervals,
_FEWEST_SAMPLES = 288  # and for a day or more

RawSeries: TypeAlias = list[Any] | dict[str, Any] | float | None
"""A series as decoded: a list, a series in time, or one number for all intervals."""

Series: TypeAlias = Vector | Steps | float
"""The numbers of a list, NaN where they are missing at its ends; a series in time; a constant."""


def series_from_wire(
    rule: SeriesRule, raw: RawSeries, start: datetime, repairs: Repairs
) -> Series | None:
    """Return the numbers of a series, with their instants where it names them."""
    if raw is None or raw == []:
        return None
    if isinstance(raw, list):
        if len(raw) > 2 * MAX_INTERVALS:
            text = f"must hold at most {2 * MAX_INTERVALS} values, got {len(raw)}"
            raise ProblemError(rule.field, text)
        if set(map(type, raw)) != {dict}:
            return numbers_from_list(rule, raw, repairs)
    elif not isinstance(raw, dict):
        return float(numbers_from_list(rule, [raw], repairs)[0])
    values, edges = rows_from_json(rule.field, raw, start, repairs)
    return trim_missing(edges, numbers_from_list(rule, values, repairs))


def numbers_from_list(rule: SeriesRule, raw: list[Any], repairs: Repairs) -> Vector:
    """Return the numbers of a list; bad entries are interpolated from their neighbours.

    An entry may be a number, its text, or what a live feed puts between them; beyond the largest
    magnitude it is a fault.  At the ends there is nothing to interpolate: those are NaN.  A list
    without any usable number is refused.
    """
    values = None
    if set(map(type, raw)) <= {float, int}:
        with contextlib.suppress(OverflowError):  # an integer beyond all floats
            values = np.array(raw, dtype=np.float64)
    if values is None:
        values = np.array([number_from_json(entry) for entry in raw])
    if rule.kind is Kind.LIMIT:
        is_endless = np.array([entry is None for entry in raw]) | (values > rule.largest)
        values = np.where(is_endless, rule.largest, values)
    good = np.abs(values) <= rule.largest
    if good.all():
        return values
    at = np.flatnonzero(good)
    if not at.size:
        text = f"must hold numbers between ±{rule.largest:g}, got no such number"
        raise ProblemError(rule.field, text)
    holes = at[0] + np.flatnonzero(~good[at[0] : at[-1]])
    if holes.size:
        repairs.note(
            "interpolated",
            rule.field,
            f"{holes.size} of {values.size} entries were no usable numbers (first at index "
            f"{holes[0]}); interpolated from their neighbours",
        )
    return np.interp(np.arange(values.size), at, values[at], left=np.nan, right=np.nan)


def on_intervals(rule: SeriesRule, series: Series, timeline: Timeline, repairs: Repairs) -> Vector:
    """Return a series on the planned intervals.

    A list has one value for each interval, and the first is that of the running one.  A longer one
    is cut, a shorter one repeats the same clock time of the day before.  A series in time gives its
    mean over each interval, weighted by time.
    """
    n = timeline.hours.size
    if isinstance(series, float):
        return np.full(timeline.n_planned, series)
    if isinstance(series, np.ndarray):
        if series.size == n and not np.isnan(series[: timeline.n_planned]).any():
            return series[: timeline.n_planned]
        series = _steps_of_list(rule.field, series, timeline, repairs)
    elif rule.kind is not Kind.POWER:
        _note_averages(rule.field, series, timeline, repairs)
    return means_of_intervals(rule, series, timeline, repairs)[: timeline.n_planned]


def _steps_of_list(field: str, values: Vector, timeline: Timeline, repairs: Repairs) -> Steps:
    """Return the instants of a list that has not one number for each interval."""
    n, size, edges = timeline.hours.size, values.size, timeline.edges()
    if size >= _FEWEST_SAMPLES and size != n:
        samples = edges_from_now(timeline.start, _SAMPLE, size)
        both = min(n, size) + 1
        # Up to the last interval: prices may be a few minutes longer than the samples.
        if samples[-1] >= edges[-2] and not np.array_equal(samples[:both], edges[:both]):
            text = f"{size} values for {n} intervals; read as samples of {_SAMPLE:g} minutes"
            repairs.note("resampled", field, f"{text} from the start, averaged")
            return trim_missing(samples, values)
    if size > n:
        text = f"{size} values for {n} intervals; one for each interval assumed, the rest unused"
        repairs.note("truncated", field, text)
    if np.isnan(values[:n]).all():
        raise ProblemError(field, f"must hold a number among its first {n} values, got none")
    return trim_missing(edges[: size + 1], values[:n])


def _note_averages(field: str, steps: Steps, timeline: Timeline, repairs: Repairs) -> None:
    """Record that a price or a limit changes within intervals."""
    edges = timeline.edges()
    changes = steps.edges[1:-1][np.diff(steps.values) != 0]
    within = changes[(changes > 0) & (changes < edges[-1]) & ~np.isin(changes, edges)]
    if within.size:
        text = f"changes {within.size} times within intervals; their means, weighted by time"
        repairs.note("resampled", field, text)


def number_or_series(
    name: str, largest: float, timeline: Timeline, reader: FieldReader, kind: Kind = Kind.PRICE
) -> float | Vector:
    """Return the number of a field, or that of each interval; the largest shows their unit.

    A number of a series that is beyond the `largest` is a fault.
    """
    wire = getattr(reader.wire, name)
    if not isinstance(wire, list | dict) or wire == []:
        return reader.number(name)
    rule = SeriesRule(f"{reader.path}.{name}", largest, kind)
    series = series_from_wire(rule, wire, timeline.start, reader.repairs)
    assert series is not None
    values = on_intervals(rule, series, timeline, reader.repairs)
    lowest = float(values.min())
    if lowest < 0.0 and not reader.is_signed(name):
        raise ProblemError(rule.field, f"must not be negative, got {format_value(lowest)}")
    if lowest < 0.0:
        values = np.maximum(values, reader.number(name, value=lowest))
    highest = float(values[values < largest].max(initial=0.0))
    if highest > 0.0:
        values = values * (reader.number(name, value=highest) / highest)
    return values


def permission_or_series(name: str, timeline: Timeline, reader: FieldReader) -> bool | list[bool]:
    """Return a permission, or that of each interval; one of a part of an interval is none."""
    wire: Permission = getattr(reader.wire, name)
    if not isinstance(wire, list | dict):
        return wire is not False
    rule = SeriesRule(f"{reader.path}.{name}", 1.0, Kind.PRICE)
    series = series_from_wire(rule, _as_numbers(wire), timeline.start, reader.repairs)
    if series is None:
        return True
    values: list[bool] = (on_intervals(rule, series, timeline, reader.repairs) >= 1.0).tolist()
    return values


def _as_numbers(wire: object) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with ones and zeros in place of true and false."""
    if isinstance(wire, list):
        return [_as_numbers(entry) for entry in wire]
    if isinstance(wire, dict):
        return {name: _as_numbers(entry) for name, entry in wire.items()}
    return float(wire) if isinstance(wire, bool) else wire
