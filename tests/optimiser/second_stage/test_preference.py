"""Preferred plans within a budget: deterministic, cheap, and steady."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings

from optimiser import Action, CostFunction, Forecast, Tariff, plan
from optimiser.model.dispatch import Trajectory, simulate
from optimiser.second_stage.preference import DEFAULT_BUDGET, Candidate, prefer
from optimiser.value_function import storage_plan
from tests.builders import HALF_HOURS, a_house, a_problem
from tests.strategies import cost_functions, homes

ROUNDING = 1e-6  # $


def throughput(found):
    return float((found.dispatch.charge + found.dispatch.discharge).sum())


def flat(site, *, load=None, solar=None, price=0.3):
    return replace(
        site,
        tariff=Tariff(
            import_price=np.full(HALF_HOURS, price), export_price=np.full(HALF_HOURS, 0.05)
        ),
        forecast=Forecast(
            load=site.forecast.load if load is None else load,
            solar=site.forecast.solar if solar is None else solar,
        ),
    )


@given(homes(), cost_functions)
@settings(max_examples=100)
def test_preferences_never_cost_more_than_their_budget(site, cost_function):
    assume(len(site.batteries) == 1)
    problem = a_problem(site, cost_function)
    best = Candidate(*simulate(problem, Trajectory(storage_plan.solve(problem).levels))[:2])

    preferred = prefer(site, problem, best, DEFAULT_BUDGET, None)

    assert preferred.cost <= best.cost + DEFAULT_BUDGET + ROUNDING


@pytest.mark.parametrize("seed", range(5))
def test_preferences_never_cost_more_than_their_budget_on_a_real_day(seed):
    found = plan(a_house(seed))

    assert found.certificate.preference_cost <= DEFAULT_BUDGET + ROUNDING


@pytest.mark.parametrize("cost_function", CostFunction)
def test_the_same_site_twice_gives_the_same_plan_with_and_without_the_plan_before(cost_function):
    first = plan(a_house(), cost_function)

    again = plan(a_house(), cost_function)
    sequel = plan(a_house(), cost_function, previous=first)

    np.testing.assert_array_equal(first.dispatch.stored, again.dispatch.stored)
    np.testing.assert_array_equal(first.dispatch.stored, sequel.dispatch.stored)


@pytest.mark.parametrize("seed", range(12))
def test_a_slightly_different_forecast_keeps_the_first_action_unless_that_costs_the_budget(seed):
    first = plan(a_house())
    changed = a_house()
    rng = np.random.default_rng(seed)
    shaken = replace(
        changed,
        tariff=Tariff(
            import_price=changed.tariff.import_price * (1 + 1e-3 * rng.standard_normal(HALF_HOURS)),
            export_price=changed.tariff.export_price * (1 + 1e-3 * rng.standard_normal(HALF_HOURS)),
        ),
        forecast=Forecast(
            load=changed.forecast.load * (1 + 1e-3 * rng.standard_normal(HALF_HOURS)),
            solar=np.abs(changed.forecast.solar * (1 + 1e-3 * rng.standard_normal(HALF_HOURS))),
        ),
    )

    sequel = plan(shaken, previous=first)

    assert sequel.actions[0] is first.actions[0]


def test_a_change_that_pays_is_made_whatever_the_plan_before_meant():
    first = plan(a_house(initial_soc=0.9))
    assert first.actions[0] is Action.CONSUME
    price = a_house().tariff.import_price.copy()
    price[0] = -1.0
    site = replace(
        a_house(initial_soc=0.5),
        tariff=Tariff(import_price=price, export_price=a_house().tariff.export_price),
    )

    sequel = plan(site, previous=first)

    assert sequel.actions[0] is Action.CHARGE


def test_a_cycle_that_earns_next_to_nothing_is_left_out():
    level = 0.3 + 1e-6 * np.sin(np.arange(HALF_HOURS))
    site = replace(
        flat(a_house(charge_efficiency=1.0, discharge_efficiency=1.0), solar=np.zeros(HALF_HOURS)),
        tariff=Tariff(import_price=level, export_price=np.zeros(HALF_HOURS)),
    )

    eager = plan(site, CostFunction.COST, preference_budget=0.0)
    preferred = plan(site, CostFunction.COST)

    assert throughput(preferred) < 0.7 * throughput(eager)


def test_export_at_one_price_is_early_and_steady():
    site = flat(a_house(initial_soc=0.5), load=np.zeros(HALF_HOURS), solar=np.zeros(HALF_HOURS))

    found = plan(site, CostFunction.PROFIT)

    sold = found.dispatch.discharge[0]
    used = np.flatnonzero(sold)
    assert used[0] == 0
    np.testing.assert_array_equal(used, np.arange(used.size))
    np.testing.assert_allclose(sold[used], sold[0], rtol=1e-9)


def test_charging_in_a_cheap_window_is_steady():
    price = np.full(HALF_HOURS, 0.4)
    price[10:20] = 0.1
    site = replace(
        flat(a_house(initial_soc=0.1), load=np.full(HALF_HOURS, 0.2), solar=np.zeros(HALF_HOURS)),
        tariff=Tariff(import_price=price, export_price=np.zeros(HALF_HOURS)),
    )

    found = plan(site, CostFunction.PROFIT)

    bought = found.dispatch.charge[0, 10:20]
    used = bought[bought > 0]
    np.testing.assert_allclose(used, used[0], rtol=1e-9)


def test_without_a_budget_the_cheapest_plan_is_served():
    found = plan(a_house(), preference_budget=0.0)

    assert found.certificate.preference_cost == pytest.approx(0.0, abs=1e-6)
