"""Deadlines of solvers, and the time that the phases of a plan take."""

from dataclasses import dataclass
from time import perf_counter

_LEAST = 0.01  # s; a solver that is asked at all gets as much


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant by which to stop, by the clock of `perf_counter`. [s]"""

    instant: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """Return the deadline so many seconds from now."""
        return cls(perf_counter() + seconds)

    @property
    def time_left(self) -> float:
        """Time until the deadline, at least a little. [s]"""
        return max(self.instant - perf_counter(), _LEAST)

    @property
    def is_over(self) -> bool:
        """Return whether it has passed."""
        return perf_counter() >= self.instant


class Stopwatch:
    """The time between laps."""

    def __init__(self) -> None:
        self._last = perf_counter()

    def lap(self) -> float:
        """Return the time since the last lap. [s]"""
        last, self._last = self._last, perf_counter()
        return self._last - last
