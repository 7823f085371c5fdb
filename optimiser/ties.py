"""Among plans of the same cost, the one that people want: for sites that no value function solves.

The optimal face of a linear programme is what its duals leave free: every column with a reduced
cost stays at its bound, every row with a price stays tight.  On it the plan moves least energy,
charges vehicles early and in one go, imports late and exports early; the cost does not change.
"""

import contextlib
from collections.abc import Iterator

import numpy as np

from matrix_builders import LinearProgram, Vector
from matrix_builders import layout as blocks
from optimiser import solvers
from optimiser.dispatch import Dispatch, follow, planning_cost
from optimiser.diving import Settled, dive, with_costs
from optimiser.errors import OptimiserError
from optimiser.exclusivity import Exact
from optimiser.flaws import is_possible
from optimiser.formulation import Formulation
from optimiser.linear_program import LpSolution, Start, multiply_transposed
from optimiser.sharing import shared
from optimiser.site import Site
from optimiser.solvers import SolverBackend
from optimiser.vehicle import Priority

SAME_COST = 1e-6
"""Plans that differ by less cost the same. [$]"""

_PRICED = 1e-8  # $/kWh; a reduced cost or dual beyond this is no rounding
_AT_BOUND = 1e-9  # kWh

# Weights of the wishes, per kWh; only their order matters.
_THROUGHPUT = 1.0
_PRIORITY = 0.05
_LATE_IMPORT = 0.1
_LATE_CHARGE = {Priority.EV_FIRST: 0.3, Priority.EQUAL: 0.2, Priority.BATTERY_FIRST: 0.15}


def untied(
    site: Site, formulation: Formulation, exact: Exact, backend: SolverBackend, time_limit: float
) -> Dispatch:
    """Plan of the same cost that moves less, and not to and fro.

    Parameters
    ----------
    site : Site
        Priorities.
    formulation : Formulation
        The programme.
    exact : Exact
        The cheapest plan.
    backend : SolverBackend
        A solver.
    time_limit : float
        Most time. [s]

    Returns
    -------
    Dispatch
        Possible; that of `exact` where nothing better was found.
    """
    best = exact.dispatch
    with contextlib.suppress(OptimiserError):  # the cheapest plan is as good
        if exact.settled is not None:
            found = _on_the_face(site, exact.settled, backend, time_limit)
            best = _as_good(formulation, exact, found, best)
    for wish in shared(site, formulation.programme, best):
        best = _as_good(formulation, exact, wish, best)
    return best


def _as_good(
    formulation: Formulation, exact: Exact, wish: Dispatch, fallback: Dispatch
) -> Dispatch:
    costs_more = planning_cost(formulation.programme, wish) - exact.cost > SAME_COST
    return fallback if costs_more or not is_possible(formulation, wish) else wish


def _on_the_face(
    site: Site, settled: Settled, backend: SolverBackend, time_limit: float
) -> Dispatch:
    lp, x = settled.formulation.lp, settled.solution.x
    face = _face(lp, settled.solution)
    face = face._replace(cost=_weights(site, settled.formulation))
    x = np.clip(x, face.col_lower, face.col_upper)
    basic = (x > face.col_lower + _AT_BOUND) & (x < face.col_upper - _AT_BOUND)
    solution = solvers.solve_verified(backend, face, time_limit=time_limit, start=Start(x, basic))
    formulation = with_costs(settled.formulation, face)
    found = dive(formulation, solution, backend, time_limit=time_limit)
    return follow(formulation.programme, found.formulation.course(found.solution.x))


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


def _weights(site: Site, formulation: Formulation) -> Vector:
    """Cost vector of the wishes."""
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
