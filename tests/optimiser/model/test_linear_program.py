"""What duals prove and points violate, against dense arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optimiser.model.formulation import formulate
from optimiser.model.linear_program import LpSolution, lower_bound, primal_residual, prove
from tests.matrix_builders import dense_matrix
from tests.strategies import on_grid, problems
from tests.tolerances import KERNEL, SIMULATION

numbers = on_grid(-3, 3, 0.25)


def least(prices, lower, upper):
    """Least cost of anything between two bounds."""
    bound = np.where(prices > 0, lower, upper)
    return sum(price * at for price, at in zip(prices, bound, strict=True) if price != 0)


@given(problems(), st.data())
def test_a_proof_is_what_dense_arithmetic_says(problem, drawn):
    lp = formulate(problem).lp
    matrix = dense_matrix(lp)
    x = drawn.draw(arrays(np.float64, lp.cost.size, elements=numbers))
    dual = drawn.draw(arrays(np.float64, lp.row_lower.size, elements=numbers))
    given_dual = dual.copy()

    proof = prove(lp, LpSolution(x, dual, "drawn"))

    np.testing.assert_array_equal(dual, given_dual)
    leans = np.where(dual > 0, lp.row_lower, lp.row_upper)
    dual = np.where(np.isinf(leans), 0.0, dual)
    reduced = lp.cost - matrix.T @ dual
    falls, rises = x > lp.col_lower + 1e-6, x < lp.col_upper - 1e-6
    unused = np.where(((reduced > 0) & falls) | ((reduced < 0) & rises), abs(reduced), 0.0)
    activity = matrix @ x
    missed = [lp.row_lower - activity, activity - lp.row_upper, lp.col_lower - x, x - lp.col_upper]
    bound = least(dual, lp.row_lower, lp.row_upper) + least(reduced, lp.col_lower, lp.col_upper)
    assert proof.lower_bound == pytest.approx(bound, rel=KERNEL, abs=SIMULATION)
    assert proof.lower_bound == lower_bound(lp, given_dual)
    assert proof.dual_residual == pytest.approx(unused.max(initial=0.0), rel=KERNEL, abs=KERNEL)
    largest = max(values.max(initial=0.0) for values in missed)
    assert proof.primal_residual == pytest.approx(largest, rel=KERNEL, abs=SIMULATION)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@given(problems(), st.randoms(use_true_random=False))
def test_a_point_that_is_not_finite_violates_without_limit(odd, problem, random):
    lp = formulate(problem).lp
    x = lp.col_lower.copy()
    x[random.randrange(x.size)] = odd

    assert primal_residual(lp, x) == np.inf
    assert primal_residual(lp, lp.col_lower[:-1]) == np.inf
