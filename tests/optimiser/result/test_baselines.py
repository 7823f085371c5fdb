"""Savings against plain self-consumption."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from matrix_builders import tables
from optimiser import CostFunction, DemandCharge, Grid, ProviderRules, Vehicle, plan
from optimiser.model.dispatch import simulate
from optimiser.model.self_consumption import self_consumption
from optimiser.planner import build_problem
from tests.builders import (
    a_battery,
    a_house,
    a_site,
    a_site_with_chargers,
    a_site_with_several,
)
from tests.strategies import homes

SAME = 1e-6  # $
ENOUGH = 1e-4  # kWh


def misses(problem, dispatch):
    """How far soft levels are missed, in sum. [kWh]"""
    limits = problem.storages.limits
    short = np.maximum(limits[tables.SOFT_FLOOR] - dispatch.stored, 0.0)
    over = np.maximum(dispatch.stored - limits[tables.SOFT_CEILING], 0.0)
    return float((short + over).sum())


@given(homes())
def test_a_plan_of_least_cost_saves_at_least_nothing_at_equal_service(site):
    found = plan(site)
    problem = build_problem(found.pieces.site, CostFunction.COST, ProviderRules())
    usual = simulate(problem, self_consumption(problem)).dispatch
    if misses(problem, usual) > misses(problem, found.dispatch_in_pieces) + ENOUGH:
        return

    allowed = found.certificate.preference_cost + (found.certificate.optimum_gap or 0.0)
    assert found.money.savings_vs_self_consumption >= -allowed - SAME * site.price_scale


def usual_day(site):
    """Bill and energy left of one battery that keeps surplus and serves the house, by hand."""
    (battery,) = site.batteries
    stored, cost = battery.initial_soc * battery.capacity, 0.0
    for t, h in enumerate(site.horizon.hours):
        net = site.forecast.load[t] - site.forecast.solar[t]
        if net < 0:
            room = (battery.max_soc * battery.capacity - stored) / battery.charge_efficiency
            moved = min(-net, battery.charge_limit * h, room)
            stored += moved * battery.charge_efficiency
            sold = min(-net - moved, site.grid.export_limit * h)
            cost -= max(sold * site.tariff.export_price[t], 0.0)  # or it is curtailed
        else:
            spare = (stored - battery.reserve * battery.capacity) * battery.discharge_efficiency
            moved = min(net, battery.discharge_limit * h, spare)
            stored -= moved / battery.discharge_efficiency
            cost += (net - moved) * site.tariff.import_price[t]
    return cost, stored


@pytest.mark.parametrize("site_of", [a_site_with_chargers, a_site_with_several])
@pytest.mark.parametrize("seed", range(4))
def test_so_it_does_with_vehicles_and_several_batteries(site_of, seed):
    found = plan(site_of(seed), time_limit=5.0)

    assert found.money.savings_vs_self_consumption >= -found.certificate.preference_cost - SAME


@pytest.mark.parametrize("cost_function", CostFunction)
@pytest.mark.parametrize("seed", range(20))
def test_savings_are_the_difference_of_two_bills_and_of_what_is_left(seed, cost_function):
    site = a_house(seed, noise=0.2)

    money = plan(site, cost_function).money

    cost, stored = usual_day(site)
    assert money.self_consumption_cost == pytest.approx(cost, abs=1e-9)
    assert money.self_consumption_wear_cost == 0
    left = money.end_value - money.self_consumption_end_value
    difference = money.self_consumption_cost - money.total_cost + left
    assert money.savings_vs_self_consumption == pytest.approx(difference, abs=1e-12)
    if cost_function is not CostFunction.PROFIT and stored > 1.0 + 1e-9:
        assert money.self_consumption_end_value > 0


def test_nothing_is_saved_where_nothing_can_be_gained():
    site = a_site(
        a_battery(initial_soc=0.5),
        import_price=[0.3] * 24,
        export_price=[0.05] * 24,
        load=[1.0] * 24,
    )

    found = plan(site)

    assert found.money.savings_vs_self_consumption == pytest.approx(0.0, abs=SAME)
    assert found.money.savings > 1


def test_nothing_is_saved_by_emptying_a_battery():
    full = a_battery(initial_soc=1.0, end_value=0.9 * 0.25)
    site = a_site(full, import_price=[0.3], export_price=[0.25], load=[1.0])

    sold = plan(site, preference_budget=0.0).money

    assert sold.savings > 0.25
    assert sold.savings_vs_self_consumption == pytest.approx(0.0, abs=SAME)


@pytest.mark.parametrize("may_curtail", [True, False])
def test_the_baseline_curtails_where_the_plan_may(may_curtail):
    site = a_site(
        a_battery(initial_soc=1.0),
        import_price=[0.3] * 4,
        export_price=[-0.1] * 4,
        load=[0.0] * 4,
        solar=[2.0] * 4,
        grid=Grid(curtailment=may_curtail),
    )

    assert plan(site).money.self_consumption_cost == pytest.approx(0.0 if may_curtail else 0.8)


@pytest.mark.parametrize("capacity", [0.0, 10.0])
def test_the_baseline_leaves_no_solar_unused_to_be_paid_for_a_peak(capacity):
    site = a_site(
        a_battery(capacity=capacity, initial_soc=0.5, charge_limit=3.0),
        import_price=[0.3, -0.02, -0.02, 0.3],
        export_price=[0.05, -0.05, -0.05, 0.05],
        load=1.0,
        solar=3.0,
        grid=Grid(curtailment=True),
    )
    tariff = replace(site.tariff, demand_charges=(DemandCharge(price=12.0),))

    money = plan(replace(site, tariff=tariff)).money

    assert money.self_consumption_cost == pytest.approx(-0.2 if capacity == 0.0 else -0.1, abs=0.02)
    assert 0.0 <= money.savings_vs_self_consumption + SAME < 0.05


def test_a_battery_without_grid_charging_takes_no_other_energy_in_the_baseline():
    batteries = (
        a_battery(initial_soc=1.0),
        a_battery(initial_soc=0.2, may_charge_from_grid=False),
    )
    site = a_site(
        *batteries,
        import_price=[-0.3, -0.3, 0.2, 0.2],
        export_price=[-0.4, -0.4, 0.1, 0.1],
        load=0.5,
        solar=[3.0, 3.0, 0.0, 0.0],
        grid=Grid(curtailment=True),
    )
    problem = build_problem(site, CostFunction.COST, ProviderRules())

    usual = simulate(problem, self_consumption(problem)).dispatch

    assert usual.charge[1, 0] > 2.0
    assert usual.grid_import[:2].tolist() == [0.0, 0.0]
    found = plan(site)
    assert found.money.savings_vs_self_consumption >= -found.certificate.preference_cost - SAME


def test_reserve_and_target_are_kept_as_late_as_they_can_be():
    wants = a_battery(initial_soc=0.2, reserve=0.2, target_end_soc=0.9, charge_limit=2.0)
    site = a_site(wants, import_price=[0.3] * 8, export_price=[0.0] * 8, load=[0.5] * 8)
    problem = build_problem(site, CostFunction.COST, ProviderRules())

    usual = simulate(problem, self_consumption(problem)).dispatch

    assert usual.stored[0, -1] == pytest.approx(9.0)
    assert usual.charge[0].tolist() == pytest.approx([0, 0, 0, 0, 7.0 / 0.9 - 6.0, 2, 2, 2])


def test_cars_charge_as_they_come():
    car = Vehicle(
        capacity=50.0,
        charge_limit=7.0,
        initial_soc=0.4,
        target_soc=0.6,
        charge_efficiency=1.0,
    )
    prices = [0.4, 0.4, 0.1, 0.1]
    site = a_site(import_price=prices, export_price=[0.0] * 4, load=[0.0] * 4, vehicles=(car,))

    money = plan(site).money

    assert money.self_consumption_cost == pytest.approx(10 * 0.4)
    assert money.savings_vs_self_consumption == pytest.approx(10 * 0.3)
