"""The bill: true prices, and nothing in it that is not on the meter."""

from dataclasses import replace
from datetime import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import CostFunction, ExportBoost, Grid, ProviderRules, Tariff, Window, plan
from optimiser.model.dispatch import Trajectory, simulate
from optimiser.model.storages import present_at_charger, target_energy
from optimiser.result.baselines import baseline_of, charge_at_once
from optimiser.result.bill import bill_of, wear_of
from tests.builders import a_battery, a_problem, a_site
from tests.strategies import cost_functions, homes, levels_of, rules, sites
from tests.tables import storages_of
from tests.tolerances import KERNEL, SIMULATION

SUNNY = {
    "import_price": [0.3, 0.4],
    "export_price": [0.1, -0.05],
    "load": [2.0, 1.0],
    "solar": [0.0, 4.0],
}
"""2 kWh short at 0.3, then 3 kWh over at -0.05: 0.60 + 0.15 with the battery idle."""


def idle_baseline(site):
    """The baseline of a site where nothing moves."""
    problem = a_problem(site)
    initial = storages_of(problem).initial[:, None]
    still = np.repeat(initial, site.horizon.n_intervals, axis=1)
    bill, owed = baseline_of(site, simulate(problem, Trajectory(still)).dispatch)
    return bill.total + owed


def test_a_bill_is_import_at_its_price_less_export_at_its():
    site = a_site(**SUNNY)

    assert bill_of(site, site.forecast.load, site.forecast.solar).total == pytest.approx(
        2 * 0.3 + 1 * 0.4 - 0 * 0.1 + 4 * 0.05
    )


def test_the_baseline_is_the_net_load_at_the_meter():
    assert idle_baseline(a_site(a_battery(), **SUNNY)) == pytest.approx(0.6 + 3 * 0.05)


def test_the_baseline_loses_what_the_export_limit_cuts_off():
    limited = a_site(**SUNNY, grid=Grid(export_limit=1.0))

    assert idle_baseline(limited) == pytest.approx(0.6 + 1 * 0.05)


@pytest.mark.parametrize(("may_curtail", "cost"), [(True, 0.6), (False, 0.6 + 3 * 0.02)])
def test_the_baseline_sells_at_a_loss_unless_solar_may_be_curtailed(may_curtail, cost):
    paid_for = {**SUNNY, "export_price": [-0.02, -0.02]}

    site = a_site(**paid_for, grid=Grid(curtailment=may_curtail))

    assert idle_baseline(site) == pytest.approx(cost)


def test_savings_are_the_baseline_less_the_bill():
    money = plan(a_site(a_battery(), **SUNNY), CostFunction.PROFIT).money

    assert money.baseline_cost == pytest.approx(0.75)
    assert money.savings == pytest.approx(0.75 - money.total_cost)
    assert money.savings > 0


def test_wear_is_told_apart_from_the_bill():
    worn = a_battery(initial_soc=0.5, cycle_cost=0.01)
    site = a_site(worn, import_price=[0.3], export_price=[0.0], load=[1.0])

    money = plan(site, CostFunction.PROFIT).money

    assert money.total_cost == pytest.approx(0.0)
    assert money.wear_cost == pytest.approx(0.01)


def test_the_value_of_what_is_left_is_told_apart_from_the_bill():
    kept = a_battery(initial_soc=0.5, reserve=0.2, end_value=0.33)
    site = a_site(kept, import_price=[0.3], export_price=[0.1], load=[1.0])

    money = plan(site, CostFunction.COST).money

    assert money.total_cost == pytest.approx(0.3)
    assert money.end_value == pytest.approx(3.0 * 0.33)


def test_a_missed_limit_costs_no_money():
    site = a_site(import_price=[0.3], export_price=[0.1], load=[3.0], grid=Grid(import_limit=1.0))

    assert plan(site).money.total_cost == pytest.approx(0.9)


def test_the_bill_is_made_at_the_true_prices_and_not_at_the_boosted_ones():
    boost = ExportBoost(window=Window(time(0), time(0)), offset=0.5)
    site = a_site(a_battery(), import_price=[0.3], export_price=[0.1], load=[0.0])

    best = plan(site, CostFunction.PROFIT, rules=ProviderRules(export_boost=boost))

    assert best.dispatch.grid_export.tolist() == pytest.approx([4.5])
    assert best.money.total_cost == pytest.approx(-0.45)


@given(sites(n_vehicles=(0, 0)))
def test_the_baseline_is_the_bill_of_a_site_that_does_nothing(site):
    drawn, surplus = np.maximum(site.net_load, 0.0), np.maximum(-site.net_load, 0.0)
    if site.inverter is not None and site.inverter.dc_coupled_solar:
        passed = np.minimum(site.forecast.solar, site.horizon.hours * site.inverter.ac_limit)
        drawn = np.maximum(site.forecast.load - passed, 0.0)
        surplus = np.maximum(passed - site.forecast.load, 0.0)
    surplus = np.minimum(surplus, site.horizon.hours * site.grid.export_limit)
    if site.grid.curtailment:
        surplus = np.where(site.tariff.export_price < 0, 0.0, surplus)

    expected = bill_of(site, drawn, surplus).total
    assert idle_baseline(site) == pytest.approx(expected, abs=SIMULATION)


@given(st.data())
def test_wear_is_every_kwh_at_its_price(data):
    site = data.draw(sites())
    problem = a_problem(site)
    dispatch = simulate(problem, Trajectory(data.draw(levels_of(problem)))).dispatch

    moved = dispatch.charge.sum(axis=1) + dispatch.discharge.sum(axis=1)
    expected = sum(s.cycle_cost * m for s, m in zip(site.storages, moved, strict=True))
    assert wear_of(site, dispatch) == pytest.approx(expected, abs=KERNEL)


@given(homes(), cost_functions, rules)
def test_the_bill_is_always_that_of_the_meter(site, cost_function, drawn):
    best = plan(site, cost_function, rules=drawn)

    money, dispatch = best.money, best.dispatch
    at_the_meter = bill_of(site, dispatch.grid_import, dispatch.grid_export).total
    assert money.total_cost == pytest.approx(at_the_meter, abs=1e-9)
    assert money.total_cost == pytest.approx(
        money.bill.import_cost - money.bill.export_revenue, abs=1e-9
    )


@given(sites(n_batteries=(0, 0), n_vehicles=(1, 3), vehicle={"discharge_limit": 0.0}))
def test_at_one_price_no_order_of_charging_saves_anything(site):
    price = np.full(site.horizon.n_intervals, 0.3)
    site = replace(
        site, tariff=Tariff(import_price=price, export_price=price), grid=Grid(), inverter=None
    )

    assert plan(site, CostFunction.COST).money.savings == pytest.approx(0.0, abs=SIMULATION)


@given(sites(n_batteries=(0, 1), n_vehicles=(1, 3)))
def test_a_baseline_charges_within_the_limits_of_its_chargers_and_the_meter(site):
    for vehicle in site.vehicles:
        needed = max(target_energy(vehicle) - vehicle.initial_soc * vehicle.capacity, 0.0)
        needed /= vehicle.charge_efficiency

        charge = charge_at_once(vehicle, site, site.net_load, needed)

        hours, on = site.horizon.hours, charge > 0.0
        least = vehicle.least_charge * np.minimum(hours, vehicle.least_time)
        assert not charge[~present_at_charger(vehicle, site.horizon)].any()
        assert (charge <= hours * vehicle.charge_limit + KERNEL).all()
        assert (charge[on][:-1] >= least[on][:-1] - KERNEL).all()  # the last may be short
        assert charge.sum() <= needed + KERNEL
        if vehicle.may_charge_from_grid:
            limit = np.maximum(hours * site.grid.import_limit - site.net_load, 0.0)
            assert (charge <= limit + KERNEL).all()
        else:
            surplus = -site.net_load[on]
            assert (surplus >= hours[on] * vehicle.least_charge - KERNEL).all()
            assert (charge[on] <= surplus + KERNEL).all()
