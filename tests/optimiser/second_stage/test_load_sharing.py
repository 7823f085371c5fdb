"""Batteries side by side: they move together, by priority, and never feed each other."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given

from optimiser import CostFunction, Vehicle, plan
from tests.builders import a_battery, a_site
from tests.strategies import cost_functions, sites

MOVED = 1e-3
"""Energy under which nothing moves. [kWh]"""

N = 48
ALIKE = a_battery(
    charge_limit=4.0, discharge_limit=4.0, charge_efficiency=0.95, discharge_efficiency=0.95
)


def house(*batteries, seed=0, vehicles=(), flat=False):
    """A day of half hours with noisy prices, an evening peak and sun at noon."""
    rng = np.random.default_rng(seed)
    hour = np.arange(N) / 2
    price = 0.25 + 0.15 * np.exp(-(((hour - 18.5) / 2) ** 2)) + rng.normal(0, 0.02, N)
    if flat:
        price = np.full(N, 0.3)
    load = 0.4 + 0.6 * np.exp(-(((hour - 19) / 2) ** 2)) + rng.uniform(0, 0.2, N)
    solar = 2.5 * np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None) * rng.uniform(0.5, 1, N)
    return a_site(
        *batteries,
        start=datetime(2026, 2, 3, tzinfo=UTC),
        hours=0.5,
        import_price=price,
        export_price=0.06,
        load=load,
        solar=solar,
        vehicles=vehicles,
    )


def net_of(found, k):
    net = found.dispatch.charge[k] - found.dispatch.discharge[k]
    return np.where(np.abs(net) > MOVED, net, 0.0)


def switches(net):
    """Times that a movement turns round, rests apart."""
    signs = np.sign(net[net != 0])
    return int((signs[1:] != signs[:-1]).sum())


@pytest.mark.parametrize("cost_function", CostFunction)
@pytest.mark.parametrize("seed", range(4))
def test_alike_batteries_do_not_flutter(seed, cost_function):
    site = house(replace(ALIKE, initial_soc=0.3), replace(ALIKE, initial_soc=0.6), seed=seed)

    found = plan(site, cost_function)

    first, second = net_of(found, 0), net_of(found, 1)
    together = switches(first + second)
    assert found.status == "optimal"
    assert max(switches(first), switches(second)) <= together + 1
    assert float(np.maximum(-first * second, 0.0).max()) <= MOVED**2


@pytest.mark.parametrize("seed", range(4))
def test_alike_batteries_come_level_and_stay(seed):
    site = house(replace(ALIKE, initial_soc=0.3), replace(ALIKE, initial_soc=0.6), seed=seed)

    found = plan(site, CostFunction.COST)

    apart = np.abs(found.soc[0] - found.soc[1])
    assert float(np.diff(apart).max()) <= 1e-3
    assert apart[-1] <= apart[0]


@pytest.mark.parametrize("cost_function", [CostFunction.PROFIT, CostFunction.COST])
@pytest.mark.parametrize("first", [0, 1])
def test_the_lower_priority_number_discharges_first(first, cost_function):
    numbers = (1, 2) if first == 0 else (2, 1)
    site = house(*(replace(ALIKE, priority=number) for number in numbers), flat=True)

    found = plan(site, cost_function)

    given = found.dispatch.discharge
    is_empty = found.dispatch.stored[first] <= MOVED
    is_full = given[first] >= 0.5 * ALIKE.discharge_limit - MOVED
    assert given[first].sum() > given[1 - first].sum()
    assert not ((given[1 - first] > MOVED) & ~is_full & ~is_empty).any()


@given(sites(n_batteries=(2, 2)), cost_functions)
def test_the_order_of_batteries_changes_no_cost(site, cost_function):
    turned = replace(site, batteries=site.batteries[::-1])

    one, other = plan(site, cost_function), plan(turned, cost_function)

    optimum = one.certificate.optimum
    gap = one.certificate.optimum_gap + other.certificate.optimum_gap
    assert other.certificate.optimum == pytest.approx(optimum, abs=1e-6 + gap, rel=1e-6)


def test_a_vehicle_may_be_charged_out_of_a_battery():
    vehicle = Vehicle(capacity=50.0, charge_limit=2.0, initial_soc=0.5, target_soc=0.51)
    site = house(replace(ALIKE, initial_soc=1.0), vehicles=(vehicle,))
    site = replace(site, tariff=replace(site.tariff, import_price=np.full(N, 5.0)))

    found = plan(site, CostFunction.PROFIT)

    assert not found.shortfalls
    assert float(found.flows.battery_to_vehicle.sum() + found.flows.solar_to_vehicle.sum()) > 0.5
