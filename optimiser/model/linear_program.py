"""A solution of a linear programme, and the proof of how good it is."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from matrix_builders import CscArrays, LinearProgram, Vector
from optimiser.problem.windows import Mask

_AT_BOUND = 1e-6  # kWh; nearer than this a column counts as at its bound


@dataclass(frozen=True, slots=True)
class Proof:
    """The proof of a point, by its duals.

    Attributes
    ----------
    lower_bound : float
        Cost that no feasible point undercuts. [$]
    primal_residual : float
        Largest violation of any row or column bound. [kWh]
    dual_residual : float
        Largest reduced cost of a column that could still move and lower the cost. [$/kWh]
    """

    lower_bound: float
    primal_residual: float
    dual_residual: float


@dataclass(frozen=True, slots=True)
class LpSolution:
    """A point, the duals that prove it, and who found them.

    Attributes
    ----------
    x : float64 array, shape (n_cols,)
        Value of each column. [kWh]
    row_dual : float64 array, shape (n_rows,)
        Change of the optimal cost per unit of each row's bound. [$/kWh]
    backend : str
        Name of the solver.
    basis : object, optional
        A basis that the same solver can start from.
    proof : Proof, optional
        Once it is verified.
    """

    x: Vector
    row_dual: Vector
    backend: str
    basis: object = None
    proof: Proof | None = None


class Basis(NamedTuple):
    """A basis of a linear programme.

    Attributes
    ----------
    columns, rows : bool array, shape (n_cols,) and (n_rows,)
        Those in the basis.
    is_lower : bool array, shape (n_cols,)
        Columns that rest at their lower bound otherwise; rows do so.
    """

    columns: Mask
    rows: Mask
    is_lower: Mask


@dataclass(frozen=True, slots=True)
class Start:
    """A point to begin from.

    Attributes
    ----------
    x : float64 array, shape (n_cols,)
        Value of each column. [kWh]
    basis : object, optional
        A `Basis`, or that of a solution; the programme may have other bounds since, and more rows.
    """

    x: Vector
    basis: object = None


def objective(lp: LinearProgram, x: Vector) -> float:
    """Return the cost of the point `x`. [$]"""
    return float(lp.cost @ x)


def primal_residual(lp: LinearProgram, x: Vector) -> float:
    """Return the largest violation of any bound; infinite where `x` is not finite. [kWh]"""
    if x.shape != lp.cost.shape or not np.isfinite(x).all():
        return float("inf")
    activity = multiply(lp.matrix, x, lp.row_lower.size)
    violations = (
        lp.col_lower - x,
        x - lp.col_upper,
        lp.row_lower - activity,
        activity - lp.row_upper,
    )
    return float(np.concatenate(violations).max(initial=0.0))


def lower_bound(lp: LinearProgram, row_dual: Vector) -> float:
    """Return the cost that no feasible point can undercut, as any `row_dual` proves. [$]

    Weak duality: with reduced costs ``c - A'y``, no point within the bounds costs less than
    ``sum_i y_i b_i + sum_j (c - A'y)_j x_j`` with each row and column at the bound that its sign
    chooses.  Every column is boxed, so any dual proves something once its components that lean on
    an absent row bound are set to zero.
    """
    bound, _ = _bound_and_reduced_cost(lp, row_dual)
    return bound


def _bound_and_reduced_cost(lp: LinearProgram, row_dual: Vector) -> tuple[float, Vector]:
    bounds = np.where(row_dual > 0.0, lp.row_lower, lp.row_upper)
    is_present = np.isfinite(bounds)
    dual = np.where(is_present, row_dual, 0.0)
    reduced = lp.cost - multiply_transposed(lp.matrix, dual)
    of_columns = reduced @ np.where(reduced > 0.0, lp.col_lower, lp.col_upper)
    return float(dual[is_present] @ bounds[is_present] + of_columns), reduced


def prove(lp: LinearProgram, solution: LpSolution) -> Proof:
    """Return what the duals of a solution prove, by weak duality."""
    bound, reduced = _bound_and_reduced_cost(lp, solution.row_dual)
    falls = (reduced > 0.0) & (solution.x > lp.col_lower + _AT_BOUND)
    rises = (reduced < 0.0) & (solution.x < lp.col_upper - _AT_BOUND)
    return Proof(
        lower_bound=bound,
        primal_residual=primal_residual(lp, solution.x),
        dual_residual=float(np.abs(reduced[falls | rises]).max(initial=0.0)),
    )


def multiply(matrix: CscArrays, x: Vector, n_rows: int) -> Vector:
    """Return A x; shape (n_rows,)."""
    products = matrix.data * np.repeat(x, np.diff(matrix.indptr))
    return np.asarray(np.bincount(matrix.indices, products, n_rows), dtype=np.float64)


def multiply_transposed(matrix: CscArrays, dual: Vector) -> Vector:
    """Return A' y; shape (n_cols,)."""
    n_cols = matrix.indptr.size - 1
    columns = np.repeat(np.arange(n_cols), np.diff(matrix.indptr))
    products = matrix.data * dual[matrix.indices]
    return np.asarray(np.bincount(columns, products, n_cols), dtype=np.float64)
