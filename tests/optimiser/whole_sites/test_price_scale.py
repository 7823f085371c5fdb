"""A plan does not depend on the unit of its money."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimiser import (
    Allowance,
    ChipMode,
    CostFunction,
    DemandCharge,
    Direction,
    ExportBoost,
    ProviderRules,
    SpikeProtection,
    Vehicle,
    Window,
    plan,
)
from optimiser.problem.tariff import price_scale_of
from tests.builders import a_battery, a_site
from tests.strategies import cost_functions, homes, sites

FACTORS = (1e-3, 1e-2, 10.0, 100.0, 1e3, 1e6)


def _times(factor, price):
    """A price in another unit, as a caller writes it: without the noise of the product."""
    return None if price is None else np.round(np.asarray(price) * factor, 12).tolist()


def in_units(site, factor):
    """The same site, all prices times a factor; written out by hand, field by field."""
    tariff = site.tariff
    return replace(
        site,
        tariff=replace(
            tariff,
            import_price=_times(factor, tariff.import_price),
            export_price=_times(factor, tariff.export_price),
            demand_charges=tuple(
                replace(charge, price=_times(factor, charge.price))
                for charge in tariff.demand_charges
            ),
            allowances=tuple(
                replace(allowance, price=_times(factor, allowance.price))
                for allowance in tariff.allowances
            ),
        ),
        batteries=tuple(
            replace(
                battery,
                cycle_cost=_times(factor, battery.cycle_cost),
                end_value=_times(factor, battery.end_value),
            )
            for battery in site.batteries
        ),
        vehicles=tuple(
            replace(vehicle, cycle_cost=_times(factor, vehicle.cycle_cost))
            for vehicle in site.vehicles
        ),
    )


def rules_in_units(factor):
    """Rules that all matter to `SITE`."""
    return ProviderRules(
        export_boost=ExportBoost(window=Window(), offset=0.02 * factor, minimum=0.03 * factor),
        chip_mode=ChipMode(window=Window(), threshold=0.05 * factor),
        spike_protection=SpikeProtection(threshold=0.45 * factor),
        price_margin=0.01 * factor,
    )


def assert_same_plan(site, scaled, factor, **wanted):
    rules = wanted.pop("rules", rules_in_none)
    ours = plan(site, rules=rules(1.0), **wanted)
    theirs = plan(scaled, rules=rules(factor), **wanted)

    for name in ("charge", "discharge", "grid_import", "grid_export", "curtailed"):
        one, other = getattr(ours.dispatch, name), getattr(theirs.dispatch, name)
        np.testing.assert_allclose(one, other, atol=1e-6, err_msg=name)
    assert theirs.site is scaled
    assert theirs.status == ours.status
    money, other = ours.money, theirs.money
    for name in ("total_cost", "baseline_cost", "savings", "wear_cost", "end_value"):
        amount = factor * getattr(money, name)
        assert getattr(other, name) == pytest.approx(amount, rel=1e-6, abs=1e-7 * factor), name
    proof, other = ours.certificate, theirs.certificate
    for name in ("optimum", "lower_bound", "preference_cost"):
        amount = factor * getattr(proof, name)
        assert getattr(other, name) == pytest.approx(amount, rel=1e-6, abs=1e-6 * factor), name
    if ours.marginal_value is not None:
        np.testing.assert_allclose(
            theirs.marginal_value, factor * ours.marginal_value, atol=1e-6 * factor
        )


def rules_in_none(factor):
    del factor
    return ProviderRules()


PRICES = {
    "import_price": [0.31, 0.12, 0.12, 0.48, 0.52, 0.29],
    "export_price": [0.08, 0.03, 0.02, 0.30, 0.11, 0.05],
    "load": [1.0, 0.6, 0.8, 2.0, 2.5, 1.0],
    "solar": [0.0, 2.5, 3.0, 0.5, 0.0, 0.0],
}
SITE = a_site(a_battery(cycle_cost=0.01, end_value=0.15), **PRICES)
CHARGE = DemandCharge(price=0.9, peak_so_far=0.4)
ALLOWANCE = Allowance(direction=Direction.EXPORT, price=0.4, daily_energy=1.5)
CAR = Vehicle(capacity=20.0, charge_limit=4.0, least_charge=1.4, initial_soc=0.4, target_soc=0.7)
SITES = {
    "one battery": SITE,
    "demand charge": replace(SITE, tariff=replace(SITE.tariff, demand_charges=(CHARGE,))),
    "allowance": replace(SITE, tariff=replace(SITE.tariff, allowances=(ALLOWANCE,))),
    "two batteries": replace(SITE, batteries=(a_battery(), a_battery(capacity=3.0))),
    "a vehicle": a_site(a_battery(), vehicles=(CAR,), **PRICES),
}


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("cost_function", CostFunction)
@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_the_unit_of_money_changes_no_schedule(site, cost_function, factor):
    assert_same_plan(site, in_units(site, factor), factor, cost_function=cost_function)


@pytest.mark.parametrize("factor", FACTORS)
def test_rules_of_the_provider_are_in_the_same_unit(factor):
    assert_same_plan(SITE, in_units(SITE, factor), factor, rules=rules_in_units)


@settings(deadline=None)
@given(sites() | homes(most_intervals=6), cost_functions, st.sampled_from(FACTORS))
def test_the_bill_scales_with_the_prices(site, cost_function, factor):
    ours = plan(site, cost_function)
    theirs = plan(in_units(site, factor), cost_function)

    assert theirs.status == ours.status
    optimum, other = ours.certificate.optimum, theirs.certificate.optimum / factor
    assert other == pytest.approx(optimum, rel=1e-6, abs=2e-4)
    assert theirs.certificate.preference_cost / factor <= 0.01 * site.price_scale + 1e-6


@pytest.mark.parametrize(
    ("prices", "scale"),
    [
        ([0.3], 1.0),
        ([0.1], 1.0),
        ([0.999], 1.0),
        ([1.0], 10.0),
        ([0.0999], 0.1),
        ([0.0, 0.0, 0.0, 0.2], 1.0),
        ([0.0, 0.0], 1.0),
        ([-0.25, 0.25, 15.0], 1.0),
        ([30.0, 42.0], 100.0),
        ([1444.7], 10_000.0),
        ([1e300], 1e12),
        ([1e-300], 1e-12),
    ],
)
def test_the_scale_is_a_power_of_ten_beside_the_usual_price(prices, scale):
    assert price_scale_of(np.array(prices)) == scale


def test_where_nothing_is_bought_at_a_price_the_other_prices_count():
    free = {**PRICES, "import_price": [0.0] * 6}
    sells = a_site(a_battery(), **{**free, "export_price": [4.0] * 6})
    wears = a_site(a_battery(cycle_cost=7.0), **{**free, "export_price": [0.0] * 6})

    assert (sells.price_scale, wears.price_scale) == (10.0, 10.0)


def test_a_budget_of_a_cent_is_one_at_ordinary_prices():
    assert {site.price_scale for site in SITES.values()} == {1.0}
