"""Tie-breaking: which of the plans of the same or nearly the same cost is served."""

import contextlib
import math
from dataclasses import dataclass

from optimiser.errors import OptimiserError, SolverError
from optimiser.exact.charging_sessions import merge_sessions
from optimiser.exact.integrality import is_feasible
from optimiser.exact.optimal_face import break_ties, tie_break_cost
from optimiser.exact.steps import SAME_COST, Incumbent
from optimiser.model.dispatch import Dispatch, Trajectory, planning_cost, simulate
from optimiser.model.formulation import Formulation
from optimiser.problem.site import Site
from optimiser.result.plan import Plan
from optimiser.second_stage.load_sharing import share_load
from optimiser.second_stage.preference import Candidate, prefer
from optimiser.solvers import Deadline, SolverBackend, now

_TIME_LIMIT = 2.0  # s; deciding between equals is worth no more


@dataclass(frozen=True, slots=True)
class Preferences:
    """Preferences of people beside the cost.

    Attributes
    ----------
    budget : float
        Most that a preferred plan may cost more; zero switches preferences off. [$]
    previous : Plan or None
        The plan before this one: its action goes on where a change is not worth the budget.
    has_value_function : bool
        Whether the value function applies; elsewhere only ties are broken.
    """

    budget: float
    previous: Plan | None
    has_value_function: bool


def choose(
    site: Site,
    formulation: Formulation,
    best: Incumbent,
    preferences: Preferences,
    backend: SolverBackend | None,
) -> Trajectory:
    """Choose the plan to serve; that of `best` where nothing better is found.

    Only where the value function applies may a plan cost the budget more, or keep to the one
    before; elsewhere only ties are broken, by the back end that solved the programme.
    """
    if preferences.budget <= 0 or math.isinf(best.lower_bound):
        return best.dispatch.trajectory
    if preferences.has_value_function and not site.vehicles:
        candidate = Candidate(best.dispatch, best.cost)
        with contextlib.suppress(SolverError):  # too many breakpoints: only ties are broken
            return prefer(
                site, formulation.problem, candidate, preferences.budget, preferences.previous
            ).dispatch.trajectory
    return _break_ties(site, formulation, best, backend).trajectory


def _break_ties(
    site: Site,
    formulation: Formulation,
    best: Incumbent,
    backend: SolverBackend | None,
) -> Dispatch:
    """Find a plan of the same cost that moves less, in fewer sessions, and shares the load."""
    problem, chosen = formulation.problem, best.dispatch
    if backend is not None and best.fixed is not None and not best.has_ties_broken:
        tie_break = tie_break_cost(site, formulation)
        with contextlib.suppress(OptimiserError):  # the cheapest plan is as good
            fixed = break_ties(best.fixed, tie_break, backend, Deadline(now() + _TIME_LIMIT))
            trajectory = fixed.formulation.trajectory(fixed.solution.x)
            equal = simulate(problem, trajectory).dispatch
            chosen = _as_good(formulation, best, equal, chosen)
    merged = merge_sessions(problem, chosen)
    if merged is not None:
        chosen = _as_good(formulation, best, merged, chosen)
    for shared in share_load(site, problem, chosen):
        chosen = _as_good(formulation, best, shared, chosen)
    return chosen


def _as_good(
    formulation: Formulation, best: Incumbent, wanted: Dispatch, fallback: Dispatch
) -> Dispatch:
    costs_more = planning_cost(formulation.problem, wanted) - best.cost > SAME_COST
    return fallback if costs_more or not is_feasible(formulation, wanted) else wanted
