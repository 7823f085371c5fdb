"""Back ends: each a small module that solves one linear programme, or raises."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from inspect import signature
from typing import Protocol, TypeVar, cast

from matrix_builders import LinearProgram
from optimiser.errors import InfeasibleError, SolverError, foreign_code
from optimiser.model.linear_program import LpSolution, Start, objective, prove
from optimiser.solvers.in_time import in_time, nothing
from optimiser.solvers.sifting import Sifted

ORDER = ("highs", "scipy_linprog")
"""Modules of this package, best first."""

FEASIBILITY_TOLERANCE = 1e-6
"""Largest violation believed; HiGHS works to 1e-7. [kWh]"""

_GAP_TOLERANCE = 1e-6  # $, plus as much of the objective as rounding can touch
_RELATIVE_GAP_TOLERANCE = 1e-8
_GRACE = 1.0  # s; a back end checks the clock between iterations only


Result = TypeVar("Result")


class SolverBackend(Protocol):
    """Solve one linear programme, or raise; a module can be one.

    `solve` returns only points that the solver has proved optimal.  It raises
    `InfeasibleError` when the solver has proved that there is none, and
    `SolverError` for anything else: a time limit, a numerical failure.

    A `solve` that takes a `guard` besides calls what may take long through it; any other may take
    long itself.
    """

    name: str

    def solve(
        self, lp: LinearProgram, *, time_limit: float, start: Start | None = None
    ) -> LpSolution:
        """Solve `lp` in at most `time_limit` seconds, perhaps from a feasible `start`."""


def installed() -> Iterator[SolverBackend]:
    """Yield the back ends whose library is present; each is imported only when asked for."""
    for name in ORDER:
        try:
            module = importlib.import_module(f"optimiser.solvers.{name}")
        except ImportError:
            continue
        yield cast(SolverBackend, module)


def solve_verified(
    backend: SolverBackend,
    lp: LinearProgram,
    *,
    time_limit: float,
    start: Start | None = None,
    meanwhile: Callable[[], object] = nothing,
) -> LpSolution:
    """Solution of one back end, once its own duals prove it.

    Parameters
    ----------
    backend : SolverBackend
        Foreign code: it may raise anything, return anything, or never return.
    lp : LinearProgram
        The programme.
    time_limit : float
        Most time. [s]
    start : Start, optional
        A feasible point.
    meanwhile : Callable, optional
        What is done while the back end works.

    Returns
    -------
    LpSolution
        Feasible and optimal within tolerance, with its proof.

    Raises
    ------
    OptimiserError
        Where the back end raised, was late, or gave an answer that does not hold.
    """
    return _verified(lp, _answer(backend, lp, time_limit, start, meanwhile))


def solve_sifted(
    backend: SolverBackend,
    lp: LinearProgram,
    sifted: Sifted,
    *,
    time_limit: float,
    meanwhile: Callable[[], object] = nothing,
) -> LpSolution:
    """Solution of one back end that saw a part of the columns, once its duals prove it of all.

    Takes, gives and raises what `solve_verified` does.
    """
    try:
        found = _answer(backend, sifted.lp, time_limit, sifted.start, meanwhile)
    except InfeasibleError as error:
        raise SolverError("other columns are needed") from error
    return _verified(lp, sifted.lifted(found))


def _verified(lp: LinearProgram, solution: LpSolution) -> LpSolution:
    """The solution with its proof."""
    proof = prove(lp, solution)
    if proof.primal_residual > FEASIBILITY_TOLERANCE:
        raise SolverError(f"bounds missed by {proof.primal_residual:.1e} kWh")
    cost = objective(lp, solution.x)
    gap = abs(cost - proof.lower_bound)
    if not gap <= _GAP_TOLERANCE + _RELATIVE_GAP_TOLERANCE * abs(cost):
        raise SolverError(f"optimality not proved, gap {gap:.1e} $")
    return replace(solution, proof=proof)


@foreign_code()
def _answer(
    backend: SolverBackend,
    lp: LinearProgram,
    time_limit: float,
    start: Start | None,
    meanwhile: Callable[[], object],
) -> LpSolution:
    """Answer of a back end, unverified; in a thread that may be given up, or its run alone."""

    def guard(work: Callable[[], Result]) -> Result:
        try:
            return in_time(work, time_limit + _GRACE, meanwhile)
        except TimeoutError:
            raise SolverError(f"no answer within {time_limit:g} s") from None

    solve: Callable[..., object] = partial(backend.solve, lp, time_limit=time_limit, start=start)
    found = solve(guard=guard) if _takes_guard(backend.solve) else guard(solve)
    if not isinstance(found, LpSolution) or (found.x.shape, found.row_dual.shape) != (
        lp.cost.shape,
        lp.row_lower.shape,
    ):
        raise SolverError("gave no solution")
    return found


@lru_cache(maxsize=8)
def _takes_guard(solve: Callable[..., object]) -> bool:
    return "guard" in signature(solve).parameters
