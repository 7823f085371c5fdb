"""Vehicles charged by themselves: whole charges, cheapest intervals first, then the earliest."""

from heapq import heappop, heappush

import numpy as np

from matrix_builders import Vector, tables
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch, Trajectory, meter_cost, simulate
from optimiser.model.storages import BATTERIES

NOTHING = 1e-9  # kWh


def charge_in_order(problem: ProblemArrays, dispatch: Dispatch) -> Dispatch | None:
    """Charge every vehicle that only charges in order of price, then of time.

    Vehicles take their turn by the end of their stay, each within what the meter and the peaks of
    the plan leave.  None where there are none, or some vehicle gets less.
    """
    storages = problem.storages
    only_charges = (storages.group != BATTERIES) & ~dispatch.discharge.any(axis=1)
    vehicles = np.flatnonzero(only_charges & (dispatch.charge > NOTHING).any(axis=1))
    if vehicles.size == 0:
        return None
    charge = dispatch.charge.copy()
    charge[vehicles] = 0.0
    limit = problem.couplings.import_cap(problem.meter, dispatch.grid_import)
    last = [int(np.flatnonzero(storages.limits[tables.CHARGE_LIMIT, k])[-1]) for k in vehicles]
    beside = problem.meter[tables.NET_LOAD] - dispatch.discharge.sum(axis=0)
    for k in vehicles[np.argsort(last, kind="stable")].tolist():
        drawn = beside + charge.sum(axis=0) + dispatch.curtailed
        taken = cheapest_charge(problem, k, drawn, limit, float(dispatch.charge[k].sum()))
        if taken is None:
            return None
        charge[k] = taken
    gained = charge * storages.traits[tables.CHARGE_EFFICIENCY, :, None]
    levels = dispatch.stored.copy()
    initial = storages.traits[tables.INITIAL, vehicles, None]
    levels[vehicles] = initial + np.cumsum(gained[vehicles], axis=1)
    metered = beside + charge.sum(axis=0) + dispatch.curtailed
    return simulate(problem, Trajectory(levels, metered)).dispatch


def cheapest_charge(
    problem: ProblemArrays, k: int, drawn: Vector, limit: Vector, energy: float
) -> Vector | None:
    """Return the charge of one vehicle, cheapest intervals first, of equals the earliest.

    Parameters
    ----------
    problem : ProblemArrays
        Prices and limits.
    k : int
        The vehicle; it only charges.
    drawn : float64 array, shape (T,)
        What the meter draws without it. [kWh per interval]
    limit : float64 array, shape (T,)
        Most that the meter may draw. [kWh per interval]
    energy : float
        What it is to charge. [kWh]

    Returns
    -------
    float64 array, shape (T,), or None
        [kWh per interval]; None where the intervals do not suffice for the energy, or only below
        the least power: only the last charge of a vehicle that may end short is cut below it.
    """
    limits = problem.storages.limits[:, k]
    room = np.minimum(limits[tables.CHARGE_LIMIT], limit - drawn)
    least = np.minimum(limits[tables.LEAST_CHARGE], limits[tables.CHARGE_LIMIT])
    room = np.where(room < np.maximum(least, NOTHING), 0.0, room)
    price = _price_of(problem, drawn, np.where(room > 0.0, np.maximum(least, NOTHING), 0.0))
    order = np.lexsort((np.arange(price.size), np.round(price, 9)))
    order = order[room[order] > 0]
    filled = np.cumsum(room[order])
    enough = int(np.searchsorted(filled, energy - NOTHING))
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
    if surplus > NOTHING and problem.storages.traits[tables.ENDS_SHORT, k]:
        return _with_short_end(problem, drawn, room, energy)
    return charge if surplus <= NOTHING else None


def _price_of(problem: ProblemArrays, drawn: Vector, energy: Vector) -> Vector:
    """Return what energy beside what is drawn costs; shape (T,), infinite without. [$/kWh]"""
    cost = meter_cost(problem, drawn + energy) - meter_cost(problem, drawn)
    price = np.divide(cost, energy, out=np.full(energy.size, np.inf), where=energy > 0.0)
    return np.asarray(price)


def _with_short_end(
    problem: ProblemArrays, drawn: Vector, room: Vector, energy: float
) -> Vector | None:
    """Return the cheapest whole charges and one shorter one after them; None where there is none.

    All whole charges are as large as the largest.
    """
    size = float(room.max())
    number = int(energy / size)
    rest = energy - number * size
    times = np.flatnonzero(room >= size - NOTHING)
    whole, short = (
        _price_of(problem, drawn, np.where(room > 0.0, part, 0.0))[times] * part
        for part in (size, rest)
    )
    best, chosen = np.inf, None
    cheapest: list[tuple[float, int]] = []  # the whole charges before `i`, the dearest first
    for i, t in enumerate(times.tolist()):
        if len(cheapest) == number:
            cost = float(short[i]) - sum(negative for negative, _ in cheapest)
            if cost < best - NOTHING:
                best, chosen = cost, (t, [times[j] for _, j in cheapest])
        heappush(cheapest, (-float(whole[i]), i))
        if len(cheapest) > number:
            heappop(cheapest)
    if chosen is None:
        return None
    charge = np.zeros(room.size)
    charge[chosen[1]], charge[chosen[0]] = size, rest
    return charge
