"""From the optimum of the relaxation to the best plan that a house can carry out.

A linear programme has flaws that no house can carry out, and may earn money by them.  Its optimum
is a lower bound in any case; where the physical dispatch of its stored energy attains it, the two
are one.  Where not, a single storage is solved exactly by its value function.  Where several have
no flaw but trickles, a short search over a tightened programme decides them.  Other flaws are first
settled the way the optimum leans; where that leaves a gap, binaries decide the flawed intervals.
"""

import contextlib
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from matrix_builders import Vector
from optimiser.errors import OptimiserError
from optimiser.exact.charging_sessions import consolidated
from optimiser.exact.cuts import tightened
from optimiser.exact.fixing import Settled, dive, resolved, settle, start_at
from optimiser.exact.integrality import Flaws, flaws_of, is_possible
from optimiser.exact.local_search import descended
from optimiser.exact.optimal_face import Wishes, best_on_face, tidied
from optimiser.model.arrays import Programme
from optimiser.model.dispatch import Dispatch, costed, follow, planning_cost
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import LpSolution
from optimiser.result.fallback import rule_levels
from optimiser.solvers import SolverBackend
from optimiser.value_function.storage_plan import StoragePlan

GAP_TOLERANCE = 1e-4
"""Planning cost above the bound that still counts as optimal. [$]"""

_RELATIVE_GAP_TOLERANCE = 1e-6

SAME_COST = 1e-6
"""Plans that differ by less cost the same. [$]"""

_ROUNDS = 20
_TIDY_TIME = 0.25  # s; deciding between equals is worth no more


@dataclass(frozen=True, slots=True)
class Means:
    """What making a plan exact may take.

    Attributes
    ----------
    backend : SolverBackend
        What solved the relaxation, for more of the kind.
    wishes : Callable
        Gives the weights of what decides between equals.
    deadline : float
        When to stop, by the clock of `perf_counter`. [s]
    """

    backend: SolverBackend
    wishes: Wishes
    deadline: float

    @property
    def time_left(self) -> float:
        """Time until the deadline, at least a little. [s]"""
        return max(self.deadline - perf_counter(), 0.01)


@dataclass(frozen=True, slots=True)
class Exact:
    """A physical dispatch and how good it is.

    Attributes
    ----------
    dispatch : Dispatch
        Can be carried out.
    cost : float
        Its planning cost. [$]
    lower_bound : float
        No physical plan costs less. [$]
    solver : str
        What found it.
    made_exact : int
        Intervals in which the relaxation was impossible, where that mattered.
    settled : Settled or None
        Linear programme whose optimum it is; None where it came another way.
    is_tidy : bool
        Whether it is already the best of its equals.
    """

    dispatch: Dispatch
    cost: float
    lower_bound: float
    solver: str
    made_exact: int
    settled: Settled | None = None
    is_tidy: bool = False

    @property
    def is_optimal(self) -> bool:
        """Whether cost and bound meet."""
        return meets(self.cost, self.lower_bound)


def meets(cost: float, bound: float) -> bool:
    """Whether a cost equals its bound; one that undercuts it is as wrong as one above."""
    return abs(cost - bound) <= GAP_TOLERANCE + _RELATIVE_GAP_TOLERANCE * abs(bound)


def make_exact(
    formulation: Formulation,
    solution: LpSolution,
    exact_plan: Exact | None,
    means: Means,
) -> Exact:
    """Best physical plan, given the optimum of the relaxation.

    Parameters
    ----------
    formulation : Formulation
        The programme.
    solution : LpSolution
        Its verified optimum.
    exact_plan : Exact or None
        Best plan of the value function, where it applies; but for trickles, it can be carried out.
    means : Means
        What it may take.

    Returns
    -------
    Exact
        Optimal, unless the time for binaries ran out.
    """
    assert solution.proof is not None
    bound = solution.proof.lower_bound
    at_first = Settled(formulation, solution)
    may_trickle = bool(formulation.programme.storages.least_charge.any())
    if exact_plan is not None and not may_trickle and meets(exact_plan.cost, bound):
        solver = solution.backend
        return replace(exact_plan, lower_bound=bound, settled=at_first, solver=solver)
    flaws = flaws_of(formulation, solution.x)
    found = None
    if not flaws.trickles.any():  # no dispatch of theirs is without them
        found = _attained(at_first, bound, solution.backend, 0)
    if found is not None and found.is_optimal:
        return found
    if exact_plan is not None:
        bound = max(bound, exact_plan.lower_bound)
        if not flaws.trickles.any() and is_possible(formulation, exact_plan.dispatch):
            return replace(exact_plan, lower_bound=bound, made_exact=flaws.n_intervals)
    if flaws.only_trickles:
        with contextlib.suppress(OptimiserError, ImportError):  # HiGHS may be absent
            found = _branched(at_first, bound, flaws, means)
        if found is not None and found.is_optimal:
            return found
    if found is None:
        found = by_rules(formulation, bound)
    bound = max(bound, found.lower_bound)
    for way in (_tidy, _dived):
        with contextlib.suppress(OptimiserError):  # the next way, or the incumbent
            settled = way(at_first, bound, flaws, means)
            if settled is not None and settled.cost < found.cost:
                found = settled
            if found.is_optimal:
                return found
    found = _with_binaries(formulation, flaws, _descended(formulation, found), means)
    return found if found.is_optimal else _descended(formulation, found)


def _descended(formulation: Formulation, found: Exact) -> Exact:
    """The same made better, storage by storage, and vehicles in order of price."""
    dispatch = descended(formulation, found.dispatch)
    gathered = consolidated(formulation.programme, dispatch)
    if gathered is not None and is_possible(formulation, gathered):
        dearer = planning_cost(formulation.programme, gathered) - SAME_COST
        if dearer <= planning_cost(formulation.programme, dispatch):
            dispatch = gathered
    cost = planning_cost(formulation.programme, dispatch)
    if cost >= found.cost:
        return found
    return replace(found, dispatch=dispatch, cost=cost, settled=None, is_tidy=False)


def _branched(at_first: Settled, bound: float, flaws: Flaws, means: Means) -> Exact | None:
    """The trickles of the relaxation settled at the least cost."""
    from optimiser.exact import branch_and_bound as branching  # noqa: PLC0415 - HiGHS may be absent

    formulation, relaxed = at_first.formulation, at_first.solution
    storages = formulation.programme.storages
    start = start_at(formulation.lp, relaxed.x, relaxed.basis)
    branched = branching.solve(tightened(formulation), start, time_limit=means.time_left)
    leaf = branched.settled
    proved = max(bound, branched.lower_bound)
    found = _attained(leaf, proved, branching.name, flaws.n_intervals)
    if found is None or not found.is_optimal:
        return found
    if meets(found.cost, bound):  # then all optima of the relaxation are worth a look
        with contextlib.suppress(OptimiserError):
            tidy = _tidy(at_first, bound, flaws, means)
            if tidy is not None and tidy.is_optimal:
                return tidy
    decided = settle(leaf.formulation, leaf.solution.x, flaws.with_all_trickles(storages))
    return _calmer(replace(leaf, formulation=decided), found, means)


def _tidy(at_first: Settled, bound: float, flaws: Flaws, means: Means) -> Exact | None:
    """An optimum of the relaxation without flaws: many have some only by chance."""
    tidy = tidied(at_first, means.wishes(), means.backend, time_limit=means.time_left)
    found = _attained(tidy, bound, at_first.solution.backend, flaws.n_intervals)
    return None if found is None else replace(found, is_tidy=True)


def _dived(at_first: Settled, bound: float, flaws: Flaws, means: Means) -> Exact | None:
    """The flaws of the relaxation settled at some cost."""
    dived = dive(at_first.formulation, at_first.solution, means.backend, time_limit=means.time_left)
    return _attained(dived, bound, at_first.solution.backend, flaws.n_intervals)


def _attained(settled: Settled, bound: float, solver: str, made_exact: int) -> Exact | None:
    """What a house makes of an optimum; None where it cannot."""
    found = _done(settled.formulation, settled.solution.x)
    if found is None:
        return None
    return replace(found, lower_bound=bound, solver=solver, made_exact=made_exact, settled=settled)


def by_value_function(programme: Programme, storage_plan: StoragePlan) -> Exact:
    """What a house makes of the plan of the value function."""
    done = costed(programme, storage_plan.levels)
    return Exact(done.dispatch, done.cost, storage_plan.bound, "value_function", 0)


def by_rules(formulation: Formulation, bound: float) -> Exact:
    """The plan of the rules; where a tie forbids it, standing still."""
    programme = formulation.programme
    dispatch = follow(programme, rule_levels(programme))
    if not is_possible(formulation, dispatch):
        initial = programme.storages.initial[:, None]
        dispatch = follow(programme, np.repeat(initial, programme.hours.size, axis=1))
    return Exact(dispatch, planning_cost(programme, dispatch), bound, "rules", 0)


def _with_binaries(
    formulation: Formulation,
    flaws: Flaws,
    found: Exact,
    means: Means,
) -> Exact:
    """Decide flaws by binaries, until no point has one without.

    Each round adds the flaws that its optimum newly has; the bound of every round holds for all,
    and so does the best dispatch so far.
    """
    try:
        from optimiser.exact import highs_mip as mixed_integer  # noqa: PLC0415 - HiGHS may be absent
    except ImportError:
        return found
    best = replace(found, solver=mixed_integer.name)
    tight = tightened(formulation) if flaws.only_trickles else formulation
    storages = formulation.programme.storages
    # A flaw that is forbidden in one interval moves on to the next of its kind: all at once.
    flaws = flaws.with_all_trickles(storages) if flaws.trickles.any() else flaws
    flaws = flaws.with_all_tempting(formulation.programme.site) if flaws.both_ways else flaws
    for _ in range(_ROUNDS):
        if perf_counter() >= means.deadline:
            break
        start = formulation.point(best.dispatch)
        try:
            mixed = mixed_integer.solve(tight, flaws, time_limit=means.time_left, start=start)
        except OptimiserError:
            break  # the incumbent and the bound so far stand
        best = replace(best, lower_bound=max(best.lower_bound, mixed.lower_bound))
        better = _done(formulation, mixed.x)
        if better is not None and better.cost < best.cost:
            best = replace(best, dispatch=better.dispatch, cost=better.cost, settled=None)
        fresh = flaws_of(formulation, mixed.x).without(flaws)
        if best.is_optimal or not fresh.any:
            break
        flaws |= fresh.with_all_trickles(storages) if fresh.trickles.any() else fresh
    best = replace(best, made_exact=flaws.n_intervals)
    return _tidied(formulation, flaws, best, means) if best.is_optimal else best


def _done(formulation: Formulation, x: Vector) -> Exact | None:
    """What a house makes of a point; None where it cannot."""
    programme = formulation.programme
    dispatch = follow(programme, formulation.course(x))
    if not is_possible(formulation, dispatch):
        return None
    return Exact(dispatch, planning_cost(programme, dispatch), -float("inf"), "", 0)


def _tidied(formulation: Formulation, flaws: Flaws, best: Exact, means: Means) -> Exact:
    """The best of those that cost the same and choose the same."""
    with contextlib.suppress(OptimiserError):
        point = formulation.point(best.dispatch)
        settled = resolved(formulation, point, flaws, means.backend, time_limit=_TIDY_TIME)
        return _calmer(settled, best, means)
    return best


def _calmer(settled: Settled, best: Exact, means: Means) -> Exact:
    """The best of the optima of a programme whose flaws are decided, where it costs the same."""
    with contextlib.suppress(OptimiserError):
        tidy = best_on_face(settled, means.wishes(), means.backend, time_limit=_TIDY_TIME)
        found = _done(settled.formulation, tidy.solution.x)
        if found is not None and found.cost <= best.cost + SAME_COST:
            return replace(best, dispatch=found.dispatch, cost=found.cost, is_tidy=True)
    return best
