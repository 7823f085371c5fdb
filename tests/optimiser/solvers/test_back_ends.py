"""Back ends against each other and against their own duals."""

from hypothesis import given

from optimiser.model.formulation import formulate
from optimiser.model.linear_program import lower_bound, objective, primal_residual
from optimiser.solvers import highs, scipy_linprog
from tests.strategies import problems
from tests.tolerances import FEASIBILITY, agreement, gap

BACKENDS = (highs, scipy_linprog)


@given(problems())
def test_back_ends_agree_and_each_proves_its_answer(problem):
    lp = formulate(problem).lp

    solutions = [backend.solve(lp, time_limit=60.0) for backend in BACKENDS]

    costs = [objective(lp, solution.x) for solution in solutions]
    assert abs(costs[0] - costs[1]) <= agreement(costs[0])
    for cost, solution in zip(costs, solutions, strict=True):
        assert primal_residual(lp, solution.x) <= FEASIBILITY
        assert abs(objective(lp, solution.x) - lower_bound(lp, solution.row_dual)) <= gap(cost)
