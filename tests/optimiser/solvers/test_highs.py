"""The HiGHS back end: what it takes, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from optimiser.errors import InfeasibleError, SolverError
from optimiser.exact.steps import by_value_function
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import Start, objective
from optimiser.solvers import highs, solve_verified
from optimiser.value_function import storage_plan
from tests.builders import a_house, a_problem
from tests.tolerances import agreement


def programme(seed=1):
    """A linear programme and its start: the plan of the value function."""
    problem = a_problem(a_house(seed))
    formulation = formulate(problem)
    best = by_value_function(problem, storage_plan.solve(problem))
    return formulation.lp, Start(formulation.point(best.dispatch))


@pytest.mark.parametrize("seed", range(4))
def test_a_start_changes_nothing_but_the_way(seed):
    lp, start = programme(seed)

    cold = solve_verified(highs, lp, time_limit=60.0)
    started = solve_verified(highs, lp, time_limit=60.0, start=start)

    cost = objective(lp, cold.x)
    assert abs(objective(lp, started.x) - cost) <= agreement(cost)


def test_the_basis_of_an_optimum_is_a_start_even_for_a_programme_with_more_rows():
    lp, start = programme()
    found = highs.solve(lp, time_limit=60.0, start=start)
    last = lp.row_lower.size
    longer = lp._replace(
        row_lower=np.append(lp.row_lower, -1e6), row_upper=np.append(lp.row_upper, 1e6)
    )

    again = highs.load(longer, time_limit=60.0, start=replace(start, basis=found.basis))
    solution = highs.optimum(again)

    assert again.getInfo().simplex_iteration_count == 0
    assert solution.row_dual[last] == 0
    np.testing.assert_allclose(solution.x, found.x, atol=1e-9)


def test_a_programme_without_a_point_is_infeasible():
    lp, _ = programme()
    impossible = lp._replace(row_lower=lp.row_lower - 1e6, row_upper=lp.row_upper - 1e6)

    with pytest.raises(InfeasibleError):
        highs.solve(impossible, time_limit=60.0)


@pytest.mark.parametrize("name", ["row_upper", "col_lower", "col_upper"])
def test_arrays_that_do_not_fit_each_other_are_refused(name):
    """HiGHS would read beyond their ends."""
    lp, _ = programme()
    short = lp._replace(**{name: getattr(lp, name)[:-1].copy()})

    with pytest.raises(SolverError, match="do not fit"):
        highs.solve(short, time_limit=60.0)


def test_without_time_there_is_no_answer():
    lp, _ = programme()

    with pytest.raises(SolverError, match="Time limit"):
        highs.solve(lp, time_limit=0.0)
