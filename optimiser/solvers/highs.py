"""The HiGHS back end: one `HighsLp` object in, one optimal point out."""

import highspy
import numpy as np

from matrix_builders import LinearProgram, Vector
from optimiser.errors import InfeasibleError, SolverError
from optimiser.linear_program import LpSolution, Start

name = "highs"

_INFEASIBLE = {
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,  # never unbounded: every column is boxed
}

# One thread: HiGHS sets up its thread pool once per process, and a plan is too small to share.
# Presolve costs more than it saves on these programmes (20 ms without at 576 intervals).
_OPTIONS: dict[str, bool | int | str] = {
    "output_flag": False,
    "threads": 1,
    "presolve": "off",
    "solver": "simplex",
}


def solve(lp: LinearProgram, *, time_limit: float, start: Start | None = None) -> LpSolution:
    """Solve `lp` in at most `time_limit` seconds.

    The basis of a nearly optimal `start` saves nine iterations in ten.

    Raises
    ------
    InfeasibleError
        Where HiGHS proves that no point satisfies every bound.
    SolverError
        For any other end than an optimal point.
    """
    return optimum(loaded(lp, time_limit=time_limit, start=start))


def loaded(lp: LinearProgram, *, time_limit: float, start: Start | None = None) -> highspy.Highs:
    """HiGHS with `lp` inside, ready to run; the time limit is that of all its runs together."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in {**_OPTIONS, "time_limit": time_limit}.items():
        accept(highs.setOptionValue(option, value), f"option {option}")
    accept(highs.passModel(as_highs(lp)), "model")
    if start is not None:
        accept(highs.setBasis(_as_basis(lp, start)), "start")
    return highs


def optimum(highs: highspy.Highs) -> LpSolution:
    """Run HiGHS and read its optimum; raises as `solve` does."""
    accept(highs.run(), "run")
    status = highs.getModelStatus()
    if status in _INFEASIBLE:
        raise InfeasibleError("no schedule satisfies every limit at once")
    if status != highspy.HighsModelStatus.kOptimal:
        raise SolverError(f"stopped with status {highs.modelStatusToString(status)!r}")
    found = highs.getSolution()
    x, row_dual = np.array(found.col_value), np.array(found.row_dual)
    return LpSolution(x=x, row_dual=row_dual, backend=name, basis=highs.getBasis())


def as_highs(lp: LinearProgram) -> highspy.HighsLp:
    """The programme as HiGHS takes it; bare arrays would not have their lengths checked."""
    model = highspy.HighsLp()
    model.num_col_ = lp.cost.size
    model.num_row_ = lp.row_lower.size
    model.col_cost_ = lp.cost
    model.col_lower_ = lp.col_lower
    model.col_upper_ = lp.col_upper
    model.row_lower_ = lp.row_lower
    model.row_upper_ = lp.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = lp.matrix.indptr
    model.a_matrix_.index_ = lp.matrix.indices
    model.a_matrix_.value_ = lp.matrix.data
    return model


_LOWER, _UPPER, _BASIC = 0, 1, 2
_STATUS = np.array(
    [
        highspy.HighsBasisStatus.kLower,
        highspy.HighsBasisStatus.kUpper,
        highspy.HighsBasisStatus.kBasic,
    ],
    dtype=object,
)


def _as_basis(lp: LinearProgram, start: Start) -> highspy.HighsBasis:
    """Basis of a start; alien, so that HiGHS completes it where columns are missing or many."""
    if isinstance(start.basis, highspy.HighsBasis):
        return _with_rows(start.basis, lp.row_lower.size)
    is_upper = lp.col_upper - start.x < start.x - lp.col_lower
    status = np.where(start.basic, _BASIC, np.where(is_upper, _UPPER, _LOWER))
    basis = highspy.HighsBasis()
    basis.col_status = _STATUS[status].tolist()
    basis.row_status = [highspy.HighsBasisStatus.kLower] * lp.row_lower.size
    basis.alien = True
    basis.valid = True
    return basis


def _with_rows(basis: highspy.HighsBasis, n_rows: int) -> highspy.HighsBasis:
    """The basis of a programme that has got more rows."""
    longer = highspy.HighsBasis()
    longer.col_status = basis.col_status
    rows = basis.row_status
    longer.row_status = rows + [highspy.HighsBasisStatus.kBasic] * (n_rows - len(rows))
    longer.valid = True
    return longer


def as_solution(start: Vector) -> highspy.HighsSolution:
    """A point as HiGHS takes it."""
    solution = highspy.HighsSolution()
    solution.col_value = start
    solution.value_valid = True
    return solution


def accept(status: highspy.HighsStatus, what: str) -> None:
    """Raise `SolverError` where HiGHS refused something; it does not raise by itself."""
    if status == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS refused the {what}")
