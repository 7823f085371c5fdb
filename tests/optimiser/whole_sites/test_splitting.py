"""A battery in parts is the battery; a vehicle that never leaves is one, too."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import CostFunction, Vehicle, plan
from tests.strategies import batteries, cost_functions, sites

SAME = 1e-6
"""Costs [$] and states of charge [-] that are one."""

HALVES = (0.5, 0.5)
THREE_PARTS = (0.5, 0.3, 0.2)

pytestmark = pytest.mark.usefixtures("without_dead_band")


def parts_of(battery, portions):
    extensive = ("capacity", "charge_limit", "discharge_limit", "export_limit")
    return tuple(
        replace(battery, **{name: getattr(battery, name) * portion for name in extensive})
        for portion in portions
    )


@given(
    sites(n_batteries=(0, 1), n_vehicles=(0, 1)),
    batteries(),
    st.sampled_from((HALVES, THREE_PARTS)),
    cost_functions,
)
def test_parts_of_a_battery_do_what_the_whole_does(site, battery, portions, cost_function):
    whole = replace(site, batteries=(battery, *site.batteries))
    parts = replace(site, batteries=(*parts_of(battery, portions), *site.batteries))

    of_whole, of_parts = plan(whole, cost_function), plan(parts, cost_function)

    assert abs(of_parts.certificate.optimum - of_whole.certificate.optimum) <= SAME
    assert abs(of_parts.money.total_cost - of_whole.money.total_cost) <= SAME
    for k in range(1, len(portions)):
        np.testing.assert_allclose(of_parts.soc[k], of_parts.soc[0], atol=SAME)


def vehicle_like(battery):
    return Vehicle(
        capacity=battery.capacity,
        charge_limit=battery.charge_limit,
        discharge_limit=battery.discharge_limit,
        initial_soc=battery.initial_soc,
        charge_efficiency=battery.charge_efficiency,
        discharge_efficiency=battery.discharge_efficiency,
        least_soc=battery.reserve,
        most_soc=battery.max_soc,
        may_charge_from_grid=battery.may_charge_from_grid,
        may_export=battery.may_export,
        cycle_cost=battery.cycle_cost,
    )


@given(
    sites(n_batteries=(0, 0), n_vehicles=(0, 0), shared_inverter=False),
    batteries(in_band=True, export_limit=np.inf),
    cost_functions,
)
def test_a_vehicle_that_never_leaves_is_a_battery(site, battery, cost_function):
    if cost_function is CostFunction.SELF_CONSUMPTION:  # where a vehicle still may buy
        battery = replace(battery, may_charge_from_grid=False)
    at_home = replace(site, batteries=(battery,))
    plugged_in = replace(site, vehicles=(vehicle_like(battery),))

    of_battery, of_vehicle = plan(at_home, cost_function), plan(plugged_in, cost_function)

    optimum = of_battery.certificate.optimum
    assert abs(of_vehicle.certificate.optimum - optimum) <= SAME * max(1.0, abs(optimum))
