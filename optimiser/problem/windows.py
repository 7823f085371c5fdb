"""Windows of local time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from optimiser.errors import ProblemError
from optimiser.problem.checks import require_kinds
from optimiser.problem.horizon import Horizon

Mask = NDArray[np.bool_]

EVERY_DAY = frozenset(range(7))
EVERY_MONTH = frozenset(range(1, 13))


@dataclass(frozen=True, slots=True)
class Window:
    """A daily window of local time, half-open; it may cross midnight.

    Attributes
    ----------
    start, end : time
        Beginning and end; equal times mean the whole day.
    weekdays : frozenset of int
        Days on which it opens, Monday being 0.
    months : frozenset of int
        Months in which it opens, 1 to 12.
    """

    start: time = time(0)
    end: time = time(0)
    weekdays: frozenset[int] = EVERY_DAY
    months: frozenset[int] = EVERY_MONTH

    def __post_init__(self) -> None:
        require_kinds(start=(self.start, time), end=(self.end, time))
        for name, every in (("weekdays", EVERY_DAY), ("months", EVERY_MONTH)):
            chosen = getattr(self, name)
            if not isinstance(chosen, Collection) or not all(map(tuple(every).count, chosen)):
                rule = f"must hold numbers from {min(every)} to {max(every)}, got {chosen!r}"
                raise ProblemError(name, rule)
            object.__setattr__(self, name, frozenset(chosen))

    def covers(self, horizon: Horizon) -> Mask:
        """Which intervals begin inside the window; bool array, shape (T,)."""
        seconds = np.array([_seconds(start) for start in horizon.starts])
        start, end = _seconds(self.start), _seconds(self.end)
        if start < end:
            return (start <= seconds) & (seconds < end) & self._opens(horizon, 0)
        # Past midnight it is still the window of the day before.
        late, early = seconds >= start, seconds < end
        return (late & self._opens(horizon, 0)) | (early & self._opens(horizon, 1))

    def edges(self, horizon: Horizon) -> list[datetime]:
        """Instants inside the horizon at which the window opens or closes, on any day."""
        return [*horizon.occurrences(self.start), *horizon.occurrences(self.end)]

    def _opens(self, horizon: Horizon, days_ago: int) -> Mask:
        if self.weekdays == EVERY_DAY and self.months == EVERY_MONTH:
            return np.ones(horizon.n_intervals, dtype=np.bool_)
        days = [start.date() - timedelta(days=days_ago) for start in horizon.starts]
        opens = [day.weekday() in self.weekdays and day.month in self.months for day in days]
        return np.array(opens)


def _seconds(clock: datetime | time) -> float:
    """Time since midnight by the clock. [s]"""
    return 3600 * clock.hour + 60 * clock.minute + clock.second + clock.microsecond / 1e6
