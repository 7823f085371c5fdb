"""A schedule carried out from its two decisions, its bill, and the rules that it breaks.

Nothing here comes from a solver: energies that are charged and discharged go in, all else follows.
"""

from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector
from optimiser.problem.windows import Mask
from server.charge_schedule.problem import LIMIT_PENALTY, SOC_PENALTY, Problem, Storages

ROUNDING = 2e-5
"""Energies below are rounding: a fiftieth of a Wh. [kWh]"""

_DUST = 1e-7  # kWh; a charge of less is none


@dataclass(frozen=True, slots=True)
class Schedule:
    """Energies of a home, step by step. [kWh]

    Attributes
    ----------
    charge, discharge, stored : float64 array, shape (K, T)
        Through the terminals of the storages, and their content after each step.
    imports, exports : float64 array, shape (T,)
        What the meter would pass without limits.
    """

    charge: Vector
    discharge: Vector
    stored: Vector
    imports: Vector
    exports: Vector


def carry_out(problem: Problem, charge: Vector, discharge: Vector) -> Schedule:
    """Return the schedule of two decisions, each of shape (K, T), without rounding in them."""
    storages = problem.storages
    charge = _within(charge, storages.most)
    discharge = _within(discharge, storages.most_out)
    near = (storages.least > 0.0) & (np.abs(charge - storages.least) < ROUNDING)
    charge = np.where(near, storages.least, charge)
    gained = storages.eta_in * charge - discharge / storages.eta_out
    stored = storages.initial + np.cumsum(gained, axis=1)
    flow = problem.net + charge.sum(axis=0) - discharge.sum(axis=0)
    flow = np.where(np.abs(flow) < ROUNDING, 0.0, flow)
    return Schedule(charge, discharge, stored, np.maximum(flow, 0.0), np.maximum(-flow, 0.0))


def idle(problem: Problem) -> Schedule:
    """Return the schedule that moves nothing, which breaks no rule."""
    nothing = np.zeros(problem.storages.most.shape)
    return carry_out(problem, nothing, nothing)


def rule_violations(problem: Problem, schedule: Schedule) -> list[str]:
    """Return the rules that a schedule breaks; none is broken by rounding alone."""
    storages, charge, discharge = problem.storages, schedule.charge, schedule.discharge
    may_end = (storages.demand > 0.0) & (
        schedule.stored >= storages.high - storages.least - ROUNDING
    )
    runs, gives = charge > ROUNDING, discharge > ROUNDING
    empty, full = -ROUNDING, storages.capacity + ROUNDING
    broken: dict[str, Mask] = {
        "content": (schedule.stored < empty) | (schedule.stored > full),
        "least power": runs & (charge < storages.least - ROUNDING) & ~may_end,
        "both ways at once": runs & gives,
        "charging from the grid": runs & (schedule.imports > 0.0) & ~storages.from_grid[:, None],
        "feeding in": gives & (schedule.exports > 0.0) & ~storages.to_grid[:, None],
        "from storage to storage": _one_way(storages, runs, gives),
        "not a number": ~np.isfinite(schedule.stored),
    }
    return [rule for rule, where in broken.items() if where.any()]


def import_excess(problem: Problem, schedule: Schedule) -> Vector:
    """Return the import beyond its limit; shape (T,). [kWh]"""
    return _beyond(schedule.imports, problem.import_limit)


def export_loss(problem: Problem, schedule: Schedule) -> Vector:
    """Return the export that its limit cuts; shape (T,). [kWh]"""
    return _beyond(schedule.exports, problem.export_limit)


def benefit_of(problem: Problem, schedule: Schedule) -> float:
    """Return the benefit of a schedule, without penalties. [kWh at the highest price]"""
    storages, excess = problem.storages, import_excess(problem, schedule)
    sold = schedule.exports - export_loss(problem, schedule)
    gained = schedule.stored[:, -1:] - storages.initial
    peak = float((excess / problem.hours).max()) * (problem.peak_price or 0.0)
    energy = float(problem.sell @ sold - problem.buy @ schedule.imports)
    return energy + float((storages.end_value * gained).sum()) - peak


def cost_of(problem: Problem, schedule: Schedule) -> float:
    """Return the cost with penalties, as the programme counts it. [kWh at the highest price]

    The content at the end counts as a whole, not only what has been gained.
    """
    storages, stored = problem.storages, schedule.stored
    outside = np.maximum(stored - storages.high, 0.0) + np.maximum(storages.low - stored, 0.0)
    missed = np.maximum(storages.goal - stored, 0.0)
    is_full = stored >= storages.high - ROUNDING
    short = np.where(is_full, 0.0, np.maximum(storages.demand - schedule.charge, 0.0))
    penalty = SOC_PENALTY * float(outside.sum()) + LIMIT_PENALTY * float(missed.sum())
    penalty += float((short * problem.demand_penalty).sum())
    penalty += float(problem.export_penalty @ export_loss(problem, schedule))
    if problem.peak_price is None:
        penalty += LIMIT_PENALTY * float(import_excess(problem, schedule).sum())
    owned = float((storages.end_value * storages.initial).sum())
    return penalty - benefit_of(problem, schedule) - owned


def _within(energy: Vector, most: Vector) -> Vector:
    """Return energies within their bounds, without those that are rounding."""
    return np.asarray(np.where(energy < _DUST, 0.0, np.minimum(energy, most)))


def _one_way(storages: Storages, runs: Mask, gives: Mask) -> Mask:
    """Return steps in which one storage needs the home to export, and another to import."""
    charges, discharges = runs[~storages.from_grid], gives[~storages.to_grid]
    return np.asarray(charges.any(axis=0) & discharges.any(axis=0))


def _beyond(energy: Vector, limit: Vector | None) -> Vector:
    if limit is None:
        return np.zeros(energy.size)
    beyond = energy - limit
    return np.asarray(np.where(beyond > ROUNDING, beyond, 0.0))
