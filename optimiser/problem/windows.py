"""Windows of local time."""

from dataclasses import dataclass
from datetime import time, timedelta

import numpy as np
from numpy.typing import NDArray

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

    def covers(self, horizon: Horizon) -> Mask:
        """Which intervals begin inside the window; bool array, shape (T,)."""
        minutes = np.array([60 * t.hour + t.minute for t in horizon.starts])
        start, end = (60 * t.hour + t.minute for t in (self.start, self.end))
        if start < end:
            return (start <= minutes) & (minutes < end) & self._opens(horizon, 0)
        # Past midnight it is still the window of the day before.
        late, early = minutes >= start, minutes < end
        return (late & self._opens(horizon, 0)) | (early & self._opens(horizon, 1))

    def _opens(self, horizon: Horizon, days_ago: int) -> Mask:
        if self.weekdays == EVERY_DAY and self.months == EVERY_MONTH:
            return np.ones(horizon.n_intervals, dtype=np.bool_)
        days = [start.date() - timedelta(days=days_ago) for start in horizon.starts]
        opens = [day.weekday() in self.weekdays and day.month in self.months for day in days]
        return np.array(opens)
