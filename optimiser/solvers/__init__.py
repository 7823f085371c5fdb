"""Back ends: each a small module that solves one linear programme, or raises."""

import importlib
from collections.abc import Iterator
from typing import Protocol, cast

from matrix_builders import LinearProgram
from optimiser.linear_program import LpSolution

ORDER = ("highs", "scipy_linprog")
"""Modules of this package, best first."""


class SolverBackend(Protocol):
    """Solve one linear programme, or raise; a module can be one.

    `solve` returns only points that the solver has proved optimal.  It raises
    `InfeasibleError` when the solver has proved that there is none, and
    `SolverError` for anything else: a time limit, a numerical failure.
    """

    name: str

    def solve(self, lp: LinearProgram, *, time_limit: float) -> LpSolution:
        """Solve `lp` in at most `time_limit` seconds."""


def installed() -> Iterator[SolverBackend]:
    """Yield the back ends whose library is present; each is imported only when asked for."""
    for name in ORDER:
        try:
            module = importlib.import_module(f"optimiser.solvers.{name}")
        except ImportError:
            continue
        yield cast(SolverBackend, module)
