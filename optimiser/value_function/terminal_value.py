"""The terminal value: what the energy left at the end of the horizon is worth, concave in it.

The day after the horizon is taken to look like its last day.  The terminal value is then what the
value function says of the same clock time one day earlier, which depends on the terminal value in
turn: a fixed point, reached in a few rounds because within a day the initial level of a home
battery loses its influence.
"""

from dataclasses import replace
from operator import attrgetter

import numpy as np

from matrix_builders import Vector, tables
from optimiser.model.arrays import ProblemArrays, arrays_from_site
from optimiser.model.storages import target_energy
from optimiser.problem.battery import Battery
from optimiser.problem.objective import CostFunction, Objective, build_objective
from optimiser.problem.provider import ProviderRules, planning_tariff
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Vehicle
from optimiser.problem.windows import Mask
from optimiser.value_function.periodic import periodic_value
from optimiser.value_function.piecewise import SLOPE, X

DAY = 24.0
"""Period of the terminal value. [h]"""

_LEAST_ROOM = 1e-9  # kWh
_MOST_LACKING = 1.0  # h of a day

# Tomorrow's kWh is worth a little less than today's.  Without this, energy on a flat tariff would
# be worth as much kept as used, and least throughput would keep it for ever.
DISCOUNT = 0.01
"""Share of its value that energy loses by staying. [-]"""


def build_problem(
    site: Site, cost_function: CostFunction, rules: ProviderRules, usual: Site | None = None
) -> ProblemArrays:
    """Build the arrays of a site under a cost function and its provider's rules.

    Parameters
    ----------
    site : Site
        To be planned.
    cost_function, rules
        As in `plan`.
    usual : Site, optional
        The same with the load of other days, which the terminal value is that of.
    """
    tariff = planning_tariff(rules, site.tariff, site.horizon)
    objective = build_objective(site, tariff, cost_function)
    problem = arrays_from_site(site, objective)
    if not objective.values_end:
        return problem
    if usual is None:
        return with_terminal_value(site, problem, objective)
    ends = with_terminal_value(usual, arrays_from_site(usual, objective), objective).storages
    storages = problem.storages._replace(
        traits=ends.traits, end_of=ends.end_of, end_values=ends.end_values
    )
    return replace(problem, storages=storages)


def with_terminal_value(site: Site, problem: ProblemArrays, objective: Objective) -> ProblemArrays:
    """Add the terminal value of what the storages of a problem hold.

    A storage's own price where it has one; else one value of all energy that still serves the
    house, whichever storage holds it: periodic, where the horizon spans a day, else flat.  What a
    vehicle drives away with, or cannot give back, has no value here, and a surcharge among the
    prices of the objective is no money.  A vehicle whose target comes after the horizon has a flat
    value of its own, which is part of what energy up to that target is worth.
    """
    in_money = problem
    if objective.import_surcharge > 0:
        in_money = arrays_from_site(site, replace(objective, import_surcharge=0.0))
    limits = problem.storages.limits[:, :, -1]
    band = limits[tables.STORED_UPPER] - limits[tables.STORED_LOWER]
    prices = [*map(attrgetter("end_value"), site.storages)]
    is_shared, traits = _serves_later(site), problem.storages.traits.copy()
    for k, vehicle in enumerate(site.vehicles, len(site.batteries)):
        if prices[k] is not None or (vehicle.goals and vehicle.has_goals(site.horizon)):
            continue
        if is_shared[k] and vehicle.departure is not None and target_energy(vehicle) > 0.0:
            prices[k] = (1.0 - DISCOUNT) * _flat_value(site, objective, vehicle)
            traits[tables.LEVEL_PRICE, k] = max(traits[tables.LEVEL_PRICE, k] - prices[k], 0.0)
    for k, price in enumerate(prices):
        is_shared[k] &= price is None
    values: list[Vector] = []
    end_of = np.zeros(band.size, dtype=np.int64)
    if is_shared.any():
        values.append(_common_value(site, objective, in_money, is_shared))
    for k in np.flatnonzero(~is_shared).tolist():
        end_of[k] = len(values)
        values.append(np.array([[band[k]], [prices[k] or 0.0]]))
    storages = problem.storages._replace(traits=traits, end_of=end_of, end_values=_pad(values))
    return replace(problem, storages=storages)


def _pad(values: list[Vector]) -> Vector:
    """Stack segments of several values; shape (2, E, S)."""
    n_segments = max([value.shape[1] for value in values], default=0)
    stack = np.zeros((2, len(values), n_segments))
    for e, value in enumerate(values):
        stack[:, e, : value.shape[1]] = value
        stack[tables.END_PRICE, e, value.shape[1] :] = value[tables.END_PRICE, -1]
    return stack


def _common_value(
    site: Site, objective: Objective, in_money: ProblemArrays, is_shared: Mask
) -> Vector:
    """Build the value of the energy that some storages hold; shape (2, S)."""
    limits = in_money.storages.limits[:, is_shared, -1]
    room = float((limits[tables.STORED_UPPER] - limits[tables.STORED_LOWER]).sum())
    value = None
    # The running interval has begun already, so that the last day may lack a part of it.
    least_span = DAY - min(float(site.horizon.hours.max()), _MOST_LACKING)
    if float(site.horizon.elapsed[-1]) >= least_span and room > _LEAST_ROOM:
        value = _periodic(in_money, is_shared)
    if value is None:
        serving = np.flatnonzero(_serves_later(site)).tolist()
        prices = [_flat_value(site, objective, site.storages[k]) for k in serving]
        value = np.array([[room], [max(prices)]])
    value[tables.END_PRICE] -= DISCOUNT * np.abs(value[tables.END_PRICE])
    return value


def _serves_later(site: Site) -> Mask:
    """Return which storages still serve the house after the horizon; shape (K,)."""
    serves = np.ones(len(site.storages), dtype=np.bool_)
    for k, vehicle in enumerate(site.vehicles, len(site.batteries)):
        serves[k] = vehicle.discharge_limit > 0 and vehicle.stays(site.horizon)
    return serves


def _flat_value(site: Site, objective: Objective, storage: Battery | Vehicle) -> float:
    """Return the median planning price less losses and wear of taking the energy out. [$/kWh]

    A price that a single spike does not move, and in reach half of the time.
    """
    ascending = np.argsort(objective.import_price, kind="stable")
    prices = objective.import_price[ascending]
    passed = np.cumsum(site.horizon.hours[ascending])
    # Just before and just after half of the time has passed: two prices where it ends in between.
    halves = np.searchsorted(passed, passed[-1] * np.array([0.5 - 1e-9, 0.5 + 1e-9]))
    median = float(prices[halves].mean())
    return max(0.0, (median - storage.cycle_cost) * storage.discharge_efficiency)


def _periodic(problem: ProblemArrays, is_shared: Mask) -> Vector | None:
    """Build the value that a day like the last one gives to energy, where that can be told."""
    starts = np.cumsum(problem.hours) - problem.hours
    a_day_before_the_end = starts[-1] + problem.hours[-1] - DAY
    first = int(np.searchsorted(starts, a_day_before_the_end - 1e-9))
    function = periodic_value(problem, first, np.flatnonzero(is_shared))
    if function.shape[1] == 1:
        return None
    value = np.empty((2, function.shape[1] - 1))
    value[tables.END_WIDTH], value[tables.END_PRICE] = np.diff(function[X]), -function[SLOPE, :-1]
    return value
