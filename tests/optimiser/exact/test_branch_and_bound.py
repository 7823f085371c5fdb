"""Branch and bound over one warm linear programme."""

from dataclasses import replace

import numpy as np
import pytest

from matrix_builders import layout as blocks
from matrix_builders import tables
from optimiser import CostFunction, plan
from optimiser.errors import InfeasibleError, SolverError
from optimiser.exact import branch_and_bound
from optimiser.exact.cuts import add_cuts
from optimiser.exact.fixing import start_at
from optimiser.exact.integrality import find_violations
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import objective, primal_residual
from optimiser.solvers import FEASIBILITY_TOLERANCE, highs
from tests.builders import a_problem, a_site_with_chargers
from tests.oracle import least_cost

SEEDS = (3, 11, 14, 32)
RELATIVE = 1e-4
"""Difference of planning costs that is none. [-]"""


def relaxed(site):
    formulation = formulate(a_problem(site))
    return formulation, highs.solve(formulation.lp, time_limit=60.0)


def branched(site, **options):
    formulation, solution = relaxed(site)
    start = start_at(formulation.lp, solution.x, solution.basis)
    return branch_and_bound.solve(add_cuts(formulation), start, time_limit=60.0, **options)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_finds_the_optimum_and_proves_it(seed):
    site = a_site_with_chargers(seed)
    known = least_cost(site, gap=1e-6)

    found = branched(site)

    fixed = found.fixed
    cost = objective(fixed.formulation.lp, fixed.solution.x)
    slack = RELATIVE * max(1.0, abs(known.cost))
    assert cost == pytest.approx(known.cost, abs=slack)
    assert cost - slack <= found.lower_bound <= cost
    assert not find_violations(fixed.formulation, fixed.solution.x).any
    assert primal_residual(fixed.formulation.lp, fixed.solution.x) <= FEASIBILITY_TOLERANCE


@pytest.mark.parametrize("most_nodes", [1, 5, 20])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_search_that_is_cut_short_leaves_an_honest_bound(seed, most_nodes):
    site = a_site_with_chargers(seed)
    known = least_cost(site, gap=1e-6)

    try:
        found = branched(site, most_nodes=most_nodes)
    except SolverError:  # no point in so few nodes
        return

    cost = objective(found.fixed.formulation.lp, found.fixed.solution.x)
    slack = 1e-6 * max(1.0, abs(known.cost))
    assert found.lower_bound <= known.cost + slack
    assert known.bound - slack <= cost


def test_without_tightening_it_only_takes_longer():
    formulation, solution = relaxed(a_site_with_chargers(5))
    start = start_at(formulation.lp, solution.x, solution.basis)

    loose = branch_and_bound.solve(formulation, start, time_limit=60.0)
    tight = branched(a_site_with_chargers(5))

    assert loose.lower_bound == pytest.approx(tight.lower_bound, abs=1e-4)


def test_where_every_point_has_a_violation_it_says_so():
    formulation, solution = relaxed(a_site_with_chargers(3))
    least = formulation.problem.storages.limits[tables.LEAST_CHARGE]
    where = np.unravel_index(np.argmax(least), least.shape)
    column = formulation.layout.table(blocks.CHARGE)[where]
    fixed = formulation.lp.col_lower.copy(), formulation.lp.col_upper.copy()
    for bounds in fixed:
        bounds[column] = least[where] / 2  # the worst of all: branched on first
    lp = formulation.lp._replace(col_lower=fixed[0], col_upper=fixed[1])

    with pytest.raises(InfeasibleError):
        branch_and_bound.solve(
            replace(formulation, lp=lp), start_at(lp, solution.x), time_limit=60.0
        )


def test_a_search_without_time_finds_nothing():
    formulation, solution = relaxed(a_site_with_chargers(3))

    with pytest.raises(SolverError):
        branch_and_bound.solve(formulation, start_at(formulation.lp, solution.x), time_limit=-1.0)


def test_a_search_that_is_cut_short_is_finished_by_binaries(monkeypatch):
    monkeypatch.setattr(branch_and_bound.solve, "__kwdefaults__", {"most_nodes": 2})
    site = a_site_with_chargers(11)
    known = least_cost(site, gap=1e-6)

    found = plan(site, CostFunction.PROFIT)

    assert found.certificate.solver == "highs_mip"
    assert found.status == "optimal"
    assert found.certificate.optimum == pytest.approx(known.cost, rel=RELATIVE)


def test_both_directions_at_once_are_branched_on_too():
    site = a_site_with_chargers(4)
    reward = site.tariff.export_price.copy()
    reward[20:24] = site.tariff.import_price[20:24] + 0.1
    paid = replace(site, tariff=replace(site.tariff, export_price=reward))
    formulation, solution = relaxed(paid)

    found = branch_and_bound.solve(
        add_cuts(formulation), start_at(formulation.lp, solution.x), time_limit=60.0
    )

    assert find_violations(formulation, solution.x).are_simultaneous
    assert not find_violations(formulation, found.fixed.solution.x).any
    assert found.lower_bound == pytest.approx(least_cost(paid, gap=1e-6).cost, abs=1e-4)
