"""Vehicles: when they charge, and from what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from optimiser import CostFunction, Vehicle, plan
from tests.builders import a_site

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
