"""A store of heat: hot water, or a house that a heat pump warms."""

import math
from dataclasses import dataclass

from optimiser.errors import ProblemError
from optimiser.problem.checks import (
    Series,
    excerpt,
    freeze_series,
    require_finite,
    require_fractions,
    require_not_negative,
)

BY_INTERVAL = ("draw", "power", "efficiency")
"""Fields of a store of heat that may hold a value for each interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatStore:
    """A store of heat with a comfort band, a standing loss and a draw.

    Attributes
    ----------
    id : str
        Its name.
    capacity : float
        Heat at a level of one. [kWh]
    level : float
        Present level. [-]
    power : float, or one for each interval
        Electric power at most; it may run for a part of an interval. [kW]
    efficiency : float, or one for each interval
        Heat per electric energy: that of a heating rod, or the coefficient of performance. [-]
    least, most : float
        Levels that are wanted; below the least only where nothing else is possible, above the most
        never by heating. [-]
    loss : float
        Standing loss. [kW]
    draw : float, or one for each interval
        Heat that is drawn. [kW]
    end_value : float, optional
        Value of stored heat at the end of the horizon; where absent, 0.99 times the mean planning
        price over the mean efficiency. [$/kWh]
    """

    id: str
    capacity: float
    level: float
    power: Series
    efficiency: Series = 1.0
    least: float = 0.0
    most: float = 1.0
    loss: float = 0.0
    draw: Series = 0.0
    end_value: float | None = None

    def __post_init__(self) -> None:
        freeze_series(self, *BY_INTERVAL)
        require_not_negative(self, "capacity", "loss", *BY_INTERVAL)
        require_fractions(self, "level", "least", "most")
        if not self.capacity > 0.0:
            raise ProblemError("capacity", f"must be positive, got {self.capacity!r}")
        if self.least > self.most:
            raise ProblemError("least", f"must not exceed most, got {self.least!r}")
        values = self.efficiency if isinstance(self.efficiency, tuple) else (self.efficiency,)
        if not min(values) >= math.ulp(0.0):
            raise ProblemError("efficiency", f"must be positive, got {excerpt(self.efficiency)}")
        if self.end_value is not None:
            require_finite(end_value=self.end_value)
