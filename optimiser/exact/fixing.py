"""Linear programmes in which the choices of a physical plan are the only ones."""

from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import layout as blocks
from matrix_builders import tables
from optimiser import solvers
from optimiser.exact.integrality import Violations, charges_more, members
from optimiser.model.dispatch import Dispatch
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import LpSolution, Start
from optimiser.solvers import Deadline, SolverBackend


@dataclass(frozen=True, slots=True)
class FixedLp:
    """A linear programme with some bounds fixed, and its optimum.

    Attributes
    ----------
    formulation : Formulation
        Bounds narrowed where a choice was made.
    solution : LpSolution
        Its verified optimum.
    """

    formulation: Formulation
    solution: LpSolution


def resolve_fixed(
    formulation: Formulation,
    dispatch: Dispatch,
    decisions: Violations,
    backend: SolverBackend,
    deadline: Deadline,
) -> FixedLp:
    """Solve with the choices that a dispatch makes, where `decisions` has a violation.

    Raises
    ------
    OptimiserError
        Where the back end fails.
    """
    narrow = _fix_bounds(formulation, dispatch, decisions)
    start = Start(np.clip(formulation.point(dispatch), narrow.lp.col_lower, narrow.lp.col_upper))
    solution = solvers.solve_verified(
        backend, narrow.lp, time_limit=deadline.time_left, start=start
    )
    return FixedLp(narrow, solution)


def _fix_bounds(formulation: Formulation, dispatch: Dispatch, decisions: Violations) -> Formulation:
    """Narrow the bounds so that the choices of a dispatch are the only ones."""
    lower, upper = formulation.lp.col_lower.copy(), formulation.lp.col_upper.copy()
    columns, storages = formulation.layout.table, formulation.problem.storages
    imports = dispatch.grid_import >= dispatch.grid_export
    upper[columns(blocks.EXPORT)[0, decisions.meter & imports]] = 0.0
    upper[columns(blocks.IMPORT)[0, decisions.meter & ~imports]] = 0.0
    charge, discharge = columns(blocks.CHARGE), columns(blocks.DISCHARGE)
    charging = charges_more(storages, dispatch.charge, dispatch.discharge)
    for group, both, charges in zip(members(storages), decisions.groups, charging, strict=True):
        upper[discharge[np.ix_(group, np.flatnonzero(both & charges))]] = 0.0
        upper[charge[np.ix_(group, np.flatnonzero(both & ~charges))]] = 0.0
    runs = decisions.below_minimum & (dispatch.charge > 0.0)
    least = np.minimum(storages.limits[tables.LEAST_CHARGE], dispatch.charge)
    lower[charge[runs]] = np.minimum(least[runs], upper[charge[runs]])
    upper[charge[decisions.below_minimum & ~runs]] = 0.0
    return replace(formulation, lp=formulation.lp._replace(col_lower=lower, col_upper=upper))
