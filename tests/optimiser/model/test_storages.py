"""Levels that a battery is to regain or to reach."""

import numpy as np
import pytest

from tests.builders import a_battery, a_problem, a_site
from tests.tables import storages_of


@pytest.mark.parametrize(("hours", "regained"), [(1.0, 23), (5.0, 3), (30.0, 0)])
def test_a_battery_outside_its_band_is_to_be_back_within_a_day(hours, regained):
    low = a_battery(initial_soc=0.1, reserve=0.2)
    full = a_battery(initial_soc=1.0, max_soc=0.8, target_end_soc=0.9)
    flat = {"import_price": 0.3, "export_price": 0.1, "load": np.ones(30)}

    storages = storages_of(a_problem(a_site(low, full, **flat, hours=hours)))

    floor, ceiling = np.zeros((2, 30)), np.full((2, 30), np.inf)
    floor[0, regained:], floor[1, -1], ceiling[0, regained:] = 2.0, 8.0, 10.0
    ceiling[1, regained:] = 8.0
    np.testing.assert_allclose(storages.stored_lower[:, 0], [1.0, 0.0])
    np.testing.assert_allclose(storages.stored_upper[:, 0], [10.0, 10.0])
    np.testing.assert_allclose(storages.soft_floor, floor)
    np.testing.assert_allclose(storages.soft_ceiling, ceiling)
