"""Bounds fixed the way a point leans, so that the next optimum has fewer violations."""

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from matrix_builders import LinearProgram, Vector, tables
from matrix_builders import layout as blocks
from optimiser import solvers
from optimiser.errors import InfeasibleError, SolverError
from optimiser.exact.integrality import Violations, find_violations, members
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import LpSolution, Start
from optimiser.solvers import SolverBackend

_ROUNDS = 12

RAISED_FROM = 0.25
"""Share of the least charge from which a charge below it is raised, not switched off. [-]"""


@dataclass(frozen=True, slots=True)
class FixedLp:
    """A linear programme with some bounds fixed, and its optimum.

    Attributes
    ----------
    formulation : Formulation
        Bounds narrowed where a violation was decided.
    solution : LpSolution
        Its verified optimum.
    """

    formulation: Formulation
    solution: LpSolution


def dive(
    formulation: Formulation, solution: LpSolution, backend: SolverBackend, *, time_limit: float
) -> FixedLp:
    """Decide the violations of a solution, the way it leans, until none is left.

    Returns
    -------
    FixedLp
        Without violations; good, with nothing proved.

    Raises
    ------
    OptimiserError
        Where some violation would not go in time.
    """
    deadline = perf_counter() + time_limit
    fixed = FixedLp(formulation, solution)
    for _ in range(_ROUNDS):
        x = fixed.solution.x
        violations = find_violations(formulation, x)
        if not violations.any:
            return fixed
        left = deadline - perf_counter()
        if left <= 0:
            break
        try:
            narrow = fix_bounds(fixed.formulation, x, violations)
            fixed = _solve(narrow, x, backend, left)
        except InfeasibleError:  # a charge could not be raised: there is no room, or no power
            narrow = fix_bounds(fixed.formulation, x, violations, raises=False)
            fixed = _solve(narrow, x, backend, left)
    raise SolverError("impossible intervals remain")


def resolve_fixed(
    formulation: Formulation,
    x: Vector,
    decisions: Violations,
    backend: SolverBackend,
    *,
    time_limit: float,
) -> FixedLp:
    """Solve with the choices that the point `x` makes where `decisions` has a violation.

    Raises
    ------
    OptimiserError
        Where the back end fails.
    """
    return _solve(fix_bounds(formulation, x, decisions), x, backend, time_limit)


def _solve(
    formulation: Formulation, x: Vector, backend: SolverBackend, time_limit: float
) -> FixedLp:
    lp, start = formulation.lp, start_at(formulation.lp, x)
    return FixedLp(
        formulation, solvers.solve_verified(backend, lp, time_limit=time_limit, start=start)
    )


def start_at(lp: LinearProgram, x: Vector, basis: object = None) -> Start:
    """Return a start from a point, or from what the bounds leave of it."""
    return Start(np.clip(x, lp.col_lower, lp.col_upper), basis)


def fix_bounds(
    formulation: Formulation, x: Vector, violations: Violations, *, raises: bool = True
) -> Formulation:
    """Narrow the bounds so that no violation is left possible, the way the point `x` leans.

    A charge below its minimum is raised to it where it is near enough and `raises` allows it, else
    switched off.
    """
    lower, upper = formulation.lp.col_lower.copy(), formulation.lp.col_upper.copy()
    columns, storages = formulation.layout.table, formulation.problem.storages
    imports = formulation.meter_energy(x) >= 0
    for block, closes in (
        (blocks.EXPORT, violations.meter & imports),
        (blocks.IMPORT, violations.meter & ~imports),
    ):
        upper[columns(block)[0, closes]] = 0.0
    charge, discharge = columns(blocks.CHARGE), columns(blocks.DISCHARGE)
    for group, both in zip(members(storages), violations.groups, strict=True):
        charges = x[charge[group]].sum(axis=0) >= x[discharge[group]].sum(axis=0)
        upper[discharge[np.ix_(group, np.flatnonzero(both & charges))]] = 0.0
        upper[charge[np.ix_(group, np.flatnonzero(both & ~charges))]] = 0.0
    least = storages.limits[tables.LEAST_CHARGE]
    rises = violations.below_minimum & (x[charge] >= RAISED_FROM * least) & raises
    rises &= upper[charge] >= least
    lower[charge[rises]] = least[rises]
    upper[charge[violations.below_minimum & ~rises]] = 0.0
    return replace(formulation, lp=formulation.lp._replace(col_lower=lower, col_upper=upper))
