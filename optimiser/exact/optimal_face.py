"""The optimal points of a linear programme, and the one of them that people want.

What the duals leave free is the optimal face: every column with a reduced cost stays at its bound,
every row with a price stays tight.  On it the plan moves least energy, charges vehicles early and
in one go, imports late and exports early; the cost does not change.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from matrix_builders import LinearProgram, Vector
from matrix_builders import layout as blocks
from optimiser import solvers
from optimiser.errors import SolverError
from optimiser.exact.fixing import Settled, dive, resolved, start_at, with_programme
from optimiser.exact.integrality import Flaws, flaws_of, members
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import LpSolution, multiply_transposed
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Priority
from optimiser.solvers import SolverBackend

Wishes: TypeAlias = Callable[[], Vector]
"""Gives the weight of every column, shape (n_cols,); most plans need none."""

_PRICED = 1e-8  # $/kWh; a reduced cost or dual beyond this is no rounding

_FACE_NODES = 5  # where more are wanted, HiGHS is faster with presolve and heuristics

# Weights of the wishes, per kWh; only their order matters.
_THROUGHPUT = 1.0
_PRIORITY = 0.05
_LATE_IMPORT = 0.1
_LATE_CHARGE = {Priority.EV_FIRST: 0.3, Priority.EQUAL: 0.2, Priority.BATTERY_FIRST: 0.15}


def tidied(
    settled: Settled, wishes: Vector, backend: SolverBackend, *, time_limit: float
) -> Settled:
    """The optimum that best meets the wishes, without flaws.

    Parameters
    ----------
    settled : Settled
        A linear programme and an optimum, flaws or none.
    wishes : float64 array, shape (n_cols,)
        Weight of each column, from `wishes_of`.
    backend : SolverBackend
        A solver.
    time_limit : float
        Most time. [s]

    Returns
    -------
    Settled
        Of the same cost; its programme has the wishes for costs.

    Raises
    ------
    OptimiserError
        Where every optimum has a flaw, as far as was looked.
    """
    if settled.formulation.programme.storages.least_charge.any():
        return _without_trickles(settled, wishes, backend, time_limit)
    best = best_on_face(settled, wishes, backend, time_limit=time_limit)
    return dive(best.formulation, best.solution, backend, time_limit=time_limit)


def best_on_face(
    settled: Settled, wishes: Vector, backend: SolverBackend, *, time_limit: float
) -> Settled:
    """The optimum that best meets the wishes, flaws or none; see `tidied`."""
    face = _face(settled.formulation.lp, settled.solution)._replace(cost=wishes)
    start = start_at(face, settled.solution.x, settled.solution.basis)
    solution = solvers.solve_verified(backend, face, time_limit=time_limit, start=start)
    return Settled(with_programme(settled.formulation, face), solution)


def _without_trickles(
    settled: Settled, wishes: Vector, backend: SolverBackend, time_limit: float
) -> Settled:
    """The same where chargers are off or above their least; few columns of a face are free."""
    face = _face(settled.formulation.lp, settled.solution)._replace(cost=wishes)
    formulation = with_programme(settled.formulation, face)
    x, flaws = settled.solution.x, flaws_of(formulation, settled.solution.x)
    try:
        from optimiser.exact import branch_and_bound as branching  # noqa: PLC0415 - no HiGHS
        from optimiser.exact import highs_mip as mixed_integer  # noqa: PLC0415 - as above
    except ImportError:
        return resolved(formulation, x, _everything(formulation), backend, time_limit=time_limit)
    if not flaws.any:  # where one optimum has none, the calmest has few
        start = start_at(face, x, settled.solution.basis)
        with contextlib.suppress(SolverError):
            calm = branching.solve(
                formulation, start, time_limit=time_limit, most_nodes=_FACE_NODES
            )
            return calm.settled
    chosen = _everything(formulation) | flaws
    x = mixed_integer.solve(formulation, chosen, time_limit=time_limit).x
    return resolved(formulation, x, _everything(formulation), backend, time_limit=time_limit)


def _everything(formulation: Formulation) -> Flaws:
    """Every charge that could be a trickle."""
    storages, n = formulation.programme.storages, formulation.layout.n_intervals
    none = Flaws(
        np.zeros(n, dtype=np.bool_),
        np.zeros((len(members(storages)), n), dtype=np.bool_),
        np.zeros(storages.least_charge.shape, dtype=np.bool_),
    )
    return none.with_all_trickles(storages)


def wishes_of(site: Site, formulation: Formulation) -> Vector:
    """Weight of every column; shape (n_cols,)."""
    layout = formulation.layout
    cost = np.zeros(layout.n_cols)
    late = site.horizon.elapsed / site.horizon.elapsed[-1]
    cost[layout.columns(blocks.IMPORT)] = _LATE_IMPORT * (1.0 - late)
    cost[layout.columns(blocks.EXPORT)] = _LATE_IMPORT * late
    weights = list(_storage_weights(site, late))
    charging, giving = (np.array([pair[way] for pair in weights]) for way in (0, 1))
    cost[layout.columns(blocks.CHARGE)] = charging.ravel()
    cost[layout.columns(blocks.DISCHARGE)] = giving.ravel()
    return cost


def _storage_weights(site: Site, late: Vector) -> Iterator[tuple[Vector, Vector]]:
    """Weight of charge and discharge of every storage; shape (T,) each."""
    ranks = sorted({battery.priority for battery in site.batteries})
    for battery in site.batteries:
        rank = ranks.index(battery.priority) / max(len(ranks) - 1, 1)
        weight = np.full(late.size, _THROUGHPUT + _PRIORITY * rank)
        yield weight, weight
    for vehicle in site.vehicles:
        yield _LATE_CHARGE[vehicle.priority] * late, np.full(late.size, _THROUGHPUT)


def _face(lp: LinearProgram, solution: LpSolution) -> LinearProgram:
    """The same programme, its optimal points only."""
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
