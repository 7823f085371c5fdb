"""Plans that the relaxation alone would get wrong."""

from dataclasses import replace

import numpy as np
import pytest

from optimiser import Battery, CostFunction, Forecast, Grid, Horizon, Site, Tariff, plan
from optimiser.value_function.storage_plan import solve
from tests.builders import HALF_HOURS, a_house, a_problem

HARD = {
    "negative imports": lambda p: Tariff(import_price=p - 0.35, export_price=p - 0.4),
    "export above import": lambda p: Tariff(import_price=p, export_price=p + 0.1),
    "free": lambda p: Tariff(import_price=0 * p, export_price=0 * p),
    "paid both ways": lambda p: Tariff(import_price=-p, export_price=p),
    "alternating zeros": lambda p: Tariff(
        import_price=np.where(np.arange(HALF_HOURS) % 2, 0.0, p), export_price=0.5 * p
    ),
}


@pytest.mark.parametrize("cost_function", CostFunction)
@pytest.mark.parametrize("kind", HARD)
def test_hard_prices_give_an_exact_plan(kind, cost_function):
    site = replace(a_house(), tariff=HARD[kind](a_house().tariff.import_price))

    found = plan(site, cost_function)

    dispatch, proof = found.dispatch, found.certificate
    assert found.status == "optimal"
    assert proof.optimum_gap <= 1e-6
    assert np.minimum(dispatch.charge, dispatch.discharge).max() == 0
    assert np.minimum(dispatch.grid_import, dispatch.grid_export).max() == 0
    exact = solve(a_problem(site, cost_function)).bound
    assert proof.optimum == pytest.approx(exact, rel=1e-9, abs=1e-9)


def evening(n=20):
    """The hours from four on, short enough for branch and bound."""
    whole, span = a_house(), slice(32, 32 + n)
    price = whole.tariff.import_price[span]
    return replace(
        whole,
        horizon=Horizon(start=whole.horizon.start, hours=whole.horizon.hours[span]),
        tariff=Tariff(import_price=price, export_price=price + 0.1),
        forecast=Forecast(load=whole.forecast.load[span], solar=whole.forecast.solar[span]),
    )


def test_several_batteries_are_made_exact_by_binaries():
    site = evening()
    half = replace(
        site.batteries[0], capacity=5.0, charge_limit=2.0, discharge_limit=2.0, end_value=0.2
    )
    other = replace(half, initial_soc=0.4001)
    whole = replace(site.batteries[0], end_value=0.2)

    one = plan(replace(site, batteries=(whole,)), CostFunction.COST)
    two = plan(replace(site, batteries=(half, other)), CostFunction.COST)

    assert two.certificate.solver == "highs_mip"
    assert two.certificate.made_exact > 0
    assert two.certificate.optimum == pytest.approx(one.certificate.optimum, abs=1e-3)
    assert np.minimum(two.dispatch.grid_import, two.dispatch.grid_export).max() == 0


def test_binaries_that_run_out_of_time_leave_an_honest_gap():
    site = replace(a_house(), tariff=HARD["export above import"](a_house().tariff.import_price))
    half = replace(site.batteries[0], capacity=5.0, end_value=0.2)
    other = replace(half, initial_soc=0.41)

    found = plan(replace(site, batteries=(half, other)), time_limit=0.15)

    assert found.status in {"feasible", "optimal"}
    assert found.certificate.optimum >= found.certificate.lower_bound - 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_no_battery_charges_another_even_where_that_would_help(seed):
    rng = np.random.default_rng(seed)
    low = replace(evening().batteries[0], capacity=5.0, initial_soc=0.2, reserve=0.6, end_value=0.2)
    high = replace(low, initial_soc=1.0, reserve=0.1)
    price = rng.uniform(-0.2, 0.5, 20)
    site = replace(
        evening(), batteries=(low, high), tariff=Tariff(import_price=price, export_price=price)
    )

    found = plan(site, time_limit=5.0)

    charge, discharge = found.dispatch.charge.sum(axis=0), found.dispatch.discharge.sum(axis=0)
    assert found.certificate.solver in {"highs", "highs_mip"}
    assert np.minimum(charge, discharge).max() <= 1e-6
    assert found.certificate.optimum_gap <= 1e-3


def test_a_battery_that_may_not_export_does_not_sell_through_one_that_may():
    sunless = replace(
        evening(),
        forecast=Forecast(load=np.zeros(20), solar=np.zeros(20)),
        tariff=Tariff(import_price=np.full(20, 0.3), export_price=np.full(20, 0.3)),
    )
    barred = replace(evening().batteries[0], initial_soc=1.0, may_export=False)
    empty = replace(barred, initial_soc=0.1, may_export=True)

    found = plan(replace(sunless, batteries=(barred, empty)), CostFunction.PROFIT)

    assert found.dispatch.discharge[0].max() == 0
    assert found.dispatch.grid_export.max() == 0


def test_a_limit_of_the_meter_is_never_traded_for_a_level_of_a_battery():
    dead = Battery(capacity=0, charge_limit=0, discharge_limit=0, initial_soc=0)
    too_full = Battery(capacity=10, charge_limit=5, discharge_limit=5, initial_soc=1.0, max_soc=0.5)
    site = Site(
        horizon=Horizon(start=evening().horizon.start, hours=np.ones(3)),
        tariff=Tariff(import_price=np.full(3, 0.3), export_price=np.full(3, 0.1)),
        forecast=Forecast(load=np.full(3, 0.1), solar=np.zeros(3)),
        batteries=(dead, too_full),
        grid=Grid(export_limit=0.0, curtailment=False),
    )

    found = plan(site)

    assert found.dispatch.grid_export.max() <= 1e-6
    assert found.certificate.optimum >= found.certificate.lower_bound - 1e-6


def test_being_paid_to_import_beats_the_sun_where_nothing_could_be_charged():
    site = Site(
        horizon=Horizon(start=evening().horizon.start, hours=np.ones(1)),
        tariff=Tariff(import_price=np.array([-0.2]), export_price=np.array([-0.1])),
        forecast=Forecast(load=np.ones(1), solar=np.full(1, 5.0)),
        batteries=(),
        grid=Grid(curtailment=True),
    )

    assert plan(site).money.total_cost == pytest.approx(-0.2)
