"""The plan before is handed on to the same house only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from optimiser import Battery, CostFunction, Forecast, Grid, Horizon, Site, Tariff, plan
from server.plans.history import History, is_near

N = 96
BATTERY = Battery(capacity=10, charge_limit=5, discharge_limit=5, initial_soc=0.5, reserve=0.1)


def site(**changes):
    rng = np.random.default_rng(3)
    price = rng.uniform(0.1, 0.5, N)
    whole = Site(
        horizon=Horizon(start=datetime(2026, 3, 1, tzinfo=UTC), hours=np.full(N, 0.5)),
        tariff=Tariff(import_price=price, export_price=price - 0.05),
        forecast=Forecast(load=np.full(N, 0.4), solar=np.zeros(N)),
        batteries=(BATTERY,),
    )
    return replace(whole, **changes)


@pytest.fixture
def history():
    kept = History()
    kept.record(plan(site()))
    return kept


def later(**changes):
    start = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(**changes)
    return Horizon(start=start, hours=np.full(N, 0.5))


def test_the_same_house_gets_its_plan_back(history):
    assert history.before(site(), CostFunction.COST) is not None


def test_a_plan_that_has_ended_is_no_guide():
    history, short = History(), Horizon(start=later(hours=0).start, hours=np.full(N, 0.01))
    history.record(plan(site(horizon=short)))

    assert history.before(site(horizon=later(hours=1)), CostFunction.COST) is None


def test_an_empty_history_gives_nothing():
    assert History().before(site(), CostFunction.COST) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"horizon": later(hours=3)},
        {"horizon": later(hours=-1)},
        {"batteries": (replace(BATTERY, capacity=11),)},
        {"batteries": (replace(BATTERY, initial_soc=0.6),)},
        {"batteries": ()},
        {"grid": Grid(export_limit=np.full(N, 5.0))},
        {"tariff": Tariff(import_price=np.full(N, 0.9), export_price=np.zeros(N))},
    ],
    ids=["too old", "from the future", "battery", "soc", "no battery", "grid", "prices"],
)
def test_another_house_gets_nothing(history, changed):
    assert history.before(site(**changed), CostFunction.COST) is None


def test_a_plan_of_slightly_other_prices_still_counts(history):
    tariff = site().tariff
    moved = Tariff(import_price=1.01 * tariff.import_price, export_price=tariff.export_price)

    assert history.before(site(tariff=moved), CostFunction.COST) is not None


def test_another_cost_function_gets_nothing(history):
    assert history.before(site(), CostFunction.PROFIT) is None


def test_a_battery_that_was_charged_as_planned_is_the_same(history):
    soc = float(history.before(site(), CostFunction.COST).soc[0, 2])
    battery = replace(BATTERY, initial_soc=soc)
    tariff = site().tariff
    ahead = Tariff(
        import_price=np.roll(tariff.import_price, -2), export_price=np.roll(tariff.export_price, -2)
    )
    hour_later = site(horizon=later(hours=1), tariff=ahead, batteries=(battery,))

    assert history.before(hour_later, CostFunction.COST) is not None


@pytest.mark.parametrize(
    ("expected", "prices", "near"),
    [
        ([0.2, 0.4], [0.2, 0.4], True),
        ([0.2, 0.4], [0.23, 0.42], True),  # moved by 0.05, of 0.02 + 0.06 allowed
        ([0.2, 0.4], [0.29, 0.4], False),
        ([-0.2, -0.4], [-0.23, -0.42], True),
        ([0.0, 0.0], [0.009, -0.009], True),
        ([0.0, 0.0], [0.03, 0.0], False),
        ([0.2, 9.0], [0.2], True),
        ([0.2], [0.2, 9.0], True),
    ],
)
def test_prices_are_near_within_a_penny_and_a_tenth(expected, prices, near):
    assert is_near(np.array(expected), np.array(prices)) is near
