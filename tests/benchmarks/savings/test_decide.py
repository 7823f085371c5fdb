"""The short way to a decision is the planner's own."""

import numpy as np
import pytest

from benchmarks.real_days import data_folder
from benchmarks.savings.decide import best_levels, command_of, dispatch_of, site_of
from benchmarks.savings.forecasts import RECENT
from benchmarks.savings.house import House
from benchmarks.savings.record import DAY, Record
from benchmarks.savings.sources import real_record, synthetic_record
from benchmarks.savings.strategies import LIMIT, reference_books
from optimiser import CostFunction, plan

needs_data = pytest.mark.skipif(
    not data_folder().is_dir(), reason=f"needs the real data: {data_folder()} is absent"
)


def agrees(record: Record, at: int, cost_function: CostFunction) -> None:
    """Compare bill, first command and certificate of one plan with the whole pipeline's."""
    stored = 1.35 + 12.15 * ((at * 37) % 101) / 101
    site = site_of(record, at, RECENT.outlook(record, at), House().battery(stored))

    short, whole = dispatch_of(site, cost_function), plan(site, cost_function)

    bill = short.grid_import @ site.tariff.import_price
    bill -= short.grid_export @ site.tariff.export_price
    assert whole.status == "optimal"
    # Both are within the preferences' cent of the same optimum, and hold the same at the end.
    assert bill == pytest.approx(whole.money.total_cost, abs=0.01)
    assert short.stored[0, -1] == pytest.approx(whole.dispatch.stored[0, -1], abs=0.2)
    assert command_of(short).net == pytest.approx(command_of(whole.dispatch).net, abs=2e-3)


@pytest.mark.parametrize("cost_function", list(CostFunction))
@pytest.mark.parametrize("kind", ["dynamic", "time_of_use", "negative_midday"])
def test_commands_and_bills_are_those_of_plan(kind, cost_function):
    record = synthetic_record(kind, days=6)

    for at in range(DAY, 4 * DAY, 29):
        agrees(record, at, cost_function)


@needs_data
@pytest.mark.parametrize("cost_function", list(CostFunction))
def test_commands_and_bills_are_those_of_plan_on_real_days(cost_function):
    record = real_record()

    for at in range(DAY, record.size - 2 * DAY, 997):
        agrees(record, at, cost_function)


def test_the_limit_follows_the_value_function():
    record = synthetic_record(days=5)

    levels = best_levels(record, DAY, House().battery(6.75))
    _, _, limit = reference_books(record, House())

    assert limit.name == LIMIT
    np.testing.assert_allclose(limit.stored, levels, atol=1e-9)
