"""Tie-breaking: which of the plans of the same or nearly the same cost is served."""

import contextlib
import math
from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector, tables
from optimiser.errors import OptimiserError
from optimiser.exact.charging import NOTHING, charge_in_order
from optimiser.exact.integrality import is_feasible
from optimiser.exact.steps import SAME_COST, Incumbent
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch, Trajectory, planning_cost, simulate
from optimiser.model.formulation import Formulation
from optimiser.model.storages import BATTERIES
from optimiser.problem.site import Site
from optimiser.result.plan import Plan
from optimiser.second_stage.aggregation import Aggregation
from optimiser.second_stage.load_sharing import share_load
from optimiser.second_stage.optimal_face import break_ties, tie_break_cost
from optimiser.second_stage.preference import Candidate, prefer
from optimiser.solvers import Deadline, SolverBackend, now

_TIME_LIMIT = 2.0  # s; deciding between equals is worth no more

_ROUNDING = 1e-9  # h; of sums of interval lengths

RUNS_TIME_LIMIT = 2.0
"""Time to look for fewer runs; half of 60 small sites need less than 0.4 s. [s]"""


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
    aggregation: Aggregation,
    formulation: Formulation,
    best: Incumbent,
    preferences: Preferences,
    backend: SolverBackend | None,
) -> Trajectory:
    """Choose the plan to serve; that of `best` where nothing better is found.

    Where the value function applies and nothing has a least power, `prefer` chooses.  Elsewhere
    ties are broken by the back end that solved the programme; then comes the plan that goes on as
    before and has the fewest runs.  Batteries of equal cost share the load last: together they have
    the runs of one.
    """
    if preferences.budget <= 0 or math.isinf(best.lower_bound):
        return best.dispatch.trajectory
    site = aggregation.site
    has_least = formulation.problem.storages.limits[tables.LEAST_CHARGE].any()
    if preferences.has_value_function and not (site.vehicles or has_least):
        cheapest, previous = Candidate(best.dispatch, best.cost), preferences.previous
        preferred = prefer(site, formulation.problem, cheapest, preferences.budget, previous)
        if preferred is not None:
            return Trajectory(preferred.dispatch.stored)
    chosen = _break_ties(site, formulation, best, backend)
    with contextlib.suppress(OptimiserError, ImportError):  # HiGHS may be absent
        before = _moves_before(aggregation, preferences.previous)
        most = best.cost + preferences.budget
        chosen = _with_fewer_runs(site, formulation, chosen, most, before)
    most = max(best.cost, planning_cost(formulation.problem, chosen))
    for shared in share_load(site, formulation.problem, chosen):
        chosen = _as_good(formulation, most, shared, chosen)
    return chosen.trajectory


def _break_ties(
    site: Site,
    formulation: Formulation,
    best: Incumbent,
    backend: SolverBackend | None,
) -> Dispatch:
    """Find a plan of the same cost that moves less, in fewer sessions."""
    problem, chosen = formulation.problem, best.dispatch
    if backend is not None and best.fixed is not None:
        tie_break = tie_break_cost(site, formulation)
        with contextlib.suppress(OptimiserError):  # the cheapest plan is as good
            fixed = break_ties(best.fixed, tie_break, backend, Deadline(now() + _TIME_LIMIT))
            trajectory = fixed.formulation.trajectory(fixed.solution.x)
            equal = simulate(problem, trajectory).dispatch
            chosen = _as_good(formulation, best.cost, equal, chosen)
    merged = charge_in_order(problem, chosen)
    if merged is not None and _count_sessions(problem, merged) < _count_sessions(problem, chosen):
        chosen = _as_good(formulation, best.cost, merged, chosen)
    return chosen


def _count_sessions(problem: ProblemArrays, dispatch: Dispatch) -> int:
    """Count how often charging begins, over all vehicles."""
    on = dispatch.charge[problem.storages.group != BATTERIES] > NOTHING
    return int(np.count_nonzero(on[:, 1:] & ~on[:, :-1]) + np.count_nonzero(on[:, :1]))


def _moves_before(aggregation: Aggregation, previous: Plan | None) -> Vector:
    """Return 1 where the plan before charges a storage, and discharges it; shape (2, K, T).

    NaN where there is no plan before of these storages and this time.
    """
    horizon, n_storages = aggregation.site.horizon, aggregation.whole.size
    moves = np.full((2, len(aggregation.site.storages), horizon.n_intervals), np.nan)
    if previous is None or len(previous.dispatch.charge) != n_storages:
        return moves
    then, dispatch = previous.pieces.site.horizon, previous.dispatch_in_pieces
    began = then.hours_until(horizon.start) + np.append(0.0, horizon.elapsed[:-1])
    t = then.intervals_at(began)
    known = (began >= -_ROUNDING) & (t < then.n_intervals)
    parts = np.unique(aggregation.whole, return_index=True)[1]  # one of each whole: they are alike
    for way, moved in enumerate((dispatch.charge, dispatch.discharge)):
        moves[way][:, known] = moved[np.ix_(parts, t[known])] > 0.0
    return moves


def _with_fewer_runs(
    site: Site, formulation: Formulation, chosen: Dispatch, most: float, before: Vector
) -> Dispatch:
    """Find a plan with fewer runs that costs at most so much [$]; see `_moves_before`."""
    from optimiser.second_stage.fewer_runs import with_fewer_runs  # noqa: PLC0415 - needs HiGHS

    tie_break, deadline = tie_break_cost(site, formulation), Deadline(now() + RUNS_TIME_LIMIT)
    return with_fewer_runs(formulation, tie_break, chosen, most, before, deadline)


def _as_good(
    formulation: Formulation, most: float, wanted: Dispatch, fallback: Dispatch
) -> Dispatch:
    costs_more = planning_cost(formulation.problem, wanted) - most > SAME_COST
    return fallback if costs_more or not is_feasible(formulation, wanted) else wanted
