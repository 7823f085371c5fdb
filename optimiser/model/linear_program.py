"""A solution of a linear programme, and the proof of how good it is."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from matrix_builders import CscArrays, LinearProgram, Vector
from matrix_builders.arrays import Indices
from matrix_builders.compiled import kernel

Statuses: TypeAlias = NDArray[np.int8]

AT_LOWER = 0
AT_UPPER = 1
BASIC = 2
"""Where a column or row begins: at a bound, or in the basis."""

_AT_BOUND = 1e-6  # kWh; nearer than this a column counts as at its bound


@dataclass(frozen=True, slots=True)
class Proof:
    """How good a point is, by its duals.

    Attributes
    ----------
    lower_bound : float
        Cost that no feasible point undercuts. [$]
    primal_residual : float
        Largest violation of any row or column bound. [kWh]
    dual_residual : float
        Largest reduced cost of a column strictly between its bounds. [$/kWh]
    """

    lower_bound: float
    primal_residual: float
    dual_residual: float


@dataclass(frozen=True, slots=True)
class LpSolution:
    """A point, the duals that vouch for it, and who found them.

    Attributes
    ----------
    x : float64 array, shape (n_cols,)
        Value of each column. [kWh]
    row_dual : float64 array, shape (n_rows,)
        Change of the optimal cost per unit of each row's bound. [$/kWh]
    backend : str
        Name of the solver.
    basis : object, optional
        What the solver can go on from: a start, or what nobody else knows.
    proof : Proof, optional
        Once it is verified.
    """

    x: Vector
    row_dual: Vector
    backend: str
    basis: object = None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """A feasible point to begin from.

    Attributes
    ----------
    x : float64 array, shape (n_cols,)
        Value of each column. [kWh]
    col_status, row_status : int8 array, shape (n_cols,) and (n_rows,)
        `BASIC`, or else the bound to begin at; roughly as many are basic as there are rows.
    basis : object, optional
        That of a solution; the programme may have got other bounds, and more rows at its end.
    may_be_optimal : bool
        False where the point is known to be none.
    """

    x: Vector
    col_status: Statuses
    row_status: Statuses
    basis: object = None
    may_be_optimal: bool = True

    @property
    def n_basic(self) -> int:
        """Columns and rows to begin with in the basis."""
        statuses = self.col_status, self.row_status
        return sum(int(np.count_nonzero(status == BASIC)) for status in statuses)


def objective(lp: LinearProgram, x: Vector) -> float:
    """Cost of the point `x`. [$]"""
    return float(lp.cost @ x)


def primal_residual(lp: LinearProgram, x: Vector) -> float:
    """Largest violation of any row or column bound; infinite where `x` is not finite. [kWh]"""
    if x.shape != lp.cost.shape:
        return float("inf")
    return _judged(lp, x, np.zeros(lp.row_lower.size)).primal_residual


def prove(lp: LinearProgram, solution: LpSolution) -> Proof:
    """What the duals of a solution prove, by weak duality.

    Every column is boxed, so any dual proves something once its components that lean on an
    absent row bound are set to zero.
    """
    return _judged(lp, solution.x, solution.row_dual)


def lower_bound(lp: LinearProgram, row_dual: Vector) -> float:
    """Cost that no feasible point can undercut, as any `row_dual` proves. [$]"""
    return _judged(lp, lp.col_lower, row_dual).lower_bound


def _judged(lp: LinearProgram, x: Vector, row_dual: Vector) -> Proof:
    """What a point violates and a dual proves."""
    bounds = lp.row_lower, lp.row_upper, lp.col_lower, lp.col_upper
    dual = np.array(row_dual, dtype=np.float64)
    judgement = judge(*lp.matrix, lp.cost, *bounds, _as_vector(x), dual, np.zeros(dual.size))
    bound, missed, unused = map(float, judgement)
    return Proof(lower_bound=bound, primal_residual=missed, dual_residual=unused)


def _as_vector(values: Vector) -> Vector:
    """The same as kernels take it; solvers may give anything."""
    return np.ascontiguousarray(values, dtype=np.float64)


def multiply_transposed(matrix: CscArrays, dual: Vector) -> Vector:
    """Aᵀ y; shape (n_cols,)."""
    product = np.zeros(matrix.indptr.size - 1)
    add_transposed_product(*matrix, _as_vector(dual), product)
    return product


@kernel("void(i4[::1], i4[::1], f8[::1], f8[::1], f8[::1])")
def add_transposed_product(
    indptr: Indices, indices: Indices, data: Vector, dual: Vector, product: Vector
) -> None:
    """Add Aᵀ y to `product`, in place."""
    for column in range(product.size):
        for place in range(indptr[column], indptr[column + 1]):
            product[column] += data[place] * dual[indices[place]]


@kernel(
    "Tuple((f8, f8, f8))(i4[::1], i4[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], f8[::1], f8[::1])"
)
def judge(
    indptr: Indices,
    indices: Indices,
    data: Vector,
    cost: Vector,
    row_lower: Vector,
    row_upper: Vector,
    col_lower: Vector,
    col_upper: Vector,
    x: Vector,
    dual: Vector,
    activity: Vector,
) -> tuple[float, float, float]:
    """Least that anything within the bounds costs, by the duals, and what a point lacks.

    Parameters
    ----------
    indptr, indices, data, cost, row_lower, row_upper, col_lower, col_upper : array
        The programme, as in `LinearProgram`.
    x : float64 array, shape (n_cols,)
        A point. [kWh]
    dual : float64 array, shape (n_rows,)
        Modified in place: zero where it leans on an absent bound. [$/kWh]
    activity : float64 array, shape (n_rows,)
        Zeros; modified in place: what the point makes of each row. [kWh]

    Returns
    -------
    least : float
        [$]
    missed : float
        By how much the point misses any bound at most; infinite where it is not finite. [kWh]
    unused : float
        Largest reduced cost of a column that could still move the way it pays. [$/kWh]
    """
    of_rows = 0.0
    for i in range(dual.size):
        if dual[i] != 0.0:
            bound = row_lower[i] if dual[i] > 0.0 else row_upper[i]
            if np.isinf(bound):
                dual[i] = 0.0
            else:
                of_rows += dual[i] * bound
    of_columns = 0.0
    missed = 0.0
    unused = 0.0
    for j in range(x.size):
        product = 0.0
        for place in range(indptr[j], indptr[j + 1]):
            product += data[place] * dual[indices[place]]
            activity[indices[place]] += data[place] * x[j]
        reduced_cost = cost[j] - product
        if reduced_cost != 0.0:
            of_columns += reduced_cost * (col_lower[j] if reduced_cost > 0.0 else col_upper[j])
        falls = reduced_cost > 0.0 and x[j] > col_lower[j] + _AT_BOUND
        rises = reduced_cost < 0.0 and x[j] < col_upper[j] - _AT_BOUND
        if falls or rises:
            unused = max(unused, abs(reduced_cost))
        is_finite = np.isfinite(x[j])
        missed = max(missed, col_lower[j] - x[j], x[j] - col_upper[j]) if is_finite else np.inf
    for i in range(dual.size):
        missed = max(missed, row_lower[i] - activity[i], activity[i] - row_upper[i])
    return of_rows + of_columns, missed, unused
