"""Several storages: as few runs as the budget allows, and on as the plan before meant."""

from dataclasses import replace

import numpy as np
import pytest

from optimiser import CostFunction, plan
from optimiser.second_stage.preference import DEFAULT_BUDGET, LEAST_POWER
from tests.builders import a_site_with_several
from tests.oracle import model_of_site
from tests.oracle.model import SCALE

SMALL = (11, 30, 34, 35, 37, 48, 49, 57, 60, 69, 77, 97)
"""Seeds of sites with few intervals, which the oracle solves in a second and which miss nothing."""

WITHIN = 0.1  # more runs than the least, as a share


def runs_of(dispatch):
    on = np.vstack([dispatch.charge, dispatch.discharge]) > 1e-6
    return int(np.count_nonzero(np.diff(on, axis=1, prepend=False) & on))


def least_runs(site, cost_function, most, left):
    """Fewest runs of all plans that cost at most so much, miss nothing and leave no more."""
    model, last = model_of_site(site, cost_function), site.horizon.n_intervals - 1
    for name, column in model.columns.items():
        if name[0] in {"shortfall", "overfill", "import excess", "export excess"}:
            column.upper = 1e-6
        if name[0] == "stored" and name[2] == last:
            column.upper = min(column.upper, left[name[1]] + 1e-4)
    model.row({name: c.cost for name, c in model.columns.items() if c.cost}, upper=most)
    for column in model.columns.values():
        column.cost = 0.0
    for k, storage in enumerate(site.storages):
        ways = {"charge": storage.charge_limit, "discharge": storage.discharge_limit}
        for way, power in ways.items():
            for t, h in enumerate(site.horizon.hours if power > 0 else ()):
                model.binary("moves", way, k, t)
                model.column("begins", way, k, t, cost=1 / SCALE, upper=1.0)
                move, on = (way, k, t), ("moves", way, k, t)
                model.row({move: 1.0, on: -h * power}, upper=0.0)
                model.row({move: 1.0, on: -h * min(LEAST_POWER, power)}, lower=0.0)
                before = {("moves", way, k, t - 1): 1.0} if t else {}
                model.row({("begins", way, k, t): 1.0, on: -1.0, **before}, lower=0.0)
    return model.solved(gap=1e-6).cost * SCALE


def test_runs_are_within_a_tenth_of_the_least_that_the_budget_allows():
    found, least = 0, 0.0
    for seed in SMALL:
        site = a_site_with_several(seed)
        each = plan(site, CostFunction.COST)
        proof = each.certificate
        assert proof.preference_cost <= DEFAULT_BUDGET + 1e-6
        found += runs_of(each.dispatch)
        assert not each.shortfalls
        most, left = proof.optimum + DEFAULT_BUDGET, each.dispatch.stored[:, -1]
        least += least_runs(site, CostFunction.COST, most, left)

    assert found <= (1 + WITHIN) * least


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
