"""Steady power over neighbouring intervals in which energy costs the same."""

import numpy as np

from matrix_builders import Vector, tables
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch, Trajectory, meter_cost

_EQUAL_PRICE = 1e-9  # $/kWh
_NOTHING = 1e-9  # $; smoothing a plan must be free


def smooth_power(problem: ProblemArrays, dispatch: Dispatch) -> Trajectory | None:
    """Spread the trade of one storage evenly over intervals of one price; None if there is none."""
    net = dispatch.charge[0] - dispatch.discharge[0]
    run = _runs(problem, dispatch, net)
    mean = np.bincount(run, net) / np.bincount(run, problem.hours)
    even = mean[run] * problem.hours
    beside = problem.meter[tables.NET_LOAD] + dispatch.curtailed
    costs = meter_cost(problem, beside + np.array([even, net]))
    dearer = costs[0] - costs[1]
    spreads = (np.bincount(run, dearer) <= _NOTHING) & (np.bincount(run) > 1)
    if not spreads.any():
        return None
    net = np.where(spreads[run], even, net)
    into, out = problem.storages.traits[[tables.CHARGE_EFFICIENCY, tables.DISCHARGE_EFFICIENCY], 0]
    change = np.where(net > 0, net * into, net / out)
    return Trajectory((problem.storages.traits[tables.INITIAL, 0] + np.cumsum(change))[None, :])


def _runs(problem: ProblemArrays, dispatch: Dispatch, net: Vector) -> Vector:
    """Number the runs of intervals with one direction of trade and one price; shape (T,)."""
    buys = (net > 0.0) & (dispatch.grid_import > 0.0)
    sells = (net < 0.0) & (dispatch.grid_export > 0.0)
    price = np.where(buys, problem.meter[tables.IMPORT_PRICE], problem.meter[tables.EXPORT_PRICE])
    continues = (buys[1:] & buys[:-1]) | (sells[1:] & sells[:-1])
    continues &= np.abs(np.diff(price)) < _EQUAL_PRICE
    return np.concatenate([[0], np.cumsum(~continues)])
