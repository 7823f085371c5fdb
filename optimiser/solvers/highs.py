"""The HiGHS back end: one `HighsLp` object in, one optimal point out."""

import contextlib
from array import array
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import highspy
import numpy as np

from matrix_builders import LinearProgram, Vector
from optimiser.errors import InfeasibleError, SolverError
from optimiser.model.linear_program import AT_LOWER, AT_UPPER, BASIC, LpSolution, Start, objective

name = "highs"

_INFEASIBLE = {
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,  # never unbounded: every column is boxed
}

# One thread: HiGHS sets up its thread pool once per process, and a plan is too small to share.
# Presolve costs more than it saves on these programmes (20 ms without at 576 intervals).
_OPTIONS: dict[str, bool | int | str] = {
    "threads": 1,
    "presolve": "off",
    "solver": "simplex",
}

_EDGE_WEIGHTS = "simplex_dual_edge_weight_strategy"
# Exact weights of the edges would take longer than all iterations from a good basis.
_BY_DEFAULT, _DEVEX = -1, 1

Guard: TypeAlias = Callable[[Callable[[], highspy.HighsStatus]], highspy.HighsStatus]
"""Calls what it is given, perhaps elsewhere, and returns what that returns."""

_SAME_COST = 1e-9  # $; rounding of the sum of a plan

_MOST_COLUMNS_AT_REST = 2048  # of its last programme, whose memory it keeps


class Silent(highspy.Highs):
    """HiGHS that writes nothing.

    Its own constructor sets up callbacks, which a linear programme has no use for, and since 1.16
    greets on standard output before it can be told not to.
    """

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        accept(self.setOptionValue("output_flag", False), "option output_flag")


# Setting one up takes a tenth of a solve.  One that failed, or hangs, never comes back.
_at_rest: list[Silent] = []


def at_once(run: Callable[[], highspy.HighsStatus]) -> highspy.HighsStatus:
    """Run without a guard."""
    return run()


def solve(
    lp: LinearProgram, *, time_limit: float, start: Start | None = None, guard: Guard = at_once
) -> LpSolution:
    """Solve `lp` in at most `time_limit` seconds.

    The basis of a nearly optimal `start` saves nine iterations in ten.  Only the run goes through
    the guard: reading and writing arrays needs the interpreter lock, for which a thread of its own
    would only fight.

    Raises
    ------
    InfeasibleError
        Where HiGHS proves that no point satisfies every bound.
    SolverError
        For any other end than an optimal point.
    """
    highs = _ready()
    _load(highs, lp, time_limit, start)
    _run(highs, guard)
    confirmed = start is not None and _is_confirmed(highs, lp, start)
    found = _solution(highs, start if confirmed else None)
    if lp.cost.size <= _MOST_COLUMNS_AT_REST:
        _at_rest.append(highs)
    return found


def loaded(lp: LinearProgram, *, time_limit: float, start: Start | None = None) -> highspy.Highs:
    """HiGHS with `lp` inside, ready to run; the time limit is that of all its runs together."""
    highs = _fresh()
    _load(highs, lp, time_limit, start)
    return highs


def _ready() -> Silent:
    with contextlib.suppress(IndexError):  # another thread may take the last one
        return _at_rest.pop()
    return _fresh()


def _fresh() -> Silent:
    highs = Silent()
    for option, value in _OPTIONS.items():
        accept(highs.setOptionValue(option, value), f"option {option}")
    return highs


def _load(highs: Silent, lp: LinearProgram, time_limit: float, start: Start | None) -> None:
    """Give HiGHS a programme, in place of the one before; its clock does not begin again."""
    weights = _BY_DEFAULT if start is None else _DEVEX
    accept(highs.setOptionValue(_EDGE_WEIGHTS, weights), f"option {_EDGE_WEIGHTS}")
    until = highs.getRunTime() + time_limit
    accept(highs.setOptionValue("time_limit", until), "option time_limit")
    pass_model(highs, lp)
    if start is not None:
        accept(highs.setBasis(_as_basis(lp, start)), "start")


def optimum(highs: highspy.Highs) -> LpSolution:
    """Run HiGHS and read its optimum; raises as `solve` does."""
    _run(highs, at_once)
    return _solution(highs, None)


def _run(highs: highspy.Highs, guard: Guard) -> None:
    accept(guard(highs.run), "run")
    status = highs.getModelStatus()
    if status in _INFEASIBLE:
        raise InfeasibleError("no schedule satisfies every limit at once")
    if status != highspy.HighsModelStatus.kOptimal:
        raise SolverError(f"stopped with status {highs.modelStatusToString(status)!r}")


def _solution(highs: highspy.Highs, start: Start | None) -> LpSolution:
    """The optimum that HiGHS found; a start that it confirmed is not read back."""
    found = highs.getSolution()
    return LpSolution(
        x=_vector(found.col_value) if start is None else start.x,
        row_dual=_vector(found.row_dual),
        backend=name,
        basis=highs.getBasis() if start is None else start,
    )


def _vector(numbers: list[float]) -> Vector:
    """The same as an array; numpy would look at each number for its type."""
    return np.frombuffer(array("d", numbers))


def _is_confirmed(highs: highspy.Highs, lp: LinearProgram, start: Start) -> bool:
    """Whether a start was an optimum already."""
    _, iterations = highs.getInfoValue("simplex_iteration_count")  # all of them would be copied
    off = abs(highs.getObjectiveValue() - objective(lp, start.x))
    return bool(iterations == 0 and off <= _SAME_COST)


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


_STATUS = {
    AT_LOWER: highspy.HighsBasisStatus.kLower,
    AT_UPPER: highspy.HighsBasisStatus.kUpper,
    BASIC: highspy.HighsBasisStatus.kBasic,
}


def _as_basis(lp: LinearProgram, start: Start) -> highspy.HighsBasis:
    """Basis of a start; alien, so that HiGHS completes it where columns are missing or many."""
    if isinstance(start.basis, highspy.HighsBasis):
        return _with_rows(start.basis, lp.row_lower.size)
    n_more = lp.row_lower.size - start.row_status.size
    rows = start.row_status.tobytes() + bytes([AT_LOWER]) * n_more
    return _basis(start.col_status.tobytes(), rows, start.n_basic != lp.row_lower.size)


@lru_cache(maxsize=2)
def _basis(columns: bytes, rows: bytes, is_alien: bool) -> highspy.HighsBasis:
    """Basis of these statuses; HiGHS takes them one by one, and those of a home hardly change."""
    basis = highspy.HighsBasis()
    basis.col_status = [_STATUS[status] for status in columns]
    basis.row_status = [_STATUS[status] for status in rows]
    basis.alien = is_alien
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
