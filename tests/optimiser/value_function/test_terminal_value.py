"""What is left has the value that the next day gives it."""

from dataclasses import replace

import numpy as np
import pytest

from optimiser import CostFunction, Grid, Horizon, Tariff, plan
from tests.builders import HALF_HOURS, a_house, a_problem
from tests.tables import storages_of


def end_of(site, cost_function=CostFunction.COST):
    storages = storages_of(a_problem(site, cost_function))
    return storages.end_width[0], storages.end_price[0]


def repeated(site, times):
    """The same day over and over."""

    def tiled(values):
        return np.tile(values[:48], times)

    return replace(
        site,
        horizon=Horizon(start=site.horizon.start, hours=np.full(48 * times, 0.5)),
        tariff=Tariff(
            import_price=tiled(site.tariff.import_price),
            export_price=tiled(site.tariff.export_price),
        ),
        forecast=replace(
            site.forecast, load=tiled(site.forecast.load), solar=tiled(site.forecast.solar)
        ),
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_value_is_concave_and_spans_the_band(seed):
    width, price = end_of(a_house(seed))

    assert width.sum() == pytest.approx(9.0)
    assert (np.diff(price) <= 1e-9).all()


@pytest.mark.parametrize("seed", range(4))
def test_on_a_periodic_site_one_day_ends_as_a_long_run_passes_that_hour(seed):
    short = plan(repeated(a_house(seed), 1), preference_budget=0.0)
    long = plan(repeated(a_house(seed), 6), preference_budget=0.0)

    # The value is simplified to a few segments, so levels agree within one of them.
    assert short.dispatch.stored[0, 47] == pytest.approx(long.dispatch.stored[0, 47], abs=0.7)


def test_profit_gives_no_value_to_what_is_left():
    width, _ = end_of(a_house(), CostFunction.PROFIT)

    assert width.size == 0


def test_self_consumption_values_what_is_left_in_money_without_its_surcharge():
    _, price = end_of(a_house(), CostFunction.SELF_CONSUMPTION)

    assert 0 <= price.max() <= a_house().tariff.import_price.max()


def test_a_battery_with_its_own_price_is_taken_at_its_word():
    width, price = end_of(a_house(end_value=0.123))

    assert width.tolist() == [9.0]
    assert price.tolist() == [0.123]


def test_a_horizon_under_a_day_takes_the_median_price_less_the_losses():
    site = a_house(discharge_efficiency=0.9, cycle_cost=0.02)
    short = replace(
        site,
        horizon=Horizon(start=site.horizon.start, hours=np.full(HALF_HOURS, 0.1)),
    )

    _, price = end_of(short)

    median = np.median(site.tariff.import_price)
    assert price.tolist() == [pytest.approx((median - 0.02) * 0.9 * 0.99)]


def test_a_battery_below_its_reserve_gets_no_extra_value_from_the_penalty():
    _, price = end_of(a_house(initial_soc=0.05, reserve=0.3))

    assert price.max() <= a_house().tariff.import_price.max()


def test_the_battery_is_neither_emptied_nor_hoarded_at_the_end():
    found = plan(a_house())

    assert 0.1 < found.soc[0, -1] < 0.9


def test_two_halves_share_the_value_of_the_whole():
    whole = a_house()
    half = replace(whole.batteries[0], capacity=5.0, charge_limit=2.0, discharge_limit=2.0)

    width, price = end_of(whole)
    storages = storages_of(a_problem(replace(whole, batteries=(half, half)), CostFunction.COST))

    assert storages.end_of.tolist() == [0, 0]
    np.testing.assert_allclose(storages.end_width[0], width, atol=1e-9)
    np.testing.assert_allclose(storages.end_price[0], price, atol=1e-9)


def test_two_halves_cost_what_the_whole_costs():
    whole = a_house()
    half = replace(whole.batteries[0], capacity=5.0, charge_limit=2.0, discharge_limit=2.0)

    one, two = plan(whole), plan(replace(whole, batteries=(half, half)))

    assert two.status == "optimal"
    assert two.certificate.optimum == pytest.approx(one.certificate.optimum, abs=1e-6)


def test_the_median_counts_time_and_not_intervals():
    site = a_house()
    first = Tariff(import_price=np.array([0.1, 0.3]), export_price=np.zeros(2))
    cut = Tariff(import_price=np.array([0.1, 0.1, 0.1, 0.3]), export_price=np.zeros(4))

    def value_of(tariff, hours):
        n = len(hours)
        short = replace(
            site,
            horizon=Horizon(start=site.horizon.start, hours=np.array(hours)),
            tariff=tariff,
            forecast=replace(site.forecast, load=np.zeros(n), solar=np.zeros(n)),
        )
        return end_of(short)[1].tolist()

    assert value_of(first, [1, 1]) == pytest.approx(value_of(cut, [1 / 3, 1 / 3, 1 / 3, 1]))


def test_a_limit_that_is_missed_every_day_gives_energy_no_value_beyond_its_price():
    site = a_house()
    tight = replace(
        site,
        grid=Grid(import_limit=0.2),
        forecast=replace(site.forecast, solar=np.zeros(HALF_HOURS)),
    )

    _, price = end_of(tight)

    assert price.max() <= site.tariff.import_price.max()


def test_on_a_flat_tariff_energy_is_used_rather_than_kept():
    site = a_house(initial_soc=1.0)
    flat = replace(
        site,
        tariff=Tariff(
            import_price=np.full(HALF_HOURS, 0.3), export_price=np.full(HALF_HOURS, 0.05)
        ),
        forecast=replace(site.forecast, load=np.full(HALF_HOURS, 0.3), solar=np.zeros(HALF_HOURS)),
    )

    found = plan(flat)

    assert found.soc[0, -1] == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize("cost_function", CostFunction)
def test_a_battery_without_room_changes_nothing_at_the_end(cost_function):
    site = a_house()
    empty = replace(site.batteries[0], capacity=0.0)

    alone = plan(replace(site, batteries=(empty,)), cost_function)
    beside = plan(replace(site, batteries=(*site.batteries, empty)), cost_function)

    assert alone.status == "optimal"
    assert (alone.dispatch.stored == 0.0).all()
    best = plan(site, cost_function).certificate.optimum
    assert beside.certificate.optimum == pytest.approx(best, abs=1e-6)
