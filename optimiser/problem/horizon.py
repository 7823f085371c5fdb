"""The span planned."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser.errors import ProblemError
from optimiser.problem.checks import Flags, Series, freeze_vector, require_instant, starts_of

_ROUNDING = 1e-9  # h; of sums of interval lengths
_LEAST = math.ulp(0.0)  # the positive number beside zero


_SAME_INSTANT = 1e-3  # s; instants are rounded to it


@dataclass(frozen=True, kw_only=True, eq=False)
class Horizon:
    """The span planned: T half-open intervals, T + 1 instants.

    Attributes
    ----------
    start : datetime
        Beginning of the first interval, time-zone aware; its zone is the site's.
    hours : float64 array, shape (T,)
        Length of each interval; they may differ. [h]
    """

    start: datetime
    hours: Vector

    def __init__(self, *, start: datetime, hours: ArrayLike) -> None:
        object.__setattr__(self, "start", require_instant("start", start))
        vector = freeze_vector("hours", hours, least=_LEAST, rule="must be positive")
        if vector.size == 0:
            raise ProblemError("hours", "must hold at least one interval, got 0")
        object.__setattr__(self, "hours", vector)
        starts = starts_of(hours=hours)
        if starts is not None:
            self.require_starts("hours", starts)

    @cached_property
    def n_intervals(self) -> int:
        """Number of intervals, T."""
        return int(self.hours.size)

    @cached_property
    def elapsed(self) -> Vector:
        """Hours from `start` to the end of each interval; shape (T,). [h]"""
        return self.hours.cumsum()

    @cached_property
    def instants(self) -> tuple[datetime, ...]:
        """The T + 1 ends of intervals in the site's zone; steps are of absolute time."""
        zone = self.start.tzinfo
        origin = self.start.astimezone(UTC)
        seconds = np.round(self.elapsed * 3600.0, 3)
        later = ((origin + timedelta(seconds=s)).astimezone(zone) for s in seconds.tolist())
        return (self.start, *later)

    def spread(self, values: Series | Flags) -> Vector:
        """Return a number for each interval, of one for all or of one for each; shape (T,)."""
        return np.broadcast_to(np.asarray(values, dtype=np.float64), self.n_intervals)

    @property
    def starts(self) -> tuple[datetime, ...]:
        """Beginning of each interval in the site's zone; length T."""
        return self.instants[:-1]

    def require_starts(self, field: str, starts: Vector) -> None:
        """Require an index to hold the starts; its length is that of a series. [s since 1970]

        Raises
        ------
        ProblemError
            With the first instant that is another one.
        """
        own = np.array([start.timestamp() for start in self.starts])
        wrong = np.flatnonzero(np.abs(starts - own) > _SAME_INSTANT)
        if wrong.size:
            t = int(wrong[0])
            got = datetime.fromtimestamp(float(starts[t]), self.start.tzinfo)
            rule = f"must have the starts of the horizon as its index: {self.starts[t]} at {t}"
            raise ProblemError(field, f"{rule}, got {got}")

    def instant(self, t: int) -> datetime:
        """Beginning of interval `t`, or the end of the horizon where that is T."""
        seconds = round(float(self.elapsed[t - 1]) * 3600.0, 3) if t > 0 else 0.0
        later = self.start.astimezone(UTC) + timedelta(seconds=seconds)
        return later.astimezone(self.start.tzinfo)

    @property
    def end(self) -> datetime:
        """End of the last interval."""
        return self.instant(self.n_intervals)

    def changes_clocks(self) -> bool:
        """Return whether the zone's offset changes; none does so twice within a day."""
        span = float(self.elapsed[-1])
        origin = self.start.astimezone(UTC)
        zone, present = self.start.tzinfo, self.start.utcoffset()
        for hours in (*range(24, int(span), 24), span):
            if (origin + timedelta(hours=hours)).astimezone(zone).utcoffset() != present:
                return True
        return False

    def hours_until(self, when: datetime) -> float:
        """Absolute time from the start to an instant, which differs from that by the clock. [h]"""
        return (when.astimezone(UTC) - self.start.astimezone(UTC)).total_seconds() / 3600.0

    def intervals_at(self, times: Vector) -> Places:
        """Return the intervals that times since the start fall into; T beyond the end. [h]"""
        return np.searchsorted(self.elapsed, times + _ROUNDING, side="right")

    def intervals_within(self, begin: datetime | None, end: datetime | None) -> NDArray[np.bool_]:
        """Return which intervals lie wholly between two instants, open where None; shape (T,)."""
        inside = np.ones(self.n_intervals, dtype=np.bool_)
        if begin is not None:
            inside &= self.elapsed - self.hours >= self.hours_until(begin) - _ROUNDING
        if end is not None:
            inside &= self.elapsed <= self.hours_until(end) + _ROUNDING
        return inside

    def occurrences(self, clock: time) -> list[datetime]:
        """Instants inside the horizon at which the local clock shows a time.

        Both, of an hour that the clocks repeat; none, of one that they skip.
        """
        zone, first = self.start.tzinfo, self.start.date()
        days = [first + timedelta(days=d) for d in range((self.end.date() - first).days + 1)]
        shown = [
            datetime.combine(day, clock, zone).replace(fold=fold) for day in days for fold in (0, 1)
        ]
        instants = sorted({when.astimezone(UTC) for when in shown})
        local = [when.astimezone(zone) for when in instants]
        span = float(self.elapsed[-1])
        return [t for t in local if t.time() == clock and 0.0 < self.hours_until(t) < span]

    def index_at(self, hours: float) -> int:
        """Last interval that ends at most `hours` after the start; the first if none does."""
        return max(0, int(self.elapsed.searchsorted(hours + _ROUNDING, side="right")) - 1)
