"""The rule-based plan: simple, and still within every level, limit and permission."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from matrix_builders import tables
from optimiser import Grid, Vehicle
from optimiser.model.dispatch import simulate
from optimiser.model.self_consumption import self_consumption
from optimiser.result.flows import flows_of
from tests.builders import NEW_YEAR, a_battery, a_problem, a_site
from tests.strategies import cost_functions, homes, rules
from tests.tolerances import FEASIBILITY, SIMULATION


@st.composite
def ruled(draw):
    """A site, its problem, and the dispatch of its rule-based plan."""
    site = draw(homes())
    problem = a_problem(site, draw(cost_functions), draw(rules))
    return site, problem, simulate(problem, self_consumption(problem)).dispatch


def problem_of(*batteries, load, solar):
    n = len(load)
    prices = {"import_price": [0.3] * n, "export_price": [0.1] * n}
    site = a_site(*batteries, **prices, load=load, solar=solar)
    return a_problem(site)


def test_surplus_solar_is_kept_and_serves_the_load():
    problem = problem_of(a_battery(), load=[1.0, 1.9], solar=[3.0, 0.1])

    levels = self_consumption(problem).levels

    assert levels[0].tolist() == pytest.approx([5.0 + 2.0 * 0.9, 6.8 - 1.8 / 0.9])


def test_the_battery_stops_at_its_reserve_and_at_its_highest_level():
    battery = a_battery(reserve=0.4, max_soc=0.6)
    problem = problem_of(battery, load=[4.0, 0.0], solar=[0.0, 9.0])

    levels = self_consumption(problem).levels

    assert levels[0].tolist() == pytest.approx([4.0, 6.0])


def test_surplus_is_kept_as_fast_as_the_charge_curve_lets_it():
    battery = a_battery(charge_efficiency=1.0, charge_curve=[(0.5, 5.0), (1.0, 0.0)])
    problem = problem_of(battery, load=[0.0, 0.0], solar=[9.0, 9.0])

    levels = self_consumption(problem).levels

    assert levels[0].tolist() == pytest.approx([7.5, 8.75])


def test_a_target_is_begun_early_enough_for_the_charge_curve():
    curve = [(0.5, 5.0), (1.0, 0.0)]
    battery = a_battery(charge_efficiency=1.0, charge_curve=curve, target_end_soc=0.9375)
    problem = problem_of(battery, load=[0.0] * 5, solar=[0.0] * 5)

    levels = self_consumption(problem).levels

    assert levels[0].tolist() == pytest.approx([5.0, 5.0, 7.5, 8.75, 9.375])


def test_a_battery_takes_no_surplus_below_its_least_power():
    battery = a_battery(least_charge=2.0)
    problem = problem_of(battery, load=[0.0, 0.0], solar=[1.9, 2.0])

    levels = self_consumption(problem).levels

    assert levels[0].tolist() == pytest.approx([5.0, 5.0 + 2.0 * 0.9])


def test_what_a_reserve_lacks_is_charged_at_the_least_power():
    battery = a_battery(least_charge=2.0, initial_soc=0.1, reserve=[0.1, 0.2])
    problem = problem_of(battery, load=[0.0, 0.0], solar=[0.0, 0.0])

    levels = self_consumption(problem).levels

    assert levels[0].tolist() == pytest.approx([1.0 + 2.0 * 0.9, 1.0 + 2.0 * 0.9])


def test_a_vehicle_keeps_to_its_phase():
    car = Vehicle(capacity=60, charge_limit=7, initial_soc=0.5, target_soc=0.8, phases=[1])
    grid = Grid(phase_limit=3.0)
    prices = {"import_price": 0.3, "export_price": 0.0}
    site = a_site(**prices, load=[3.0, 0.0], solar=[0.0, 3.0], vehicles=[car], grid=grid)

    levels = self_consumption(a_problem(site)).levels

    assert levels[0].tolist() == pytest.approx([30 + 2 * 0.92, 30 + 6 * 0.92])


def test_the_second_battery_takes_what_the_first_leaves():
    small = a_battery(charge_limit=1.0, discharge_limit=1.0)
    problem = problem_of(small, a_battery(), load=[0.0, 3.0], solar=[4.0, 0.0])

    levels = self_consumption(problem).levels

    assert levels[0].tolist() == pytest.approx([5.9, 5.9 - 1.0 / 0.9])
    assert levels[1].tolist() == pytest.approx([5.0 + 3.0 * 0.9, 7.7 - 2.0 / 0.9])


def test_below_the_reserve_nothing_is_drawn_until_it_must_be_regained():
    battery = a_battery(initial_soc=0.1, reserve=0.4)
    problem = problem_of(battery, load=[4.0, 0.0], solar=[0.0, 2.0])

    levels = self_consumption(problem).levels

    assert levels[0].tolist() == pytest.approx([1.0, 4.0])


@given(ruled())
def test_levels_and_powers_keep_their_limits(drawn):
    _, problem, dispatch = drawn
    limits = problem.storages.limits

    assert (dispatch.stored >= limits[tables.STORED_LOWER] - SIMULATION).all()
    assert (dispatch.stored <= limits[tables.STORED_UPPER] + SIMULATION).all()
    assert (dispatch.charge <= limits[tables.CHARGE_LIMIT]).all()
    assert (dispatch.discharge <= limits[tables.DISCHARGE_LIMIT]).all()


@given(ruled())
def test_nothing_is_sold_and_nothing_bought_for_later_unless_that_pays(drawn):
    site, problem, dispatch = drawn
    limits = problem.storages.limits
    assume((limits[tables.SOFT_FLOOR] <= limits[tables.STORED_LOWER]).all())
    assume((limits[tables.SOFT_CEILING] >= limits[tables.STORED_UPPER]).all())

    flows = flows_of(site, dispatch)

    assert (flows.battery_to_grid <= FEASIBILITY).all()
    assert (flows.grid_to_battery[site.tariff.import_price > 0] <= FEASIBILITY).all()


@given(ruled())
def test_the_meter_keeps_its_limits_where_the_house_lets_it(drawn):
    _, problem, dispatch = drawn
    meter = problem.meter
    most_import = meter[tables.IMPORT_LIMIT] + meter[tables.IMPORT_EXCESS]
    most_export = meter[tables.EXPORT_LIMIT] + meter[tables.EXPORT_EXCESS]

    assert (dispatch.grid_import <= most_import + FEASIBILITY).all()
    assert (dispatch.grid_export <= most_export + FEASIBILITY).all()


@pytest.mark.parametrize(
    ("prices", "solar", "charged"),
    [
        ([5.0, 5.0, 5.0], 0.0, [0, 0, 0]),
        ([0.1, 0.5, 0.3], 0.0, [7, 0, 0]),
        ([0.3, 0.3, 0.3], [0.0, 2.0, 0.0], [0, 2, 0]),
        ([0.3, 0.1, 0.5], [2.0, 0.0, 0.0], [2, 7, 0]),
    ],
)
def test_a_vehicle_is_charged_for_later_from_surplus_and_at_less_than_the_mean_price(
    prices, solar, charged
):
    car = Vehicle(
        capacity=60.0,
        charge_limit=7.0,
        charge_efficiency=1.0,
        initial_soc=0.5,
        target_soc=0.8,
        departure=NEW_YEAR + timedelta(days=4),
    )
    site = a_site(import_price=prices, export_price=0.0, load=0.0, solar=solar, vehicles=(car,))

    levels = self_consumption(a_problem(site)).levels

    assert np.diff(levels[0], prepend=30.0).tolist() == pytest.approx(charged)
