"""How batteries of equal cost share the work: by priority, then so that they run level."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from matrix_builders import Vector
from optimiser.model.arrays import Programme
from optimiser.model.dispatch import Dispatch
from optimiser.problem.battery import Battery
from optimiser.problem.site import Site

_NOTHING = 1e-9  # kWh


def shared(site: Site, programme: Programme, dispatch: Dispatch) -> Iterator[Dispatch]:
    """Yield the dispatch with the work of each family of batteries dealt out anew.

    A family has the same efficiencies and wear: what it does together costs the same whoever does
    it.  Whether permissions and reserves allow each battery its part is for the caller to look at.
    """
    for family in _families(site):
        dealt = _dealt(site, programme, dispatch, family)
        if dealt is not None:
            dispatch = dealt
            yield dealt


def _families(site: Site) -> list[list[int]]:
    families: dict[tuple[object, ...], list[int]] = {}
    for k, battery in enumerate(site.batteries):
        if battery.capacity > 0:
            families.setdefault(_traits(battery), []).append(k)
    return [family for family in families.values() if len(family) > 1]


def _traits(battery: Battery) -> tuple[object, ...]:
    return (
        battery.charge_efficiency,
        battery.discharge_efficiency,
        battery.cycle_cost,
        battery.end_value,
    )


def _dealt(
    site: Site, programme: Programme, dispatch: Dispatch, family: list[int]
) -> Dispatch | None:
    """The dispatch with one family levelled; None where somebody cannot do the part."""
    storages = programme.storages
    order = np.array([site.batteries[k].priority for k in family])
    capacity = np.array([site.batteries[k].capacity for k in family])
    into, out = storages.charge_efficiency[family[0]], storages.discharge_efficiency[family[0]]
    present = np.array(storages.initial[family])
    charge, discharge, stored = (
        getattr(dispatch, name).copy() for name in ("charge", "discharge", "stored")
    )
    for t in range(programme.hours.size):
        taken, given = float(charge[family, t].sum()), float(discharge[family, t].sum())
        limit = storages.charge_limit[family, t] * into
        room = np.minimum(storages.stored_upper[family, t] - present, limit)
        spare = np.minimum(
            present - storages.stored_lower[family, t], storages.discharge_limit[family, t] / out
        )
        gained = _levelled(taken * into, room, present / capacity, capacity, order)
        lost = _levelled(given / out, spare, -present / capacity, capacity, order)
        if gained is None or lost is None:
            return None
        present = present + gained - lost
        charge[family, t], discharge[family, t] = gained / into, lost * out
        stored[family, t] = present
    return replace(dispatch, charge=charge, discharge=discharge, stored=stored)


def _levelled(
    energy: float, room: Vector, height: Vector, width: Vector, order: Vector
) -> Vector | None:
    """Share of each vessel, first by order, then lowest first until they stand level.

    Parameters
    ----------
    energy : float
        To be poured. [kWh]
    room : float64 array, shape (F,)
        Most that each takes. [kWh]
    height : float64 array, shape (F,)
        How full each is. [-]
    width : float64 array, shape (F,)
        What one unit of height holds. [kWh]
    order : array, shape (F,)
        Lower ones are filled first.

    Returns
    -------
    float64 array, shape (F,), or None
        Adds up to `energy`; None where there is no room for it.
    """
    poured = np.zeros(room.size)
    room = np.maximum(room, 0.0)
    left = energy
    for rank in np.unique(order):
        own = np.flatnonzero(order == rank)
        part = min(left, float(room[own].sum()))
        if part > 0:
            poured[own] = _to_one_level(part, room[own], height[own], width[own])
        left -= part
    return poured if left <= _NOTHING else None


def _to_one_level(energy: float, room: Vector, height: Vector, width: Vector) -> Vector:
    """Pour energy that fits: the level at which vessels that are not full stand equal."""
    tops = height + room / width
    marks = np.unique(np.concatenate([height, tops]))
    filled = np.array([_poured(mark, room, height, width).sum() for mark in marks])
    level = float(np.interp(energy, filled, marks))
    shares = _poured(level, room, height, width)
    total = float(shares.sum())
    return shares * (energy / total) if total > 0 else shares


def _poured(level: float, room: Vector, height: Vector, width: Vector) -> Vector:
    return np.clip((level - height) * width, 0.0, room)
