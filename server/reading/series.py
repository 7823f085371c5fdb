"""Lists of numbers as they really arrive, made into clean series of one length."""

import contextlib
from typing import Any, TypeAlias

import numpy as np

from matrix_builders import Vector
from optimiser import ProblemError
from server.wire.repairs import Repairs, number_from_json

MAX_INTERVALS = 4_320
"""72 h of minutes; more is refused."""

_DAY = 24.0  # h
_TINY = 1e-9  # h and min; rounding of sums of interval lengths
_FINEST = 5.0  # min; the client samples its forecasts every five minutes

RawSeries: TypeAlias = list[Any] | float | None
"""A series as decoded: a list, or one number for all intervals."""


def series_from_wire(
    field: str, raw: RawSeries, largest: float, hours: Vector, repairs: Repairs
) -> Vector | None:
    """Return a series on the intervals of a request; None where it is missing.

    Numbers beyond the magnitude `largest` are faults of the feed.  The `hours` and the result have
    shape (T,).
    """
    if raw is None or raw == []:
        return None
    if not isinstance(raw, list):
        return np.full(hours.size, numbers_from_list(field, [raw], largest, repairs)[0])
    if len(raw) > 2 * MAX_INTERVALS:
        raise ProblemError(field, f"must hold at most {2 * MAX_INTERVALS} values, got {len(raw)}")
    values = numbers_from_list(field, raw, largest, repairs)
    return values if values.size == hours.size else align(field, values, hours, repairs)


def numbers_from_list(field: str, raw: list[Any], largest: float, repairs: Repairs) -> Vector:
    """Return the numbers of a list; bad entries are interpolated from their neighbours.

    An entry may be a number, its text, or what a live feed puts between them; beyond the magnitude
    `largest` it is a fault.  A list without any usable number is refused.
    """
    values = None
    if set(map(type, raw)) <= {float, int}:
        with contextlib.suppress(OverflowError):  # an integer beyond all floats
            values = np.array(raw, dtype=np.float64)
    if values is None:
        values = np.array([number_from_json(entry) for entry in raw])
    good = np.abs(values) <= largest
    if good.all():
        return values
    if not good.any():
        raise ProblemError(field, f"must hold numbers between ±{largest:g}, got no such number")
    at, bad = np.arange(values.size), np.flatnonzero(~good)
    repairs.note(
        "interpolated",
        field,
        f"{bad.size} of {values.size} entries were no usable numbers (first at index "
        f"{bad[0]}); interpolated from their neighbours",
    )
    return np.where(good, values, np.interp(at, at[good], values[good]))


def align(field: str, values: Vector, hours: Vector, repairs: Repairs) -> Vector:
    """Bring a series to intervals of the lengths `hours`, shape (T,). [h]

    A finer series (the client samples every 5 minutes whatever its interval) is averaged in
    blocks, a longer one is cut, a shorter one repeats the same clock time of the day before.
    """
    n, ratio = hours.size, _samples_per_interval(values.size, hours)
    counts = f"{values.size} values for {n} intervals"
    if ratio > 1:
        blocks = values.size // ratio
        repairs.note("resampled", field, f"{counts}; averaged in blocks of {ratio}")
        values = values[: blocks * ratio].reshape(blocks, ratio).mean(axis=1)
        counts = f"{blocks} values for {n} intervals"
    if values.size > n:
        repairs.note("truncated", field, f"{counts}; the rest unused")
        return values[:n]
    if values.size < n:
        repeated = "the rest repeats the same clock time of the day before"
        repairs.note("extended", field, f"{counts}; {repeated}")
        return _repeat_day_before(values, hours)
    return values


def _samples_per_interval(size: int, hours: Vector) -> int:
    """Return how many samples of a series make one interval; 1 where it is no finer."""
    minutes = 60.0 * float(hours[0])
    if size <= hours.size or not np.allclose(hours, hours[0]):
        return 1
    sampled = round(minutes / _FINEST)
    if abs(sampled * _FINEST - minutes) < _TINY and size >= sampled * hours.size:
        return sampled
    ratio, rest = divmod(size, hours.size)
    return ratio if rest == 0 and minutes / ratio >= _FINEST - _TINY else 1


def _repeat_day_before(values: Vector, hours: Vector) -> Vector:
    """Extend a series that holds its first intervals only; without a day before, from its start."""
    starts = np.cumsum(hours) - hours
    before = np.searchsorted(starts, starts - _DAY + _TINY, side="right") - 1
    extended = np.resize(values, hours.size)
    for t in range(values.size, hours.size):
        if before[t] >= 0:
            extended[t] = extended[before[t]]
    return extended
