"""Starts for the search: whole choices near relaxed ones, by a few warm linear programmes."""

import numpy as np

from matrix_builders import LinearProgram, Vector, tables
from matrix_builders import layout as blocks
from optimiser import solvers
from optimiser.errors import InfeasibleError, SolverError
from optimiser.exact.hull import Hull
from optimiser.exact.integrality import below_minimum, charges_more, members
from optimiser.model.arrays import ProblemArrays
from optimiser.model.linear_program import LpSolution, Start
from optimiser.problem.windows import Mask
from optimiser.solvers import Deadline, SolverBackend

_ROUNDS = 10
_SHARE = 3  # one in so many open choices is made each round; the nearest to whole first
_WHOLE = 1e-6

RAISED_FROM = 0.25
"""Share of the least charge from which a charge below it is raised, not switched off. [-]"""


def dive(
    hull: Hull, solution: LpSolution, backend: SolverBackend, deadline: Deadline
) -> LpSolution:
    """Make the choices of a relaxed point whole, those nearest to it first.

    Where a round leaves no point, chargers that it raised to their least power are switched off.

    Returns
    -------
    LpSolution
        With whole choices; good, with nothing proved.

    Raises
    ------
    OptimiserError
        Where some choice would not go in time.
    """
    lp = hull.lp
    for n_round in range(_ROUNDS):
        if _is_whole(hull, lp, solution.x):
            return solution
        if deadline.is_over:
            break
        narrow = _narrow(hull, lp, solution.x, makes_all=n_round >= _ROUNDS - 2)
        try:
            lp, solution = narrow, resolve(narrow, solution, backend, deadline)
        except InfeasibleError:
            lp = _narrow(hull, lp, solution.x, makes_all=False, raises=False)
            solution = resolve(lp, solution, backend, deadline)
    if _is_whole(hull, lp, solution.x):
        return solution
    raise SolverError("choices remain open")


def resolve(
    lp: LinearProgram, solution: LpSolution, backend: SolverBackend, deadline: Deadline
) -> LpSolution:
    """Solve a programme with other bounds, and perhaps more columns and rows, from an optimum."""
    longer = np.append(solution.x, np.zeros(lp.cost.size - solution.x.size))
    start = Start(np.clip(longer, lp.col_lower, lp.col_upper), solution.basis)
    return solvers.solve_verified(backend, lp, time_limit=deadline.time_left, start=start)


def levels_one_way(problem: ProblemArrays, charge: Vector, discharge: Vector) -> Vector:
    """Return levels at which no group charges and discharges at once; shape (K, T). [kWh]

    Of `charge` and `discharge`, shape (K, T), the smaller of a group is left out in each interval;
    what then does not fit between the hard levels is left out too.
    """
    storages, charge, discharge = problem.storages, charge.copy(), discharge.copy()
    charging = charges_more(storages, charge, discharge)
    for group, charges in zip(members(storages), charging, strict=True):
        discharge[np.ix_(group, np.flatnonzero(charges))] = 0.0
        charge[np.ix_(group, np.flatnonzero(~charges))] = 0.0
    into, out = storages.traits[tables.CHARGE_EFFICIENCY : tables.DISCHARGE_EFFICIENCY + 1]
    gained = charge * into[:, None] - discharge / out[:, None]
    lower, upper = storages.limits[tables.STORED_LOWER : tables.STORED_UPPER + 1]
    levels = np.empty_like(gained)
    level = storages.traits[tables.INITIAL]
    for t in range(levels.shape[1]):
        level = levels[:, t] = np.clip(level + gained[:, t], lower[:, t], upper[:, t])
    return np.asarray(levels)


def _is_whole(hull: Hull, lp: LinearProgram, x: Vector) -> bool:
    choices = hull.directions
    is_open = lp.col_lower[choices] < lp.col_upper[choices]
    value = x[choices[is_open]]
    return bool((np.minimum(value, 1.0 - value) <= _WHOLE).all() and not _below(hull, x).any())


def _below(hull: Hull, x: Vector) -> Mask:
    """Return where a charger is on below its least power; shape (K, T)."""
    formulation = hull.formulation
    charge = x[formulation.layout.table(blocks.CHARGE)]
    return below_minimum(formulation.problem.storages, charge)


def _narrow(
    hull: Hull, lp: LinearProgram, x: Vector, *, makes_all: bool, raises: bool = True
) -> LinearProgram:
    """Make some open choices as the point leans, and all of chargers below their least power."""
    lower, upper = lp.col_lower.copy(), lp.col_upper.copy()
    choices = hull.directions
    choices = choices[lower[choices] < upper[choices]]
    distance = np.minimum(x[choices], 1.0 - x[choices])
    n_whole = int(np.count_nonzero(distance <= _WHOLE))
    n_more = choices.size if makes_all else n_whole + -(-(choices.size - n_whole) // _SHARE)
    made = choices[np.argsort(distance, kind="stable")[:n_more]]
    lower[made] = upper[made] = np.round(x[made])

    charge = hull.formulation.layout.table(blocks.CHARGE)
    least = hull.formulation.problem.storages.limits[tables.LEAST_CHARGE]
    below = _below(hull, x)
    rises = below & (x[charge] >= RAISED_FROM * least) & (upper[charge] >= least) & raises
    lower[charge[rises]] = least[rises]
    stops = below & ~rises
    lower[charge[stops]] = upper[charge[stops]] = 0.0
    return lp._replace(col_lower=lower, col_upper=upper)
