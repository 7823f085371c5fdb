"""Imports that cost more beyond a limit or a peak: plans of seeded sites against every binary."""

from dataclasses import replace
from datetime import time, timedelta

import numpy as np
import pytest

from optimiser import (
    Allowance,
    CostFunction,
    DemandCharge,
    Horizon,
    ImportTier,
    Window,
    next_steps,
    plan,
)
from tests.account import account_of
from tests.builders import a_battery, a_site, a_small_site, in_pieces
from tests.optimiser.whole_sites.test_limits_in_time import assert_optimal

SITES = range(60)
KINDS = tuple(CostFunction)


def with_threshold(site, rng):
    """A threshold and its price, always or in each interval."""
    n = site.horizon.n_intervals
    sizes = [None, n] if rng.uniform() < 0.5 else [n, None]
    threshold, price = rng.uniform(0.0, 5.0, sizes[0]), rng.uniform(0.02, 1.0, sizes[1])
    grid = replace(site.grid, import_threshold=threshold, excess_import_price=price)
    return replace(site, grid=grid)


def with_tiers(site, rng):
    """Two tiers of the day or of a billing period that ends within the horizon, perhaps."""
    tiers = [
        ImportTier(
            extra_price=float(rng.uniform(0.02, 0.5)),
            above=float(rng.uniform(0.0, 20.0)),
            used=float(rng.uniform(0.0, 5.0)),
            is_daily=bool(rng.uniform() < 0.5),
            billing_day=int(rng.choice([1, 5])),
        )
        for _ in range(2)
    ]
    return replace(site, tariff=replace(site.tariff, tiers=tiers))


def with_running_block(site, rng):
    """A start inside a metering block, some of which is used."""
    late = timedelta(minutes=int(rng.integers(0, 60)))
    horizon = Horizon(start=site.horizon.start + late, hours=site.horizon.hours)
    windows = [Window(), Window(start=time(16, 10), end=time(20))]
    charge = DemandCharge(
        price=float(rng.uniform(0.1, 2.0)),
        window=windows[rng.integers(2)],
        peak_so_far=float(rng.choice([0.0, 1.5])),
        average_hours=float(rng.choice([0.25, 0.5, 1.0])),
        block_so_far=float(rng.uniform(0.0, 2.0)),
    )
    tariff = replace(site.tariff, demand_charges=[charge])
    return replace(site, horizon=horizon, vehicles=(), tariff=tariff)


def with_several_peaks(site, rng):
    """The mean of two or three peaks of days, some of them reached; midnight is in the horizon."""
    start = site.horizon.start + timedelta(hours=int(rng.integers(0, 8)))
    n = int(rng.integers(2, 4))
    charge = DemandCharge(
        price=float(rng.uniform(0.1, 2.0)),
        peak_so_far=float(rng.choice([0.0, 1.5, 4.0])),
        average_hours=float(rng.choice([0.5, 1.0])),
        n_peaks=n,
        peaks_so_far=rng.uniform(0.0, 6.0, int(rng.integers(0, 5))),
    )
    horizon = Horizon(start=start, hours=site.horizon.hours)
    tariff = replace(site.tariff, demand_charges=[charge])
    return replace(site, horizon=horizon, vehicles=(), tariff=tariff)


CASES = {
    "threshold": with_threshold,
    "tiers": with_tiers,
    "running block": with_running_block,
    "several peaks": with_several_peaks,
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", SITES)
def test_a_plan_is_the_optimum_and_its_bill_true(name, seed):
    site = CASES[name](a_small_site(seed), np.random.default_rng(seed))

    found = assert_optimal(site, KINDS[seed % len(KINDS)])

    known = account_of(in_pieces(site), found.dispatch_in_pieces)
    assert found.money.bill.excess_cost == pytest.approx(known.excess, abs=1e-9)
    assert found.money.bill.demand_cost == pytest.approx(known.demand, abs=1e-6)
    assert found.money.total_cost == pytest.approx(known.bill, abs=1e-6)


def looser(site, name):
    """The site with a higher limit, or more of its peak reached already."""
    if name == "threshold":
        threshold = np.asarray(site.grid.import_threshold) + 0.5
        return replace(site, grid=replace(site.grid, import_threshold=threshold))
    if name == "running block":
        (charge,) = site.tariff.demand_charges
        less = replace(charge, block_so_far=0.5 * charge.block_so_far)
        return replace(site, tariff=replace(site.tariff, demand_charges=[less]))
    if name == "several peaks":
        (charge,) = site.tariff.demand_charges
        more = replace(charge, peak_so_far=charge.peak_so_far + 1.0)
        return replace(site, tariff=replace(site.tariff, demand_charges=[more]))
    tiers = [replace(tier, above=tier.above + 1.0) for tier in site.tariff.tiers]
    return replace(site, tariff=replace(site.tariff, tiers=tiers))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", range(20))
def test_a_higher_limit_never_costs_more(name, seed):
    site = CASES[name](a_small_site(seed), np.random.default_rng(seed))

    lower, higher = (plan(each, "profit").certificate for each in (site, looser(site, name)))

    assert higher.lower_bound <= lower.optimum + 1e-6 * max(1.0, abs(lower.optimum))


def test_a_battery_keeps_imports_below_a_threshold():
    empty = a_battery(initial_soc=0.0)
    site = a_site(empty, import_price=[0.1, 0.3], export_price=0.0, load=[1.0, 4.0])
    steep = replace(site, grid=replace(site.grid, import_threshold=3.0, excess_import_price=0.5))

    free, found = plan(site, "profit"), plan(steep, "profit")

    assert free.dispatch.grid_import == pytest.approx([1.0 + 4.0 / 0.81, 0.0], abs=1e-6)
    assert found.dispatch.grid_import == pytest.approx([3.0, 4.0 - 2.0 * 0.81], abs=1e-6)
    assert found.money.bill.excess_cost == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_a_daily_tier_on_a_flat_tariff_is_an_allowance(seed):
    site = a_small_site(seed, share=0.0)
    flat = replace(site.tariff, import_price=np.full(site.horizon.n_intervals, 0.25))
    tier = ImportTier(extra_price=0.1, above=4.0, used=1.5, is_daily=True)
    allowance = Allowance(direction="import", price=0.25, daily_energy=4.0, used_today=1.5)
    dear = replace(flat, import_price=flat.import_price + 0.1, allowances=[allowance])

    costs = [
        plan(replace(site, tariff=tariff), "profit").certificate.optimum
        for tariff in (replace(flat, tiers=[tier]), dear)
    ]

    assert costs[0] == pytest.approx(costs[1], abs=1e-5)


@pytest.mark.parametrize("tiers", [[], [ImportTier(extra_price=0.5, above=0.0)]])
def test_no_reason_names_a_price_that_is_higher_by_a_step(tiers):
    empty = a_battery(initial_soc=0.0)
    site = a_site(empty, import_price=[0.1, 0.3], export_price=0.0, load=[1.0, 4.0])
    steep = replace(
        site,
        tariff=replace(site.tariff, tiers=tiers),
        grid=replace(site.grid, import_threshold=3.0, excess_import_price=0.5),
    )

    free, found = (next_steps(plan(each, "profit"), slice(1)) for each in (site, steep))

    assert "0.10" in free[0].reason.sentence
    assert not any("0.10" in step.reason.sentence for step in found)
