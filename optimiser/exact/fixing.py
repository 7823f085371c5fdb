"""From an impossible point to a possible plan: settle every flaw, solve again, and look again."""

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from matrix_builders import LinearProgram, Vector
from matrix_builders import layout as blocks
from optimiser import solvers
from optimiser.errors import InfeasibleError, SolverError
from optimiser.exact.integrality import Flaws, flaws_of, members
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import AT_LOWER, AT_UPPER, BASIC, LpSolution, Start
from optimiser.solvers import SolverBackend

_ROUNDS = 12
MORE_THAN_NOTHING = 0.25
"""Share of the least charge; a smaller trickle is rather switched off than up. [-]"""

_AT_BOUND = 1e-9  # kWh


@dataclass(frozen=True, slots=True)
class Settled:
    """A linear programme with its flaws decided, and its optimum.

    Attributes
    ----------
    formulation : Formulation
        Bounds narrowed; no point of it that is kept has a flaw.
    solution : LpSolution
        Its verified optimum.
    """

    formulation: Formulation
    solution: LpSolution


def dive(
    formulation: Formulation, solution: LpSolution, backend: SolverBackend, *, time_limit: float
) -> Settled:
    """Decide the flaws of a solution, the way it leans, until none is left.

    Parameters
    ----------
    formulation : Formulation
        The programme.
    solution : LpSolution
        Its optimum.
    backend : SolverBackend
        Solves what is left after each round.
    time_limit : float
        Most time. [s]

    Returns
    -------
    Settled
        Possible; good, with nothing proved.

    Raises
    ------
    OptimiserError
        Where some flaw would not go in time.
    """
    deadline = perf_counter() + time_limit
    settled = Settled(formulation, solution)
    for _ in range(_ROUNDS):
        flaws = flaws_of(formulation, settled.solution.x)
        if not flaws.any:
            return settled
        left = deadline - perf_counter()
        if left <= 0:
            break
        x = settled.solution.x
        try:
            settled = _solved(settle(settled.formulation, x, flaws), x, backend, left)
        except InfeasibleError:  # a trickle could not be raised: there is no room, or no power
            lowered = settle(settled.formulation, x, flaws, raises=False)
            settled = _solved(lowered, x, backend, left)
    raise SolverError("impossible intervals remain")


def resolved(
    formulation: Formulation,
    x: Vector,
    decided: Flaws,
    backend: SolverBackend,
    *,
    time_limit: float,
) -> Settled:
    """Optimum with the choices that the point `x` makes where `decided` has a flaw.

    Raises
    ------
    OptimiserError
        Where the back end fails.
    """
    return _solved(settle(formulation, x, decided), x, backend, time_limit)


def _solved(
    formulation: Formulation, x: Vector, backend: SolverBackend, time_limit: float
) -> Settled:
    lp = formulation.lp
    start = start_at(lp, x)
    return Settled(
        formulation, solvers.solve_verified(backend, lp, time_limit=time_limit, start=start)
    )


def start_at(lp: LinearProgram, x: Vector, basis: object = None) -> Start:
    """Start from a point, or from what the bounds leave of it."""
    inside = np.clip(x, lp.col_lower, lp.col_upper)
    if isinstance(basis, Start):
        return replace(basis, x=inside)
    col_status = np.where(lp.col_upper - inside < inside - lp.col_lower, AT_UPPER, AT_LOWER)
    col_status[(x > lp.col_lower + _AT_BOUND) & (x < lp.col_upper - _AT_BOUND)] = BASIC
    row_status = np.full(lp.row_lower.size, AT_LOWER, dtype=np.int8)
    return Start(inside, col_status.astype(np.int8), row_status, basis)


def settle(
    formulation: Formulation, x: Vector, flaws: Flaws, *, raises: bool = True
) -> Formulation:
    """The same programme with every flaw decided, the way the point `x` leans.

    Parameters
    ----------
    formulation : Formulation
        The programme.
    x : float64 array, shape (n_cols,)
        A point.
    flaws : Flaws
        What to decide.
    raises : bool
        Whether a trickle may be raised to the least charge, or is always switched off.

    Returns
    -------
    Formulation
        With narrower bounds.
    """
    lower, upper = formulation.lp.col_lower.copy(), formulation.lp.col_upper.copy()
    columns = formulation.layout.table
    imports = formulation.metered(x) >= 0
    for block, goes in (
        (blocks.EXPORT, flaws.meter & imports),
        (blocks.IMPORT, flaws.meter & ~imports),
    ):
        upper[columns(block)[0, goes]] = 0.0
    charge, discharge = columns(blocks.CHARGE), columns(blocks.DISCHARGE)
    for group, both in zip(members(formulation.programme.storages), flaws.groups, strict=True):
        charges = x[charge[group]].sum(axis=0) >= x[discharge[group]].sum(axis=0)
        upper[discharge[np.ix_(group, np.flatnonzero(both & charges))]] = 0.0
        upper[charge[np.ix_(group, np.flatnonzero(both & ~charges))]] = 0.0
    least = formulation.programme.storages.least_charge
    rises = flaws.trickles & (x[charge] >= MORE_THAN_NOTHING * least) & raises
    rises &= upper[charge] >= least
    lower[charge[rises]] = least[rises]
    upper[charge[flaws.trickles & ~rises]] = 0.0
    bounded = formulation.lp._replace(col_lower=lower, col_upper=upper)
    return with_programme(formulation, bounded)


def with_programme(formulation: Formulation, lp: LinearProgram) -> Formulation:
    """The same programme with the numbers of another of its shape."""
    return replace(formulation, lp=lp)
