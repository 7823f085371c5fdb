"""Batteries and vehicles as arrays, against plain arithmetic on whole series."""

import numpy as np
from hypothesis import given

from optimiser.model.storages import (
    REGAIN_HOURS,
    feed_in_limit,
    leaves_after,
    present_at_charger,
    storage_arrays,
    target_energy,
)
from optimiser.problem import provider
from optimiser.problem.objective import terms
from tests import strategies
from tests.strategies import sites
from tests.tolerances import KERNEL

PENALTY = 7.0


def levels_of_battery(battery, horizon):
    """Hard bounds, then soft floors and ceilings; shape (T,) each."""
    n = horizon.n_intervals
    floor, ceiling = np.zeros(n), np.full(n, np.inf)
    ends = np.flatnonzero(np.cumsum(horizon.hours) <= REGAIN_HOURS + 1e-9)
    regained = ends[-1] if ends.size > 0 else 0
    floor[regained:] = battery.reserve * battery.capacity
    ceiling[regained:] = battery.max_soc * battery.capacity
    if battery.target_end_soc is not None:
        wanted = min(battery.target_end_soc, battery.max_soc)
        floor[-1] = max(wanted, battery.reserve) * battery.capacity
    lower = min(battery.reserve, battery.initial_soc) * battery.capacity
    upper = max(battery.max_soc, battery.initial_soc) * battery.capacity
    return np.full(n, lower), np.full(n, upper), floor, ceiling


def levels_of_vehicle(vehicle, horizon):
    n = horizon.n_intervals
    floor = np.zeros(n)
    floor[leaves_after(vehicle, horizon)] = target_energy(vehicle)
    least = vehicle.initial_soc
    if vehicle.discharge_limit > 0:
        least = min(vehicle.least_soc, least)
    upper = max(vehicle.most_soc, vehicle.initial_soc) * vehicle.capacity
    return np.full(n, least * vehicle.capacity), np.full(n, upper), floor, np.full(n, np.inf)


@given(strategies.homes() | sites(), strategies.cost_functions, strategies.rules)
def test_arrays_of_storages_are_the_plain_ones(site, cost_function, rules):
    statement = terms(site, provider.apply(rules, site.tariff, site.horizon), cost_function)
    hours, horizon, n = site.horizon.hours, site.horizon, len(site.batteries)

    got = storage_arrays(site, statement, PENALTY)

    for k, storage in enumerate(site.storages):
        find = levels_of_battery if k < n else levels_of_vehicle
        lower, upper, floor, ceiling = find(storage, horizon)
        np.testing.assert_array_equal(got.stored_lower[k], lower)
        np.testing.assert_array_equal(got.stored_upper[k], upper)
        np.testing.assert_array_equal(got.soft_floor[k], floor)
        np.testing.assert_array_equal(got.soft_ceiling[k], ceiling)
        here = present_at_charger(storage, horizon) if k >= n else np.ones(hours.size, dtype=bool)
        surplus, short = np.maximum(-site.net_load, 0.0), np.maximum(site.net_load, 0.0)
        most = np.minimum(storage.charge_limit * hours, (upper - lower) / storage.charge_efficiency)
        most = np.where(statement.may_charge_from_grid[k], most, np.minimum(most, surplus))
        least = getattr(storage, "least_charge", 0.0) * hours
        can = here & (most >= least) & (most > 0)
        np.testing.assert_array_equal(got.charge_limit[k], np.where(can, most, 0.0))
        np.testing.assert_array_equal(got.least_charge[k], np.where(can, least, 0.0))
        others = [v for v in range(n, len(site.storages)) if v != k]
        beside = np.where(site.net_load >= 0, got.charge_limit[others].sum(axis=0), 0.0)
        given_away = np.minimum(
            storage.discharge_limit * hours, (upper - lower) * storage.discharge_efficiency
        )
        most_out = np.minimum(given_away, short + beside + feed_in_limit(site, statement)[k])
        gives = np.where(here, most_out, 0.0)
        np.testing.assert_allclose(got.discharge_limit[k], gives, rtol=KERNEL, atol=KERNEL)
