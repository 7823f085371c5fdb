"""Levels that a storage is to regain or to reach, and what a miss of them costs."""

from datetime import timedelta

import numpy as np
import pytest

from optimiser import CostFunction, Horizon, Vehicle
from optimiser.model.storages import soft_band
from tests.builders import NEW_YEAR, a_battery, a_problem, a_site
from tests.tables import storages_of


@pytest.mark.parametrize(("hours", "regained"), [(1.0, 23), (5.0, 3), (30.0, 0)])
def test_a_battery_outside_its_band_is_to_be_back_within_a_day(hours, regained):
    low = a_battery(initial_soc=0.1, reserve=0.2)
    full = a_battery(initial_soc=1.0, max_soc=0.8, target_end_soc=0.9)
    flat = {"import_price": 0.3, "export_price": 0.1, "load": np.ones(30)}

    storages = storages_of(a_problem(a_site(low, full, **flat, hours=hours)))

    floor, ceiling = np.zeros((2, 30)), np.full((2, 30), np.inf)
    floor[0, regained:], floor[1, -1], ceiling[1, regained:] = 2.0, 8.0, 8.0
    np.testing.assert_allclose(storages.stored_lower[:, 0], [1.0, 0.0])
    np.testing.assert_allclose(storages.stored_upper[:, 0], [10.0, 10.0])
    np.testing.assert_allclose(storages.soft_floor, floor)
    np.testing.assert_allclose(storages.soft_ceiling, ceiling)


@pytest.mark.parametrize(
    ("cost_function", "surcharge", "kept"),
    [
        # 0.99 of the median 0.3, out of the vehicle at 0.8: part of the value up to the target.
        (CostFunction.COST, 0.0, 0.99 * 0.3 * 0.8),
        (CostFunction.PROFIT, 0.0, 0.0),
        (CostFunction.SELF_CONSUMPTION, 100 * 0.6, 0.99 * 0.3 * 0.8),
    ],
)
@pytest.mark.parametrize("gives", [0.0, 7.0])
def test_energy_for_a_far_departure_is_worth_a_little_less_than_the_mean_price(
    cost_function, surcharge, kept, gives
):
    car = Vehicle(
        capacity=60.0,
        charge_limit=7.0,
        discharge_limit=gives,
        charge_efficiency=0.9,
        discharge_efficiency=0.8,
        initial_soc=0.5,
        target_soc=0.8,
        departure=NEW_YEAR + timedelta(days=4),
    )
    prices = {"import_price": [0.3, 0.6, 0.3, 0.3], "export_price": 0.1, "load": 0.0}
    hours = [1.0, 0.5, 0.25, 0.25]

    problem = a_problem(a_site(**prices, hours=hours, vehicles=(car,)), cost_function)

    storages = storages_of(problem)
    held = storages.end_price[0, 0] if storages.end_price.size else 0.0
    mean = (0.3 * 1.5 + 0.6 * 0.5) / 2.0
    assert held == pytest.approx(kept if gives else 0.0)
    assert storages.level_price[0] + held == pytest.approx((0.99 * mean + surcharge) / 0.9)
    assert storages.soft_floor[0].tolist() == [0.0, 0.0, 0.0, 48.0]


@pytest.mark.parametrize(
    ("initial", "floor"),
    [
        (0.6, [0.2, 0.5, 0.5, 0.5, 0.3]),  # both ends of each interval
        (0.1, [0.1, 0.5, 0.5, 0.5, 0.3]),  # what is below at first keeps to what rises
    ],
)
def test_a_reserve_counts_at_both_ends_of_its_interval(initial, floor):
    battery = a_battery(initial_soc=initial, reserve=[0.2, 0.2, 0.5, 0.5, 0.3])
    horizon = Horizon(start=NEW_YEAR, hours=np.ones(5))

    np.testing.assert_allclose(soft_band(battery, horizon), [floor, np.ones(5)])


def test_what_is_above_its_ceiling_at_first_goes_no_further():
    battery = a_battery(initial_soc=0.9, max_soc=[0.8, 0.8, 0.6, 0.8], reserve=[0.0, 0.0, 0.0, 0.7])
    horizon = Horizon(start=NEW_YEAR, hours=np.ones(4))

    assert soft_band(battery, horizon)[1].tolist() == [0.9, 0.6, 0.7, 0.8]
