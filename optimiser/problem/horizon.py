"""The span planned."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property

import numpy as np

from matrix_builders import Vector
from optimiser.errors import ProblemError
from optimiser.problem.checks import freeze_vector

_LEAST = math.ulp(0.0)  # the positive number beside zero


@dataclass(frozen=True, kw_only=True)
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

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ProblemError("start", f"must be time-zone aware, got {self.start!r}")
        hours = freeze_vector("hours", self.hours, least=_LEAST, rule="must be positive")
        if hours.size == 0:
            raise ProblemError("hours", "must hold at least one interval, got 0")
        object.__setattr__(self, "hours", hours)

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

    @property
    def starts(self) -> tuple[datetime, ...]:
        """Beginning of each interval in the site's zone; length T."""
        return self.instants[:-1]

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
        return max(0, int(self.elapsed.searchsorted(hours + 1e-9, side="right")) - 1)
