"""Energy of a whole plan: every sum is that of its array."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optimiser.result.totals import totals_of

from optimiser.model.dispatch import dispatch_from_trajectory
from optimiser.result.flows import flows_of
from tests.builders import a_problem
from tests.strategies import levels_of, sites
from tests.tolerances import KERNEL

NAMES = ("solar_to_load", "solar_to_battery", "solar_to_grid", "solar_to_vehicle")
NAMES += ("battery_to_load", "battery_to_grid", "battery_to_vehicle")


@given(st.data())
def test_every_total_is_the_sum_of_its_array(data):
    site = data.draw(sites())
    programme = a_problem(site)
    dispatch = dispatch_from_trajectory(programme, data.draw(levels_of(programme)))
    flows, n = flows_of(site, dispatch), len(site.batteries)

    totals = totals_of(n, dispatch, flows)

    expected = {name: getattr(flows, name) for name in NAMES}
    expected |= {name: getattr(dispatch, name) for name in ("grid_import", "grid_export")}
    expected |= {"curtailed": dispatch.curtailed}
    expected |= {"charge": dispatch.charge[:n], "discharge": dispatch.discharge[:n]}
    assert set(expected) == set(totals._fields)
    for name, energy in expected.items():
        total = float(np.sum(energy))
        assert getattr(totals, name) == pytest.approx(total, rel=KERNEL, abs=KERNEL), name
