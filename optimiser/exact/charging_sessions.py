"""Vehicles charged in one go: the same cost with fewer starts, where there is such a plan."""

import numpy as np

from matrix_builders import Vector
from optimiser.model.arrays import Programme
from optimiser.model.dispatch import Course, Dispatch, follow
from optimiser.model.storages import BATTERIES

_NOTHING = 1e-9  # kWh


def starts_of(charge: Vector) -> int:
    """How often charging begins, over all vehicles; `charge` has shape (V, T)."""
    on = charge > _NOTHING
    return int(np.count_nonzero(on[:, 1:] & ~on[:, :-1]) + np.count_nonzero(on[:, :1]))


def consolidated(programme: Programme, dispatch: Dispatch) -> Dispatch | None:
    """The same energy for every vehicle that only charges, in order of price and then of time.

    Vehicles take their turn by the end of their stay, each within what the meter and the peaks of
    the plan leave.  Whether the result costs the same is for the caller to look at.

    Parameters
    ----------
    programme : Programme
        The problem.
    dispatch : Dispatch
        A possible plan.

    Returns
    -------
    Dispatch or None
        None where there are no fewer starts, or somebody gets less.
    """
    storages = programme.storages
    moves = (storages.group != BATTERIES) & ~dispatch.discharge.any(axis=1)
    vehicles = np.flatnonzero(moves & (dispatch.charge > _NOTHING).any(axis=1))
    if vehicles.size == 0:
        return None
    charge = dispatch.charge.copy()
    charge[vehicles] = 0.0
    limit = programme.couplings.import_cap(programme.site, dispatch.grid_import)
    last = [int(np.flatnonzero(storages.charge_limit[k])[-1]) for k in vehicles]
    for k in vehicles[np.argsort(last, kind="stable")].tolist():
        drawn = programme.site.net_load + charge.sum(axis=0) - dispatch.discharge.sum(axis=0)
        drawn = drawn + dispatch.curtailed
        wanted = float(dispatch.charge[k].sum())
        taken = _in_order(programme, k, drawn, limit, wanted)
        if taken is None:
            return None
        charge[k] = taken
    if starts_of(charge[vehicles]) >= starts_of(dispatch.charge[vehicles]):
        return None
    gained = charge * storages.charge_efficiency[:, None]
    levels = dispatch.stored.copy()
    levels[vehicles] = storages.initial[vehicles, None] + np.cumsum(gained[vehicles], axis=1)
    metered = programme.site.net_load + (charge - dispatch.discharge).sum(axis=0)
    return follow(programme, Course(levels, metered + dispatch.curtailed))


def _in_order(
    programme: Programme, k: int, drawn: Vector, limit: Vector, wanted: float
) -> Vector | None:
    """Charge of one vehicle: cheapest intervals first, of equals the earliest; None if short."""
    site, storages = programme.site, programme.storages
    room = np.minimum(storages.charge_limit[k], limit - drawn)
    room = np.where(room < np.maximum(storages.least_charge[k], _NOTHING), 0.0, room)
    price = np.where(drawn >= 0, site.import_price, site.export_price)
    order = np.lexsort((np.arange(price.size), np.round(price, 9)))
    order = order[room[order] > 0]
    filled = np.cumsum(room[order])
    enough = int(np.searchsorted(filled, wanted - _NOTHING))
    if enough >= order.size:
        return None
    chosen = order[: enough + 1]
    charge = np.zeros(price.size)
    charge[chosen] = room[chosen]
    surplus, least = float(filled[enough] - wanted), storages.least_charge[k]
    for t in chosen[::-1].tolist():  # the last ones give back what is too much
        given = min(surplus, max(charge[t] - least[t], 0.0))
        charge[t] -= given
        surplus -= given
    return charge if surplus <= _NOTHING else None
