"""The answer: what to do, what it costs, and how far it is proved."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from matrix_builders.compiled import kernel
from optimiser.model.dispatch import Dispatch
from optimiser.problem.objective import CostFunction
from optimiser.problem.site import Site
from optimiser.result.bill import Money
from optimiser.result.flows import EnergyFlows
from optimiser.result.shortfalls import Shortfall
from optimiser.result.totals import Totals, totals_of

COMMAND_THRESHOLD = 0.01
"""Power from which a controller acts, as the PowerSync client reads a plan. [kW]"""


class Action(StrEnum):
    """What a controller should do in one interval."""

    CHARGE = "charge"
    CONSUME = "consume"
    EXPORT = "export"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """How far a plan is proved.

    Planning costs hold what the bill does not: wear, penalties, the worth of what is left, and
    the provider's prices.

    Attributes
    ----------
    solver : str
        What answered.
    optimum : float
        Planning cost of the cheapest physical plan found. [$]
    lower_bound : float or None
        Planning cost that no physical plan can undercut; None where nothing was proved. [$]
    preference_cost : float
        Planning cost of the plan as served above the optimum: what preferences took of their
        budget, and the dead band for its quiet. [$]
    primal_residual, dual_residual : float or None
        Largest violation in the solver's point [kWh], and largest reduced cost that it leaves
        unused [$/kWh]; None where no linear programme was solved.
    made_exact : int
        Intervals in which the linear programme alone would have been impossible.
    energy_error, bill_error : float
        What the independent simulation and bill found. [kWh, $]
    """

    solver: str
    optimum: float
    lower_bound: float | None
    preference_cost: float
    primal_residual: float | None
    dual_residual: float | None
    made_exact: int
    energy_error: float
    bill_error: float

    @property
    def gap(self) -> float | None:
        """Cost of the cheapest plan found above the bound; None where nothing was proved. [$]"""
        return None if self.lower_bound is None else max(0.0, self.optimum - self.lower_bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Where the time went. [s]"""

    build: float
    solve: float
    check: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The schedule of one site.

    Attributes
    ----------
    site : Site
        The problem.
    cost_function : CostFunction
        What was minimised.
    status : str
        ``optimal``, ``feasible`` or ``heuristic (reason)``.
    dispatch : Dispatch
        Energy of every interval.
    flows : EnergyFlows
        Who fed whom.
    money : Money
        The true bill.
    certificate : Certificate
        The proof.
    marginal_value : float64 array, shape (T,), or None
        Worth of one more kWh stored at the end of each interval; None where no value function
        applies. [$/kWh]
    refusals : tuple of str
        What was asked before, and why its answer was not taken.
    shortfalls : tuple of Shortfall
        What had to be missed.
    timing : Timing
        Where the time went.
    """

    site: Site
    cost_function: CostFunction
    status: str
    dispatch: Dispatch
    flows: EnergyFlows
    money: Money
    certificate: Certificate
    marginal_value: Vector | None
    refusals: tuple[str, ...]
    shortfalls: tuple[Shortfall, ...]
    timing: Timing

    @cached_property
    def soc(self) -> Vector:
        """State of charge at every instant, now first; shape (K, T + 1). [-]"""
        storages = self.site.storages
        soc = np.empty((len(storages), self.site.horizon.n_intervals + 1))
        for k, storage in enumerate(storages):
            soc[k] = storage.initial_soc
            if storage.capacity > 0:
                soc[k, 1:] = self.dispatch.stored[k] / storage.capacity
        return soc

    @cached_property
    def totals(self) -> Totals:
        """Energy over the horizon."""
        return totals_of(len(self.site.batteries), self.dispatch, self.flows)

    def interval_at(self, when: datetime) -> int | None:
        """Interval that `when` falls into; None outside the horizon."""
        elapsed = (when - self.site.horizon.start).total_seconds() / 3600.0
        ends = self.site.horizon.elapsed
        if not 0.0 <= elapsed < float(ends[-1]):
            return None
        return int(np.searchsorted(ends, elapsed + 1e-9, side="right"))

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """What a controller should do in each interval; length T."""
        batteries = slice(len(self.site.batteries))
        energies = (
            self.dispatch.charge[batteries].sum(axis=0),
            self.dispatch.discharge[batteries].sum(axis=0),
            self.flows.battery_to_load + self.flows.battery_to_vehicle.sum(axis=0),
            self.flows.battery_to_grid,
        )
        return actions_of(*(energy / self.site.horizon.hours for energy in energies))

    def action_at(self, t: int) -> Action:
        """What a controller should do in interval `t`."""
        batteries, flows = slice(len(self.site.batteries)), self.flows
        hours = float(self.site.horizon.hours[t])
        to_vehicles = sum(flows.battery_to_vehicle[:, t].tolist())
        return action_of(
            sum(self.dispatch.charge[batteries, t].tolist()) / hours,
            sum(self.dispatch.discharge[batteries, t].tolist()) / hours,
            (float(flows.battery_to_load[t]) + to_vehicles) / hours,
            float(flows.battery_to_grid[t]) / hours,
        )


def action_of(charge: float, discharge: float, to_load: float, to_grid: float) -> Action:
    """Read the powers of one interval as `actions_of` does. [kW]"""
    return ACTIONS[action_code(charge, discharge, to_load, to_grid, COMMAND_THRESHOLD)]


def actions_of(
    charge: Vector, discharge: Vector, to_load: Vector, to_grid: Vector
) -> tuple[Action, ...]:
    """Read powers as the PowerSync client does.

    Parameters
    ----------
    charge, discharge, to_load, to_grid : float64 array, shape (T,)
        Power into and out of the batteries, and where the latter goes. [kW]

    Returns
    -------
    tuple of Action
        Length T.
    """
    codes = np.empty(charge.size, np.int64)
    choose_actions(charge, discharge, to_load, to_grid, COMMAND_THRESHOLD, codes)
    return tuple([ACTIONS[code] for code in codes.tolist()])


ACTIONS = tuple(Action)
"""Actions by their codes."""

CHARGE_CODE, _CONSUME, _EXPORT, _IDLE = range(4)


@kernel("i8(f8, f8, f8, f8, f8)", inlined=True)
def action_code(
    charge: float, discharge: float, to_load: float, to_grid: float, threshold: float
) -> int:
    """Place in `ACTIONS` of the action of one interval; see `choose_actions`."""
    if charge > threshold:
        return CHARGE_CODE
    if discharge > threshold:
        return _EXPORT if to_grid > to_load else _CONSUME
    return _IDLE


@kernel("void(f8[::1], f8[::1], f8[::1], f8[::1], f8, i8[::1])")
def choose_actions(
    charge: Vector,
    discharge: Vector,
    to_load: Vector,
    to_grid: Vector,
    threshold: float,
    codes: Places,
) -> None:
    """Choose the actions of `actions_of`, for powers of any unit.

    Parameters
    ----------
    charge, discharge, to_load, to_grid : float64 array, shape (T,)
        As there.
    threshold : float
        `COMMAND_THRESHOLD`, in the unit of the powers.
    codes : int64 array, shape (T,)
        Places in `ACTIONS`; modified in place.
    """
    for t in range(codes.size):
        codes[t] = action_code(charge[t], discharge[t], to_load[t], to_grid[t], threshold)
