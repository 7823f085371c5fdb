"""Carbon: a price of emissions is planned with as dearer energy both ways, and is never billed.

A site with intensities is judged by the optimum, with every binary, of the same site whose tariff
is dearer by as much, which has no word for them.
"""

from dataclasses import replace

import numpy as np
import pytest

from optimiser import Allowance, CostFunction, ProviderRules, plan
from tests.account import account_of, violations
from tests.builders import a_battery, a_site, a_small_site, in_pieces
from tests.oracle import least_cost

SITES = range(60)
KINDS = tuple(CostFunction)


def with_carbon(site, intensity):
    return replace(site, tariff=replace(site.tariff, carbon_intensity=intensity))


def a_site_with_carbon(seed):
    """A site, a price of emissions, and the same site with a dearer tariff."""
    site, rng = a_small_site(seed), np.random.default_rng(seed)
    intensity = rng.uniform(0.0, 0.9, site.horizon.n_intervals)
    price = float(rng.choice([0.05, 0.3, 2.0]))
    dearer = {
        name: getattr(site.tariff, name) + price * intensity
        for name in ("import_price", "export_price")
    }
    return with_carbon(site, intensity), price, replace(site, tariff=replace(site.tariff, **dearer))


@pytest.mark.parametrize("seed", SITES)
def test_a_plan_is_the_optimum_of_a_dearer_tariff(seed):
    site, price, dearer = a_site_with_carbon(seed)
    kind = KINDS[seed % len(KINDS)]

    found = plan(site, kind, rules=ProviderRules(carbon_price=price))

    known, proof = least_cost(in_pieces(dearer), kind, gap=1e-6), found.certificate
    slack = 1e-4 + 1e-5 * abs(known.cost)
    assert known.is_proved
    assert proof.lower_bound - slack <= known.cost <= proof.optimum + slack
    assert proof.optimum - proof.lower_bound <= 1e-3
    pieces = in_pieces(site)
    itself = kind is CostFunction.SELF_CONSUMPTION
    assert violations(pieces, found.dispatch_in_pieces, consumes_itself=itself) == []
    account, meter = account_of(pieces, found.dispatch_in_pieces), found.dispatch_in_pieces
    assert found.money.total_cost == pytest.approx(account.bill, abs=1e-6)
    carbon = zip(pieces.tariff.carbon_intensity, meter.grid_import, meter.grid_export, strict=True)
    emitted = sum(intensity * (bought - sold) for intensity, bought, sold in carbon)
    assert found.money.bill.carbon == pytest.approx(emitted, abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_a_higher_price_of_emissions_never_emits_more(seed):
    site = a_site_with_carbon(seed)[0]

    low, high = (
        plan(site, "profit", rules=ProviderRules(carbon_price=price), preference_budget=0.0)
        for price in (0.1, 1.0)
    )

    # To within the gaps of both, over the difference of the prices.
    slack = sum(one.certificate.optimum - one.certificate.lower_bound for one in (low, high)) / 0.9
    if not low.shortfalls and not high.shortfalls:
        assert high.money.bill.carbon <= low.money.bill.carbon + slack + 1e-5


@pytest.mark.parametrize("seed", range(5))
def test_intensities_without_a_price_change_no_plan(seed):
    site = a_small_site(seed)
    intensity = np.full(site.horizon.n_intervals, 0.4)

    without, found = plan(site), plan(with_carbon(site, intensity))

    assert np.array_equal(found.dispatch.stored, without.dispatch.stored)
    assert found.money.bill.total == without.money.bill.total


def test_emissions_of_the_baseline_and_of_self_consumption_are_told():
    site = a_site(a_battery(), import_price=[0.3, 0.3], export_price=0.1, load=[1.0, 4.0])

    found = plan(with_carbon(site, [0.5, 0.2]), "profit", rules=ProviderRules(carbon_price=1.0))

    assert found.money.baseline_carbon == pytest.approx(0.5 + 0.8)
    assert found.money.self_consumption_carbon == pytest.approx(0.2 * 0.5, abs=1e-6)
    assert found.money.bill.carbon < found.money.baseline_carbon


def test_energy_within_an_allowance_emits_as_much():
    free = Allowance(direction="import", price=0.1, daily_energy=2.0)
    site = a_site(a_battery(), import_price=[0.3, 0.3], export_price=0.05, load=[1.0, 4.0])
    site = replace(site, tariff=replace(site.tariff, allowances=[free]))
    dearer = a_site(a_battery(), import_price=[0.5, 0.5], export_price=0.25, load=[1.0, 4.0])
    cheap = replace(free, price=0.3)
    dearer = replace(dearer, tariff=replace(dearer.tariff, allowances=[cheap]))

    found = plan(with_carbon(site, [0.4, 0.4]), "profit", rules=ProviderRules(carbon_price=0.5))

    same = plan(dearer, "profit").certificate.optimum
    assert found.certificate.optimum == pytest.approx(same, abs=1e-6)
