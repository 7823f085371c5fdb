"""One battery: as few runs as the budget allows, against an exact programme on a grid of levels."""

import numpy as np
import pytest
from hypothesis import given, settings

from optimiser import CostFunction, plan
from optimiser.second_stage.preference import DEFAULT_BUDGET
from tests.builders import a_battery, a_problem, a_site, rest_of
from tests.oracle.runs import least_runs_on_grid, runs_of
from tests.strategies import cost_functions, homes

STEP = 0.05  # kWh; of an hour, the least power that counts as a run
WITHIN = 0.1  # more runs than the least, as a share
DAYS = 100
ROUNDING = 1e-6  # $


def prices_of(kind, hour, rng):
    """Import and export prices: nearly flat, two rates, dynamic, negative at noon, inverted."""
    dynamic = 0.25 + 0.12 * np.exp(-(((hour - 18.5) / 2) ** 2)) + rng.normal(0, 0.02, hour.size)
    rates = np.where((hour >= 16) & (hour < 21), 0.4, np.where(hour < 6, 0.12, 0.25))
    noon = dynamic - 0.25 * np.exp(-(((hour - 12) / 2) ** 2))
    return {
        "flat": (0.3 + rng.normal(0, 0.001, hour.size), np.full(hour.size, 0.05)),
        "rates": (rates, np.full(hour.size, 0.05)),
        "dynamic": (dynamic, 0.6 * dynamic - 0.02),
        "negative": (noon, noon - 0.03),
        "inverted": (dynamic, np.where(hour > 18, dynamic + 0.1, dynamic - 0.05)),
    }[kind]


KINDS = "flat", "rates", "dynamic", "negative", "inverted"


def a_day_on_the_grid(seed, n=48):
    """Hours in which every energy is a whole step, with a battery that loses nothing."""
    rng, hour = np.random.default_rng(seed), np.arange(n) % 24

    def whole(energy):
        return STEP * np.round(np.maximum(energy, 0.0) / STEP)

    evening = 0.4 + 0.6 * np.exp(-(((hour - 19) / 2.5) ** 2))
    import_price, export_price = prices_of(KINDS[seed % len(KINDS)], hour, rng)
    battery = a_battery(
        capacity=5.0,
        charge_limit=2.0,
        discharge_limit=2.0,
        charge_efficiency=1.0,
        discharge_efficiency=1.0,
        initial_soc=rng.integers(2, 18) / 20,
        cycle_cost=(0.0, 0.01, 0.03)[seed % 3],
    )
    return a_site(
        battery,
        import_price=import_price,
        export_price=export_price,
        load=whole(evening + rng.normal(0, 0.25, n)),
        solar=whole(rng.uniform(1, 3) * rng.uniform(0.4, 1, n) * np.sin((hour - 6) / 12 * np.pi)),
    )


def test_runs_are_within_a_tenth_of_the_least_that_the_budget_allows():
    found = least = 0
    for seed in range(DAYS):
        site = a_day_on_the_grid(seed)
        each = plan(site, CostFunction.PROFIT)
        optimum = each.certificate.optimum
        most = optimum + DEFAULT_BUDGET
        fewest, cheapest = least_runs_on_grid(a_problem(site), STEP, most)
        assert optimum == pytest.approx(cheapest, abs=ROUNDING)
        assert each.certificate.preference_cost <= DEFAULT_BUDGET + ROUNDING
        found, least = found + runs_of(each.dispatch), least + fewest

    assert found <= (1 + WITHIN) * least


@given(homes(), cost_functions)
@settings(max_examples=100)
def test_a_budget_never_makes_more_runs(site, cost_function):
    eager = plan(site, cost_function, preference_budget=0.0)
    calm = plan(site, cost_function)

    budget = DEFAULT_BUDGET * site.price_scale
    assert calm.certificate.preference_cost <= budget + ROUNDING
    assert runs_of(calm.dispatch) <= runs_of(eager.dispatch)


@pytest.mark.parametrize("seed", range(5))
def test_noise_on_a_flat_tariff_is_not_traded_on(seed):
    noise = np.random.default_rng(seed).normal(0, 0.001, 48)
    site = a_site(a_battery(), import_price=0.3 + noise, export_price=0.05, load=0.5, hours=0.5)

    assert runs_of(plan(site).dispatch) <= 1


def test_a_day_of_noisy_forecasts_is_executed_in_few_runs():
    executed = least = 0
    for seed in range(10):
        site = a_day_on_the_grid(seed)
        rng, before = np.random.default_rng(seed), plan(site, CostFunction.PROFIT)
        most = before.certificate.optimum + DEFAULT_BUDGET
        least += least_runs_on_grid(a_problem(site), STEP, most)[0]
        ways, soc = [], [site.batteries[0].initial_soc]
        for t in range(site.horizon.n_intervals):
            noise = 1 + rng.normal(0, 0.01, (2, site.horizon.n_intervals - t))
            now = rest_of(site, t, soc, noise)
            before = plan(now, CostFunction.PROFIT, previous=before)
            soc = before.soc[:, 1]
            ways.append(np.sign(before.dispatch.charge[0, 0] - before.dispatch.discharge[0, 0]))
        way = np.array(ways)
        executed += int(np.count_nonzero((np.diff(way, prepend=0.0) != 0) & (way != 0)))

    assert executed <= (1 + WITHIN) * least
