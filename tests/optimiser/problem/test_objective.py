"""The three cost functions: each fact here would fail if two of them were the same."""

import numpy as np
import pytest
from hypothesis import given

from optimiser import CostFunction, plan
from optimiser.model.dispatch import DEAD_BAND
from optimiser.problem.objective import build_objective
from optimiser.problem.provider import ProviderRules, planning_tariff
from tests.builders import a_battery, a_site
from tests.strategies import homes

COST, PROFIT, SELF_CONSUMPTION = CostFunction

QUIET_DAY = a_site(
    a_battery(initial_soc=1.0, reserve=0.1),
    import_price=[0.3] * 24,
    export_price=[0.1] * 24,
    load=[0.2] * 24,
)
"""4.8 kWh of load, 9 kWh to spend, and a market that always pays a third of what it asks."""

DEAR_EVENING = a_site(
    a_battery(initial_soc=1.0, reserve=0.2),
    import_price=[0.3, 0.3, 0.3],
    export_price=[0.0, 0.6, 0.0],
    load=[0.5, 0.5, 0.5],
)
"""An hour in which selling pays twice of what buying costs."""

CHEAP_NIGHT = a_site(
    a_battery(initial_soc=0.0),
    import_price=[0.05, 0.5],
    export_price=[0.02, 0.02],
    load=[0.0, 3.0],
)
"""An hour in which buying costs a tenth of what it does in the next."""


def test_profit_sells_down_to_the_reserve():
    best = plan(QUIET_DAY, PROFIT)

    assert best.dispatch.stored[0, -1] == pytest.approx(1.0)
    assert best.flows.battery_to_grid.sum() == pytest.approx(0.9 * 9.0 - 4.8)


def test_cost_keeps_energy_that_will_be_worth_more_than_it_sells_for():
    best = plan(QUIET_DAY, COST)

    assert best.flows.battery_to_grid.sum() == pytest.approx(0.0)
    assert best.dispatch.stored[0, -1] >= 10.0 - 4.8 / 0.9 - 1e-6
    assert best.money.total_cost > plan(QUIET_DAY, PROFIT).money.total_cost


@pytest.mark.parametrize("cost_function", [COST, PROFIT])
def test_cost_and_profit_sell_from_the_battery_when_it_pays(cost_function):
    best = plan(DEAR_EVENING, cost_function)

    assert best.flows.battery_to_grid[1] == pytest.approx(4.5)


def test_self_consumption_does_not_sell_from_the_battery_although_it_would_pay():
    best = plan(DEAR_EVENING, SELF_CONSUMPTION)

    assert best.flows.battery_to_grid.max() == 0.0
    assert best.dispatch.grid_import.max() == pytest.approx(0.0)


@pytest.mark.parametrize("cost_function", [COST, PROFIT])
def test_cost_and_profit_charge_from_the_grid_when_it_pays(cost_function):
    best = plan(CHEAP_NIGHT, cost_function)

    assert best.flows.grid_to_battery[0] >= 3.0 / 0.81 - 1e-6
    assert best.dispatch.grid_import[1] == pytest.approx(0.0)


def test_self_consumption_does_not_charge_from_the_grid_although_it_would_pay():
    best = plan(CHEAP_NIGHT, SELF_CONSUMPTION)

    assert best.flows.grid_to_battery.max() == 0.0
    assert best.dispatch.grid_import.tolist() == pytest.approx([0.0, 3.0])


@pytest.mark.parametrize("price", [0.0, -0.1])
def test_self_consumption_charges_from_the_grid_where_energy_is_free(price):
    free_night = a_site(
        a_battery(initial_soc=0.0),
        import_price=[price, 0.5],
        export_price=[-0.1, 0.02],
        load=[0.0, 3.0],
    )

    best = plan(free_night, SELF_CONSUMPTION)

    assert best.flows.grid_to_battery[0] >= 3.0 / 0.81 - 1e-6
    assert best.dispatch.grid_import[1] == pytest.approx(0.0)


def test_self_consumption_keeps_solar_that_would_sell_for_more_than_it_saves():
    site = a_site(
        a_battery(initial_soc=0.0),
        import_price=[0.2, 0.2],
        export_price=[0.5, 0.0],
        load=[0.0, 1.8],
        solar=[4.0, 0.0],
    )

    kept, sold = plan(site, SELF_CONSUMPTION), plan(site, PROFIT)

    assert kept.dispatch.grid_import.sum() == pytest.approx(0.0)
    assert sold.dispatch.grid_import.sum() == pytest.approx(1.8)
    assert kept.money.total_cost > sold.money.total_cost


@given(homes())
def test_self_consumption_states_its_bars_in_every_interval(site):
    tariff = planning_tariff(ProviderRules(), site.tariff, site.horizon)

    statement = build_objective(site, tariff, SELF_CONSUMPTION)

    assert not statement.may_feed_in.any()
    assert not statement.may_charge_from_grid[:, site.tariff.import_price > 0].any()
    assert statement.import_surcharge > 0


def imported_at_a_price(best):
    """Energy imported where it costs something. [kWh]"""
    return float(best.dispatch.grid_import[best.site.tariff.import_price > 0].sum())


@given(homes(attainable=True))
def test_self_consumption_imports_no_more_at_a_price_than_the_other_two(site):
    noise = DEAD_BAND * float(np.sum(site.horizon.hours))

    least, cost, profit = (
        imported_at_a_price(plan(site, cost_function))
        for cost_function in (SELF_CONSUMPTION, COST, PROFIT)
    )

    assert least <= cost + noise
    assert least <= profit + noise
