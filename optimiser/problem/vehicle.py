"""An electric vehicle: a storage that comes, wants something, and goes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np

from optimiser.errors import ProblemError
from optimiser.problem.battery import Goal
from optimiser.problem.checks import (
    Flags,
    Series,
    excerpt,
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
from optimiser.problem.horizon import Horizon

LEAST_TIME = 5.0 / 60.0
"""Time for which a charger is on at least, where nothing else is stated. [h]"""

ALL_PHASES = (1, 2, 3)

VEHICLE_BY_INTERVAL = ("charge_limit", "wanted_charge", "may_charge_from_grid")
"""Fields of a vehicle that may hold a value for each interval."""

_SAME_INSTANT = 1e-3  # s; instants of a horizon are rounded to it


class Priority(StrEnum):
    """Order in which a vehicle and the home battery take the same energy."""

    EV_FIRST = "ev_first"
    BATTERY_FIRST = "battery_first"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A time at the charger, time-zone aware.

    Attributes
    ----------
    begin, end : datetime
        When it is plugged in, and when no more.
    """

    begin: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("begin", "end"):
            set_fields(self, **{name: require_instant(name, getattr(self, name))})
        if not _is_later(self.end, self.begin):
            raise ProblemError("end", f"must be later than begin, got {self.end!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A vehicle at a charger, as seen from the grid side of it.

    Attributes
    ----------
    capacity : float
        Stored energy at a state of charge of one. [kWh]
    charge_limit : float, or one for each interval
        Highest power in; where it is below `least_charge`, the charger is off. [kW]
    initial_soc : float
        State of charge now, or on arrival. [-]
    target_soc : float, optional
        State of charge wanted at departure; missed only where nothing else is possible. One without
        a target, or beyond it, that only charges takes what is free. [-]
    goals : tuple of Goal
        States of charge wanted while it is still here.  Beside them, a target that is due beyond
        the horizon is not planned yet, and every charge is whole.
    least_charge : float
        Power of the charger while it is on, at least; the last charge before the target is reached
        may be shorter. [kW]
    wanted_charge : float, or one for each interval
        Mean power in, at least, while it is here: less only where the charger, its level or a limit
        of the meter does not allow it, and rather late than early.  It is bought where
        `may_charge_from_grid` forbids more than that, or than the surplus. [kW]
    least_time : float
        Shortest time for which the charger is on in a longer interval; infinity is the whole of
        each interval. [h]
    discharge_limit : float
        Highest power out, to the house or the grid; zero is a vehicle that only charges. [kW]
    charge_efficiency, discharge_efficiency : float
        One-way. [-]
    least_soc : float
        State of charge under which it is not discharged. [-]
    most_soc : float
        Highest state of charge wanted. [-]
    arrival, departure : datetime, optional
        Time-zone aware; at the charger from now on, and beyond the horizon, where absent.  Without
        a departure the target is due when the horizon ends; with a later one it is not yet due, and
        energy up to it is worth 0.99 times the mean price.
    plugged : tuple of Stay
        Times at the charger, where there are several; nothing is used between them.  Arrival and
        departure are then the first and the last instant, where absent.
    end_value : float, optional
        Value of a stored kWh when it leaves, or at the end of the horizon; the planner's own where
        absent.  One that has it takes energy that costs less, beyond any target. [$/kWh]
    must_reach_target : bool
        Whether the target counts more than any price; else it is worth 1.05 times the mean price.
    may_charge_from_grid : bool, or one for each interval
        Whether it may take more than surplus solar.  A hard limit: a target that would need more
        is missed.
    within_solar : bool
        Whether it takes no more than all solar of an interval, or than it wants at least; the load
        then buys.
    may_export : bool
        Whether what it gives may go beyond the house.
    cycle_cost : float
        Wear price of energy through its battery, each way. [$/kWh]
    phases : collection of int
        Those of 1, 2 and 3 that its charger is on, each with the same share of its power.
    priority : Priority
        Its place beside the home battery.
    """

    capacity: float
    charge_limit: Series
    initial_soc: float
    target_soc: float | None = None
    goals: Iterable[Goal] = ()
    least_charge: float = 0.0
    wanted_charge: Series = 0.0
    least_time: float = LEAST_TIME
    discharge_limit: float = 0.0
    charge_efficiency: float = 0.92
    discharge_efficiency: float = 0.92
    least_soc: float = 0.0
    most_soc: float = 1.0
    arrival: datetime | None = None
    departure: datetime | None = None
    plugged: Iterable[Stay] = ()
    end_value: float | None = None
    must_reach_target: bool = True
    may_charge_from_grid: Flags = True
    within_solar: bool = False
    may_export: bool = True
    cycle_cost: float = 0.0
    phases: Collection[int] = ALL_PHASES
    priority: Priority = Priority.EV_FIRST

    def __post_init__(self) -> None:
        freeze_series(self, *VEHICLE_BY_INTERVAL)
        require_not_negative(
            self,
            "capacity",
            "charge_limit",
            "least_charge",
            "wanted_charge",
            "discharge_limit",
            "cycle_cost",
        )
        require_limits(self, "least_time")
        require_flags(
            self, "must_reach_target", "may_charge_from_grid", "within_solar", "may_export"
        )
        self._set_phases()
        object.__setattr__(self, "priority", require_member("priority", self.priority, Priority))
        if not self.least_time > 0.0:
            raise ProblemError("least_time", f"must be positive, got {self.least_time!r}")
        require_efficiencies(self, "charge_efficiency", "discharge_efficiency")
        require_fractions(self, "initial_soc", "least_soc", "most_soc")
        if self.target_soc is not None:
            require_fractions(self, "target_soc")
        if self.end_value is not None:
            require_finite(end_value=self.end_value)
        if self.goals != ():
            set_fields(self, goals=require_sequence("goals", self.goals, Goal))
        if self.plugged != ():
            self._set_stays()
        for name in ("arrival", "departure"):
            when = getattr(self, name)
            if when is not None:
                object.__setattr__(self, name, require_instant(name, when))
        if not self.least_charge <= np.max(self.charge_limit):
            rule = f"must not exceed charge_limit, got {self.least_charge!r}"
            raise ProblemError("least_charge", rule)

    def _set_phases(self) -> None:
        phases = self.phases
        is_some = isinstance(phases, Collection) and len(phases) > 0
        if not is_some or not all(map(ALL_PHASES.count, phases)):
            raise ProblemError("phases", f"must be some of 1, 2 and 3, got {excerpt(phases)}")
        set_fields(self, phases=tuple([phase for phase in ALL_PHASES if phase in phases]))

    def _set_stays(self) -> None:
        stays = require_sequence("plugged", self.plugged, Stay)
        set_fields(self, plugged=stays)
        if self.arrival is None and stays:
            set_fields(self, arrival=min([stay.begin for stay in stays]))
        if self.departure is None and stays:
            set_fields(self, departure=max([stay.end for stay in stays]))

    def stays(self, horizon: Horizon) -> bool:
        """Return whether it is still at its charger after the horizon."""
        return self.departure is None or _is_later(self.departure, horizon.end)

    def has_left(self, horizon: Horizon) -> bool:
        """Return whether it left before the horizon."""
        return self.departure is not None and not _is_later(self.departure, horizon.start)

    def is_away(self, horizon: Horizon) -> bool:
        """Return whether it left before the horizon, or comes after it."""
        comes_later = self.arrival is not None and not _is_later(horizon.end, self.arrival)
        return comes_later or self.has_left(horizon)

    def is_due(self, horizon: Horizon) -> bool:
        """Return whether its target is due within the horizon."""
        leaves = self.departure is None or not self.stays(horizon)
        return self.target_soc is not None and leaves and not self.is_away(horizon)

    def has_goals(self, horizon: Horizon) -> bool:
        """Return whether something is wanted of it at instants of the horizon."""
        ends = horizon.end
        return any(_is_later(g.at, horizon.start) and not _is_later(g.at, ends) for g in self.goals)

    @property
    def highest_soc(self) -> float:
        """State of charge that is wanted at most, by its target and its goals. [-]"""
        return max([self.target_soc or 0.0, *[goal.soc for goal in self.goals]])

    @property
    def wants_energy(self) -> bool:
        """Return whether it has less than its target, or than a goal."""
        return self.highest_soc > self.initial_soc

    @property
    def takes_only_free_energy(self) -> bool:
        """Return whether no energy is wanted of it or for it."""
        has_use = self.wants_energy or self.end_value is not None
        return self.discharge_limit <= 0.0 and not has_use


def _is_later(one: datetime, other: datetime) -> bool:
    return one.timestamp() > other.timestamp() + _SAME_INSTANT
