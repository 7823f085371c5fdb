"""The second stage: among plans of nearly the same cost, the one that people want.

Least throughput, then import late and export early, then steady power, then close to the plan
before; never at more than a stated budget.  The first two are prices so small that even the
cheapest plan would not pay the budget in them, so the value function finds their optimum in one
more pass.
"""

from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.model.arrays import Programme
from optimiser.model.dispatch import Dispatch, costed, planning_cost
from optimiser.problem.site import Site
from optimiser.result.plan import Action, Plan, action_of
from optimiser.second_stage.smoothing import steadied
from optimiser.value_function import storage_plan as value_function
from optimiser.value_function.terminal_value import WAIT

DEFAULT_BUDGET = 0.01
"""Most that preferences may cost over the horizon. [$]"""

_THROUGHPUT_SHARE = 0.5
_TIMING_SHARE = 0.25
_OF_WAITING = 0.25
_NOTHING = 1e-9  # $; steadying a plan must be free
_LEAST_THROUGHPUT = 1e-3  # kWh; a plan that moves nothing needs no price on moving


@dataclass(frozen=True, slots=True)
class Preferred:
    """A plan at hand and what it costs.

    Attributes
    ----------
    dispatch : Dispatch
        The plan.
    cost : float
        Its planning cost. [$]
    """

    dispatch: Dispatch
    cost: float


def preferred(
    site: Site, programme: Programme, best: Preferred, budget: float, previous: Plan | None
) -> Preferred:
    """Plan that people prefer to the cheapest one.

    Parameters
    ----------
    site : Site
        The problem.
    programme : Programme
        The same, for which the value function applies.
    best : Preferred
        The cheapest plan.
    budget : float
        Most that preferences may cost. [$]
    previous : Plan or None
        The plan before this one, for the same site.

    Returns
    -------
    Preferred
        Within the budget of `best`, which it is itself where nothing better was found.
    """
    most = best.cost + budget
    nudged = _nudged(programme, best.dispatch, budget)
    chosen = _within(most, best, _solved(programme, nudged))
    if previous is not None:
        kept = _first_move_kept(site, programme, nudged, chosen.dispatch, previous)
        chosen = chosen if kept is None else _within(most, chosen, kept)
    steady = steadied(programme, chosen.dispatch)
    if steady is chosen.dispatch:
        return chosen
    costed = Preferred(steady, planning_cost(programme, steady))
    return _within(chosen.cost + _NOTHING, chosen, costed)


def _within(most: float, fallback: Preferred, wanted: Preferred) -> Preferred:
    return wanted if wanted.cost <= most else fallback


def _solved(programme: Programme, nudged: Programme) -> Preferred:
    """Optimum of the nudged programme, at the cost of the true one."""
    done = costed(programme, value_function.solve(nudged).levels)
    return Preferred(done.dispatch, done.cost)


def _nudged(programme: Programme, best: Dispatch, budget: float) -> Programme:
    """The same problem with a price on throughput, on early import and on late export.

    Each price is its share of the budget over what the cheapest plan moves: the nudged optimum
    then cannot cost more than the shares together.
    """
    site, storages = programme.site, programme.storages
    prices = np.empty((2, programme.hours.size))
    wear = nudge(
        best.charge,
        best.discharge,
        best.grid_import,
        best.grid_export,
        programme.hours,
        site.import_price,
        site.export_price,
        budget,
        prices,
    )
    return Programme(
        programme.hours,
        site._replace(import_price=prices[0], export_price=prices[1]),
        storages._replace(wear=storages.wear + wear),
        programme.couplings,
        programme.permissions,
    )


@kernel(
    "f8(f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], Array(f8, 1, 'C', readonly=True), f8[::1],"
    " f8[::1], f8, f8[:, ::1])"
)
def nudge(
    charge: Vector,
    discharge: Vector,
    grid_import: Vector,
    grid_export: Vector,
    hours: Vector,
    import_price: Vector,
    export_price: Vector,
    budget: float,
    prices: Vector,
) -> float:
    """Prices that make the calmer plan the cheaper one.

    Parameters
    ----------
    charge, discharge : float64 array, shape (K, T)
        Of the cheapest plan. [kWh per interval]
    grid_import, grid_export : float64 array, shape (T,)
        Of the same. [kWh per interval]
    hours : float64 array, shape (T,)
        Length of each interval. [h]
    import_price, export_price : float64 array, shape (T,)
        Planning prices. [$/kWh]
    budget : float
        Most that the calmer plan may cost more. [$]
    prices : float64 array, shape (2, T)
        Modified in place: import and export prices. [$/kWh]

    Returns
    -------
    float
        Price of throughput, each way. [$/kWh]
    """
    moved = 0.0
    metered = 0.0
    span = 0.0
    for t in range(hours.size):
        for k in range(charge.shape[0]):
            moved += charge[k, t] + discharge[k, t]
        metered += grid_import[t] + grid_export[t]
        span += hours[t]
    # Less than what waiting costs: or a little energy on a flat tariff would be kept for ever.
    middle = import_price.size // 2
    median = np.partition(np.abs(import_price), middle)[middle]
    wear = _THROUGHPUT_SHARE * budget / max(moved, _LEAST_THROUGHPUT)
    steepest = _TIMING_SHARE * budget / max(metered, _LEAST_THROUGHPUT)
    elapsed = 0.0
    for t in range(hours.size):
        elapsed += hours[t]
        late = elapsed / span
        prices[0, t] = import_price[t] + steepest * (1.0 - late)
        prices[1, t] = export_price[t] - steepest * late
    return float(min(wear, _OF_WAITING * WAIT * median))


def _first_move_kept(
    site: Site, programme: Programme, nudged: Programme, chosen: Dispatch, previous: Plan
) -> Preferred | None:
    """Plan that begins as the one before meant to; None where there is nothing to keep."""
    meant = previous.interval_at(site.horizon.start)
    if meant is None:
        return None
    action = previous.action_at(meant)
    if action is _first_action(site, chosen):
        return None
    if action is Action.CONSUME:
        net = -max(0.0, float(site.net_load[0]))
    else:
        moved = previous.dispatch.charge[0, meant] - previous.dispatch.discharge[0, meant]
        net = float(moved / previous.site.horizon.hours[meant] * site.horizon.hours[0])
    return _solved(programme, _beginning_with(nudged, net))


def _first_action(site: Site, dispatch: Dispatch) -> Action:
    """What the only battery, which nothing ties, does first: the load comes before the grid."""
    hours = float(site.horizon.hours[0])
    charge, discharge = float(dispatch.charge[0, 0]), float(dispatch.discharge[0, 0])
    solar = float(site.forecast.solar[0] - dispatch.curtailed[0])
    to_load = min(max(float(site.forecast.load[0]) - solar, 0.0), discharge)
    to_grid = discharge - to_load
    return action_of(charge / hours, discharge / hours, to_load / hours, to_grid / hours)


def _beginning_with(programme: Programme, net: float) -> Programme:
    """The same problem with the level after the first interval pinned by the penalty."""
    storages = programme.storages
    net = min(max(net, -storages.discharge_limit[0, 0]), storages.charge_limit[0, 0])
    change = (
        net * storages.charge_efficiency[0] if net > 0 else net / storages.discharge_efficiency[0]
    )
    low, high = storages.stored_lower[0, 0], storages.stored_upper[0, 0]
    level = min(max(storages.initial[0] + change, low), high)
    soft_floor, soft_ceiling = storages.soft_floor.copy(), storages.soft_ceiling.copy()
    soft_floor[0, 0] = soft_ceiling[0, 0] = level
    return replace(
        programme, storages=storages._replace(soft_floor=soft_floor, soft_ceiling=soft_ceiling)
    )
