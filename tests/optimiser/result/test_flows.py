"""Who fed whom: every source and every sink adds up, and nothing flows backwards."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser.model.dispatch import Trajectory, simulate
from optimiser.result.flows import EnergyFlows, flows_of
from tests.builders import a_battery, a_problem, a_site
from tests.strategies import levels_of, sites
from tests.tolerances import FEASIBILITY


@st.composite
def dispatched(draw):
    """A site, what it does to follow any levels, and its permissions.

    With two batteries some levels would make one feed the other, which is no flow of a site.
    """
    site = draw(sites(n_batteries=(0, 1)))
    problem = a_problem(site)
    dispatch = simulate(problem, Trajectory(draw(levels_of(problem)))).dispatch
    return site, dispatch, problem.permissions


@given(dispatched())
def test_every_source_and_every_sink_adds_up_and_no_flow_is_negative(drawn):
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
    problem = a_problem(site)
    dispatch = simulate(problem, Trajectory(np.array([[level]]))).dispatch

    flows = flows_of(site, dispatch)

    names = [flow.name for flow in fields(EnergyFlows)]
    found = {name: float(getattr(flows, name).sum()) for name in names}
    assert found == pytest.approx({name: expected.get(name, 0.0) for name in names})
