"""The order of storing turned: both loops are sound, and the plan stores early."""

import numpy as np
import pytest

from benchmarks import early, report
from benchmarks.real_days import data_folder
from tests.builders import a_battery, a_site


@pytest.mark.parametrize(("is_late", "times"), [(False, {0, 1}), (True, {4, 5})])
def test_the_order_turned_stores_late(is_late, times):
    lossless = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0, "reserve": 0.2}
    battery = a_battery(capacity=10.0, charge_limit=6.0, initial_soc=0.2, end_value=0.0, **lossless)
    site = a_site(
        battery,
        import_price=0.3,
        export_price=0.05,
        load=np.repeat([0.0, 0.5], 6),
        solar=np.repeat([1.5, 0.0], 6),
        hours=0.5,
    )

    charge = early._planned(site, is_late).charge[0]

    assert charge.sum() == pytest.approx(3.0)
    used = np.flatnonzero(charge > 1e-6)
    assert set(used) <= times


@pytest.mark.skipif(not data_folder().exists(), reason="the real days are not here")
def test_a_day_of_every_loop_is_reported():
    rows = early.early(1)

    assert len(rows) == 8
    assert report.early({"early": rows}).count("\n") == 9
