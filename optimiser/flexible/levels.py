"""Levels of flexible consumption, as those of storages that only charge.

The level of a load is the energy that it has taken.  That of a store of heat counts what has left
it as still inside: limits rise with the standing loss and the draw.
"""

import numpy as np

from matrix_builders import tables
from optimiser.model.arrays import ProblemArrays
from optimiser.model.pieces import Pieces
from optimiser.model.storages import mean_price
from optimiser.problem.flexible.heat import HeatStore
from optimiser.problem.flexible.load import Load
from optimiser.problem.horizon import Horizon
from optimiser.problem.site import Site
from optimiser.problem.windows import Mask
from optimiser.value_function.terminal_value import DISCOUNT

_ROUNDING = 1e-9  # h; of sums of interval lengths


def window_of(load: Load, horizon: Horizon) -> Mask:
    """Return the intervals that lie wholly within the window of a load; shape (T,)."""
    return horizon.intervals_within(load.earliest, load.latest)


def is_due(load: Load, horizon: Horizon) -> bool:
    """Return whether a load must have run by the end of the horizon."""
    span = float(horizon.elapsed[-1])
    return load.latest is None or horizon.hours_until(load.latest) <= span + _ROUNDING


def write_load(load: Load, k: int, pieces: Pieces, site: Site, problem: ProblemArrays) -> None:
    """Write the window of a load, storage `k`, and the price of what it lacks.

    Parameters
    ----------
    load : Load
        A load of the site.
    k : int
        Its number among the storages of the problem.
    pieces : Pieces
        Of the site.
    site : Site
        The caller's.
    problem : ProblemArrays
        Of a vehicle that takes as much; modified in place.
    """
    storages = problem.storages
    is_open = window_of(load, site.horizon)[pieces.intervals]
    storages.limits[tables.CHARGE_LIMIT, k] *= is_open
    price = problem.penalty
    if not is_due(load, site.horizon):
        price = _later_price(problem)
    storages.traits[tables.LEVEL_PRICE, k] = price
    _write_end(problem, k, 0.0)


def write_heat(
    store: HeatStore, k: int, pieces: Pieces, site: Site, problem: ProblemArrays
) -> None:
    """Write the levels, the power and the end value of a store of heat; as `write_load`."""
    storages, hours = problem.storages, problem.hours
    draw, power, efficiency = (
        site.horizon.spread(values)[pieces.intervals]
        for values in (store.draw, store.power, store.efficiency)
    )
    left = np.cumsum((draw + store.loss) * hours)
    first = store.level * store.capacity
    floor = store.least * store.capacity + left
    limits = storages.limits[:, k]
    limits[tables.CHARGE_LIMIT] = power * hours
    limits[tables.STORED_LOWER] = first
    limits[tables.STORED_UPPER] = np.maximum(store.most * store.capacity + left, first)
    limits[tables.SOFT_FLOOR] = np.where(floor > first, floor, 0.0)
    limits[tables.SOFT_CEILING] = np.inf
    storages.traits[tables.INITIAL, k] = first
    storages.traits[tables.LEVEL_PRICE, k] = problem.penalty
    value = store.end_value
    if value is None:
        value = _later_price(problem) / float(efficiency @ hours / hours.sum())
    _write_end(problem, k, value)


def _write_end(problem: ProblemArrays, k: int, value: float) -> None:
    """Write the value of what a storage of its own end value holds, where ends have values."""
    storages = problem.storages
    if storages.end_values.shape[2]:
        lower, upper = storages.limits[[tables.STORED_LOWER, tables.STORED_UPPER], k, -1]
        storages.end_values[:, storages.end_of[k], 0] = upper - lower, value
        storages.end_values[tables.END_PRICE, storages.end_of[k], 1:] = value


def _later_price(problem: ProblemArrays) -> float:
    """Return what energy costs that is bought after the horizon. [$/kWh]"""
    prices = problem.meter[tables.IMPORT_PRICE]
    return mean_price(prices - DISCOUNT * np.abs(prices), problem.hours)
