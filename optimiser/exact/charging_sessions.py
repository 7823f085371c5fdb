"""Vehicles charged in one go: the same cost in fewer sessions, where there is such a plan."""

import numpy as np

from matrix_builders import Vector, tables
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch, Trajectory, simulate
from optimiser.model.storages import BATTERIES

_NOTHING = 1e-9  # kWh


def count_sessions(charge: Vector) -> int:
    """Count how often charging begins, over all vehicles; `charge` has shape (V, T)."""
    on = charge > _NOTHING
    return int(np.count_nonzero(on[:, 1:] & ~on[:, :-1]) + np.count_nonzero(on[:, :1]))


def merge_sessions(problem: ProblemArrays, dispatch: Dispatch) -> Dispatch | None:
    """Charge the vehicles in order of price; None where there are no fewer sessions so.

    Whether the result costs the same is for the caller to look at.
    """
    merged = charge_in_order(problem, dispatch)
    own = problem.storages.group != BATTERIES
    if merged is None or count_sessions(merged.charge[own]) >= count_sessions(dispatch.charge[own]):
        return None
    return merged


def charge_in_order(problem: ProblemArrays, dispatch: Dispatch) -> Dispatch | None:
    """Charge every vehicle that only charges in order of price, then of time.

    Vehicles take their turn by the end of their stay, each within what the meter and the peaks of
    the plan leave.  None where there are none, or some vehicle gets less.
    """
    storages = problem.storages
    only_charges = (storages.group != BATTERIES) & ~dispatch.discharge.any(axis=1)
    vehicles = np.flatnonzero(only_charges & (dispatch.charge > _NOTHING).any(axis=1))
    if vehicles.size == 0:
        return None
    charge = dispatch.charge.copy()
    charge[vehicles] = 0.0
    limit = problem.couplings.import_cap(problem.meter, dispatch.grid_import)
    last = [int(np.flatnonzero(storages.limits[tables.CHARGE_LIMIT, k])[-1]) for k in vehicles]
    beside = problem.meter[tables.NET_LOAD] - dispatch.discharge.sum(axis=0)
    for k in vehicles[np.argsort(last, kind="stable")].tolist():
        drawn = beside + charge.sum(axis=0) + dispatch.curtailed
        taken = _in_order(problem, k, drawn, limit, float(dispatch.charge[k].sum()))
        if taken is None:
            return None
        charge[k] = taken
    gained = charge * storages.traits[tables.CHARGE_EFFICIENCY, :, None]
    levels = dispatch.stored.copy()
    initial = storages.traits[tables.INITIAL, vehicles, None]
    levels[vehicles] = initial + np.cumsum(gained[vehicles], axis=1)
    metered = beside + charge.sum(axis=0) + dispatch.curtailed
    return simulate(problem, Trajectory(levels, metered)).dispatch


def _in_order(
    problem: ProblemArrays, k: int, drawn: Vector, limit: Vector, energy: float
) -> Vector | None:
    """Return the charge of one vehicle, cheapest intervals first, of equals the earliest.

    None where the intervals do not suffice for the energy, or only below the least power: only the
    last charge of a vehicle that may end short is cut below it.
    """
    meter, limits = problem.meter, problem.storages.limits[:, k]
    room = np.minimum(limits[tables.CHARGE_LIMIT], limit - drawn)
    least = np.minimum(limits[tables.LEAST_CHARGE], limits[tables.CHARGE_LIMIT])
    room = np.where(room < np.maximum(least, _NOTHING), 0.0, room)
    price = np.where(drawn >= 0, meter[tables.IMPORT_PRICE], meter[tables.EXPORT_PRICE])
    order = np.lexsort((np.arange(price.size), np.round(price, 9)))
    order = order[room[order] > 0]
    filled = np.cumsum(room[order])
    enough = int(np.searchsorted(filled, energy - _NOTHING))
    if enough >= order.size:
        return None
    chosen = order[: enough + 1]
    charge = np.zeros(price.size)
    charge[chosen] = room[chosen]
    surplus = float(filled[enough] - energy)
    for t in chosen[::-1].tolist():  # the last ones give back what is too much
        given = min(surplus, max(charge[t] - limits[tables.LEAST_CHARGE, t], 0.0))
        charge[t] -= given
        surplus -= given
    if surplus > _NOTHING and problem.storages.traits[tables.ENDS_SHORT, k]:
        charge[chosen.max()] -= surplus
        return charge if charge[chosen.max()] > 0.0 else None
    return charge if surplus <= _NOTHING else None
