"""The backup: `scipy.optimize.linprog`, which brings a HiGHS of its own."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csc_array, vstack

from matrix_builders import LinearProgram, Vector
from optimiser.errors import InfeasibleError, SolverError, as_solver_error
from optimiser.model.linear_program import LpSolution, Start

name = "scipy_linprog"

_OPTIMAL, _INFEASIBLE = 0, 2


def solve(lp: LinearProgram, *, time_limit: float, start: Start | None = None) -> LpSolution:
    """Solve `lp` in at most `time_limit` seconds.

    linprog takes no `start` with these methods, and knows equalities and upper bounds only:
    rows bounded below are negated, and their duals with them.

    Raises
    ------
    InfeasibleError
        Where linprog proves that no point satisfies every bound.
    SolverError
        For any other end than an optimal point.
    """
    del start
    n_rows = lp.row_lower.size
    matrix = csc_array(
        (lp.matrix.data, lp.matrix.indices, lp.matrix.indptr), shape=(n_rows, lp.cost.size)
    )
    equal = lp.row_lower == lp.row_upper
    above = ~equal & np.isfinite(lp.row_upper)
    below = ~equal & np.isfinite(lp.row_lower)
    rows = matrix.tocsr()
    with as_solver_error():
        result = linprog(
            lp.cost,
            A_ub=vstack([rows[above], -rows[below]]) if (above | below).any() else None,
            b_ub=np.concatenate([lp.row_upper[above], -lp.row_lower[below]]),
            A_eq=rows[equal],
            b_eq=lp.row_lower[equal],
            bounds=np.column_stack([lp.col_lower, lp.col_upper]),
            method="highs-ds",
            options={"time_limit": time_limit, "presolve": False},
        )
    if result.status == _INFEASIBLE:
        raise InfeasibleError("no schedule satisfies every limit at once")
    if result.status != _OPTIMAL:
        raise SolverError(str(result.message))
    row_dual = np.zeros(n_rows)
    row_dual[equal] = result.eqlin.marginals
    n_above = int(np.count_nonzero(above))
    inequality: Vector = result.ineqlin.marginals
    row_dual[above] += inequality[:n_above]
    row_dual[below] -= inequality[n_above:]
    return LpSolution(x=np.asarray(result.x), row_dual=row_dual, backend=name)
