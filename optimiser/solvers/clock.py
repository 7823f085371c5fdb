"""The clock of solvers: deadlines, and the time that the phases of a plan take."""

from dataclasses import dataclass
from time import perf_counter

now = perf_counter
"""The clock. [s]"""

_LEAST = 0.01  # s; a solver that is asked at all gets as much


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant by which to stop. [s]"""

    instant: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """Return the deadline so many seconds from now."""
        return cls(now() + seconds)

    @property
    def time_left(self) -> float:
        """Time until the deadline, at least a little. [s]"""
        return max(self.instant - now(), _LEAST)

    @property
    def is_over(self) -> bool:
        """Return whether it has passed."""
        return now() >= self.instant
