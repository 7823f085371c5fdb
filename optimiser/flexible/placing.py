"""Flexible loads in one piece each, as early or as cheap as they can; heat when it is needed."""

from collections.abc import Iterator
from graphlib import TopologicalSorter

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser.flexible.levels import window_of
from optimiser.problem.flexible.heat import HeatStore
from optimiser.problem.flexible.load import Load
from optimiser.problem.horizon import Horizon
from optimiser.problem.site import Site
from optimiser.problem.windows import Mask
from optimiser.result.schedule import Schedule, schedule_error

_ROUNDING = 1e-9  # h; of sums of interval lengths
_FINISHED = 1e-6  # kWh; less than this is not lacking
_MOST_MOVES = 24  # of each load


def place(site: Site, prices: Vector | None) -> dict[str, Vector]:
    """Place the loads of a site one after another, each in one piece.

    Parameters
    ----------
    site : Site
        With flexible loads.
    prices : float64 array, shape (T,), or None
        The cheapest run is chosen, or the first. [$/kWh]

    Returns
    -------
    dict
        Energy of each load by its name; shape (T,), zero of one that does not fit. [kWh]
    """
    loads = {load.id: load for load in site.loads}
    placed: dict[str, Vector] = {}

    def place_one(load: Load) -> Vector:
        if load.id not in placed:
            inside = window_of(load, site.horizon)
            if load.after is not None:
                other = place_one(loads[load.after])
                inside = inside & _after(other, loads[load.after])
            placed[load.id] = _run(load, site.horizon, inside, prices)
        return placed[load.id]

    for load in site.loads:
        place_one(load)
    return placed


def at_once(site: Site) -> Vector:
    """Return the energy of loads that run as early as they can, and of heat when it is needed.

    A load that would break one of its rules so does not run.

    Returns
    -------
    float64 array, shape (F, T)
        In the order of the site. [kWh per interval]
    """
    energy = np.zeros((len(site.flexible), site.horizon.n_intervals))
    rows, placed = {one.id: f for f, one in enumerate(site.flexible)}, place(site, None)
    for store in site.heat_stores:
        energy[rows[store.id]] = _hold(store, site.horizon)
    waits = {one.id: [] if one.after is None else [one.after] for one in site.loads}
    for name in TopologicalSorter(waits).static_order():
        energy[rows[name]] = placed[name]
        if schedule_error(site, Schedule(energy, 0.0, -np.inf)) > _FINISHED:
            energy[rows[name]] = 0.0
    return energy


def moves(site: Site, energy: Vector) -> Iterator[Vector]:
    """Yield energies in which one load has been moved to another start, in one piece.

    Parameters
    ----------
    site : Site
        With flexible loads.
    energy : float64 array, shape (F, T)
        What each takes. [kWh per interval]
    """
    for f, one in enumerate(site.flexible):
        if not isinstance(one, Load):
            continue
        _, others = profiles(one, site.horizon, window_of(one, site.horizon))
        for other in others[:: max(1, len(others) // _MOST_MOVES)]:
            moved = energy.copy()
            moved[f] = _in_one_piece(one, site.horizon, other)
            if schedule_error(site, Schedule(moved, 0.0, -np.inf)) <= _FINISHED:
                yield moved


def service_at_once(site: Site, schedule: Schedule) -> Site:
    """Return a site with the same service as early as it can be had, as a part of its load.

    A load that the schedule leaves for later, or gives less, has what the schedule gives.
    """
    energy = at_once(site)
    for f, one in enumerate(site.flexible):
        own = schedule.energy[f]
        if isinstance(one, Load) and energy[f].sum() > own.sum() + _FINISHED:
            energy[f] = own
    return Schedule(energy, 0.0, -np.inf).serve(site)


def _hold(store: HeatStore, horizon: Horizon) -> Vector:
    """Return the energy that keeps a store of heat at its least; shape (T,). [kWh]"""
    most = horizon.spread(store.power) * horizon.hours
    lost = (horizon.spread(store.draw) + store.loss) * horizon.hours
    efficiency, energy = horizon.spread(store.efficiency), np.zeros(most.size)
    level, least = store.level * store.capacity, store.least * store.capacity
    for t in range(most.size):
        level -= lost[t]
        energy[t] = min(max(least - level, 0.0) / efficiency[t], most[t])
        level += energy[t] * efficiency[t]
    return energy


def _after(energy: Vector, load: Load) -> Mask:
    """Return the intervals that begin after the end of a finished run; shape (T,)."""
    if energy.sum() < load.energy - _FINISHED:
        return np.zeros(energy.size, dtype=np.bool_)
    used = np.flatnonzero(energy)
    return np.arange(energy.size) > (used[-1] if used.size else -1)


def _run(load: Load, horizon: Horizon, inside: Mask, prices: Vector | None) -> Vector:
    """Return the first or the cheapest run; what fits, of a load that may be cut; shape (T,)."""
    starts, energy = profiles(load, horizon, inside)
    if starts.size:
        chosen = energy[0 if prices is None else int(np.argmin(energy @ prices))]
        return _in_one_piece(load, horizon, chosen)
    if load.is_fixed_block:
        return np.zeros(horizon.n_intervals)
    return np.where(inside, load.power * horizon.hours, 0.0)


def _in_one_piece(load: Load, horizon: Horizon, energy: Vector) -> Vector:
    """Return a run at the highest power as the rules of a load have it; shape (T,). [kWh]"""
    if load.is_fixed_block:
        return np.asarray(energy)
    if not load.has_one_power:
        return _at_one_power(load, horizon, energy)
    return _with_long_end(load, horizon, energy)


def _with_long_end(load: Load, horizon: Horizon, energy: Vector) -> Vector:
    """Return the same run with no less than the shortest time in its last interval."""
    on = np.flatnonzero(energy)
    longer = np.array(energy)
    if on.size > 1:
        lacks = max(float(load.least_energy(horizon.hours)[on[-1]] - energy[on[-1]]), 0.0)
        longer[on[-2:]] += -lacks, lacks
    return longer


def _at_one_power(load: Load, horizon: Horizon, energy: Vector) -> Vector:
    """Return the same energy at one power in whole intervals; none where that is too low."""
    hours = np.where(energy > 0.0, horizon.hours, 0.0)
    even = load.energy * hours / max(float(hours.sum()), _ROUNDING)
    is_enough = bool((even >= load.lowest_power * hours - _ROUNDING).all())
    return even if is_enough else np.zeros(energy.size)


def profiles(load: Load, horizon: Horizon, inside: Mask) -> tuple[Places, Vector]:
    """Return the starts at which a run in one piece fits some intervals, and its energy.

    Parameters
    ----------
    load : Load
        At its highest power.
    horizon : Horizon
        The intervals.
    inside : bool array, shape (T,)
        A range of intervals.

    Returns
    -------
    starts : int64 array, shape (S,)
        Intervals.
    energy : float64 array, shape (S, T)
        What it takes. [kWh per interval]
    """
    ends, begins, own = horizon.elapsed, horizon.elapsed - horizon.hours, np.flatnonzero(inside)
    if not own.size:
        return own, np.zeros((0, ends.size))
    starts = own[begins[own] + load.hours <= ends[own[-1]] + _ROUNDING]
    stop = begins[starts, None] + load.hours
    time_on = np.minimum(ends, stop) - np.maximum(begins, begins[starts, None])
    return starts, np.where(time_on > _ROUNDING, load.power * time_on, 0.0)
