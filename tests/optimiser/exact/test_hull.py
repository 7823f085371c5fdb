"""The tight formulation: rows that every plan keeps, and that a relaxation may break."""

import numpy as np
import pytest
from hypothesis import assume, given

from optimiser.exact.hull import hull
from optimiser.exact.integrality import Violations, nowhere
from optimiser.model.dispatch import Trajectory, simulate
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import lower_bound, multiply, primal_residual
from optimiser.solvers import highs
from tests.builders import a_problem, a_site_with_chargers
from tests.oracle import least_cost
from tests.strategies import cost_functions, sites

SLACK = 1e-5  # kWh; of the oracle's own tolerances, through an efficiency of a half
CLOSED = 0.2  # most of the gap of the relaxation that may be left


def full_hull(formulation):
    """The hull with a binary for every choice there is."""
    none = nowhere(formulation.problem.storages)
    return hull(formulation, Violations(~none.meter, ~none.groups, ~none.below_minimum))


def bound_of(lp):
    return lower_bound(lp, highs.solve(lp, time_limit=60.0).row_dual)


def dispatch_of(site, optimum, problem):
    """What the house does at the optimum of the oracle."""
    n, k = site.horizon.n_intervals, len(site.storages)

    def series(name):
        return np.array([optimum.values.get((name, t), 0.0) for t in range(n)])

    levels = [[optimum.values["stored", i, t] for t in range(n)] for i in range(k)]
    metered = series("import") + series("import excess") - series("export")
    trajectory = Trajectory(np.array(levels).reshape(k, n), metered - series("export excess"))
    return simulate(problem, trajectory).dispatch


@given(sites(n_batteries=(0, 3), n_vehicles=(0, 3)), cost_functions)
def test_the_optimum_of_a_full_milp_keeps_every_row(site, cost_function):
    assume(site.price_scale == 1.0)  # the oracle's penalties are those of planning in units of it
    problem = a_problem(site, cost_function)
    formulation = formulate(problem)
    known = least_cost(site, cost_function)

    tight = full_hull(formulation)

    dispatch = dispatch_of(site, known, problem)
    if primal_residual(formulation.lp, formulation.point(dispatch)) <= SLACK:
        assert primal_residual(tight.lp, tight.point(dispatch)) <= SLACK
    assert bound_of(tight.lp) <= known.cost + 1e-4 + 1e-5 * abs(known.cost)


@pytest.mark.parametrize("seed", [3, 5, 13, 15, 26])
def test_most_of_the_gap_of_chargers_closes(seed):
    site = a_site_with_chargers(seed)
    formulation = formulate(a_problem(site))
    known = least_cost(site, gap=1e-6)

    loose, tight = bound_of(formulation.lp), bound_of(full_hull(formulation).lp)

    assert loose <= tight
    assert known.cost - tight <= CLOSED * (known.cost - loose)


def test_new_columns_and_rows_come_after_those_of_the_layout():
    formulation = formulate(a_problem(a_site_with_chargers(3)))
    lp = formulation.lp
    x = np.random.default_rng(0).uniform(size=lp.cost.size)

    tight = full_hull(formulation).lp

    n_rows, longer = lp.row_lower.size, np.append(x, np.zeros(tight.cost.size - x.size))
    assert tight.row_lower.size > n_rows
    rows = multiply(tight.matrix, longer, tight.row_lower.size)[:n_rows]
    np.testing.assert_array_equal(rows, multiply(lp.matrix, x, n_rows))
    np.testing.assert_array_equal(tight.cost[: x.size], lp.cost)
