"""What a plan tells: actions, states of charge, and what had to be missed."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given

from optimiser import Action, CostFunction, Grid, plan
from optimiser.result.plan import COMMAND_THRESHOLD
from tests.builders import a_battery as battery_without_wear
from tests.builders import a_site
from tests.strategies import cost_functions, homes, rules
from tests.tolerances import FEASIBILITY

# With a little wear no battery moves for nothing, and without a budget none rests for comfort:
# every action here has a reason.
a_battery = partial(battery_without_wear, cycle_cost=0.01)
plan_for_profit = partial(plan, cost_function=CostFunction.PROFIT, preference_budget=0.0)


def hour(*batteries, load, export_price=0.0, import_price=0.3, solar=0.0, **others):
    """One hour of a site."""
    return a_site(
        *batteries,
        import_price=[import_price],
        export_price=[export_price],
        load=[load],
        solar=[solar],
        **others,
    )


ACTIONS = {
    "charge": (hour(a_battery(target_end_soc=0.8), load=1.0), Action.CHARGE),
    "consume": (hour(a_battery(), load=1.0), Action.CONSUME),
    "export": (hour(a_battery(), load=1.0, export_price=0.2), Action.EXPORT),
    "consume at a tie": (
        hour(a_battery(discharge_limit=4.0), load=2.0, export_price=0.2),
        Action.CONSUME,
    ),
    "idle": (hour(a_battery(reserve=0.5), load=1.0), Action.IDLE),
    "idle under the threshold": (hour(a_battery(), load=0.9 * COMMAND_THRESHOLD), Action.IDLE),
    "consume over the threshold": (
        hour(a_battery(), load=1.1 * COMMAND_THRESHOLD),
        Action.CONSUME,
    ),
}


@pytest.mark.parametrize(("site", "action"), ACTIONS.values(), ids=ACTIONS.keys())
def test_the_action_is_what_the_battery_mainly_does(site, action):
    best = plan_for_profit(site)

    assert best.actions == (action,)


def test_the_threshold_is_a_power_and_not_an_energy():
    site = a_site(
        a_battery(),
        import_price=[0.3, 0.3],
        export_price=[0.0, 0.0],
        load=[0.015, 0.015],
        hours=[1.0, 2.0],
    )

    best = plan_for_profit(site)

    assert best.actions == (Action.CONSUME, Action.IDLE)


def test_states_of_charge_begin_with_the_present_one():
    site = a_site(a_battery(), import_price=[0.3] * 2, export_price=[0.0] * 2, load=[0.9, 1.8])

    best = plan_for_profit(site)

    assert best.soc.shape == (1, 3)
    assert best.soc[0].tolist() == pytest.approx([0.5, 0.4, 0.2])


def test_a_battery_without_capacity_keeps_its_state_of_charge():
    site = hour(a_battery(capacity=0.0, initial_soc=0.7), load=1.0)

    assert plan(site).soc.tolist() == [[0.7, 0.7]]


def test_a_site_without_a_battery_has_a_plan():
    best = plan(hour(load=1.0))

    assert best.soc.shape == (0, 2)
    assert best.actions == (Action.IDLE,)
    assert best.money.total_cost == pytest.approx(0.3)


UNMET = {
    "reserve": (
        hour(a_battery(initial_soc=0.1, reserve=0.5, charge_limit=1.0), load=0.0),
        5.0 - 1.0 - 0.9,
    ),
    "max_soc": (
        hour(a_battery(initial_soc=0.9, max_soc=0.5, discharge_limit=0.9), load=2.0),
        9.0 - 1.0 - 5.0,
    ),
    "target_end_soc": (
        hour(a_battery(target_end_soc=1.0, charge_limit=2.0), load=0.0),
        10.0 - 5.0 - 1.8,
    ),
    "import_limit": (hour(load=3.0, grid=Grid(import_limit=1.0)), 2.0),
}


@pytest.mark.parametrize("limit", UNMET)
def test_what_cannot_be_kept_is_told_with_its_amount(limit):
    site, amount = UNMET[limit]

    (miss,) = plan_for_profit(site).shortfalls

    assert (miss.limit, miss.interval) == (limit, 0)
    assert miss.amount == pytest.approx(amount)


def test_a_meter_limit_is_missed_by_the_sum_and_from_the_first_time_on():
    site = a_site(
        import_price=[0.3] * 3,
        export_price=[0.0] * 3,
        load=[0.5, 3.0, 2.0],
        grid=Grid(import_limit=1.0),
    )

    (miss,) = plan(site).shortfalls

    assert (miss.limit, miss.interval, miss.amount) == ("import_limit", 1, pytest.approx(3.0))


def test_a_reserve_is_regained_within_a_day_and_at_the_cheapest_hour():
    price = np.full(48, 0.3)
    price[[20, 30]] = 0.2, 0.1
    site = a_site(
        a_battery(initial_soc=0.2, reserve=0.5),
        import_price=price,
        export_price=np.zeros(48),
        load=np.zeros(48),
    )

    best = plan_for_profit(site)

    assert best.shortfalls == ()
    assert best.dispatch.charge[0, 20] == pytest.approx(3.0 / 0.9)
    assert best.money.total_cost == pytest.approx(0.2 * 3.0 / 0.9)


@pytest.mark.parametrize(("target", "level"), [(0.2, 5.0), (0.7, 7.0), (1.0, 8.0)])
def test_a_target_neither_undercuts_the_reserve_nor_exceeds_the_highest_level(target, level):
    battery = a_battery(initial_soc=0.4, reserve=0.5, max_soc=0.8, target_end_soc=target)

    best = plan_for_profit(hour(battery, load=0.0))

    assert best.dispatch.stored[0].tolist() == pytest.approx([level])


@given(homes(), cost_functions, rules)
def test_every_plan_is_complete(site, cost_function, drawn):
    best = plan(site, cost_function, rules=drawn)

    n = site.horizon.n_intervals
    assert len(best.actions) == n
    assert best.soc.shape == (len(site.batteries), n + 1)
    assert (best.soc >= -FEASIBILITY).all()
    assert (best.soc <= 1 + FEASIBILITY).all()
    assert all(
        miss.amount > 0 and 0 <= miss.interval < best.pieces.site.horizon.n_intervals
        for miss in best.shortfalls
    )
