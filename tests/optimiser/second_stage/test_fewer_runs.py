"""Several storages: as few runs as the budget allows, and on as the plan before meant."""

from dataclasses import replace

import numpy as np
import pytest

from optimiser import CostFunction, plan
from optimiser.second_stage import tie_breaking
from optimiser.second_stage.aggregation import aggregate_identical
from tests.builders import a_battery, a_site_with_several
from tests.oracle import flutter


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch):
    """A slow machine is to answer as a fast one."""
    monkeypatch.setattr(tie_breaking, "RUNS_TIME_LIMIT", 60.0)


def test_runs_are_within_a_tenth_of_the_least_that_the_budget_allows():
    found = list(flutter.small_sites(12))

    assert sum(site.found for site in found) <= (1 + flutter.WITHIN) * sum(s.least for s in found)


@pytest.mark.parametrize("seed", [2, 4, 20])
def test_a_replay_with_noise_contradicts_itself_once_at_most(seed):
    found = flutter.replayed(seed, steps=15)

    assert found.contradictions <= flutter.MOST_CONTRADICTIONS


@pytest.mark.parametrize("seed", [2, 18, 22])
def test_the_action_of_the_plan_before_goes_on(seed):
    site = a_site_with_several(seed)
    before = plan(site, CostFunction.COST)
    noise = 1 + 0.01 * np.random.default_rng(seed).standard_normal(site.horizon.n_intervals)
    forecast = replace(site.forecast, load=site.forecast.load * noise)

    after = plan(replace(site, forecast=forecast), CostFunction.COST, previous=before)

    for way in ("charge", "discharge"):
        first = [getattr(each.dispatch, way)[:, 0] > 0 for each in (before, after)]
        np.testing.assert_array_equal(*first)


def test_two_of_a_kind_go_on_as_one_beside_a_third():
    site = a_site_with_several(2)
    twins = (
        a_battery(initial_soc=0.4),
        a_battery(capacity=5.0, charge_limit=2.5, discharge_limit=2.5, initial_soc=0.4),
    )
    site = replace(site, batteries=(*twins, *site.batteries))
    before = plan(site)
    assert len(aggregate_identical(site).site.batteries) < len(site.batteries)

    moves = tie_breaking._moves_before(aggregate_identical(before.pieces.site), before)

    expected = before.dispatch_in_pieces.charge[1:] > 0.0
    np.testing.assert_array_equal(moves[0], expected)
