"""Load sharing: batteries of equal cost work by priority, then so that they run level."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from matrix_builders import Vector, tables
from matrix_builders.storage import most_charge
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch
from optimiser.problem.battery import Battery
from optimiser.problem.site import Site

_NOTHING = 1e-9  # kWh


def share_load(site: Site, problem: ProblemArrays, dispatch: Dispatch) -> Iterator[Dispatch]:
    """Yield the dispatch with the work of each family of batteries shared anew.

    A family has the same efficiencies and wear: what it does together costs the same whoever does
    it.  Whether permissions and reserves allow each battery its part is for the caller to look at.
    """
    for family in _families(site):
        level = _redistribute(site, problem, dispatch, family)
        if level is not None:
            dispatch = level
            yield level


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


def _redistribute(
    site: Site, problem: ProblemArrays, dispatch: Dispatch, family: list[int]
) -> Dispatch | None:
    """Return the dispatch with one family level; None where a battery cannot do its part."""
    limits, traits = problem.storages.limits[:, family], problem.storages.traits[:, family]
    order = np.array([site.batteries[k].priority for k in family])
    capacity = np.array([site.batteries[k].capacity for k in family])
    into, out = traits[tables.CHARGE_EFFICIENCY, 0], traits[tables.DISCHARGE_EFFICIENCY, 0]
    level, tapers = traits[tables.INITIAL], problem.storages.taper.swapaxes(0, 1)[family]
    charge, discharge, stored = (
        getattr(dispatch, name).copy() for name in ("charge", "discharge", "stored")
    )
    for t in range(problem.hours.size):
        taken, given = float(charge[family, t].sum()), float(discharge[family, t].sum())
        most = [
            most_charge(taper[:, t], into, now, most)
            for taper, now, most in zip(
                tapers, level, limits[tables.CHARGE_LIMIT, :, t], strict=True
            )
        ]
        room = np.minimum(limits[tables.STORED_UPPER, :, t] - level, np.array(most) * into)
        spare = np.minimum(
            level - limits[tables.STORED_LOWER, :, t], limits[tables.DISCHARGE_LIMIT, :, t] / out
        )
        gained = _share_by_priority(taken * into, room, level / capacity, capacity, order)
        lost = _share_by_priority(given / out, spare, -level / capacity, capacity, order)
        if gained is None or lost is None:
            return None
        level = level + gained - lost
        charge[family, t], discharge[family, t] = gained / into, lost * out
        stored[family, t] = level
    return replace(dispatch, charge=charge, discharge=discharge, stored=stored)


def _share_by_priority(
    energy: float, room: Vector, height: Vector, width: Vector, order: Vector
) -> Vector | None:
    """Share energy, first by order, then by water-filling; None where there is no room for it.

    All arrays have shape (F,): the room [kWh], the state of charge [-] as height, the energy of one
    unit of height [kWh], and the order, of which lower ones are filled first.
    """
    shares = np.zeros(room.size)
    room = np.maximum(room, 0.0)
    left = energy
    for rank in sorted(set(order.tolist())):
        own = np.flatnonzero(order == rank)
        part = min(left, float(room[own].sum()))
        if part > 0:
            shares[own] = _water_fill(part, room[own], height[own], width[own])
        left -= part
    return shares if left <= _NOTHING else None


def _water_fill(energy: float, room: Vector, height: Vector, width: Vector) -> Vector:
    """Share energy that fits so that those which are not full end at one level."""
    tops = height + room / width
    marks = np.array(sorted({*height.tolist(), *tops.tolist()}))
    filled = [_energy_up_to(mark, room, height, width).sum() for mark in marks]
    level = float(np.interp(energy, np.array(filled), marks))
    shares = _energy_up_to(level, room, height, width)
    total = float(shares.sum())
    return shares * (energy / total) if total > 0 else shares


def _energy_up_to(level: float, room: Vector, height: Vector, width: Vector) -> Vector:
    return np.clip((level - height) * width, 0.0, room)
