"""The HiGHS back end: one linear programme in, one optimal point out."""

import highspy
import numpy as np

from matrix_builders import LinearProgram, Vector
from optimiser.errors import InfeasibleError, SolverError, as_solver_error
from optimiser.model.linear_program import Basis, LpSolution, Start

name = "highs"

_INFEASIBLE = {
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,  # never unbounded: every column is boxed
}

_LOWER, _BASIC, _UPPER = range(3)
_STATUS = np.array(
    [
        highspy.HighsBasisStatus.kLower,
        highspy.HighsBasisStatus.kBasic,
        highspy.HighsBasisStatus.kUpper,
    ]
)
_DEVEX = 1  # kSimplexEdgeWeightStrategyDevex: the exact weights of a given basis take 1.4 ms


class Silent(highspy.Highs):
    """HiGHS without the greeting, of which options switch off all other output.

    Its own constructor sets up callbacks, which a linear programme has no use for, and since 1.16
    greets on standard output before it can be told not to.
    """

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()


def solve(lp: LinearProgram, *, time_limit: float, start: Start | None = None) -> LpSolution:
    """Solve `lp` in at most `time_limit` seconds.

    See `warm_start` for the iterations that a start saves.

    Raises
    ------
    InfeasibleError
        Where HiGHS proves that no point satisfies every bound.
    SolverError
        For any other end than an optimal point.
    """
    with as_solver_error():
        return optimum(load(lp, time_limit=time_limit, start=start))


def load(lp: LinearProgram, *, time_limit: float, start: Start | None = None) -> highspy.Highs:
    """Return HiGHS with `lp` inside, ready to run; the time limit holds for all its runs."""
    highs = Silent()
    options = highspy.HighsOptions()
    options.output_flag = False
    options.threads = 1  # its pool is set up once per process, and a plan is too small to share
    options.presolve = "off"  # costs more than it saves on these programmes
    options.solver = "simplex"
    options.time_limit = time_limit
    if start is not None and start.basis is not None:
        options.simplex_dual_edge_weight_strategy = _DEVEX
    accept(highs.passOptions(options), "options")
    pass_model(highs, lp)
    if start is None:
        return highs
    if isinstance(start.basis, highspy.HighsBasis):
        accept(highs.setBasis(_longer(start.basis, lp)), "start")
    elif isinstance(start.basis, Basis):
        accept(highs.setBasis(_as_basis(start.basis)), "start")
    else:
        accept(highs.setSolution(as_solution(start.x)), "start")
    return highs


def optimum(highs: highspy.Highs) -> LpSolution:
    """Run HiGHS and read its optimum; raises as `solve` does."""
    accept(highs.run(), "run")
    status = highs.getModelStatus()
    if status in _INFEASIBLE:
        raise InfeasibleError("no schedule satisfies every limit at once")
    if status != highspy.HighsModelStatus.kOptimal:
        raise SolverError(f"stopped with status {highs.modelStatusToString(status)!r}")
    solution = highs.getSolution()
    return LpSolution(
        x=np.array(solution.col_value),
        row_dual=np.array(solution.row_dual),
        backend=name,
        basis=highs.getBasis(),
    )


def pass_model(highs: highspy.Highs, lp: LinearProgram) -> None:
    """Give HiGHS a programme.

    A `HighsLp` would be filled number by number, ten times slower.  HiGHS does not check the
    lengths of bare arrays, so that is done here.

    Raises
    ------
    SolverError
        Where the arrays do not fit each other, or HiGHS refuses them.
    """
    matrix, n_cols, n_rows = lp.matrix, lp.cost.size, lp.row_lower.size
    n_entries = matrix.data.size
    sizes = (lp.col_lower.size, lp.col_upper.size, lp.row_upper.size, matrix.indices.size)
    ends = (matrix.indptr.size, int(matrix.indptr[-1]))
    if sizes != (n_cols, n_cols, n_rows, n_entries) or ends != (n_cols + 1, n_entries):
        raise SolverError("the arrays of the programme do not fit each other")
    status = highs.passModel(
        n_cols,
        n_rows,
        n_entries,
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        0.0,  # offset
        lp.cost,
        lp.col_lower,
        lp.col_upper,
        lp.row_lower,
        lp.row_upper,
        matrix.indptr,
        matrix.indices,
        matrix.data,
        np.zeros(n_cols, dtype=np.int32),  # no column is an integer
    )
    accept(status, "model")


def _as_basis(basis: Basis) -> highspy.HighsBasis:
    """Return a basis as HiGHS takes it; alien, so that HiGHS makes one of too many or too few."""
    result = highspy.HighsBasis()
    columns = np.where(basis.columns, _BASIC, np.where(basis.is_lower, _LOWER, _UPPER))
    result.col_status = _STATUS[columns].tolist()
    result.row_status = _STATUS[np.where(basis.rows, _BASIC, _LOWER)].tolist()
    result.alien = True
    result.valid = True
    return result


def _longer(basis: highspy.HighsBasis, lp: LinearProgram) -> highspy.HighsBasis:
    """Return the basis of a programme that has more columns and rows."""
    columns, rows = basis.col_status, basis.row_status
    longer = highspy.HighsBasis()
    n_columns, n_rows = lp.cost.size - len(columns), lp.row_lower.size - len(rows)
    longer.col_status = columns + [highspy.HighsBasisStatus.kLower] * n_columns
    longer.row_status = rows + [highspy.HighsBasisStatus.kBasic] * n_rows
    longer.valid = True
    return longer


def as_solution(start: Vector) -> highspy.HighsSolution:
    """Return a point as HiGHS takes it."""
    solution = highspy.HighsSolution()
    solution.col_value = start
    solution.value_valid = True
    return solution


def accept(status: highspy.HighsStatus, what: str) -> None:
    """Raise `SolverError` where HiGHS refused something; it does not raise by itself."""
    if status == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS refused the {what}")
