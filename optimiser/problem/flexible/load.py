"""A load that is to run once, at a time of the plan's choice."""

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from matrix_builders import Vector
from optimiser.errors import ProblemError
from optimiser.problem.checks import (
    require_finite,
    require_flags,
    require_instant,
    require_not_negative,
    set_fields,
)
from optimiser.problem.vehicle import LEAST_TIME

_SAME_INSTANT = 1e-3  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A load that is to run once: a dishwasher, a pump, a machine.

    It is off or on in each interval.  One of several powers is on for whole intervals; one of a
    single power may be on for a part of an interval, five minutes at least: once where its runs
    are limited, so that these end where its energy is reached.

    Attributes
    ----------
    id : str
        Name that `after` of another one refers to.
    power : float
        Power while it is on, at most. [kW]
    energy : float
        Energy of the whole run. [kWh]
    least_power : float, optional
        Power while it is on, at least; `power` where absent, and not zero where runs are
        limited. [kW]
    earliest, latest : datetime, optional
        Time-zone aware: it runs in the intervals that lie wholly between them; the whole horizon
        where absent.  A run whose latest end is beyond the horizon may wait: what it does not take
        is worth 0.99 times the mean price.
    is_block : bool
        Whether it runs without a break, from the beginning of an interval on.
    least_run : float
        Shortest time from a start to the next stop. [h]
    most_starts : int, optional
        Number of starts at most.
    after : str, optional
        Load that must have finished before this one begins.
    """

    id: str
    power: float
    energy: float
    least_power: float | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    is_block: bool = True
    least_run: float = 0.0
    most_starts: int | None = None
    after: str | None = None

    def __post_init__(self) -> None:
        require_not_negative(self, "power", "energy", "least_run")
        require_flags(self, "is_block")
        if not self.power > 0.0:
            raise ProblemError("power", f"must be positive, got {self.power!r}")
        if self.least_power is None:
            set_fields(self, least_power=self.power)
        require_not_negative(self, "least_power")
        if self.lowest_power > self.power:
            raise ProblemError("least_power", f"must not exceed power, got {self.least_power!r}")
        for name in ("earliest", "latest"):
            if getattr(self, name) is not None:
                set_fields(self, **{name: require_instant(name, getattr(self, name))})
        if self.earliest and self.latest and not _is_later(self.latest, self.earliest):
            raise ProblemError("latest", f"must be later than earliest, got {self.latest!r}")
        if self.most_starts is not None:
            require_finite(most_starts=self.most_starts)
            if self.most_starts < 1:
                raise ProblemError("most_starts", f"must be at least 1, got {self.most_starts!r}")

        is_limited = self.is_block or self.least_run > 0.0 or self.most_starts is not None
        if is_limited and not self.lowest_power > 0.0:
            rule = "must be positive where runs are limited, got 0"
            raise ProblemError("least_power", rule)

    @property
    def lowest_power(self) -> float:
        """Power while it is on, at least. [kW]"""
        return self.power if self.least_power is None else self.least_power

    @property
    def has_one_power(self) -> bool:
        """Return whether its power while it is on is no choice."""
        return self.lowest_power >= self.power

    @property
    def is_fixed_block(self) -> bool:
        """Return whether its start alone decides its run."""
        return self.is_block and self.has_one_power

    def least_energy(self, hours: Vector) -> Vector:
        """Return the least that it takes in intervals of these lengths while it is on. [kWh]"""
        time_on = np.minimum(hours, LEAST_TIME) if self.has_one_power else hours
        return np.asarray(self.lowest_power * time_on)

    @property
    def hours(self) -> float:
        """Time that it runs at its highest power. [h]"""
        return self.energy / self.power

    @property
    def starts_at_most(self) -> float:
        """Number of starts at most; infinite where it is free."""
        if self.is_block:
            return 1.0
        return math.inf if self.most_starts is None else float(self.most_starts)


def _is_later(one: datetime, other: datetime) -> bool:
    return one.timestamp() > other.timestamp() + _SAME_INSTANT
