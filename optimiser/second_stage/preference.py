"""The second stage of one storage: among plans of nearly the same cost, the one that people want.

In this order, never at more than a stated budget: the action of the plan before goes on; fewest
runs; surplus stored early; least throughput; steady power; import late.  A run is a stretch of
intervals in which a storage charges, or discharges; a rest is none.  The price of a run takes what
the budget allows; surplus, throughput and time have prices so small that even the cheapest plan
would pay a thirtieth of it.
"""

from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import Vector, tables
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch, Trajectory, meter_cost, simulate
from optimiser.problem.site import Site
from optimiser.result.plan import Action, Plan
from optimiser.value_function import fewest_runs as table
from optimiser.value_function.interval_cost import interval_costs
from optimiser.value_function.modes import CHARGES, DISCHARGES, N_MODES, RESTS
from optimiser.value_function.storage_plan import recursion
from optimiser.value_function.terminal_value import DISCOUNT

DEFAULT_BUDGET = 0.01
"""Most that preferences may cost over the horizon. [$]"""

LEAST_POWER = 0.05
"""Power below which a storage rests, when runs are counted. [kW]"""

# Parts of the budget for what comes after the runs, in the order of preference.
_SURPLUS_SHARE = 0.02
_THROUGHPUT_SHARE = 0.01
_TIMING_SHARE = 0.005
_DISCOUNT_SHARE = 0.25

_FORBIDDEN = 1e9  # runs

_NOTHING = 1e-9  # kWh; $, where smoothing a plan must be free
_ROUNDING = 1e-9  # h
_EQUAL_PRICE = 1e-9  # $/kWh
_LEAST_THROUGHPUT = 1e-3  # kWh; a plan that moves nothing needs no price on moving

_MODES = {
    Action.CHARGE: CHARGES,
    Action.CONSUME: DISCHARGES,
    Action.EXPORT: DISCHARGES,
    Action.IDLE: RESTS,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plan at hand and its planning cost. [$]"""

    dispatch: Dispatch
    cost: float


@dataclass(frozen=True, slots=True)
class Preferred:
    """A problem and the prices of preferences.

    Attributes
    ----------
    problem : ProblemArrays
        The problem, in which no more is left at the end than in its cheapest plan.
    priced : ProblemArrays
        The same at other prices.
    late : float64 array, shape (T,)
        Price of storing surplus late. [$/kWh]
    """

    problem: ProblemArrays
    priced: ProblemArrays
    late: Vector


def prefer(
    site: Site, problem: ProblemArrays, best: Candidate, budget: float, previous: Plan | None
) -> Candidate | None:
    """Find the plan that people prefer to the cheapest one, within the budget [$].

    The value function applies to the problem; `previous` is the plan before, of the same site.
    None where the value functions have too many breakpoints.
    """
    preferred = with_preference_prices(problem, best.dispatch, budget)
    costs = np.array([best.cost + budget, budget])
    t = None if previous is None else previous.interval_at(site.horizon.start)
    found = None
    if previous is not None and t is not None:
        found = with_fewest_runs(preferred, costs, _MODES[previous.actions[t]])
    if found is None:
        found = with_fewest_runs(preferred, costs, None)
    if found is None:
        return None
    trajectory = smooth_power(preferred.problem, found.dispatch)
    if trajectory is None:
        return found
    smooth = Candidate(*simulate(preferred.problem, trajectory)[:2])
    return smooth if smooth.cost <= found.cost + _NOTHING else found


def with_fewest_runs(preferred: Preferred, costs: Vector, goes_on: int | None) -> Candidate | None:
    """Find the plan of the fewest runs, or nearly so, within a budget; None without any.

    Parameters
    ----------
    preferred : Preferred
        A problem of one storage, to which the value function applies.
    costs : float64 array, shape (2,)
        Most that the plan may cost, and the part of it that is the budget. [$]
    goes_on : int or None
        Mode of the first interval, where that is not free.
    """
    problem, priced = preferred.problem, preferred.priced
    inputs = recursion(problem)
    limits, traits = problem.storages.limits[:, 0], problem.storages.traits[:, 0]
    most = np.zeros((N_MODES, 2, problem.hours.size))  # energy in and out in each mode
    most[CHARGES, 0] = limits[tables.CHARGE_LIMIT]
    most[DISCHARGES, 1] = limits[tables.DISCHARGE_LIMIT]
    into, out = traits[[tables.CHARGE_EFFICIENCY, tables.DISCHARGE_EFFICIENCY]]
    reach = most.sum(axis=1)
    least = np.minimum(LEAST_POWER * problem.hours, np.where(reach > _NOTHING, reach, np.inf))
    rows = np.empty((table.N_ROWS, problem.hours.size))
    rows[table.SOFT : table.LEAST] = inputs.soft_levels
    rows[table.LEAST : table.LATE] = least * np.array([into, 1.0 / out, 0.0])[:, None]
    rows[table.LATE : table.BEGINS] = 0.0
    rows[table.LATE + CHARGES] = preferred.late / into
    rows[table.BEGINS :] = 1.0
    rows[table.BEGINS + RESTS] = 0.0
    if goes_on is not None:
        rows[table.BEGINS :, 0] = _FORBIDDEN
        rows[table.BEGINS + goes_on, 0] = 0.0
    outside = 10.0 * max(problem.penalty, inputs.penalty)
    numbers = np.array([inputs.penalty, outside, inputs.initial, *costs])
    meter = np.tile(priced.meter, N_MODES)
    wear = np.ascontiguousarray(priced.storages.traits[:, 0])
    by_mode = interval_costs(meter, np.hstack(list(most)), wear, problem.penalty)
    levels = table.fewest_runs(inputs.costs, inputs.place, *by_mode, rows, numbers, inputs.end)
    if levels.size == 0:
        return None
    return Candidate(*simulate(problem, Trajectory(levels[None, :]))[:2])


def with_preference_prices(problem: ProblemArrays, best: Dispatch, budget: float) -> Preferred:
    """Add a price on late storing, on throughput, on early import and on late export.

    Each price is its share of the budget over what the cheapest plan moves: the optimum under them
    then cannot cost more than the shares together.  What is left of a surplus is exported whenever
    it is not stored, so that only what the storage sells is exported early.

    Parameters
    ----------
    problem : ProblemArrays
        The problem.
    best : Dispatch
        Its cheapest plan.
    budget : float
        Most that the preferred plan may cost more. [$]
    """
    moved = max(float(best.charge.sum() + best.discharge.sum()), _LEAST_THROUGHPUT)
    traded = max(float(best.grid_import.sum() + best.grid_export.sum()), _LEAST_THROUGHPUT)
    # Less than what waiting costs: or a little energy on a flat tariff would be kept for ever.
    prices = np.sort(np.abs(problem.meter[tables.IMPORT_PRICE]))
    waiting = _DISCOUNT_SHARE * DISCOUNT * prices[prices.size // 2]
    steepest = _TIMING_SHARE * budget / traded
    # By whole hours: each other price is one more slope, and one more breakpoint of all functions.
    elapsed = np.cumsum(problem.hours)
    late = np.floor(elapsed - problem.hours + _ROUNDING) / elapsed[-1]
    has_surplus = problem.meter[tables.NET_LOAD] < 0.0
    meter, traits = problem.meter.copy(), problem.storages.traits.copy()
    meter[tables.IMPORT_PRICE] += steepest * (1.0 - late)
    meter[tables.EXPORT_PRICE] -= np.where(has_surplus, 0.0, steepest * late)
    traits[tables.WEAR] += min(_THROUGHPUT_SHARE * budget / moved, waiting)
    # A plan that keeps a little for a cent less of runs would keep it again in the next plan.
    limits = problem.storages.limits.copy()
    limits[tables.SOFT_CEILING, 0, -1] = min(limits[tables.SOFT_CEILING, 0, -1], best.stored[0, -1])
    problem = replace(problem, storages=problem.storages._replace(limits=limits))
    priced = replace(problem, meter=meter, storages=problem.storages._replace(traits=traits))
    storing = min(_SURPLUS_SHARE * budget / moved, waiting)
    return Preferred(problem, priced, np.where(has_surplus, storing * late, 0.0))


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
