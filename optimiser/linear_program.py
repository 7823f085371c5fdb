"""A solution of a linear programme, and the proof of how good it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matrix_builders import CscArrays, LinearProgram, Vector
from matrix_builders.arrays import Indices
from matrix_builders.compiled import kernel


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
    gaps = (
        lp.row_lower - activity,
        activity - lp.row_upper,
        lp.col_lower - x,
        x - lp.col_upper,
    )
    return max(0.0, *(float(gap.max(initial=0.0)) for gap in gaps))


def prove(lp: LinearProgram, solution: LpSolution) -> Proof:
    """What the duals of a solution prove, by weak duality.

    Every column is boxed, so any dual proves something once its components that lean on an
    absent row bound are set to zero.
    """
    dual = _leaning_on_bounds(lp, solution.row_dual)
    reduced_cost = lp.cost - multiply_transposed(lp.matrix, dual)
    room = 1e-6  # kWh; nearer than this a column counts as at its bound
    falls = (reduced_cost > 0) & (solution.x > lp.col_lower + room)
    rises = (reduced_cost < 0) & (solution.x < lp.col_upper - room)
    return Proof(
        lower_bound=_bound(lp, dual, reduced_cost),
        primal_residual=primal_residual(lp, solution.x),
        dual_residual=float(np.abs(reduced_cost[falls | rises]).max(initial=0.0)),
    )


def lower_bound(lp: LinearProgram, row_dual: Vector) -> float:
    """Cost that no feasible point can undercut, as any `row_dual` proves. [$]"""
    dual = _leaning_on_bounds(lp, row_dual)
    return _bound(lp, dual, lp.cost - multiply_transposed(lp.matrix, dual))


def _bound(lp: LinearProgram, dual: Vector, reduced_cost: Vector) -> float:
    return _least(dual, lp.row_lower, lp.row_upper) + _least(
        reduced_cost, lp.col_lower, lp.col_upper
    )


def multiply(matrix: CscArrays, x: Vector, n_rows: int) -> Vector:
    """A x; shape (n_rows,)."""
    product = np.zeros(n_rows)
    add_product(*matrix, np.ascontiguousarray(x, dtype=np.float64), product)
    return product


def multiply_transposed(matrix: CscArrays, dual: Vector) -> Vector:
    """Aᵀ y; shape (n_cols,)."""
    product = np.zeros(matrix.indptr.size - 1)
    add_transposed_product(*matrix, np.ascontiguousarray(dual, dtype=np.float64), product)
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
    absent = ((row_dual > 0) & np.isneginf(lp.row_lower)) | (
        (row_dual < 0) & np.isposinf(lp.row_upper)
    )
    return np.where(absent, 0.0, row_dual)


def _least(price: Vector, lower: Vector, upper: Vector) -> float:
    bound = np.where(price > 0, lower, upper)
    leans = price != 0
    return float(price[leans] @ bound[leans])
