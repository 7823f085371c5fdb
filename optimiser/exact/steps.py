"""From the optimum of the relaxation to the best plan that a house can carry out.

The optimum of a linear programme is a lower bound; where the physical dispatch of its stored energy
attains it, the two are one.  Where not, a single storage is solved exactly by its value function.
Several that only charge below their minimum are decided by a short search over a programme with
valid inequalities.  Other violations are first fixed the way the optimum leans; where that leaves
a gap, binaries decide the intervals that violate.
"""

import contextlib
from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import Vector, tables
from optimiser.errors import OptimiserError
from optimiser.exact.charging_sessions import merge_sessions
from optimiser.exact.cuts import add_cuts
from optimiser.exact.fixing import FixedLp, dive, fix_bounds, resolve_fixed, start_at
from optimiser.exact.integrality import Violations, find_violations, is_feasible
from optimiser.exact.local_search import coordinate_descent
from optimiser.exact.optimal_face import break_ties, solve_on_optimal_face, tie_break_cost
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch, Trajectory, planning_cost, simulate
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import LpSolution
from optimiser.problem.site import Site
from optimiser.result.fallback import rule_levels
from optimiser.solvers import Deadline, SolverBackend
from optimiser.value_function.storage_plan import StoragePlan

GAP_TOLERANCE = 1e-4
"""Planning cost above the bound that still counts as optimal. [$]"""

_RELATIVE_GAP_TOLERANCE = 1e-6

SAME_COST = 1e-6
"""Plans that differ by less cost the same. [$]"""

_ROUNDS = 20
_TIE_BREAK_TIME = 0.25  # s; deciding between equals is worth no more


@dataclass(frozen=True, slots=True)
class Means:
    """The means of finding a physical optimum.

    Attributes
    ----------
    site : Site
        Priorities, which decide between equals.
    backend : SolverBackend
        The solver of the relaxation, for more programmes of the kind.
    deadline : Deadline
        When to stop.
    """

    site: Site
    backend: SolverBackend
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class Incumbent:
    """A physical dispatch and how good it is.

    Attributes
    ----------
    dispatch : Dispatch
        Can be carried out.
    cost : float
        Its planning cost. [$]
    lower_bound : float
        No physical plan costs less; minus infinity where nothing is proved. [$]
    solver : str
        Name of what found it.
    n_violations : int
        Intervals in which the relaxation was impossible, where that mattered.
    fixed : FixedLp or None
        Linear programme whose optimum it is; None where it came another way.
    has_ties_broken : bool
        Whether it is already the best of its equals.
    """

    dispatch: Dispatch
    cost: float
    lower_bound: float
    solver: str
    n_violations: int = 0
    fixed: FixedLp | None = None
    has_ties_broken: bool = False

    @property
    def is_optimal(self) -> bool:
        """Return whether cost and bound meet."""
        return gap_closed(self.cost, self.lower_bound)


def gap_closed(cost: float, bound: float) -> bool:
    """Return whether a cost equals its bound; one that undercuts it is as wrong as one above."""
    return abs(cost - bound) <= GAP_TOLERANCE + _RELATIVE_GAP_TOLERANCE * abs(bound)


def physical_optimum(
    formulation: Formulation,
    solution: LpSolution,
    exact_plan: Incumbent | None,
    means: Means,
) -> Incumbent:
    """Find the best physical plan, given the verified optimum of the relaxation.

    The plan of the value function, where it applies, is feasible but for least powers.  The result
    is optimal, unless the time for binaries ran out.
    """
    assert solution.proof is not None
    bound, relaxed = solution.proof.lower_bound, FixedLp(formulation, solution)
    is_semicontinuous = bool(formulation.problem.storages.limits[tables.LEAST_CHARGE].any())
    if exact_plan is not None and not is_semicontinuous and gap_closed(exact_plan.cost, bound):
        return replace(exact_plan, lower_bound=bound, fixed=relaxed, solver=solution.backend)
    violations = find_violations(formulation, solution.x)
    best = None
    if not violations.below_minimum.any():  # its dispatch keeps none of them
        best = _incumbent_at(relaxed, bound, solution.backend, 0)
    if best is not None and best.is_optimal:
        return best
    if exact_plan is not None:
        bound = max(bound, exact_plan.lower_bound)
        if not violations.below_minimum.any() and is_feasible(formulation, exact_plan.dispatch):
            return replace(exact_plan, lower_bound=bound, n_violations=violations.n_intervals)
    if violations.are_only_below_minimum:
        with contextlib.suppress(OptimiserError, ImportError):  # HiGHS may be absent
            best = _by_branch_and_bound(relaxed, bound, violations, means)
        if best is not None and best.is_optimal:
            return best
    return _improve(relaxed, best or by_rules(formulation, bound), violations, means)


def _improve(relaxed: FixedLp, best: Incumbent, violations: Violations, means: Means) -> Incumbent:
    """Improve an incumbent, step by step, until its gap is closed or the time is over."""
    assert relaxed.solution.proof is not None
    formulation = relaxed.formulation
    bound = max(relaxed.solution.proof.lower_bound, best.lower_bound)
    for step in (_break_ties, _dive):
        with contextlib.suppress(OptimiserError):  # the next step, or the incumbent
            better = step(relaxed, bound, violations, means)
            if better is not None and better.cost < best.cost:
                best = better
            if best.is_optimal:
                return best
    best = _with_binaries(formulation, violations, _descend(formulation, best), means)
    return best if best.is_optimal else _descend(formulation, best)


def _descend(formulation: Formulation, best: Incumbent) -> Incumbent:
    """Improve an incumbent storage by storage, and merge the sessions of its vehicles."""
    problem = formulation.problem
    dispatch = coordinate_descent(formulation, best.dispatch, best.cost)
    merged = merge_sessions(problem, dispatch)
    cost = planning_cost(problem, dispatch)
    if merged is not None and is_feasible(formulation, merged):
        merged_cost = planning_cost(problem, merged)
        if merged_cost - SAME_COST <= cost:
            dispatch, cost = merged, merged_cost
    if cost >= best.cost:
        return best
    return replace(best, dispatch=dispatch, cost=cost, fixed=None, has_ties_broken=False)


def _by_branch_and_bound(
    relaxed: FixedLp, bound: float, violations: Violations, means: Means
) -> Incumbent | None:
    """Decide the charges below their minimum at the least cost."""
    from optimiser.exact import branch_and_bound  # noqa: PLC0415 - HiGHS may be absent

    formulation, solution = relaxed.formulation, relaxed.solution
    start = start_at(formulation.lp, solution.x, solution.basis)
    leaf = branch_and_bound.solve(add_cuts(formulation), start, time_limit=means.deadline.time_left)
    proved = max(bound, leaf.lower_bound)
    best = _incumbent_at(leaf.fixed, proved, branch_and_bound.name, violations.n_intervals)
    if best is None or not best.is_optimal:
        return best
    if gap_closed(best.cost, bound):  # then all optima of the relaxation may do
        with contextlib.suppress(OptimiserError):
            equal = _break_ties(relaxed, bound, violations, means)
            if equal is not None and equal.is_optimal:
                return equal
    decisions = violations.with_semicontinuous(formulation.problem.storages)
    narrow = fix_bounds(leaf.fixed.formulation, leaf.fixed.solution.x, decisions)
    return _with_ties_broken(replace(leaf.fixed, formulation=narrow), best, means)


def _break_ties(
    relaxed: FixedLp, bound: float, violations: Violations, means: Means
) -> Incumbent | None:
    """Find an optimum of the relaxation without violations: many have some only by chance."""
    tie_break = tie_break_cost(means.site, relaxed.formulation)
    fixed = break_ties(relaxed, tie_break, means.backend, time_limit=means.deadline.time_left)
    best = _incumbent_at(fixed, bound, relaxed.solution.backend, violations.n_intervals)
    return None if best is None else replace(best, has_ties_broken=True)


def _dive(relaxed: FixedLp, bound: float, violations: Violations, means: Means) -> Incumbent | None:
    """Fix the violations of the relaxation at some cost."""
    fixed = dive(
        relaxed.formulation, relaxed.solution, means.backend, time_limit=means.deadline.time_left
    )
    return _incumbent_at(fixed, bound, relaxed.solution.backend, violations.n_intervals)


def _incumbent_at(fixed: FixedLp, bound: float, solver: str, n_violations: int) -> Incumbent | None:
    """Return the physical dispatch of an optimum; None where there is none."""
    best = _feasible(fixed.formulation, fixed.solution.x)
    if best is None:
        return None
    return replace(best, lower_bound=bound, solver=solver, n_violations=n_violations, fixed=fixed)


def by_value_function(problem: ProblemArrays, plan: StoragePlan) -> Incumbent:
    """Return the physical dispatch of the plan of the value function."""
    dispatch, cost, _ = simulate(problem, Trajectory(plan.levels))
    return Incumbent(dispatch, cost, plan.bound, "value_function")


def by_rules(formulation: Formulation, bound: float) -> Incumbent:
    """Return the plan of the rules; where a row forbids it, standing still."""
    problem, meter = formulation.problem, formulation.problem.meter
    initial = problem.storages.traits[tables.INITIAL, :, None]
    still = np.repeat(initial, problem.hours.size, axis=1)
    # Curtailing solar to be paid for imports is no plan where only solar may charge a vehicle.
    without_curtailment = np.maximum(
        meter[tables.NET_LOAD], -meter[tables.EXPORT_LIMIT] - meter[tables.EXPORT_EXCESS]
    )
    for trajectory in (
        Trajectory(rule_levels(problem)),
        Trajectory(still),
        Trajectory(still, without_curtailment),
    ):
        dispatch, cost, _ = simulate(problem, trajectory)
        if is_feasible(formulation, dispatch):
            break
    return Incumbent(dispatch, cost, bound, "rules")


def _with_binaries(
    formulation: Formulation, violations: Violations, best: Incumbent, means: Means
) -> Incumbent:
    """Decide violations by binaries, until no point has one without.

    Each round adds the violations that its optimum newly has; the bound of every round holds for
    all, and so does the best dispatch so far.
    """
    try:
        from optimiser.exact import highs_mip  # noqa: PLC0415 - HiGHS may be absent
    except ImportError:
        return best
    best = replace(best, solver=highs_mip.name)
    tight = add_cuts(formulation) if violations.are_only_below_minimum else formulation
    storages, meter = formulation.problem.storages, formulation.problem.meter
    # A violation that is forbidden in one interval moves on to the next of its kind: all at once.
    if violations.below_minimum.any():
        violations = violations.with_semicontinuous(storages)
    if violations.are_simultaneous:
        violations = violations.with_profitable_cycles(meter)
    for _ in range(_ROUNDS):
        if means.deadline.is_over:
            break
        start = formulation.point(best.dispatch)
        try:
            mixed = highs_mip.solve(
                tight, violations, time_limit=means.deadline.time_left, start=start
            )
        except OptimiserError:
            break  # the incumbent and the bound so far stand
        best = replace(best, lower_bound=max(best.lower_bound, mixed.lower_bound))
        better = _feasible(formulation, mixed.x)
        if better is not None and better.cost < best.cost:
            best = replace(best, dispatch=better.dispatch, cost=better.cost, fixed=None)
        fresh = find_violations(formulation, mixed.x).without(violations)
        if best.is_optimal or not fresh.any:
            break
        more = fresh.with_semicontinuous(storages) if fresh.below_minimum.any() else fresh
        violations |= more
    best = replace(best, n_violations=violations.n_intervals)
    return _break_fixed_ties(formulation, violations, best, means) if best.is_optimal else best


def _feasible(formulation: Formulation, x: Vector) -> Incumbent | None:
    """Return the physical dispatch of a point; None where it is not feasible."""
    dispatch, cost, _ = simulate(formulation.problem, formulation.trajectory(x))
    if not is_feasible(formulation, dispatch):
        return None
    return Incumbent(dispatch, cost, -float("inf"), "")


def _break_fixed_ties(
    formulation: Formulation, violations: Violations, best: Incumbent, means: Means
) -> Incumbent:
    """Find the best of the plans that cost the same and choose the same."""
    with contextlib.suppress(OptimiserError):
        point = formulation.point(best.dispatch)
        fixed = resolve_fixed(
            formulation, point, violations, means.backend, time_limit=_TIE_BREAK_TIME
        )
        return _with_ties_broken(fixed, best, means)
    return best


def _with_ties_broken(fixed: FixedLp, best: Incumbent, means: Means) -> Incumbent:
    """Find the best optimum of a programme whose violations are fixed, at the same cost."""
    with contextlib.suppress(OptimiserError):
        tie_break = tie_break_cost(means.site, fixed.formulation)
        equal = solve_on_optimal_face(fixed, tie_break, means.backend, time_limit=_TIE_BREAK_TIME)
        better = _feasible(fixed.formulation, equal.solution.x)
        if better is not None and better.cost <= best.cost + SAME_COST:
            return replace(best, dispatch=better.dispatch, cost=better.cost, has_ties_broken=True)
    return best
