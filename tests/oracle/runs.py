"""The fewest runs within a budget: a run is a stretch in which a storage charges, or discharges.

Of one storage by a dynamic programme on a grid of levels, exact where every limit and the net load
are whole steps of the grid and nothing is lost: for given modes the problem is then a minimum-cost
flow of whole numbers.  Of several by the mixed-integer programme of the whole site.
"""

import numpy as np

from matrix_builders import tables
from optimiser.second_stage.preference import LEAST_POWER
from tests.oracle.model import SCALE
from tests.oracle.of_site import model_of_site

_NOTHING = 1e-6  # kWh

_FORBIDDEN = 1e9  # $
_CHARGE, _DISCHARGE, _REST = range(3)


def runs_of(dispatch):
    """Number of stretches in which the storages charge, or discharge."""
    on = np.vstack([dispatch.charge, dispatch.discharge]) > 1e-6
    return int(np.count_nonzero(np.diff(on, axis=1, prepend=False) & on))


def least_runs(site, cost_function, most, left):
    """Fewest runs of all plans that cost at most so much [$], miss nothing and leave no more [kWh].

    The site is one in pieces.
    """
    model, last = model_of_site(site, cost_function), site.horizon.n_intervals - 1
    for name, column in model.columns.items():
        if name[0] in {"shortfall", "overfill", "import excess", "export excess"}:
            column.upper = _NOTHING
    stored = {("stored", k, last): 1.0 for k in range(len(site.storages))}
    model.row(stored, upper=left + _NOTHING)
    model.row({name: c.cost for name, c in model.columns.items() if c.cost}, upper=most)
    for column in model.columns.values():
        column.cost = 0.0
    for k, storage in enumerate(site.storages):
        ways = {"charge": storage.charge_limit, "discharge": storage.discharge_limit}
        for way, power in ways.items():
            for t, h in enumerate(site.horizon.hours if power > 0 else ()):
                model.binary("moves", way, k, t)
                model.column("begins", way, k, t, cost=1 / SCALE, upper=1.0)
                move, on = (way, k, t), ("moves", way, k, t)
                model.row({move: 1.0, on: -h * power}, upper=0.0)
                model.row({move: 1.0, on: -h * min(LEAST_POWER, power)}, lower=0.0)
                before = {("moves", way, k, t - 1): 1.0} if t else {}
                model.row({("begins", way, k, t): 1.0, on: -1.0, **before}, lower=0.0)
    return round(model.solved(gap=1e-6).cost * SCALE)


def least_runs_on_grid(problem, step, most, goes_on=None):
    """Fewest runs of all plans that cost at most so much, and the least cost of any."""
    limits, initial = problem.storages.limits[:, 0], problem.storages.traits[tables.INITIAL, 0]
    low, high = limits[tables.STORED_LOWER, 0], limits[tables.STORED_UPPER, 0]
    n, n_levels = problem.hours.size, round((high - low) / step) + 1
    cost = np.full((3, n + 1, n_levels), _FORBIDDEN)  # by mode, runs and level
    start = round((initial - low) / step)
    began = _REST if goes_on is None else goes_on
    cost[began, 0, start] = 0.0
    for t in range(n):
        moves = _moves(problem, t, step)
        cost = np.array([_after(cost, mode, moves[mode]) for mode in range(3)])
    affordable = (cost.min(axis=(0, 2)) <= most).nonzero()[0]
    return int(affordable[0]) if affordable.size else -1, float(cost.min())


def _moves(problem, t, step):
    """Steps of every mode, and the cost of each in an interval."""
    limits, wear = problem.storages.limits[:, 0, t], problem.storages.traits[tables.WEAR, 0]
    ups = round(limits[tables.CHARGE_LIMIT] / step)
    downs = round(limits[tables.DISCHARGE_LIMIT] / step)
    ways = range(1, ups + 1), range(-downs, 0), range(1)
    return [
        [(s, _cost(problem.meter[:, t], s * step, step) + wear * abs(s) * step) for s in steps]
        for steps in ways
    ]


def _cost(meter, charged, step):
    """Least cost of an interval: any whole steps of solar may be curtailed."""
    curtailed = step * np.arange(round(meter[tables.CURTAIL_LIMIT] / step) + 1)
    metered = meter[tables.NET_LOAD] + charged + curtailed
    buys = metered > 0
    price = np.where(buys, meter[tables.IMPORT_PRICE], meter[tables.EXPORT_PRICE])
    limit = np.where(buys, meter[tables.IMPORT_LIMIT], meter[tables.EXPORT_LIMIT])
    return float(np.where(np.abs(metered) <= limit + 1e-9, price * metered, _FORBIDDEN).min())


def _after(cost, mode, moves):
    """Least cost after an interval in a mode, by runs and level."""
    entered = cost.min(axis=0)
    if mode != _REST:
        entered = np.vstack([np.full((1, cost.shape[2]), _FORBIDDEN), entered[:-1]])
    before = np.minimum(cost[mode], entered)
    after = np.full_like(before, _FORBIDDEN)
    for s, price in moves:
        target = after[:, max(s, 0) : after.shape[1] + min(s, 0)]
        source = before[:, max(-s, 0) : before.shape[1] - max(s, 0)]
        np.minimum(target, source + price, out=target)
    return after
