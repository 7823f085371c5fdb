"""Who fed whom: every source and every sink adds up, and nothing flows backwards."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from optimiser.model.dispatch import dispatch_from_trajectory
from optimiser.result.flows import EnergyFlows, flows_of
from optimiser.result.plan import action_of
from optimiser.second_stage.preference import _first_action
from tests.builders import a_battery, a_problem, a_site
from tests.strategies import homes, levels_of, sites
from tests.tolerances import FEASIBILITY


@st.composite
def dispatched(draw):
    """A site and what it does to dispatch_from_trajectory any levels.

    With two batteries some levels would make one feed the other, which is no flow of a site.
    """
    site = draw(homes(n_batteries=(0, 1)))
    programme = a_problem(site)
    return site, dispatch_from_trajectory(programme, draw(levels_of(programme)))


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


@st.composite
def whole_dispatched(draw):
    """The same with vehicles, an inverter and permissions."""
    site = draw(sites(n_batteries=(0, 1)))
    programme = a_problem(site)
    return (
        site,
        dispatch_from_trajectory(programme, draw(levels_of(programme))),
        programme.permissions,
    )


@given(whole_dispatched())
def test_with_vehicles_and_an_inverter_everything_adds_up_as_well(drawn):
    site, dispatch, permissions = drawn
    n = len(site.batteries)

    flows = flows_of(site, dispatch, permissions)

    charged, discharged = dispatch.charge[:n].sum(axis=0), dispatch.discharge[:n].sum(axis=0)
    sums = {
        name: values if values.ndim == 1 else values.sum(axis=0)
        for name, values in ((f.name, getattr(flows, f.name)) for f in fields(flows))
    }
    taken = flows.solar_to_vehicle + flows.battery_to_vehicle
    taken = taken + flows.vehicle_to_vehicle + flows.grid_to_vehicle
    assert np.abs(taken - dispatch.charge[n:]).max(initial=0.0) <= FEASIBILITY
    for total, side in (
        (site.forecast.solar - dispatch.curtailed, "solar_to_"),
        (discharged, "battery_to_"),
        (dispatch.discharge[n:].sum(axis=0), "vehicle_to_"),
        (dispatch.grid_import, "grid_to_"),
        (site.forecast.load, "_to_load"),
        (charged, "_to_battery"),
        (dispatch.grid_export, "_to_grid"),
    ):
        parts = sum(values for name, values in sums.items() if side in name)
        assert np.abs(total - parts).max() <= FEASIBILITY, side
    for name in sums:
        assert (getattr(flows, name) >= 0).all(), name


@given(dispatched())
def test_the_first_action_of_one_battery_is_that_of_its_flows(drawn):
    site, dispatch = drawn
    assume(site.batteries)
    flows, hours = flows_of(site, dispatch), site.horizon.hours[0]
    moved = dispatch.charge[0], dispatch.discharge[0]
    powers = [row[0] / hours for row in (*moved, flows.battery_to_load, flows.battery_to_grid)]

    assert _first_action(site, dispatch) is action_of(*powers)


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
    battery = a_battery(charge_efficiency=1.0, discharge_efficiency=1.0)
    site = a_site(battery, import_price=[0.3], export_price=[0.1], load=[load], solar=[solar])
    programme = a_problem(site)

    flows = flows_of(site, dispatch_from_trajectory(programme, np.array([[level]])))

    names = [flow.name for flow in fields(EnergyFlows)]
    found = {name: float(getattr(flows, name).sum()) for name in names}
    assert found == pytest.approx({name: expected.get(name, 0.0) for name in names})
