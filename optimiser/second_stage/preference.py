"""The second stage: among plans of nearly the same cost, the one that people want.

Least throughput, then import late and export early, then steady power, then close to the plan
before; never at more than a stated budget.  The first two are prices so small that even the
cheapest plan would not pay the budget in them, so the value function finds their optimum in one
more pass.
"""

from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import tables
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch, Trajectory, simulate
from optimiser.problem.site import Site
from optimiser.result.plan import Action, Plan, actions_of
from optimiser.second_stage.smoothing import smooth_power
from optimiser.value_function import storage_plan
from optimiser.value_function.terminal_value import DISCOUNT

DEFAULT_BUDGET = 0.01
"""Most that preferences may cost over the horizon. [$]"""

_THROUGHPUT_SHARE = 0.5
_TIMING_SHARE = 0.25
_DISCOUNT_SHARE = 0.25
_NOTHING = 1e-9  # $; smoothing a plan must be free
_LEAST_THROUGHPUT = 1e-3  # kWh; a plan that moves nothing needs no price on moving


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plan at hand and its planning cost. [$]"""

    dispatch: Dispatch
    cost: float


def prefer(
    site: Site, problem: ProblemArrays, best: Candidate, budget: float, previous: Plan | None
) -> Candidate:
    """Find the plan that people prefer to the cheapest one, within the budget [$].

    The value function applies to the problem; `previous` is the plan before, of the same site.
    """
    priced = with_preference_prices(problem, best.dispatch, budget)
    candidates = [_solve(problem, priced)]
    if previous is not None:
        net = _first_move(site, candidates[0].dispatch, previous)
        if net is not None:
            candidates.append(_solve(problem, _beginning_with(priced, net)))
    chosen = best
    for candidate in candidates:
        chosen = candidate if candidate.cost <= best.cost + budget else chosen
    trajectory = smooth_power(problem, chosen.dispatch)
    if trajectory is None:
        return chosen
    smooth = Candidate(*simulate(problem, trajectory)[:2])
    return smooth if smooth.cost <= chosen.cost + _NOTHING else chosen


def _solve(problem: ProblemArrays, priced: ProblemArrays) -> Candidate:
    """Return the optimum under preference prices, at its cost without them."""
    levels = storage_plan.solve(priced).levels
    return Candidate(*simulate(problem, Trajectory(levels))[:2])


def with_preference_prices(problem: ProblemArrays, best: Dispatch, budget: float) -> ProblemArrays:
    """Add a price on throughput, on early import and on late export.

    Each price is its share of the budget over what the cheapest plan moves: the optimum under them
    then cannot cost more than the shares together.

    Parameters
    ----------
    problem : ProblemArrays
        The problem.
    best : Dispatch
        Its cheapest plan.
    budget : float
        Most that the preferred plan may cost more. [$]

    Returns
    -------
    ProblemArrays
        The same with other prices.
    """
    moved = float(best.charge.sum() + best.discharge.sum())
    traded = float(best.grid_import.sum() + best.grid_export.sum())
    # Less than what waiting costs: or a little energy on a flat tariff would be kept for ever.
    prices = np.sort(np.abs(problem.meter[tables.IMPORT_PRICE]))
    waiting = _DISCOUNT_SHARE * DISCOUNT * prices[prices.size // 2]
    wear = min(_THROUGHPUT_SHARE * budget / max(moved, _LEAST_THROUGHPUT), waiting)
    steepest = _TIMING_SHARE * budget / max(traded, _LEAST_THROUGHPUT)
    elapsed = np.cumsum(problem.hours)
    late = elapsed / elapsed[-1]
    meter, traits = problem.meter.copy(), problem.storages.traits.copy()
    meter[tables.IMPORT_PRICE] += steepest * (1.0 - late)
    meter[tables.EXPORT_PRICE] -= steepest * late
    traits[tables.WEAR] += wear
    return replace(problem, meter=meter, storages=problem.storages._replace(traits=traits))


def _first_move(site: Site, chosen: Dispatch, previous: Plan) -> float | None:
    """Return the first movement that the plan before meant, where the chosen one differs. [kWh]"""
    t = previous.interval_at(site.horizon.start)
    if t is None or previous.actions[t] is _first_action(site, chosen):
        return None
    if previous.actions[t] is Action.CONSUME:
        return -max(0.0, float(site.net_load[0]))
    moved = previous.dispatch.charge[:, t].sum() - previous.dispatch.discharge[:, t].sum()
    return float(moved / previous.site.horizon.hours[t] * site.horizon.hours[0])


def _first_action(site: Site, chosen: Dispatch) -> Action:
    """Return the first action of the only battery, which is coupled to nothing."""
    charge, discharge = chosen.charge[0, :1], chosen.discharge[0, :1]
    to_load = np.minimum(discharge, np.maximum(site.net_load[:1] + chosen.curtailed[:1], 0.0))
    energies = np.array([charge, discharge, to_load, discharge - to_load])
    return actions_of(*(energies / site.horizon.hours[0]))[0]


def _beginning_with(problem: ProblemArrays, net: float) -> ProblemArrays:
    """Pin the level after the first interval by the penalty."""
    limits, traits = problem.storages.limits.copy(), problem.storages.traits[:, 0]
    first = limits[:, 0, 0]
    net = min(max(net, -first[tables.DISCHARGE_LIMIT]), first[tables.CHARGE_LIMIT])
    efficiency = (
        traits[tables.CHARGE_EFFICIENCY] if net > 0 else 1.0 / traits[tables.DISCHARGE_EFFICIENCY]
    )
    level = traits[tables.INITIAL] + net * efficiency
    first[[tables.SOFT_FLOOR, tables.SOFT_CEILING]] = np.clip(
        level, first[tables.STORED_LOWER], first[tables.STORED_UPPER]
    )
    return replace(problem, storages=problem.storages._replace(limits=limits))
