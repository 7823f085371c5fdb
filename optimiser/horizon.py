"""The span planned."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property

import numpy as np

from matrix_builders import Vector
from optimiser.checks import frozen_vector, require

_MINUTES_OF_DAY = 24 * 60


@cache
def _clock() -> tuple[str, ...]:
    """The minutes of a day as a clock shows them."""
    return tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in range(_MINUTES_OF_DAY))


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
        require(self.start.tzinfo is not None, "start", "must be time-zone aware", self.start)
        hours = frozen_vector("hours", self.hours)
        require(hours.size > 0, "hours", "must hold at least one interval", hours.size)
        require(bool((hours > 0).all()), "hours", "must be positive", float(hours.min()))
        object.__setattr__(self, "hours", hours)

    @property
    def n_intervals(self) -> int:
        """Number of intervals, T."""
        return int(self.hours.size)

    @cached_property
    def elapsed(self) -> Vector:
        """Hours from `start` to the end of each interval; shape (T,). [h]"""
        return np.cumsum(self.hours)

    @cached_property
    def instants(self) -> tuple[datetime, ...]:
        """The T + 1 ends of intervals in the site's zone; steps are of absolute time."""
        zone = self.start.tzinfo
        origin = self.start.astimezone(UTC)
        seconds = np.round(self.elapsed * 3600.0, 3)
        later = ((origin + timedelta(seconds=s)).astimezone(zone) for s in seconds.tolist())
        return (self.start, *later)

    @cached_property
    def stamps(self) -> tuple[str, ...]:
        """The same instants as ISO 8601, with their offsets."""
        minutes = np.round(np.concatenate(([0.0], self.elapsed)) * 60.0, 5)
        if self.start.microsecond or (minutes % 1.0).any() or self._changes_clocks():
            return tuple(instant.isoformat() for instant in self.instants)
        begins = 60 * self.start.hour + self.start.minute
        days, of_day = np.divmod(minutes.astype(np.int64) + begins, _MINUTES_OF_DAY)
        dates = [self.start.date() + timedelta(days=day) for day in range(int(days[-1]) + 1)]
        stems = [f"{date}T" for date in dates]
        rest = self.start.isoformat()[16:]  # seconds and offset
        clock = _clock()
        marks = zip(days.tolist(), of_day.tolist(), strict=True)
        return tuple([f"{stems[day]}{clock[minute]}{rest}" for day, minute in marks])

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

    def _changes_clocks(self) -> bool:
        """Whether the zone's offset changes; none does so twice within a day."""
        origin, present = self.start.astimezone(UTC), self.start.utcoffset()
        days = range(24, int(self.elapsed[-1]), 24)
        later = (origin + timedelta(hours=hours) for hours in days)
        ends = (self.end, *(instant.astimezone(self.start.tzinfo) for instant in later))
        return any(instant.utcoffset() != present for instant in ends)

    def index_at(self, hours: float) -> int:
        """Last interval that ends at most `hours` after the start; the first if none does."""
        return max(0, int(np.searchsorted(self.elapsed, hours + 1e-9, side="right")) - 1)
