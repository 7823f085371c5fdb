"""Vehicles: when they charge, and from what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import CostFunction, ProviderRules, SpikeProtection, Vehicle, plan
from optimiser.result.shortfalls import vehicle_shortfall
from tests.builders import a_site
from tests.strategies import sites

MOVED = 1e-6  # kWh
N = 24
START = datetime(2026, 4, 4, 18, tzinfo=UTC)


def flat_site(*vehicles, solar=0.0):
    prices = {"import_price": np.full(N, 0.3), "export_price": 0.05}
    series = {"start": START, "hours": 0.5, "load": 0.2, "solar": solar}
    return a_site(**prices, **series, vehicles=vehicles)


def blocks_of(charge):
    """Number of contiguous stretches of charging."""
    on = np.concatenate([[False], charge > MOVED])
    return int((on[1:] & ~on[:-1]).sum())


@pytest.mark.parametrize("cost_function", CostFunction)
@pytest.mark.parametrize("least_charge", [0.0, 1.4, 4.1, 7.0])
@pytest.mark.parametrize("target", [0.55, 0.6, 0.8])
def test_on_a_flat_tariff_a_vehicle_charges_in_one_block(target, least_charge, cost_function):
    vehicle = Vehicle(
        capacity=40.0,
        charge_limit=7.0,
        least_charge=least_charge,
        initial_soc=0.5,
        target_soc=target,
        arrival=START + timedelta(hours=1),
        departure=START + timedelta(hours=10),
    )

    found = plan(flat_site(vehicle), cost_function)

    assert found.status == "optimal"
    assert not found.shortfalls
    assert blocks_of(found.dispatch.charge[0]) == 1


def test_a_wish_is_granted_at_a_middling_price_only():
    vehicle = Vehicle(
        capacity=40.0, charge_limit=7.0, initial_soc=0.5, target_soc=0.7, must_reach_target=False
    )
    site = flat_site(vehicle)
    dear = replace(site.tariff, import_price=np.where(np.arange(N) < 20, 5.0, 0.1))

    found = plan(replace(site, tariff=dear), CostFunction.PROFIT)

    assert not (found.dispatch.charge[0, :20] > MOVED).any()
    assert not found.shortfalls


@given(
    sites(n_batteries=(0, 0), n_vehicles=(1, 1), vehicle={"must_reach_target": True}),
    st.sampled_from([0.01, 0.2, 1.0]),
)
def test_no_spike_keeps_a_vehicle_from_a_target_that_must_be_reached(site, threshold):
    spikes = ProviderRules(spike_protection=SpikeProtection(threshold=threshold))

    found, without = plan(site, rules=spikes), plan(site)

    missing = vehicle_shortfall(site, without.dispatch, 0)
    assert vehicle_shortfall(site, found.dispatch, 0) == pytest.approx(missing, abs=1e-3)
