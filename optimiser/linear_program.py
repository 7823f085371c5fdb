"""A solution of a linear programme, and the proof of how good it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matrix_builders import CscArrays, LinearProgram, Vector
from matrix_builders.arrays import Indices
from matrix_builders.compiled import kernel

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
        What the solver can go on from; nobody else knows what it is.
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
    basic : bool array, shape (n_cols,)
        Columns to begin with in the basis.
    basic_rows : bool array, shape (n_rows,)
        Rows to begin with in the basis; both together roughly as many as there are rows.
    basis : object, optional
        That of a solution; the programme may have got other bounds, and more rows at its end.
    """

    x: Vector
    basic: NDArray[np.bool_]
    basic_rows: NDArray[np.bool_]
    basis: object = None


def objective(lp: LinearProgram, x: Vector) -> float:
    """Cost of the point `x`. [$]"""
    return float(lp.cost @ x)


def primal_residual(lp: LinearProgram, x: Vector) -> float:
    """Largest violation of any row or column bound; infinite where `x` is not finite. [kWh]"""
    if x.shape != lp.cost.shape or not np.isfinite(x).all():
        return float("inf")
    activity = multiply(lp.matrix, x, lp.row_lower.size)
    of_rows = largest_violation(activity, lp.row_lower, lp.row_upper)
    of_columns = largest_violation(_as_vector(x), lp.col_lower, lp.col_upper)
    return float(max(of_rows, of_columns))


def prove(lp: LinearProgram, solution: LpSolution) -> Proof:
    """What the duals of a solution prove, by weak duality.

    Every column is boxed, so any dual proves something once its components that lean on an
    absent row bound are set to zero.
    """
    dual = _leaning_on_bounds(lp, solution.row_dual)
    reduced_cost = lp.cost - multiply_transposed(lp.matrix, dual)
    unused = largest_unused(reduced_cost, _as_vector(solution.x), lp.col_lower, lp.col_upper)
    return Proof(
        lower_bound=_bound(lp, dual, reduced_cost),
        primal_residual=primal_residual(lp, solution.x),
        dual_residual=float(unused),
    )


def lower_bound(lp: LinearProgram, row_dual: Vector) -> float:
    """Cost that no feasible point can undercut, as any `row_dual` proves. [$]"""
    dual = _leaning_on_bounds(lp, row_dual)
    return _bound(lp, dual, lp.cost - multiply_transposed(lp.matrix, dual))


def _bound(lp: LinearProgram, dual: Vector, reduced_cost: Vector) -> float:
    return float(
        least_product(dual, lp.row_lower, lp.row_upper)
        + least_product(reduced_cost, lp.col_lower, lp.col_upper)
    )


def multiply(matrix: CscArrays, x: Vector, n_rows: int) -> Vector:
    """A x; shape (n_rows,)."""
    product = np.zeros(n_rows)
    add_product(*matrix, _as_vector(x), product)
    return product


def _as_vector(values: Vector) -> Vector:
    """The same as kernels take it; solvers may give anything."""
    return np.ascontiguousarray(values, dtype=np.float64)


def multiply_transposed(matrix: CscArrays, dual: Vector) -> Vector:
    """Aᵀ y; shape (n_cols,)."""
    product = np.zeros(matrix.indptr.size - 1)
    add_transposed_product(*matrix, _as_vector(dual), product)
    return product


@kernel("void(i4[::1], i4[::1], f8[::1], f8[::1], f8[::1])")
def add_product(
    indptr: Indices, indices: Indices, data: Vector, x: Vector, product: Vector
) -> None:
    """Add A x to `product`, in place."""
    for column in range(x.size):
        for place in range(indptr[column], indptr[column + 1]):
            product[indices[place]] += data[place] * x[column]


@kernel("void(i4[::1], i4[::1], f8[::1], f8[::1], f8[::1])")
def add_transposed_product(
    indptr: Indices, indices: Indices, data: Vector, dual: Vector, product: Vector
) -> None:
    """Add Aᵀ y to `product`, in place."""
    for column in range(product.size):
        for place in range(indptr[column], indptr[column + 1]):
            product[column] += data[place] * dual[indices[place]]


def _leaning_on_bounds(lp: LinearProgram, row_dual: Vector) -> Vector:
    dual = np.array(row_dual, dtype=np.float64)
    lean_on_bounds(dual, lp.row_lower, lp.row_upper)
    return dual


@kernel("void(f8[::1], f8[::1], f8[::1])")
def lean_on_bounds(dual: Vector, lower: Vector, upper: Vector) -> None:
    """Set those of the `dual` prices to zero, in place, that lean on an absent bound."""
    for i in range(dual.size):
        bound = lower[i] if dual[i] > 0.0 else upper[i]
        if dual[i] != 0.0 and np.isinf(bound):
            dual[i] = 0.0


@kernel("f8(f8[::1], f8[::1], f8[::1])")
def least_product(price: Vector, lower: Vector, upper: Vector) -> float:
    """Least that anything between two bounds can cost."""
    least = 0.0
    for i in range(price.size):
        if price[i] != 0.0:
            least += price[i] * (lower[i] if price[i] > 0.0 else upper[i])
    return least


@kernel("f8(f8[::1], f8[::1], f8[::1])")
def largest_violation(value: Vector, lower: Vector, upper: Vector) -> float:
    """By how much values miss their bounds at most; zero where they keep them."""
    largest = 0.0
    for i in range(value.size):
        largest = max(largest, lower[i] - value[i], value[i] - upper[i])
    return largest


@kernel("f8(f8[::1], f8[::1], f8[::1], f8[::1])")
def largest_unused(reduced_cost: Vector, x: Vector, lower: Vector, upper: Vector) -> float:
    """Largest reduced cost of a column that could still move the way it pays."""
    largest = 0.0
    for j in range(x.size):
        falls = reduced_cost[j] > 0.0 and x[j] > lower[j] + _AT_BOUND
        rises = reduced_cost[j] < 0.0 and x[j] < upper[j] - _AT_BOUND
        if falls or rises:
            largest = max(largest, abs(reduced_cost[j]))
    return largest
