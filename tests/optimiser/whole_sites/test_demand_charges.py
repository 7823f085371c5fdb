"""Demand charges against a search over the height of the peak, and against a plain programme."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import CostFunction, DemandCharge, plan
from tests.account import peak_of
from tests.builders import a_site, in_pieces
from tests.oracle import least_cost
from tests.strategies import demand_charges, sites

SAME = 1e-6  # $

pytestmark = pytest.mark.usefixtures("without_dead_band")


def sound_sites(**more):
    """Sites at whose prices no plan gains by the impossible: cost is convex in the peak."""
    return sites(
        well_behaved=True,
        charges=False,
        n_batteries=(1, 2),
        n_vehicles=(0, 1),
        vehicle={"must_reach_target": True, "least_charge": 0.0},
        **more,
    )


def charged(site, *charges):
    return replace(site, tariff=replace(site.tariff, demand_charges=charges))


def cost_of(found):
    return found.certificate.optimum


@given(sound_sites(), st.lists(demand_charges(), min_size=1, max_size=2))
def test_blocks_longer_than_an_interval_are_averaged(site, charges):
    site = charged(site, *charges)
    pieces = in_pieces(site)
    known = least_cost(pieces)

    found = plan(site, CostFunction.PROFIT)

    # Held to SciPy's 1e-6 kWh at penalty prices where something is missed.
    assert cost_of(found) == pytest.approx(known.cost, abs=SAME, rel=1e-6)
    for charge, peak in zip(charges, found.money.bill.peaks, strict=True):
        reached = peak_of(pieces, charge, found.dispatch_in_pieces.grid_import)
        assert peak.reached == pytest.approx(reached, abs=1e-9)
        assert peak.cost == pytest.approx(charge.price * (reached - charge.peak_so_far), abs=1e-9)


@given(sites(charges=False), demand_charges())
def test_a_peak_already_reached_costs_nothing(site, charge):
    reached = charged(site, replace(charge, peak_so_far=200.0, block_so_far=None))

    without, found = plan(site, CostFunction.PROFIT), plan(reached, CostFunction.PROFIT)

    (peak,) = found.money.bill.peaks
    assert (peak.reached, peak.so_far, peak.cost) == (200.0, 200.0, 0.0)
    if not without.shortfalls and not found.shortfalls:  # a demand charge makes a miss dearer
        assert cost_of(found) == pytest.approx(cost_of(without), abs=1e-4, rel=1e-6)


def test_the_optimum_leaves_out_the_peak_already_reached():
    site = a_site(import_price=[0.3], export_price=0.1, load=1.0)
    site = charged(site, DemandCharge(price=10.0, peak_so_far=5.0))

    found = plan(site, CostFunction.PROFIT)

    assert found.certificate.optimum == pytest.approx(found.money.total_cost, abs=SAME)
