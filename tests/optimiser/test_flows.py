"""Who fed whom: every source and every sink adds up, and nothing flows backwards."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import CostFunction, ProviderRules
from optimiser.dispatch import follow
from optimiser.flows import EnergyFlows, flows_of
from optimiser.planner import state
from tests.optimiser import battery_of, site_of
from tests.strategies import levels_of, sites
from tests.tolerances import FEASIBILITY


@st.composite
def dispatched(draw):
    """A site and what it does to follow any levels.

    With two batteries some levels would make one feed the other, which is no flow of a site.
    """
    site = draw(sites(most_batteries=1))
    programme = state(site, CostFunction.PROFIT, ProviderRules())
    return site, follow(programme, draw(levels_of(programme)))


@given(dispatched())
def test_flows_are_not_negative(drawn):
    site, dispatch = drawn

    flows = flows_of(site, dispatch)

    for flow in fields(flows):
        assert (getattr(flows, flow.name) >= 0).all(), flow.name


@given(dispatched())
def test_every_source_and_every_sink_adds_up(drawn):
    site, dispatch = drawn

    flows = flows_of(site, dispatch)

    to_battery, from_battery = dispatch.charge.sum(axis=0), dispatch.discharge.sum(axis=0)
    solar = flows.solar_to_load + flows.solar_to_battery + flows.solar_to_grid
    for total, parts in (
        (site.forecast.solar - dispatch.curtailed, solar),
        (from_battery, flows.battery_to_load + flows.battery_to_grid),
        (dispatch.grid_import, flows.grid_to_load + flows.grid_to_battery),
        (site.forecast.load, flows.solar_to_load + flows.battery_to_load + flows.grid_to_load),
        (to_battery, flows.solar_to_battery + flows.grid_to_battery),
        (dispatch.grid_export, flows.solar_to_grid + flows.battery_to_grid),
    ):
        assert np.abs(total - parts).max() <= FEASIBILITY


# Load, solar and the level wanted of a loss-free battery that holds 5 kWh; then the flows that
# are not zero.
CASES = {
    "solar serves the load first": (2.0, 3.0, 5.0, {"solar_to_load": 2, "solar_to_grid": 1}),
    "then the battery": (
        1.0,
        4.0,
        7.0,
        {"solar_to_load": 1, "solar_to_battery": 2, "solar_to_grid": 1},
    ),
    "the grid fills what solar leaves open": (
        1.0,
        2.0,
        8.0,
        {"solar_to_load": 1, "solar_to_battery": 1, "grid_to_battery": 2},
    ),
    "the battery serves the load before the grid": (
        2.0,
        0.0,
        2.0,
        {"battery_to_load": 2, "battery_to_grid": 1},
    ),
    "the grid serves the rest of the load": (
        4.0,
        1.0,
        3.0,
        {"solar_to_load": 1, "battery_to_load": 2, "grid_to_load": 1},
    ),
}


@pytest.mark.parametrize(("load", "solar", "level", "expected"), CASES.values(), ids=CASES.keys())
def test_in_the_order_of_service(load, solar, level, expected):
    battery = battery_of(charge_efficiency=1.0, discharge_efficiency=1.0)
    site = site_of(battery, import_price=[0.3], export_price=[0.1], load=[load], solar=[solar])
    programme = state(site, CostFunction.PROFIT, ProviderRules())

    flows = flows_of(site, follow(programme, np.array([[level]])))

    names = [flow.name for flow in fields(EnergyFlows)]
    found = {name: float(getattr(flows, name).sum()) for name in names}
    assert found == pytest.approx({name: expected.get(name, 0.0) for name in names})
