"""Energy and money balance by a second implementation; nothing beats perfect foresight."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.savings.forecasts import PERFECT, RECENT, YESTERDAY
from benchmarks.savings.house import Command, Execution, House
from benchmarks.savings.losses import losses
from benchmarks.savings.sources import synthetic_record
from benchmarks.savings.strategies import FIRST, Strategy, reference_books, replay
from benchmarks.savings.study import Study, study
from optimiser import CostFunction

HOUSE = House()
STRATEGIES = (
    Strategy(model=PERFECT),
    Strategy(model=PERFECT, cost_function=CostFunction.SELF_CONSUMPTION),
    Strategy(model=RECENT.metered()),
    Strategy(model=RECENT),
    Strategy(model=RECENT, execution=Execution.CLIENT),
    Strategy(model=YESTERDAY, execution=Execution.POWER, cost_function=CostFunction.PROFIT),
)


@cache
def week(kind: str) -> Study:
    return study(synthetic_record(kind, days=6), HOUSE, STRATEGIES)


kinds = pytest.mark.parametrize("kind", ["dynamic", "negative_midday", "export_above_import"])


@kinds
def test_the_battery_stays_within_its_limits_and_its_energy_adds_up(kind):
    found = week(kind)

    for books in found.books:
        stored = HOUSE.initial_soc * HOUSE.capacity
        for taken, after in zip(books.taken.tolist(), books.stored.tolist(), strict=True):
            stored += 0.95 * taken if taken > 0 else taken / 0.95
            assert after == pytest.approx(stored, abs=1e-9)
            assert 1.35 - 1e-9 <= after <= 13.5 + 1e-9
            assert abs(taken) <= 2.5 + 1e-9


@kinds
def test_the_bill_is_what_the_meter_says(kind):
    found = week(kind)

    for books in found.books:
        bill = 0.0
        for i, taken in enumerate(books.taken.tolist()):
            at = FIRST + i
            metered = found.record.load[at] - found.record.solar[at] + taken
            prices = found.record.import_price, found.record.export_price
            bill += metered * prices[0 if metered > 0 else 1][at]
        assert books.bill == pytest.approx(bill, abs=1e-9)
        by_month = sum(books.bill_of(month) for month in set(books.months))
        assert by_month == pytest.approx(bill, abs=1e-9)


@kinds
def test_nothing_beats_perfect_foresight(kind):
    found = week(kind)

    bills = {books.name: books.bill for books in found.books}

    assert min(bills.values()) >= found.limit.bill - 1e-6


def test_perfect_forecasts_lose_only_by_their_horizon():
    found = week("dynamic")

    share = found.share(found.ours[0])

    assert share > 0.98


def test_the_losses_add_up_to_the_distance_from_the_limit():
    found = week("dynamic")

    (loss,) = losses(found)

    executed = found.named(Strategy(model=RECENT).name)
    assert executed is not None
    assert loss.total == pytest.approx(executed.bill - found.limit.bill)


@settings(max_examples=20)
@given(st.floats(0.0, 40.0), st.floats(0.0, 10.0), st.floats(0.5, 1.0), st.integers(0, 99))
def test_the_limit_is_a_limit_for_every_house(capacity, power, efficiency, seed):
    record = synthetic_record("negative_midday", days=3, seed=seed)
    house = replace(HOUSE, capacity=capacity, power=power, efficiency=efficiency)

    none, rule, limit = reference_books(record, house)

    assert limit.bill <= min(none.bill, rule.bill) + 1e-6


def test_a_battery_that_holds_nothing_saves_nothing():
    record, empty = synthetic_record(days=3), replace(HOUSE, capacity=0.0)

    books = replay(record, empty, STRATEGIES[0], lambda _: None)

    assert np.all(books.taken == 0.0)
    assert books.cycles(empty) == 0.0


@pytest.mark.parametrize(
    ("command", "execution", "wanted"),
    [
        (Command(net=-0.4, trades=False, shares=False), Execution.ACTION, -0.7),
        (Command(net=-0.4, trades=False, shares=False), Execution.POWER, -0.4),
        (Command(net=-1.5, trades=True, shares=False), Execution.ACTION, -1.5),
        (Command(net=-1.5, trades=True, shares=False), Execution.CLIENT, -2.5),
        (Command(net=1.0, trades=False, shares=True), Execution.ACTION, 1.0),
        (Command(net=0.0, trades=False, shares=False), Execution.ACTION, 0.0),
        (Command(net=0.0, trades=False, shares=False), Execution.CLIENT, -0.7),
    ],
)
def test_a_command_is_carried_out_as_stated(command, execution, wanted):
    done = command.wanted(HOUSE, 0.7, execution)

    assert done == pytest.approx(wanted)
