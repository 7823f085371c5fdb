"""Batteries planned as one: the dead band of each is that of its smallest part."""

import numpy as np
import pytest

from optimiser import plan
from optimiser.model.dispatch import DEAD_BAND
from tests.builders import a_battery, a_site

ALIKE = ((1.0, 0.5), (9.0, 4.5))
"""Capacity and power of two batteries that differ in size only. [kWh; kW]"""

LOAD = 5 * DEAD_BAND
"""Half of the dead band of both together, whose smaller part has a tenth of the power. [kW]"""


def planned(soc_of_alike, soc_of_unlike):
    """Both, beside a larger battery that is unlike them, at a small load and a high price."""
    alike = [
        a_battery(
            capacity=capacity, charge_limit=power, discharge_limit=power, initial_soc=soc_of_alike
        )
        for capacity, power in ALIKE
    ]
    unlike = a_battery(capacity=40.0, initial_soc=soc_of_unlike)
    site = a_site(*alike, unlike, import_price=0.5, export_price=0.0, load=np.full(6, LOAD))
    return plan(site, preference_budget=0.0).dispatch


def test_a_battery_beside_aggregated_ones_serves_what_they_would_rest_at():
    dispatch = planned(soc_of_alike=0.0, soc_of_unlike=0.5)

    assert dispatch.discharge[2] == pytest.approx(LOAD)


def test_no_part_of_an_aggregated_battery_moves_less_than_its_dead_band():
    dispatch = planned(soc_of_alike=0.5, soc_of_unlike=0.0)

    smaller = dispatch.discharge[0]
    assert smaller.sum() == pytest.approx(0.6 * LOAD)
    assert ((smaller == 0.0) | (smaller >= DEAD_BAND * (1 - 1e-9))).all()
