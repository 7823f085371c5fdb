"""The plan before is handed on to the same house only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from optimiser import Battery, CostFunction, Forecast, Horizon, Site, Tariff, plan
from server.history import History

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
        {"tariff": Tariff(import_price=np.full(N, 0.9), export_price=np.zeros(N))},
    ],
    ids=["too old", "from the future", "battery", "state of charge", "no battery", "prices"],
)
def test_another_house_gets_nothing(history, changed):
    assert history.before(site(**changed), CostFunction.COST) is None


def test_a_plan_of_slightly_other_prices_still_counts(history):
    tariff = site().tariff
    moved = Tariff(import_price=1.01 * tariff.import_price, export_price=tariff.export_price)

    assert history.before(site(tariff=moved), CostFunction.COST) is not None


def test_another_cost_function_gets_nothing(history):
    assert history.before(site(), CostFunction.PROFIT) is None
