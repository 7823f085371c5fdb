"""A home battery."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter

import numpy as np

from matrix_builders import Vector
from optimiser.errors import ProblemError
from optimiser.problem.checks import (
    Flags,
    Series,
    excerpt,
    freeze_curve,
    freeze_series,
    require_efficiencies,
    require_finite,
    require_flags,
    require_fractions,
    require_instant,
    require_limits,
    require_member,
    require_not_negative,
    require_sequence,
    set_fields,
)

_SAME_INSTANT = 1e-3  # s

BY_INTERVAL = (
    "charge_limit",
    "discharge_limit",
    "reserve",
    "max_soc",
    "may_charge_from_grid",
    "may_export",
)
"""Fields of a battery that may hold a value for each interval."""


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


class PinnedAction(StrEnum):
    """The action that a battery is made to take."""

    CHARGE = "charge"
    DISCHARGE = "discharge"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A manual override: what a battery does for a while, whatever it costs.

    Attributes
    ----------
    begin, end : datetime
        Time-zone aware.
    action : PinnedAction
        It charges or discharges as far as its levels and the site let it.
    power : float
        At this power, within its limits; of no meaning where it idles. [kW]
    """

    begin: datetime
    end: datetime
    action: PinnedAction
    power: float = 0.0

    def __post_init__(self) -> None:
        require_not_negative(self, "power")
        set_fields(
            self,
            begin=require_instant("begin", self.begin),
            end=require_instant("end", self.end),
            action=require_member("action", self.action, PinnedAction),
        )
        if self.end.timestamp() <= self.begin.timestamp():
            raise ProblemError("end", f"must be later than begin, got {self.end!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A home battery, as seen from the grid side of its inverter.

    Attributes
    ----------
    capacity : float
        Stored energy at a state of charge of one; zero is a battery that does nothing. [kWh]
    charge_limit, discharge_limit : float, or one for each interval
        Highest power in and out. [kW]
    charge_curve : pairs of float
        Highest power in by state of charge: straight between the pairs, level before the first,
        concave, up to a state of charge of 1.  In each interval it counts where that ends: the
        battery takes the mean power to its last moment. [-; kW]
    least_charge : float
        Power in at least, in each interval in which it charges; where `charge_limit` or a pin is
        below it, it does not. [kW]
    charge_efficiency, discharge_efficiency : float
        One-way; their product is the round-trip efficiency. [-]
    initial_soc : float
        State of charge now, in [0, 1]. [-]
    reserve : float, or one for each interval
        State of charge kept for an outage: a floor that never makes a plan impossible.  What is
        below it at first is back within a day; a later rise is kept from its interval on. [-]
    max_soc : float, or one for each interval
        Highest state of charge wanted, in the same way. [-]
    target_end_soc : float, optional
        State of charge wanted at the end of the horizon. [-]
    soc_at : tuple of Goal
        States of charge wanted at other instants.
    pinned : tuple of Pin
        Overrides; of those at one time, the first counts.  A charge or a discharge begins with
        the plan or right after another one: what it moves follows from what is stored then.
    cycle_cost : float
        Wear price of energy through the battery, each way. [$/kWh]
    end_value : float, optional
        Value of a stored kWh at the end of the horizon; the planner's own where absent. [$/kWh]
    export_limit : float
        Highest power from the battery into the grid; infinite where none is set. [kW]
    may_charge_from_grid, may_export : bool, or one for each interval
        Permissions.
    within_solar : bool
        Whether it takes no more than all solar of an interval; the load then buys.
    priority : int
        Among batteries of equal cost, the lower one is used first.
    """

    capacity: float
    charge_limit: Series
    discharge_limit: Series
    initial_soc: float
    least_charge: float = 0.0
    charge_curve: Sequence[Sequence[float]] | Vector = ()
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    reserve: Series = 0.0
    max_soc: Series = 1.0
    target_end_soc: float | None = None
    soc_at: Iterable[Goal] = ()
    pinned: Iterable[Pin] = ()
    cycle_cost: float = 0.0
    end_value: float | None = None
    export_limit: float = math.inf
    may_charge_from_grid: Flags = True
    may_export: Flags = True
    within_solar: bool = False
    priority: int = 0

    def __post_init__(self) -> None:
        freeze_series(self, *BY_INTERVAL)
        freeze_curve(self, "charge_curve")
        require_not_negative(
            self, "capacity", "charge_limit", "least_charge", "discharge_limit", "cycle_cost"
        )
        if not self.least_charge <= np.max(self.charge_limit):
            rule = f"must not exceed charge_limit, got {self.least_charge!r}"
            raise ProblemError("least_charge", rule)
        require_efficiencies(self, "charge_efficiency", "discharge_efficiency")
        require_fractions(self, "initial_soc", "reserve", "max_soc")
        require_flags(self, "may_charge_from_grid", "may_export", "within_solar")
        require_limits(self, "export_limit")
        require_finite(priority=self.priority)
        self._require_band()
        if self.target_end_soc is not None:
            require_fractions(self, "target_end_soc")
        if self.end_value is not None:
            require_finite(end_value=self.end_value)
        if self.soc_at != ():
            set_fields(self, soc_at=require_sequence("soc_at", self.soc_at, Goal))
        if self.pinned != ():
            set_fields(self, pinned=require_sequence("pinned", self.pinned, Pin))

    def _require_band(self) -> None:
        """Require a reserve that nowhere exceeds the highest state of charge."""
        reserve, most = np.atleast_1d(self.reserve), np.atleast_1d(self.max_soc)
        if reserve.size != most.size and 1 not in {reserve.size, most.size}:
            rule = f"must hold as many values as max_soc, {most.size}, got {reserve.size}"
            raise ProblemError("reserve", rule)
        if (reserve > most).any():
            raise ProblemError("reserve", f"must not exceed max_soc, got {excerpt(self.reserve)}")

    @property
    def round_trip_efficiency(self) -> float:
        """Share of the energy taken in that comes back out. [-]"""
        return self.charge_efficiency * self.discharge_efficiency


def highest_power(battery: Battery) -> float:
    """Return the highest power of the charge curve of a battery that has one. [kW]"""
    return max([float(power) for _, power in battery.charge_curve])


def is_pinned_from(pins: Iterable[Pin], start: datetime) -> bool:
    """Return whether each pin that moves energy begins by a start, or when another one ends."""
    reach = start.timestamp()
    for pin in sorted(pins, key=attrgetter("begin")):
        follows = pin.begin.timestamp() <= reach + _SAME_INSTANT
        if not (follows or pin.action is PinnedAction.IDLE or pin.end.timestamp() <= reach):
            return False
        reach = max(reach, pin.end.timestamp()) if follows else reach
    return True
