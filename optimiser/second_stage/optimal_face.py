"""The optimal face: all optima of a linear programme, and the one that people prefer.

By complementary slackness, the optima of a linear programme are its points with every column of
nonzero reduced cost, and every row of nonzero dual, at its bound.  A second linear programme over
them decides by a tie-break cost.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from matrix_builders import LinearProgram, Vector
from matrix_builders import layout as blocks
from optimiser.exact.fixing import FixedLp
from optimiser.exact.hull import hull
from optimiser.exact.integrality import find_violations
from optimiser.exact.starts import dive, resolve
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import LpSolution, multiply_transposed
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Priority
from optimiser.problem.windows import Mask
from optimiser.solvers import Deadline, SolverBackend

_PRICED = 1e-8  # $/kWh; a reduced cost or dual beyond this is no rounding

# Tie-break costs per kWh; only their order matters.
_THROUGHPUT = 1.0
_PRIORITY = 0.05
_LATE_IMPORT = 0.1
_LATE_STORING = 0.2  # of surplus in a battery: after vehicles that come first, before others
_LATE_CHARGE = {Priority.EV_FIRST: 0.3, Priority.EQUAL: 0.2, Priority.BATTERY_FIRST: 0.15}


def break_ties(
    fixed: FixedLp, tie_break: Vector, backend: SolverBackend, deadline: Deadline
) -> FixedLp:
    """Find the optimum of least tie-break cost without violations.

    Returns
    -------
    FixedLp
        Of the same cost; its programme has the tie-break cost, from `tie_break_cost`.

    Raises
    ------
    OptimiserError
        Where every optimum has a violation, as far as was searched.
    """
    lp = _optimal_face(fixed.formulation.lp, fixed.solution)._replace(cost=tie_break)
    formulation, solution = (
        replace(fixed.formulation, lp=lp),
        resolve(lp, fixed.solution, backend, deadline),
    )
    violations = find_violations(formulation, solution.x)
    if violations.any:
        chosen = violations.with_semicontinuous(formulation.problem.storages)
        tight = hull(formulation, chosen)
        solution = dive(tight, resolve(tight.lp, solution, backend, deadline), backend, deadline)
    return FixedLp(formulation, solution)


def tie_break_cost(site: Site, formulation: Formulation) -> Vector:
    """Build the tie-break cost of every column; shape (n_cols,)."""
    layout = formulation.layout
    cost = np.zeros(layout.n_cols)
    late = site.horizon.elapsed / site.horizon.elapsed[-1]
    cost[layout.columns[blocks.IMPORT]] = _LATE_IMPORT * (1.0 - late)
    has_surplus = site.net_load < 0  # which is exported whenever it is not stored
    cost[layout.columns[blocks.EXPORT]] = np.where(has_surplus, 0.0, _LATE_IMPORT * late)
    weights = list(_storage_weights(site, late, has_surplus))
    charging, discharging = (np.array([pair[way] for pair in weights]) for way in (0, 1))
    cost[layout.columns[blocks.CHARGE]] = charging.ravel()
    cost[layout.columns[blocks.DISCHARGE]] = discharging.ravel()
    return cost


def _storage_weights(
    site: Site, late: Vector, has_surplus: Mask
) -> Iterator[tuple[Vector, Vector]]:
    """Yield the weights of charge and discharge of every storage; shape (T,) each."""
    ranks = sorted({battery.priority for battery in site.batteries})
    for battery in site.batteries:
        rank = ranks.index(battery.priority) / max(len(ranks) - 1, 1)
        weight = np.full(late.size, _THROUGHPUT + _PRIORITY * rank)
        yield weight + np.where(has_surplus, _LATE_STORING * late, 0.0), weight
    for vehicle in site.vehicles:
        yield _LATE_CHARGE[vehicle.priority] * late, np.full(late.size, _THROUGHPUT)


def _optimal_face(lp: LinearProgram, solution: LpSolution) -> LinearProgram:
    """Return the same programme with its optimal points only."""
    reduced = lp.cost - multiply_transposed(lp.matrix, solution.row_dual)
    col_lower, col_upper = lp.col_lower.copy(), lp.col_upper.copy()
    row_lower, row_upper = lp.row_lower.copy(), lp.row_upper.copy()
    stays_low, stays_high = reduced > _PRICED, reduced < -_PRICED
    col_upper[stays_low] = col_lower[stays_low]
    col_lower[stays_high] = col_upper[stays_high]
    tight_low, tight_high = solution.row_dual > _PRICED, solution.row_dual < -_PRICED
    row_upper[tight_low] = row_lower[tight_low]
    row_lower[tight_high] = row_upper[tight_high]
    return lp._replace(
        col_lower=col_lower, col_upper=col_upper, row_lower=row_lower, row_upper=row_upper
    )
