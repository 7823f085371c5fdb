"""From the optimum of the relaxation to the best plan that a house can carry out.

A linear programme has flaws that no house can carry out, and may earn money by them.  Its optimum
is a lower bound in any case; where the physical dispatch of its stored energy attains it, the two
are one.  Where not, a single storage is solved exactly by its value function.  Several are first
settled the way the optimum leans; where that leaves a gap, binaries decide the flawed intervals.
"""

import contextlib
from dataclasses import dataclass, replace
from time import perf_counter

from matrix_builders import Vector
from optimiser.dispatch import Dispatch, follow, planning_cost
from optimiser.diving import Settled, dive, resolved
from optimiser.errors import OptimiserError
from optimiser.flaws import Flaws, flaws_of, is_possible
from optimiser.formulation import Formulation
from optimiser.linear_program import LpSolution, lower_bound, primal_residual
from optimiser.rules import rule_levels
from optimiser.solvers import FEASIBILITY_TOLERANCE, SolverBackend
from optimiser.value_function import StoragePlan

GAP_TOLERANCE = 1e-4
"""Planning cost above the bound that still counts as optimal. [$]"""

_RELATIVE_GAP_TOLERANCE = 1e-6

_ROUNDS = 20


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
    """

    dispatch: Dispatch
    cost: float
    lower_bound: float
    solver: str
    made_exact: int
    settled: Settled | None = None

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
    storage_plan: StoragePlan | None,
    backend: SolverBackend,
    *,
    time_limit: float,
) -> Exact:
    """Best physical plan, given the optimum of the relaxation.

    Parameters
    ----------
    formulation : Formulation
        The programme.
    solution : LpSolution
        Its verified optimum.
    storage_plan : StoragePlan or None
        Exact plan of the value function, where it applies.
    backend : SolverBackend
        What solved it, for more of the kind.
    time_limit : float
        Most time for settling and binaries. [s]

    Returns
    -------
    Exact
        Optimal, unless the time for binaries ran out.
    """
    deadline = perf_counter() + time_limit
    programme = formulation.programme
    bound = lower_bound(formulation.lp, solution.row_dual)
    at_first = Settled(formulation, solution)
    found = _attained(at_first, bound, solution.backend, 0)
    if found is not None and found.is_optimal:
        return found
    flaws = flaws_of(formulation, solution.x)
    if storage_plan is not None:
        bound = max(bound, storage_plan.bound)
        dispatch = follow(programme, storage_plan.levels)
        if is_possible(formulation, dispatch):
            cost = planning_cost(programme, dispatch)
            return Exact(dispatch, cost, bound, "value_function", flaws.n_intervals)
    if found is None:
        found = _by_rules(formulation, bound)
    with contextlib.suppress(OptimiserError):  # the incumbent stands
        dived = dive(formulation, solution, backend, time_limit=deadline - perf_counter())
        settled = _attained(dived, bound, solution.backend, flaws.n_intervals)
        if settled is not None and settled.cost < found.cost:
            found = settled
    if found.is_optimal:
        return found
    return _with_binaries(formulation, flaws, found, backend, deadline)


def _attained(settled: Settled, bound: float, solver: str, made_exact: int) -> Exact | None:
    """What a house makes of an optimum; None where it cannot."""
    programme = settled.formulation.programme
    dispatch = follow(programme, settled.formulation.course(settled.solution.x))
    if not is_possible(settled.formulation, dispatch):
        return None
    cost = planning_cost(programme, dispatch)
    return Exact(dispatch, cost, bound, solver, made_exact, settled)


def _by_rules(formulation: Formulation, bound: float) -> Exact:
    programme = formulation.programme
    dispatch = follow(programme, rule_levels(programme))
    return Exact(dispatch, planning_cost(programme, dispatch), bound, "rules", 0)


def _with_binaries(
    formulation: Formulation,
    flaws: Flaws,
    found: Exact,
    backend: SolverBackend,
    deadline: float,
) -> Exact:
    """Decide flaws by binaries, until no point has one without.

    Each round adds the flaws that its optimum newly has; the bound of every round holds for all,
    and so does the best dispatch so far.
    """
    try:
        from optimiser.solvers import mixed_integer  # noqa: PLC0415 - HiGHS may be absent
    except ImportError:
        return found
    best = replace(found, solver=mixed_integer.name, made_exact=flaws.n_intervals)
    for _ in range(_ROUNDS):
        left = deadline - perf_counter()
        if left <= 0:
            break
        start = formulation.point(best.dispatch)
        try:
            mixed = mixed_integer.solve(formulation, flaws, time_limit=left, start=start)
        except OptimiserError:
            break  # the incumbent and the bound so far stand
        best = replace(best, lower_bound=max(best.lower_bound, mixed.lower_bound))
        if primal_residual(formulation.lp, mixed.x) <= FEASIBILITY_TOLERANCE:
            better = _carried_out(formulation, mixed.x, flaws, backend, deadline)
            if better is not None and better.cost < best.cost:
                best = replace(
                    better,
                    lower_bound=best.lower_bound,
                    solver=mixed_integer.name,
                    made_exact=best.made_exact,
                )
        fresh = flaws_of(formulation, mixed.x).without(flaws)
        if best.is_optimal or not fresh.any:
            break
        flaws |= fresh
        best = replace(best, made_exact=flaws.n_intervals)
    return best


def _carried_out(
    formulation: Formulation, x: Vector, flaws: Flaws, backend: SolverBackend, deadline: float
) -> Exact | None:
    """What a house makes of the optimum with binaries, any new flaws of it settled."""
    try:
        left = deadline - perf_counter()
        settled = resolved(formulation, x, flaws, backend, time_limit=left)
        settled = dive(
            settled.formulation, settled.solution, backend, time_limit=deadline - perf_counter()
        )
    except OptimiserError:
        return None
    return _attained(settled, -float("inf"), "", 0)
