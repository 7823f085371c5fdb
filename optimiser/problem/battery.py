"""A home battery."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from optimiser.errors import ProblemError
from optimiser.problem.checks import (
    require_efficiencies,
    require_finite,
    require_flags,
    require_fractions,
    require_instant,
    require_limits,
    require_not_negative,
    require_sequence,
    set_fields,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A state of charge wanted at an instant, missed only where nothing else is possible.

    Attributes
    ----------
    at : datetime
        Time-zone aware; one that is past, or beyond the horizon, asks for nothing.
    soc : float
        At least. [-]
    """

    at: datetime
    soc: float

    def __post_init__(self) -> None:
        set_fields(self, at=require_instant("at", self.at))
        require_fractions(self, "soc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A home battery, as seen from the grid side of its inverter.

    Attributes
    ----------
    capacity : float
        Stored energy at a state of charge of one; zero is a battery that does nothing. [kWh]
    charge_limit, discharge_limit : float
        Highest power in and out. [kW]
    charge_efficiency, discharge_efficiency : float
        One-way; their product is the round-trip efficiency. [-]
    initial_soc : float
        State of charge now, in [0, 1]. [-]
    reserve : float
        State of charge kept for an outage: a floor that never makes a plan impossible. [-]
    max_soc : float
        Highest state of charge wanted. [-]
    target_end_soc : float, optional
        State of charge wanted at the end of the horizon. [-]
    soc_at : tuple of Goal
        States of charge wanted at other instants.
    cycle_cost : float
        Wear price of energy through the battery, each way. [$/kWh]
    end_value : float, optional
        Value of a stored kWh at the end of the horizon; the planner's own where absent. [$/kWh]
    export_limit : float
        Highest power from the battery into the grid; infinite where none is set. [kW]
    may_charge_from_grid, may_export : bool
        Permissions.
    priority : int
        Among batteries of equal cost, the lower one is used first.
    """

    capacity: float
    charge_limit: float
    discharge_limit: float
    initial_soc: float
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    reserve: float = 0.0
    max_soc: float = 1.0
    target_end_soc: float | None = None
    soc_at: Iterable[Goal] = ()
    cycle_cost: float = 0.0
    end_value: float | None = None
    export_limit: float = math.inf
    may_charge_from_grid: bool = True
    may_export: bool = True
    priority: int = 0

    def __post_init__(self) -> None:
        require_not_negative(self, "capacity", "charge_limit", "discharge_limit", "cycle_cost")
        require_efficiencies(self, "charge_efficiency", "discharge_efficiency")
        require_fractions(self, "initial_soc", "reserve", "max_soc")
        require_flags(self, "may_charge_from_grid", "may_export")
        require_limits(self, "export_limit")
        require_finite(priority=self.priority)
        if self.reserve > self.max_soc:
            raise ProblemError("reserve", f"must not exceed max_soc, got {self.reserve!r}")
        if self.target_end_soc is not None:
            require_fractions(self, "target_end_soc")
        if self.end_value is not None:
            require_finite(end_value=self.end_value)
        if self.soc_at != ():
            set_fields(self, soc_at=require_sequence("soc_at", self.soc_at, Goal))

    @property
    def round_trip_efficiency(self) -> float:
        """Share of the energy taken in that comes back out. [-]"""
        return self.charge_efficiency * self.discharge_efficiency
