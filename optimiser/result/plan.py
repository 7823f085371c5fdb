"""The plan: what to do, what it costs, and its proof."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from matrix_builders import Vector
from optimiser.model.dispatch import Dispatch
from optimiser.model.pieces import Pieces
from optimiser.problem.objective import CostFunction
from optimiser.problem.site import Site
from optimiser.result.bill import Money
from optimiser.result.flows import EnergyFlows
from optimiser.result.schedule import Schedule
from optimiser.result.shortfalls import Shortfall

if TYPE_CHECKING:
    import pandas

COMMAND_THRESHOLD = 0.01
"""Power from which a controller acts, as the PowerSync client reads a plan. [kW]"""


class Action(StrEnum):
    """The command to a controller in one interval."""

    CHARGE = "charge"
    CONSUME = "consume"
    EXPORT = "export"
    IDLE = "idle"


class VehicleAction(StrEnum):
    """The action of a vehicle in one interval."""

    CHARGE = "charge"
    DISCHARGE = "discharge"
    IDLE = "idle"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The proof of a plan.

    Planning costs hold what the bill does not: wear, penalties, the terminal value, and
    the provider's prices.

    Attributes
    ----------
    solver : str
        Name of what found the cheapest plan.
    optimum : float
        Planning cost of the cheapest physical plan found. [$]
    lower_bound : float or None
        Planning cost that no physical plan can undercut; None where nothing was proved. [$]
    preference_cost : float
        Planning cost of the plan as served above the optimum: what preferences and the dead band
        took. [$]
    primal_residual, dual_residual : float or None
        Largest violation in the solver's point [kWh], and largest reduced cost of a column that
        could still lower the cost [$/kWh]; None where no linear programme was solved.
    made_exact : int
        Intervals in which the point of the linear programme violates a non-convex condition.
    energy_error, bill_error : float
        Errors that the independent simulation and bill show. [kWh, share of the money traded]
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
    def optimum_gap(self) -> float | None:
        """Cost of the cheapest plan above the bound; None where nothing was proved. [$]"""
        return None if self.lower_bound is None else abs(self.optimum - self.lower_bound)

    @property
    def gap(self) -> float | None:
        """Cost of the served plan above the bound; None where nothing was proved. [$]"""
        served = self.optimum + self.preference_cost
        return None if self.lower_bound is None else abs(served - self.lower_bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The time that a plan took. [s]

    Attributes
    ----------
    build : float
        To write the arrays.
    solve : float
        To find the cheapest physical plan.
    check : float
        To break ties, make the accounts and audit them.
    """

    build: float
    solve: float
    check: float


class Totals(NamedTuple):
    """Energy over the horizon. [kWh]

    Attributes
    ----------
    grid_import, grid_export : float
        Through the meter.
    curtailed : float
        Solar left unused.
    charge, discharge : float
        Into and out of the batteries.
    solar_to_load, solar_to_battery, solar_to_grid, solar_to_vehicle : float
        Where solar goes.
    battery_to_load, battery_to_grid, battery_to_vehicle : float
        Where the energy of the batteries goes.
    """

    grid_import: float
    grid_export: float
    curtailed: float
    charge: float
    discharge: float
    solar_to_load: float
    solar_to_battery: float
    solar_to_grid: float
    solar_to_vehicle: float
    battery_to_load: float
    battery_to_grid: float
    battery_to_vehicle: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """The schedule of one site.

    Attributes
    ----------
    site : Site
        The problem.
    pieces : Pieces
        The same, cut where something begins or ends inside an interval, as it was planned.
    cost_function : CostFunction
        The objective.
    status : str
        ``optimal``, ``feasible`` or ``heuristic (reason)``.
    dispatch : Dispatch
        Energy of every interval; the sum of its pieces, which may go different ways.
    dispatch_in_pieces : Dispatch
        Energy of every piece.
    flows : EnergyFlows
        Its accounting.
    money : Money
        The true bill.
    certificate : Certificate
        The proof.
    marginal_value : float64 array, shape (T,), or None
        Value of one more kWh stored at the end of each interval; None where no value function
        applies. [$/kWh]
    refusals : tuple of str
        Solvers asked before, and why their answers were refused.
    shortfalls : tuple of Shortfall
        Limits and targets that had to be missed; their intervals are pieces.
    timing : Timing
        The time that it took.
    schedule : Schedule or None
        What flexible consumption takes, which is a part of the load of the pieces; None without.
    """

    site: Site
    pieces: Pieces
    cost_function: CostFunction
    status: str
    dispatch: Dispatch
    dispatch_in_pieces: Dispatch
    flows: EnergyFlows
    money: Money
    certificate: Certificate
    marginal_value: Vector | None
    refusals: tuple[str, ...]
    shortfalls: tuple[Shortfall, ...]
    timing: Timing
    schedule: Schedule | None = None

    def __repr__(self) -> str:
        """Return what kind of plan it is, and its bill."""
        horizon, money = self.site.horizon, self.money
        return (
            f"<Plan: {self.status} for {self.cost_function}, {horizon.n_intervals} intervals from"
            f" {horizon.start}, bill {round(money.total_cost, 2) + 0.0:.2f}>"
        )

    def __str__(self) -> str:
        """Return what every storage does next and why, and the money, as a table."""
        from optimiser.table import as_text  # noqa: PLC0415 - it has reasons, which read plans

        return as_text(self)

    @property
    def timestamps(self) -> tuple[datetime, ...]:
        """Beginning of each interval, time-zone aware; length T."""
        return self.site.horizon.starts

    def to_frame(self) -> "pandas.DataFrame":
        """Return the series of the plan as a table of pandas.

        Returns
        -------
        DataFrame
            One row for each interval, by its beginning.  Mean powers end in ``_kw``; ``_soc`` is
            the state of charge at the end of the interval [-]; prices are per kWh.  Storages are
            ``battery`` and ``vehicle``, with numbers from 1 where there are several.

        Raises
        ------
        ImportError
            Where pandas is not installed.
        """
        try:
            import pandas  # noqa: PLC0415 - no part of the library needs it
        except ImportError:
            raise ImportError("Plan.to_frame needs pandas: pip install pandas") from None
        index = pandas.DatetimeIndex(self.timestamps, name="start")
        return pandas.DataFrame(self._columns(), index=index)

    def _columns(self) -> dict[str, object]:
        """Return the series of the plan by name."""
        site, dispatch, hours = self.site, self.dispatch, self.site.horizon.hours
        columns: dict[str, object] = {
            "import_price": site.tariff.import_price,
            "export_price": site.tariff.export_price,
            "load_kw": site.forecast.load / hours,
            "solar_kw": site.forecast.solar / hours,
            "grid_import_kw": dispatch.grid_import / hours,
            "grid_export_kw": dispatch.grid_export / hours,
            "curtailed_kw": dispatch.curtailed / hours,
        }
        kinds = {"battery": len(site.batteries), "vehicle": len(site.vehicles)}
        names = [
            f"{kind}_{number + 1}" if count > 1 else kind
            for kind, count in kinds.items()
            for number in range(count)
        ]
        for k, name in enumerate(names):
            columns[f"{name}_charge_kw"] = dispatch.charge[k] / hours
            columns[f"{name}_discharge_kw"] = dispatch.discharge[k] / hours
            columns[f"{name}_soc"] = self.soc[k, 1:]
        for f, one in enumerate(site.flexible):
            columns[f"{one.id}_kw"] = self.flexible_energy[f] / hours
        if site.batteries:
            columns["action"] = [action.value for action in self.actions]
        return columns

    @property
    def flexible_energy(self) -> Vector:
        """Energy of flexible consumption, in the order of the site; shape (F, T). [kWh]"""
        none = np.zeros((0, self.site.horizon.n_intervals))
        return none if self.schedule is None else self.schedule.energy

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
        n, dispatch, flows = len(self.site.batteries), self.dispatch, self.flows
        energies = (
            dispatch.grid_import,
            dispatch.grid_export,
            dispatch.curtailed,
            dispatch.charge[:n],
            dispatch.discharge[:n],
            flows.solar_to_load,
            flows.solar_to_battery,
            flows.solar_to_grid,
            flows.solar_to_vehicle,
            flows.battery_to_load,
            flows.battery_to_grid,
            flows.battery_to_vehicle,
        )
        return Totals(*map(float, map(np.sum, energies)))

    def interval_at(self, when: datetime) -> int | None:
        """Return the interval that `when` falls into; None outside the horizon."""
        horizon = self.site.horizon
        elapsed = horizon.hours_until(when)
        t = int(horizon.intervals_at(np.array(elapsed)))
        return t if elapsed >= 0.0 and t < horizon.n_intervals else None

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """The action of a controller in each interval; length T."""
        batteries = slice(len(self.site.batteries))
        energies = (
            first_charge(self, batteries, self.dispatch.charge[batteries].sum(axis=0)),
            self.dispatch.discharge[batteries].sum(axis=0),
            self.flows.battery_to_load + self.flows.battery_to_vehicle.sum(axis=0),
            self.flows.battery_to_grid,
        )
        return actions_of(*(np.array(energies) / self.site.horizon.hours))


def first_charge(plan: Plan, storages: slice, charge: Vector) -> Vector:
    """Return the charge of some storages, but none where an interval begins with a discharge."""
    if plan.pieces.is_whole:
        return charge
    begins = plan.dispatch_in_pieces.discharge[storages, plan.pieces.first].sum(axis=0)
    return np.where(begins > 0.0, 0.0, charge)


def mean_soc(plan: Plan, storages: slice) -> Vector:
    """State of charge of some storages as one, their capacities its weights; shape (T + 1,). [-]"""
    capacities = np.array([*map(attrgetter("capacity"), plan.site.storages[storages])])
    total = capacities.sum()
    weights = capacities / total if total > 0 else np.full(capacities.size, 1 / capacities.size)
    return np.asarray((weights[:, np.newaxis] * plan.soc[storages]).sum(axis=0))


def hours_on(plan: Plan, v: int) -> Vector:
    """Time for which the charger of a vehicle is on in each interval; shape (T,). [h]"""
    charge = plan.dispatch_in_pieces.charge[len(plan.site.batteries) + v]
    least = plan.site.vehicles[v].least_charge
    power = np.maximum(charge / plan.pieces.site.horizon.hours, least)
    on = np.divide(charge, power, out=np.zeros_like(charge), where=charge > 0.0)
    return plan.pieces.total(on)


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
    gives = np.where(to_grid > to_load, _EXPORT, _CONSUME)
    codes = np.where(discharge > COMMAND_THRESHOLD, gives, _IDLE)
    codes = np.where(charge > COMMAND_THRESHOLD, _CHARGE, codes)
    return tuple(map(ACTIONS.__getitem__, codes.tolist()))


ACTIONS = tuple(Action)
"""Actions by their codes."""

_CHARGE, _CONSUME, _EXPORT, _IDLE = range(4)
