"""Back ends: each a small module that solves one linear programme, or raises."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Protocol, cast

from matrix_builders import LinearProgram
from optimiser.errors import SolverError
from optimiser.model.linear_program import LpSolution, Start, prove

ORDER = ("highs", "scipy_linprog")
"""Modules of this package, best first."""

FEASIBILITY_TOLERANCE = 1e-6
"""Largest violation believed; HiGHS works to 1e-7. [kWh]"""

_GAP_TOLERANCE = 1e-6  # $, plus as much of the objective as rounding can touch
_RELATIVE_GAP_TOLERANCE = 1e-8


now = perf_counter
"""The clock of deadlines and of the phases of a plan. [s]"""

_LEAST_TIME = 0.01  # s; a solver that is asked at all gets as much


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant by which to stop. [s]"""

    instant: float

    @property
    def time_left(self) -> float:
        """Time until the deadline, at least a little. [s]"""
        return max(self.instant - now(), _LEAST_TIME)

    def part(self, share: float) -> "Deadline":
        """Return a deadline that leaves later steps the rest of the time."""
        return Deadline(now() + share * self.time_left)

    @property
    def is_over(self) -> bool:
        """Return whether it has passed."""
        return now() >= self.instant


class SolverBackend(Protocol):
    """Solve one linear programme, or raise; a module can be one.

    `solve` returns only points that the solver has proved optimal.  It raises
    `InfeasibleError` when the solver has proved that there is none, and
    `SolverError` for anything else: a time limit, a numerical failure.  Any other error counts as
    one of our own code, and propagates out of `plan`.
    """

    name: str

    def solve(
        self, lp: LinearProgram, *, time_limit: float, start: Start | None = None
    ) -> LpSolution:
        """Solve `lp` in at most `time_limit` seconds, perhaps from a feasible `start`."""


def available_backends() -> Iterator[SolverBackend]:
    """Yield the back ends whose library is present; each is imported only when asked for."""
    for name in ORDER:
        try:
            module = importlib.import_module(f"optimiser.solvers.{name}")
        except ImportError:
            continue
        yield cast(SolverBackend, module)


def solve_verified(
    backend: SolverBackend, lp: LinearProgram, *, time_limit: float, start: Start | None = None
) -> LpSolution:
    """Solve a linear programme, and believe the solution once its own duals prove it.

    Parameters
    ----------
    backend : SolverBackend
        A solver.
    lp : LinearProgram
        The programme.
    time_limit : float
        Most time. [s]
    start : Start, optional
        A feasible point.

    Returns
    -------
    LpSolution
        Feasible and optimal within tolerance, with its proof.

    Raises
    ------
    OptimiserError
        Where the back end raised, or gave an answer that does not hold.
    """
    solution = backend.solve(lp, time_limit=time_limit, start=start)
    if not isinstance(solution, LpSolution) or (solution.x.shape, solution.row_dual.shape) != (
        lp.cost.shape,
        lp.row_lower.shape,
    ):
        raise SolverError("gave no solution")
    proof = prove(lp, solution)
    if proof.primal_residual > FEASIBILITY_TOLERANCE:
        raise SolverError(f"bounds missed by {proof.primal_residual:.1e} kWh")
    cost = float(lp.cost @ solution.x)
    gap = abs(cost - proof.lower_bound)
    if not gap <= _GAP_TOLERANCE + _RELATIVE_GAP_TOLERANCE * abs(cost):
        raise SolverError(f"optimality not proved, gap {gap:.1e} $")
    return replace(solution, proof=proof)
