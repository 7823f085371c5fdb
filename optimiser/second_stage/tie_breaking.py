"""Among plans of the same cost, the one that people want, without a value function."""

import contextlib

from matrix_builders import Vector
from optimiser.errors import OptimiserError
from optimiser.exact.charging_sessions import consolidated
from optimiser.exact.integrality import is_possible
from optimiser.exact.optimal_face import tidied
from optimiser.exact.steps import SAME_COST, Exact
from optimiser.model.dispatch import Dispatch, follow, planning_cost
from optimiser.model.formulation import Formulation
from optimiser.problem.site import Site
from optimiser.second_stage.load_sharing import shared
from optimiser.solvers import SolverBackend

_TIME_LIMIT = 2.0  # s; deciding between equals is worth no more


def untied(
    site: Site, formulation: Formulation, exact: Exact, wishes: Vector, backend: SolverBackend
) -> Dispatch:
    """Plan of the same cost that moves less, not to and fro, and deals the work out evenly.

    Parameters
    ----------
    site : Site
        Priorities.
    formulation : Formulation
        The programme.
    exact : Exact
        The cheapest plan.
    wishes : float64 array, shape (n_cols,)
        Weight of each column.
    backend : SolverBackend
        A solver.

    Returns
    -------
    Dispatch
        Possible; that of `exact` where nothing better was found.
    """
    best = exact.dispatch
    if exact.settled is not None and not exact.is_tidy:
        with contextlib.suppress(OptimiserError):  # the cheapest plan is as good
            tidy = tidied(exact.settled, wishes, backend, time_limit=_TIME_LIMIT)
            course = tidy.formulation.course(tidy.solution.x)
            best = _as_good(formulation, exact, follow(formulation.programme, course), best)
    gathered = consolidated(formulation.programme, best)
    if gathered is not None:
        best = _as_good(formulation, exact, gathered, best)
    for wish in shared(site, formulation.programme, best):
        best = _as_good(formulation, exact, wish, best)
    return best


def _as_good(
    formulation: Formulation, exact: Exact, wish: Dispatch, fallback: Dispatch
) -> Dispatch:
    costs_more = planning_cost(formulation.programme, wish) - exact.cost > SAME_COST
    return fallback if costs_more or not is_possible(formulation, wish) else wish
