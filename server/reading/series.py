"""Lists of numbers as they really arrive, made into clean series of one length."""

import contextlib
import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from matrix_builders import Vector
from optimiser import ProblemError
from optimiser.problem.checks import extent
from server.wire.repairs import Repairs

_DAY = 24.0  # h
_TINY = 1e-9  # h and min; rounding of sums of interval lengths
_FINEST = 5.0  # min; the client samples its forecasts every five minutes

Given: TypeAlias = list[Any] | Vector | float | None
"""A series as decoded: a list, an array where all of it is plain numbers, or one for all."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals that every series is brought to.

    Attributes
    ----------
    hours : float64 array, shape (T,)
        Length of each interval. [h]
    """

    hours: Vector

    @property
    def size(self) -> int:
        """Number of intervals, T."""
        return int(self.hours.size)

    @property
    def starts(self) -> Vector:
        """Beginning of each interval, from the first; shape (T,). [h]"""
        return np.cumsum(self.hours) - self.hours


def count_of(series: Given) -> int | None:
    """How many entries a series has; None where it is one number for all intervals."""
    if series is None:
        return 0
    return None if isinstance(series, float | int) else len(series)


def numbers(field: str, raw: list[Any] | Vector, largest: float, repairs: Repairs) -> Vector:
    """Finite numbers out of a list.

    Parameters
    ----------
    field : str
        Name of the list.
    raw : list or float64 array
        Numbers, numbers as text, and what a live feed puts between them.
    largest : float
        Magnitude beyond which an entry is a fault of the feed.
    repairs : Repairs
        Takes note of interpolated entries.

    Returns
    -------
    float64 array, shape (len(raw),)
        Bad entries are interpolated from their neighbours.

    Raises
    ------
    ProblemError
        Where no entry is a usable number.
    """
    values = raw if isinstance(raw, np.ndarray) else _as_numbers(raw)
    low, high = extent(values)
    if -largest <= low and high <= largest:
        return values
    good = np.abs(values) <= largest
    if not good.any():
        raise ProblemError(field, f"must hold numbers between ±{largest:g}, got no such number")
    at = np.arange(values.size)
    values = np.where(good, values, np.interp(at, at[good], values[good]))
    bad = np.flatnonzero(~good)
    repairs.note(
        "interpolated",
        field,
        f"{bad.size} of {values.size} entries were no usable numbers (first at index "
        f"{bad[0]}); interpolated from their neighbours",
    )
    return values


def _as_numbers(raw: list[Any]) -> Vector:
    if set(map(type, raw)) <= {float, int}:
        with contextlib.suppress(OverflowError):  # an integer beyond all floats
            return np.array(raw, dtype=np.float64)
    return np.array([number(entry) for entry in raw])


def number(entry: object) -> float:
    """A JSON value as a number, also out of text; NaN where it is none."""
    if type(entry) is float:
        return entry
    if isinstance(entry, bool) or not isinstance(entry, int | float | str):
        return math.nan
    try:
        return float(entry)
    except (ValueError, OverflowError):
        return math.nan


def align(field: str, values: Vector, intervals: Intervals, repairs: Repairs) -> Vector:
    """Bring a series to the intervals of the plan.

    A finer series (the client samples every 5 minutes whatever its interval) is averaged in
    blocks, a longer one is cut, a shorter one repeats the same clock time of the day before.

    Parameters
    ----------
    field : str
        Name of the series.
    values : float64 array, shape (n,)
        At least one number.
    intervals : Intervals
        The intervals wanted.
    repairs : Repairs
        Takes note of every change but a cut.

    Returns
    -------
    float64 array, shape (T,)
        The series on the grid.
    """
    if values.size == intervals.hours.size:
        return values
    ratio = _finer_by(values.size, intervals)
    if ratio > 1:
        blocks = values.size // ratio
        repairs.note(
            "resampled",
            field,
            f"{values.size} values for {intervals.size} intervals; averaged in blocks of {ratio}",
        )
        values = np.mean(values[: blocks * ratio].reshape(blocks, ratio), axis=1)
    if values.size > intervals.size:
        repairs.note(
            "truncated",
            field,
            f"{values.size} values for {intervals.size} intervals; the rest unused",
        )
        return values[: intervals.size]
    if values.size < intervals.size:
        repairs.note(
            "extended",
            field,
            f"{values.size} values for {intervals.size} intervals; the rest repeats the same clock "
            "time of the day before",
        )
        values = values[_day_before(values.size, intervals)]
    return values


def _finer_by(size: int, intervals: Intervals) -> int:
    """How many samples of the series make one interval; 1 where it is no finer."""
    minutes = 60.0 * float(intervals.hours[0])
    if size <= intervals.size or not np.allclose(intervals.hours, intervals.hours[0]):
        return 1
    sampled = round(minutes / _FINEST)
    if abs(sampled * _FINEST - minutes) < _TINY and size >= sampled * intervals.size:
        return sampled
    ratio, rest = divmod(size, intervals.size)
    return ratio if rest == 0 and minutes / ratio >= _FINEST - _TINY else 1


def _day_before(size: int, intervals: Intervals) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Source of each interval of the grid in a series that holds its first `size` only."""
    starts = intervals.starts
    before = np.searchsorted(starts, starts - _DAY + _TINY, side="right") - 1
    source = np.arange(intervals.size)
    for t in range(size, intervals.size):
        source[t] = source[before[t]] if before[t] >= 0 else t % size
    return source
