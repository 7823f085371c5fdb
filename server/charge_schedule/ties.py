"""The preferences of a strategy, among schedules of equal cost."""

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from matrix_builders.linear_program import Extension
from optimiser.errors import as_solver_error
from optimiser.solvers import Deadline
from server.charge_schedule.programme import Programme
from server.charge_schedule.search import Relaxation

# Weights as the contract's optimiser has them among each other: a kWh that is exported, imported or
# moved by a storage of priority 1, one step earlier; a kW of the highest power, and of a change.
_EXPORT, _IMPORT, _PRIORITY, _PEAK, _RAMP = 2.0, 0.5, 5.0, 100.0, 1.0

_SIDES = {
    "attenuate_demand_peaks": ("imports",),
    "attenuate_feedin_peaks": ("exports",),
    "attenuate_grid_peaks": ("imports", "exports"),
}

_SPARE = 1e-6  # kWh at the highest price; the solver must find its own schedule as cheap


@as_solver_error()
def break_ties(programme: Programme, x: Vector, deadline: Deadline) -> Vector | None:
    """Return the schedule that the strategy prefers among those as cheap as a point.

    Choices that the preferred point leaves open are made as in the point given, which stays within
    reach; so the result is no worse by the strategy.

    Parameters
    ----------
    programme : Programme
        The programme.
    x : float64 array, shape (n_cols,)
        A schedule. [kWh]
    deadline : Deadline
        When to give up.

    Returns
    -------
    float64 array or None
        A point of a longer programme, whose first columns are those of `programme`; None where
        the strategy has no preference, or time is over.
    """
    extension = Extension(programme.lp)
    weights = _weights(programme)
    levels = _add_levels(extension, programme)
    if not levels and not weights.any():
        return None
    priced = np.flatnonzero(programme.lp.cost)
    cost = programme.lp.cost[priced]
    extension.add_row(float(cost @ x[priced]) + _SPARE, priced, cost)
    lp = extension.programme()
    objective = np.zeros(lp.cost.size)
    objective[: weights.size] = weights
    for places, weight in levels:
        objective[places] = weight
    preferred = Programme(
        programme.problem,
        programme.columns,
        lp._replace(cost=objective / programme.problem.net.size),
        np.append(programme.is_binary, np.zeros(lp.cost.size - x.size, dtype=np.bool_)),
    )
    return Relaxation(preferred, deadline).best_with(np.round(x))


def _weights(programme: Programme) -> Vector:
    """Weights of the columns by the strategies, and by the priorities of the storages."""
    problem, columns, lp = programme.problem, programme.columns, programme.lp
    left = np.arange(problem.net.size, 0, -1, dtype=np.float64)  # steps to the end
    n_storages = columns.charge.shape[0]
    weights = np.zeros(lp.cost.size)
    if problem.charging == "charge_before_export":
        weights[columns.exports] = _EXPORT * n_storages * left
    if problem.discharging == "discharge_before_import":
        weights[columns.imports] = _IMPORT * n_storages * left
    for places in (columns.charge, columns.discharge):
        weights[places] = -_PRIORITY * problem.storages.priority * left
    return weights


def _add_levels(extension: Extension, programme: Programme) -> list[tuple[Places, float]]:
    """Add the highest power and the changes of power that the strategy levels; with weights."""
    levels: list[tuple[Places, float]] = []
    per_hour = 1.0 / programme.problem.hours
    for side in _SIDES.get(programme.problem.charging, ()):
        flow: Places = getattr(programme.columns, side)
        peak = extension.add_columns(np.full(1, np.inf))
        ramps = extension.add_columns(np.full(flow.size - 1, np.inf))
        extension.at_most(0.0, (flow, per_hour), (peak, -1.0))
        for sign in (1.0, -1.0):
            later, earlier = (flow[1:], sign * per_hour[1:]), (flow[:-1], -sign * per_hour[:-1])
            extension.at_most(0.0, later, earlier, (ramps, -1.0))
        levels += [(peak, _PEAK), (ramps, _RAMP)]
    return levels
