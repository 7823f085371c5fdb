"""Series in time: values that hold from one instant to the next, and their means over intervals."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

import numpy as np

from matrix_builders import Vector
from server.reading.clock import hours_into_interval

DAY = 86_400.0  # s


class Kind(Enum):
    """A price or a limit holds over its step; a power is the mean of it."""

    PRICE = "price"
    POWER = "power"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """Meaning of one series of a request.

    Attributes
    ----------
    field : str
        Its place in the request.
    largest : float
        Magnitude beyond which a number is a fault of the feed.
    kind : Kind
        Of a limit, null is none.
    """

    field: str
    largest: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Steps:
    """A series with its own instants.

    Attributes
    ----------
    edges : float64 array, shape (N + 1,)
        Instants between which the values hold, ascending, from the start of the plan. [s]
    values : float64 array, shape (N,)
        All finite.
    """

    edges: Vector
    values: Vector


@dataclass(frozen=True, slots=True)
class Timeline:
    """The intervals of a request.

    Attributes
    ----------
    start : datetime
        Beginning of the plan, in the site's zone.
    hours : float64 array, shape (T,)
        Length of each interval; of the first, what is left of it. [h]
    passed : float
        Part of the first interval that was over before the start. [h]
    n_planned : int
        Number of intervals, from the first on, that have prices and lie within the wanted horizon.
    """

    start: datetime
    hours: Vector
    passed: float
    n_planned: int

    def edges(self) -> Vector:
        """Return the T + 1 ends of the whole intervals, the first not after the start. [s]"""
        hours = np.concatenate(([-self.passed], self.hours.cumsum()))
        return np.round(hours * 3600.0, 3)


def edges_from_now(start: datetime, minutes: float, n: int) -> Vector:
    """Return the ends of n steps, of which the first is the running one at `start`. [s]"""
    passed = hours_into_interval(start, minutes)
    return np.round(60.0 * minutes * np.arange(n + 1) - 3600.0 * passed, 3)


def trim_missing(edges: Vector, values: Vector) -> Steps:
    """Return a series without the values at its ends that are missing: NaN. [s]"""
    known = np.flatnonzero(~np.isnan(values))
    first, last = known[0], known[-1]
    return Steps(edges[first : last + 2], values[first : last + 1])


def mean_between(steps: Steps, begins: Vector, ends: Vector) -> Vector:
    """Return the mean of a series from each of the `begins` to its end; NaN where unknown. [s]

    Where a span lies within one step, that is its value to the last bit.
    """
    edges, last = steps.edges, steps.values.size - 1
    first_step = np.clip(np.searchsorted(edges, begins, side="right") - 1, 0, last)
    last_step = np.clip(np.searchsorted(edges, ends, side="left") - 1, 0, last)
    known = np.minimum(ends, edges[-1]) - np.maximum(begins, edges[0])
    total = np.append(0.0, np.cumsum(steps.values * np.diff(edges)))
    summed = np.interp(ends, edges, total) - np.interp(begins, edges, total)
    mean = np.divide(summed, known, out=np.full(begins.size, np.nan), where=known > 0)
    is_single = (first_step == last_step) & (known > 0)
    return np.where(is_single, steps.values[first_step], mean)


def seconds_since_clock_time(start: datetime, at: Vector, days: Vector) -> Vector:
    """Return the time since the same clock time so many days before, in the zone of the start. [s]

    Days may be negative.  Around a change of clocks they have 23 or 25 hours.
    """
    origin, zone = start.astimezone(UTC), start.tzinfo
    local = [(origin + timedelta(seconds=s)).astimezone(zone) for s in at.tolist()]
    pairs = zip(local, days.tolist(), strict=True)
    # Of one zone, the sum with a timedelta is that of its clock.
    return np.array([(t.timestamp() - (t - timedelta(days=n)).timestamp()) for t, n in pairs])
