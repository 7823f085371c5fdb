"""Price modifications, at each interval's own local time."""

from datetime import UTC, datetime, time
from math import nan
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given

from optimiser import (
    ChipMode,
    CostFunction,
    ExportBoost,
    Horizon,
    ProblemError,
    ProviderRules,
    SpikeProtection,
    Tariff,
    Window,
    plan,
)
from optimiser.problem.provider import planning_tariff
from tests.builders import a_battery, a_site
from tests.strategies import homes, rules

SYDNEY, LONDON = ZoneInfo("Australia/Sydney"), ZoneInfo("Europe/London")
ALL_DAY = Window(time(0), time(0))


def hours_covered(window, start, count=24):
    """Local hours of the one-hour intervals from `start` on that the window covers."""
    horizon = Horizon(start=start, hours=[1.0] * count)
    covered = window.covers(horizon)
    return [begin.hour for begin, inside in zip(horizon.starts, covered, strict=True) if inside]


def day(zone=UTC, month=1, number=1):
    return datetime(2026, month, number, tzinfo=zone)


def test_a_window_is_half_open():
    assert hours_covered(Window(time(17), time(20)), day()) == [17, 18, 19]


def test_a_window_may_cross_midnight():
    assert hours_covered(Window(time(22), time(2)), day()) == [0, 1, 22, 23]


def test_equal_times_are_the_whole_day():
    assert hours_covered(Window(time(6), time(6)), day()) == list(range(24))


def test_an_interval_counts_by_its_beginning():
    window = Window(time(17, 30), time(18, 30))

    assert hours_covered(window, day()) == [18]


def test_a_window_is_of_the_local_day_and_not_of_utc():
    start = datetime(2026, 1, 1, 12, tzinfo=SYDNEY)

    assert hours_covered(Window(time(17), time(19)), start) == [17, 18]


@pytest.mark.parametrize(
    ("start", "window", "hours"),
    [
        (day(SYDNEY, 4, 5), Window(time(2), time(3)), [2, 2]),  # back at 03:00
        (day(SYDNEY, 10, 4), Window(time(2), time(3)), []),  # forward at 02:00
        (day(LONDON, 10, 25), Window(time(1), time(2)), [1, 1]),  # back at 02:00
        (day(LONDON, 3, 29), Window(time(1), time(2)), []),  # forward at 01:00
    ],
)
def test_an_hour_that_comes_twice_is_covered_twice_and_one_skipped_never(start, window, hours):
    assert hours_covered(window, start) == hours


@pytest.mark.parametrize(("start", "length"), [(day(SYDNEY, 4, 5), 25), (day(SYDNEY, 10, 4), 23)])
@pytest.mark.parametrize("window", [Window(time(17), time(20)), Window(time(20), time(17))])
def test_after_a_change_of_clocks_a_window_is_at_its_usual_hours(start, length, window):
    evening = [hour for hour in hours_covered(window, start, length) if hour >= 12]

    usual = [hour for hour in hours_covered(window, day(SYDNEY)) if hour >= 12]
    assert evening == usual


def planned(provider_rules, import_price, export_price, start=None):
    tariff = Tariff(import_price=import_price, export_price=export_price)
    horizon = Horizon(start=start or day(), hours=[1.0] * len(import_price))
    return planning_tariff(provider_rules, tariff, horizon)


def test_a_boost_adds_its_offset_inside_the_window_only():
    boost = ExportBoost(window=Window(time(1), time(3)), offset=0.05)

    planning = planned(ProviderRules(export_boost=boost), [0.3] * 4, [0.1, 0.1, -0.02, 0.1])

    assert planning.export_price.tolist() == pytest.approx([0.1, 0.15, 0.03, 0.1])
    assert planning.import_price.tolist() == [0.3] * 4


def test_a_boosted_price_is_at_least_the_minimum():
    boost = ExportBoost(window=ALL_DAY, offset=0.05, minimum=0.2)

    planning = planned(ProviderRules(export_boost=boost), [0.3] * 3, [0.1, 0.15, 0.4])

    assert planning.export_price.tolist() == pytest.approx([0.2, 0.2, 0.45])


def test_chip_mode_bars_exports_in_the_window_below_the_threshold():
    chip = ChipMode(window=Window(time(1), time(0)), threshold=0.3)

    planning = planned(ProviderRules(chip_mode=chip), [0.3] * 4, [0.1, 0.29, 0.3, 0.31])

    assert planning.may_export.tolist() == [True, False, True, True]
    assert planning.export_price.tolist() == [0.1, 0.29, 0.3, 0.31]


def test_chip_mode_looks_at_the_true_price_and_not_at_the_boosted_one():
    both = ProviderRules(
        export_boost=ExportBoost(window=ALL_DAY, offset=1.0),
        chip_mode=ChipMode(window=ALL_DAY, threshold=0.5),
    )

    planning = planned(both, [0.3], [0.1])

    assert planning.may_export.tolist() == [False]


def test_a_spike_bars_charging_from_the_grid():
    protection = SpikeProtection(threshold=1.0)

    planning = planned(ProviderRules(spike_protection=protection), [0.3, 1.0, 5.0], [0.1] * 3)

    assert planning.may_charge_from_grid.tolist() == [True, False, False]


@pytest.mark.parametrize("threshold", [0.0, -1.0, nan])
def test_a_spike_threshold_must_be_positive(threshold):
    with pytest.raises(ProblemError) as refusal:
        SpikeProtection(threshold=threshold)

    assert refusal.value.field == "threshold"


@given(homes())
def test_no_rules_change_nothing(site):
    planning = planning_tariff(ProviderRules(), site.tariff, site.horizon)

    np.testing.assert_array_equal(planning.import_price, site.tariff.import_price)
    np.testing.assert_array_equal(planning.export_price, site.tariff.export_price)
    assert planning.may_export.all()
    assert planning.may_charge_from_grid.all()


@given(homes(), rules)
def test_the_tariff_itself_is_left_alone(site, drawn):
    before = site.tariff.import_price.tolist(), site.tariff.export_price.tolist()

    planning_tariff(drawn, site.tariff, site.horizon)

    assert (site.tariff.import_price.tolist(), site.tariff.export_price.tolist()) == before


def trading(buy, sell):
    """A house without load or sun: cheap in one hour, dear in the next."""
    battery = a_battery(capacity=10, initial_soc=0.0, charge_efficiency=1, discharge_efficiency=1)
    prices = {"import_price": [buy, sell + 0.01], "export_price": [buy - 0.01, sell]}
    return a_site(battery, **prices, load=[0.0] * 2)


@pytest.mark.parametrize(("margin", "trades"), [(0.0, True), (0.019, True), (0.021, False)])
def test_a_trade_gains_the_margin_on_both_of_its_sides(margin, trades):
    careful = ProviderRules(price_margin=margin)

    best = plan(trading(0.20, 0.24), CostFunction.PROFIT, rules=careful, preference_budget=0.0)

    sold = float(best.dispatch.grid_export.sum())
    assert (sold > 0) is trades
    assert best.money.total_cost == pytest.approx(-0.04 * sold)


@given(homes())
def test_a_margin_asks_for_less_trade_and_is_no_part_of_the_bill(site):
    keen = plan(site, CostFunction.PROFIT)
    careful = plan(site, CostFunction.PROFIT, rules=ProviderRules(price_margin=0.05))

    if keen.status == careful.status == "optimal":
        traded, less = (p.dispatch.grid_import + p.dispatch.grid_export for p in (keen, careful))
        assert less.sum() <= traded.sum() + 0.02 / 0.05 + 1e-6  # what preferences may cost
    paid = careful.dispatch.grid_import @ site.tariff.import_price
    earned = careful.dispatch.grid_export @ site.tariff.export_price
    assert careful.money.bill.import_cost == pytest.approx(float(paid), abs=1e-9)
    assert careful.money.bill.export_revenue == pytest.approx(float(earned), abs=1e-9)


@pytest.mark.parametrize("margin", [-0.01, nan, float("inf")])
def test_a_margin_is_a_number_of_at_least_zero(margin):
    with pytest.raises(ProblemError, match="price_margin"):
        ProviderRules(price_margin=margin)
