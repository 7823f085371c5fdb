"""Back ends against each other, against their own duals, and against the plan that is served."""

import math
from dataclasses import replace

import pytest
from hypothesis import given

from optimiser import CostFunction, plan
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import lower_bound, objective, primal_residual
from optimiser.solvers import highs, scipy_linprog
from tests.builders import a_programme
from tests.strategies import homes, programmes
from tests.tolerances import FEASIBILITY, agreement, gap

pytestmark = pytest.mark.usefixtures("without_dead_band")

BACKENDS = (highs, scipy_linprog)

# Of two batteries one may feed the other in a linear programme, but never in a plan.
exact_sites = homes(well_behaved=True, attainable=True, n_batteries=(0, 1))


@given(programmes())
def test_back_ends_agree_and_each_proves_its_answer(programme):
    lp = formulate(programme).lp

    solutions = [backend.solve(lp, time_limit=60.0) for backend in BACKENDS]

    costs = [objective(lp, solution.x) for solution in solutions]
    assert abs(costs[0] - costs[1]) <= agreement(costs[0])
    for cost, solution in zip(costs, solutions, strict=True):
        assert primal_residual(lp, solution.x) <= FEASIBILITY
        assert abs(objective(lp, solution.x) - lower_bound(lp, solution.row_dual)) <= gap(cost)


@given(exact_sites)
def test_bill_and_wear_are_the_optimum_of_the_linear_programme(site):
    lp = formulate(a_programme(site)).lp
    optimum = objective(lp, scipy_linprog.solve(lp, time_limit=60.0).x)

    best = plan(site, CostFunction.PROFIT, preference_budget=0.0)

    assert best.money.total_cost + best.money.wear_cost == pytest.approx(
        optimum, rel=1e-7, abs=1e-7
    )


@given(exact_sites)
def test_without_wear_the_bill_is_the_optimum_where_nothing_bars_exports(site):
    free = tuple(replace(b, cycle_cost=0.0, may_export=True) for b in site.batteries)
    site = replace(site, batteries=free, grid=replace(site.grid, export_limit=math.inf))
    lp = formulate(a_programme(site)).lp
    optimum = objective(lp, scipy_linprog.solve(lp, time_limit=60.0).x)

    money = plan(site, CostFunction.PROFIT, preference_budget=0.0).money

    assert money.total_cost == pytest.approx(optimum, rel=1e-7, abs=1e-7)
