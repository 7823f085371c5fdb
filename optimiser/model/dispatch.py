"""Dispatch: energy of storages and meter, physical by construction, whatever the solver said."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from matrix_builders import StorageArrays, Vector, tables
from matrix_builders.compiled import kernel
from optimiser.model.arrays import ProblemArrays
from optimiser.model.pieces import Pieces

DEAD_BAND = 1e-3
"""Power under which a storage rests: no inverter follows a command so small. [kW]"""

# Energy beyond limit and excess that is rounding or what the dead band let through, and what more
# than that costs: so much that such a dispatch never passes for a plan.
_SLIP = 1e-3  # kWh
_FORBIDDEN = 1e3  # times the penalty

_STORAGE_NOISE = 1e-9  # kWh; rounding of the solver, too small to move a storage for
_EQUAL = 1e-12  # $; costs nearer than this are the same, and the first choice wins
_METER_NOISE = 1e-7  # kWh; rounding of the solver, a milliwatt over five minutes


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """The stored energy that a plan is to follow.

    Attributes
    ----------
    levels : float64 array, shape (K, T)
        Energy stored at the end of each interval. [kWh]
    metered : float64 array, shape (T,), or None
        Import less export, to be kept where intervals are coupled; where it is None, or they
        are not, the meter takes what costs least. [kWh per interval]
    """

    levels: Vector
    metered: Vector | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dispatch:
    """Energy of every interval; no storage both charges and discharges, nor does the meter.

    Attributes
    ----------
    charge, discharge : float64 array, shape (K, T)
        Energy into and out of each storage, grid side. [kWh per interval]
    stored : float64 array, shape (K, T)
        Energy at the end of each interval. [kWh]
    grid_import, grid_export : float64 array, shape (T,)
        Energy through the meter. [kWh per interval]
    curtailed : float64 array, shape (T,)
        Solar left unused. [kWh per interval]
    """

    charge: Vector
    discharge: Vector
    stored: Vector
    grid_import: Vector
    grid_export: Vector
    curtailed: Vector

    def merge(self, pieces: Pieces) -> "Dispatch":
        """Return the same dispatch on the intervals that the pieces are parts of.

        Where the pieces of an interval go different ways, so do their sums.
        """
        return Dispatch(
            charge=pieces.total(self.charge),
            discharge=pieces.total(self.discharge),
            stored=pieces.at_end(self.stored),
            grid_import=pieces.total(self.grid_import),
            grid_export=pieces.total(self.grid_export),
            curtailed=pieces.total(self.curtailed),
        )

    @property
    def trajectory(self) -> Trajectory:
        """The trajectory that leads to this dispatch."""
        return Trajectory(self.stored, self.grid_import - self.grid_export)


class Simulation(NamedTuple):
    """A dispatch with its planning cost and terminal value.

    Attributes
    ----------
    dispatch : Dispatch
        Energy of every interval.
    cost : float
        Its planning cost. [$]
    terminal_value : float
        Value of the energy left at the end, already subtracted from the cost. [$]
    """

    dispatch: Dispatch
    cost: float
    terminal_value: float


def simulate(
    problem: ProblemArrays, trajectory: Trajectory, dead_band: float | Vector = 0.0
) -> Simulation:
    """Simulate the dispatch that follows the stored energy of a plan, and cost it.

    Net movements of the storages reproduce the levels without charging and discharging at
    once; a movement under the dead band waits until it is worth a command.  Without couplings
    the meter then takes what costs least: without a dead band, nothing that reaches the levels
    costs less.  With them it keeps to what the trajectory says, where that says anything.

    Parameters
    ----------
    problem : ProblemArrays
        The problem.
    trajectory : Trajectory
        The levels to follow.
    dead_band : float, or float64 array of shape (K,)
        Power under which a storage rests. [kW]

    Returns
    -------
    Simulation
        Within every power limit of the storages, on the levels but for what the dead band holds
        back; the limits of the meter are priced by `meter_cost` and checked by the audit.
    """
    storages, net_load = problem.storages, problem.meter[tables.NET_LOAD]
    charge, discharge, stored = track(
        np.ascontiguousarray(trajectory.levels),
        storages.limits,
        storages.traits,
        np.full(len(storages.group), dead_band),
        problem.hours,
    )
    drawn = net_load + charge.sum(axis=0) - discharge.sum(axis=0)
    inverter = problem.couplings.inverter
    clipped = np.zeros(drawn.size) if inverter is None else inverter.excess(charge, discharge)
    if not problem.meter[tables.MAY_CURTAIL].any():
        curtailed = inevitable_curtailment(problem, drawn, clipped)
    elif trajectory.metered is None or problem.couplings.is_empty:
        curtailed = cheapest_curtailment(problem, drawn, clipped)
    else:
        wanted = np.maximum(trajectory.metered - drawn, clipped)
        most = problem.meter[tables.CURTAIL_LIMIT]
        curtailed = np.where(wanted >= _METER_NOISE, np.minimum(wanted, most), 0.0)
    metered = drawn + curtailed
    metered = np.where(np.abs(metered) < _METER_NOISE, 0.0, metered)
    dispatch = Dispatch(
        charge=charge,
        discharge=discharge,
        stored=stored,
        grid_import=np.maximum(metered, 0.0),
        grid_export=np.maximum(-metered, 0.0),
        curtailed=curtailed,
    )
    running_cost, terminal_value = cost_terms(problem, dispatch)
    return Simulation(dispatch, running_cost - terminal_value, terminal_value)


@kernel(
    "f8[:, :, ::1](Array(f8, 2, 'C', readonly=True), f8[:, :, ::1], f8[:, ::1], f8[::1],"
    " Array(f8, 1, 'C', readonly=True))"
)
def track(
    levels: Vector, limits: Vector, traits: Vector, dead_band: Vector, hours: Vector
) -> Vector:
    """Move each storage from level to level in the cheapest way: one direction at a time.

    Parameters
    ----------
    levels : float64 array, shape (K, T)
        Levels to reach. [kWh]
    limits, traits
        As in `StorageArrays`.
    dead_band : float64 array, shape (K,)
        Power under which a storage rests. [kW]
    hours : float64 array, shape (T,)
        Lengths of the intervals. [h]

    Returns
    -------
    float64 array, shape (3, K, T)
        Charge, discharge [kWh per interval] and stored energy [kWh].
    """
    moves = np.zeros((3, *levels.shape))
    charge, discharge, stored = moves[0], moves[1], moves[2]
    for k in range(levels.shape[0]):
        into, out = traits[tables.CHARGE_EFFICIENCY, k], traits[tables.DISCHARGE_EFFICIENCY, k]
        level = traits[tables.INITIAL, k]
        for t in range(levels.shape[1]):  # `level` is what is really stored before interval t
            least = max(dead_band[k] * hours[t], _STORAGE_NOISE)
            move = levels[k, t] - level
            if move > 0:
                energy = move / into
                if energy >= least:
                    level = levels[k, t]
                    if energy > limits[tables.CHARGE_LIMIT, k, t]:
                        energy = limits[tables.CHARGE_LIMIT, k, t]
                        level = level - move + energy * into
                    charge[k, t] = energy
            else:
                energy = -move * out
                if energy >= least:
                    level = levels[k, t]
                    if energy > limits[tables.DISCHARGE_LIMIT, k, t]:
                        energy = limits[tables.DISCHARGE_LIMIT, k, t]
                        level = level - move - energy / out
                    discharge[k, t] = energy
            stored[k, t] = level
    return moves


def cheapest_curtailment(problem: ProblemArrays, drawn: Vector, least: Vector) -> Vector:
    """Return the solar left unused at least cost; where nothing is gained, as little as may be.

    Parameters
    ----------
    problem : ProblemArrays
        Prices and limits.
    drawn : float64 array, shape (T,)
        What the house draws with all solar in use. [kWh per interval]
    least : float64 array, shape (T,)
        What must be left unused. [kWh per interval]

    Returns
    -------
    float64 array, shape (T,)
        [kWh per interval]
    """
    meter = problem.meter
    most: Vector = np.maximum(meter[tables.CURTAIL_LIMIT], least)
    if not most.any():
        return most
    breakpoints = [
        least,
        most,
        -drawn,  # down to no export
        -meter[tables.EXPORT_LIMIT] - drawn,  # down to the export limit
        meter[tables.IMPORT_LIMIT] - drawn,  # up to the import limit
    ]
    choices = np.clip(breakpoints, least, most)
    costs = meter_cost(problem, drawn + choices) + _EQUAL * np.arange(len(breakpoints))[:, None]
    return np.asarray(np.take_along_axis(choices, costs.argmin(axis=0)[None, :], axis=0)[0])


def inevitable_curtailment(problem: ProblemArrays, drawn: Vector, clipped: Vector) -> Vector:
    """Return the solar that is lost though none is curtailed at will: what a limit cuts.

    Parameters
    ----------
    problem : ProblemArrays
        Limits.
    drawn : float64 array, shape (T,)
        What the house draws with all solar in use. [kWh per interval]
    clipped : float64 array, shape (T,)
        What the inverter cuts. [kWh per interval]

    Returns
    -------
    float64 array, shape (T,)
        [kWh per interval]
    """
    beyond = -drawn - most_export(problem.meter)
    return np.asarray(np.maximum(np.minimum(beyond, problem.meter[tables.CURTAIL_LIMIT]), clipped))


def most_export(meter: Vector) -> Vector:
    """Return the most that may go out, beyond the limit included; shape (T,). [kWh]"""
    return np.asarray(meter[tables.EXPORT_LIMIT] + meter[tables.EXPORT_EXCESS])


def meter_cost(problem: ProblemArrays, metered: Vector) -> Vector:
    """Return the planning cost of energy through the meter, penalties included.

    Parameters
    ----------
    problem : ProblemArrays
        Prices and limits.
    metered : float64 array, shape (..., T)
        Import less export. [kWh per interval]

    Returns
    -------
    float64 array, shape (..., T)
        [$]
    """
    meter, penalty, imports = problem.meter, problem.penalty, metered > 0.0
    price = np.where(imports, meter[tables.IMPORT_PRICE], meter[tables.EXPORT_PRICE])
    limit = np.where(imports, meter[tables.IMPORT_LIMIT], meter[tables.EXPORT_LIMIT])
    excess = np.where(imports, meter[tables.IMPORT_EXCESS], meter[tables.EXPORT_EXCESS])
    over = np.maximum(np.abs(metered) - limit, 0.0)
    forbidden = np.maximum(over - excess - _SLIP, 0.0)
    return np.asarray(metered * price + penalty * (over + _FORBIDDEN * forbidden))


def planning_cost(problem: ProblemArrays, dispatch: Dispatch) -> float:
    """Return the objective of a dispatch, terminal value and penalties included. [$]

    Far above the optimum where the meter is pushed beyond what it can take.
    """
    running_cost, terminal_value = cost_terms(problem, dispatch)
    return running_cost - terminal_value


def cost_terms(problem: ProblemArrays, dispatch: Dispatch) -> tuple[float, float]:
    """Return the planning cost without the terminal value, and that value. [$]"""
    limits, traits = problem.storages.limits, problem.storages.traits
    moved = (dispatch.charge + dispatch.discharge).sum(axis=1)
    missed = np.maximum(limits[tables.SOFT_FLOOR] - dispatch.stored, 0.0)
    missed += np.maximum(dispatch.stored - limits[tables.SOFT_CEILING], 0.0)
    cost = float(meter_cost(problem, dispatch.grid_import - dispatch.grid_export).sum())
    cost += float(traits[tables.WEAR] @ moved + traits[tables.LEVEL_PRICE] @ missed.sum(axis=1))
    couplings = problem.couplings
    if couplings.peaks or couplings.steps or couplings.allowances:
        cost += couplings.cost(dispatch.grid_import, dispatch.grid_export)
    segments = end_segments(problem.storages, dispatch.stored)
    return cost, float((segments * problem.storages.end_values[tables.END_PRICE]).sum())


def end_segments(storages: StorageArrays, stored: Vector) -> Vector:
    """Return the energy left at the end in each segment of its value; shape (E, S). [kWh]"""
    width = storages.end_values[tables.END_WIDTH]
    left = stored[:, -1] - storages.limits[tables.STORED_LOWER, :, -1]
    above = np.bincount(storages.end_of, left, minlength=width.shape[0])[:, None]
    return np.asarray(np.clip(above - (np.cumsum(width, axis=1) - width), 0.0, width))
