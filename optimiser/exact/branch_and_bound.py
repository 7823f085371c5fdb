"""Branch and bound over one warm linear programme.

HiGHS prepares a search for ten milliseconds.  Where few choices are left open, the dual simplex
method has decided them in two: a node differs from the one before by the bounds of a column.
"""

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from time import perf_counter
from typing import TypeAlias

import highspy
import numpy as np

from matrix_builders import LinearProgram, Vector, tables
from matrix_builders import layout as blocks
from optimiser.errors import InfeasibleError, SolverError, as_solver_error
from optimiser.exact.fixing import RAISED_FROM, FixedLp
from optimiser.exact.highs_mip import choices
from optimiser.exact.integrality import find_violations
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import LpSolution, Start, lower_bound, objective
from optimiser.solvers import highs

name = "branch_and_bound"

Bounds: TypeAlias = dict[int, tuple[float, float]]
"""Lower and upper bound of columns that differ from those of the programme. [kWh]"""

MOST_NODES = 300
"""Where more are wanted, the cuts and heuristics of HiGHS are worth their time."""

# Half of what still counts as optimal.
_GAP = 5e-5  # $
_RELATIVE_GAP = 5e-7


@dataclass(frozen=True, slots=True)
class Leaf:
    """The best leaf of a search.

    Attributes
    ----------
    fixed : FixedLp
        The programme with the choices that lead there, and its optimum; without violations.
    lower_bound : float
        What no point without violations undercuts. [$]
    """

    fixed: FixedLp
    lower_bound: float


def solve(
    formulation: Formulation, start: Start, *, time_limit: float, most_nodes: int = MOST_NODES
) -> Leaf:
    """Find the best point without violations, in at most `time_limit` seconds and so many nodes.

    Down from each node to its nearer half until that is possible, too dear or empty, then on from
    the open node with the least bound.

    Raises
    ------
    InfeasibleError
        Where every point has a violation.
    SolverError
        Where no point was found in time.
    """
    deadline = perf_counter() + time_limit
    relaxation = _Relaxation(formulation.lp, start, time_limit)
    best, cost = None, np.inf
    bound = np.inf  # of all that was left aside
    tree = [_Node(-np.inf)]
    n_nodes = 0
    while tree and tree[0].bound < _cutoff(cost):
        if n_nodes >= most_nodes or perf_counter() > deadline:
            break
        node = heappop(tree)
        relaxation.enter(node)
        bounds = node.bounds
        while (solution := relaxation.optimum()) is not None:
            n_nodes += 1
            value = lower_bound(relaxation.lp, solution.row_dual)
            ways = _ways(formulation, solution.x, bounds)
            if value >= _cutoff(cost) or (ways is not None and n_nodes >= most_nodes):
                bound = min(bound, value)
                break
            if ways is None:
                best = _leaf(formulation, bounds, solution)
                cost = objective(formulation.lp, solution.x)
                break
            near, far = ways
            heappush(tree, _Node(value, -n_nodes, bounds | far, relaxation.basis()))
            bounds = bounds | near
            relaxation.narrow(near)

    if best is not None:
        return Leaf(best, min(cost, bound, *(node.bound for node in tree[:1])))
    if not tree and np.isinf(bound):
        raise InfeasibleError("no schedule without violations")
    raise SolverError("no point found in time")


def _leaf(formulation: Formulation, bounds: Bounds, solution: LpSolution) -> FixedLp:
    lower, upper = formulation.lp.col_lower.copy(), formulation.lp.col_upper.copy()
    for column, both in bounds.items():
        lower[column], upper[column] = both
    narrow = formulation.lp._replace(col_lower=lower, col_upper=upper)
    return FixedLp(replace(formulation, lp=narrow), solution)


@dataclass(frozen=True, slots=True, order=True)
class _Node:
    """A part of the search that is open, and what no point of it undercuts."""

    bound: float
    number: int = 0
    bounds: Bounds = field(default_factory=dict, compare=False)
    basis: highspy.HighsBasis | None = field(default=None, compare=False)


class _Relaxation:
    """One linear programme inside HiGHS, its bounds those of the node of the moment."""

    def __init__(self, lp: LinearProgram, start: Start, time_limit: float) -> None:
        self._whole = lp
        self.lp = lp._replace(col_lower=lp.col_lower.copy(), col_upper=lp.col_upper.copy())
        with as_solver_error():
            self._highs = highs.load(lp, time_limit=time_limit, start=start)
        self._narrowed: set[int] = set()

    def enter(self, node: _Node) -> None:
        """Go on from a node, wherever the search was."""
        lower, upper = self._whole.col_lower, self._whole.col_upper
        self.narrow({c: (float(lower[c]), float(upper[c])) for c in self._narrowed} | node.bounds)
        self._narrowed = set(node.bounds)
        if node.basis is not None:
            highs.accept(self._highs.setBasis(node.basis), "basis")

    def narrow(self, bounds: Bounds) -> None:
        """Change the bounds of some columns."""
        for column, (lower, upper) in bounds.items():
            highs.accept(self._highs.changeColBounds(column, lower, upper), "bounds")
            self.lp.col_lower[column], self.lp.col_upper[column] = lower, upper
        self._narrowed |= bounds.keys()

    def basis(self) -> highspy.HighsBasis:
        """Basis of the last optimum."""
        return self._highs.getBasis()

    def optimum(self) -> LpSolution | None:
        """The optimum; None where no point is left."""
        try:
            with as_solver_error():
                return highs.optimum(self._highs)
        except InfeasibleError:
            return None


def _cutoff(cost: float) -> float:
    """Cost from which on a point is no better than one of `cost`. [$]"""
    return cost if np.isinf(cost) else cost - _GAP - _RELATIVE_GAP * abs(cost)


def _ways(formulation: Formulation, x: Vector, decided: Bounds) -> tuple[Bounds, Bounds] | None:
    """Split at the worst violation of a point, the nearer half first; None where there is none."""
    lp, charge = formulation.lp, formulation.layout.table(blocks.CHARGE)
    least, violations = (
        formulation.problem.storages.limits[tables.LEAST_CHARGE],
        find_violations(formulation, x),
    )

    def shut(columns: list[int]) -> Bounds:  # which is empty where something must run
        bounds = (decided.get(c, (float(lp.col_lower[c]), 0.0)) for c in columns)
        return {column: (lower, 0.0) for column, (lower, _) in zip(columns, bounds, strict=True)}

    depth = np.where(violations.below_minimum, np.minimum(x[charge], least - x[charge]), 0.0)
    for worst in np.argsort(depth, axis=None)[::-1][: int(np.count_nonzero(depth))].tolist():
        column, lowest = int(charge.flat[worst]), float(least.flat[worst])
        if column not in decided:  # else it is within tolerance of what was decided
            runs, rests = {column: (lowest, float(lp.col_upper[column]))}, shut([column])
            return (runs, rests) if x[column] >= RAISED_FROM * lowest else (rests, runs)
    for both in choices(formulation, violations):
        less, more = sorted(both, key=lambda columns: float(x[columns].sum()))
        return shut(less), shut(more)
    return None
