"""From the optimum of the relaxation to the best plan that a house can carry out.

The optimum of a linear programme is a lower bound; where the physical dispatch of its stored energy
attains it, the two are one.  Where not, a single storage is solved exactly by its value function.
For several, steps that share one incumbent follow: the tight formulation of `hull`, starts near its
optimum, and HiGHS with binaries.
"""

import contextlib
from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import Vector, tables
from matrix_builders import layout as blocks
from optimiser.errors import OptimiserError
from optimiser.exact.charging import charge_in_order
from optimiser.exact.fixing import FixedLp, resolve_fixed
from optimiser.exact.hull import Hull, hull
from optimiser.exact.integrality import Violations, find_violations, is_feasible
from optimiser.exact.local_search import coordinate_descent
from optimiser.exact.starts import dive, levels_one_way, resolve
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import (
    Dispatch,
    Trajectory,
    most_export,
    planning_cost,
    simulate,
)
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import LpSolution
from optimiser.model.self_consumption import self_consumption
from optimiser.problem.site import Site
from optimiser.problem.tariff import median_of
from optimiser.solvers import Deadline, SolverBackend, now
from optimiser.value_function.storage_plan import StoragePlan

GAP_TOLERANCE = 1e-4
"""Planning cost above the bound that still counts as optimal. [$]"""

_RELATIVE_GAP_TOLERANCE = 1e-6

SAME_COST = 1e-6
"""Plans that differ by less cost the same. [$]"""

_PROOF_GAP = 1e-3  # $
_USUAL_PRICE = 0.3  # $/kWh

_NEARLY_ONE_POWER = 0.5  # least power over most
_ROUNDS = 5
_GOOD = 10.0  # times the gap that proves a plan; no other start is worth its time then
_TIE_BREAK_TIME = 1.0  # s; deciding between equals is worth no more


@dataclass(frozen=True, slots=True)
class Means:
    """The means of finding a physical optimum.

    Attributes
    ----------
    gap : float
        Gap within which a plan counts as optimal. [$]
    backend : SolverBackend
        The solver of the relaxation, for more programmes of the kind.
    deadline : Deadline
        When to stop.
    """

    gap: float
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
    """

    dispatch: Dispatch
    cost: float
    lower_bound: float
    solver: str
    n_violations: int = 0
    fixed: FixedLp | None = None

    @property
    def is_optimal(self) -> bool:
        """Return whether cost and bound meet."""
        return gap_closed(self.cost, self.lower_bound)


def gap_closed(cost: float, bound: float) -> bool:
    """Return whether a cost equals its bound; one that undercuts it is as wrong as one above."""
    return abs(cost - bound) <= GAP_TOLERANCE + _RELATIVE_GAP_TOLERANCE * abs(bound)


def proof_gap(site: Site) -> float:
    """Return the gap within which a plan of several storages counts as optimal. [$]

    A tenth of a cent, and more where prices are more than those of dollars.
    """
    level = median_of(np.abs(site.tariff.import_price))
    return _PROOF_GAP * max(1.0, level / _USUAL_PRICE)


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
        best = _feasible(formulation, solution.x)
    if best is not None and gap_closed(best.cost, bound):
        return replace(best, lower_bound=bound, fixed=relaxed, solver=solution.backend)
    if exact_plan is not None:
        bound = max(bound, exact_plan.lower_bound)
        if not violations.below_minimum.any() and is_feasible(formulation, exact_plan.dispatch):
            return replace(exact_plan, lower_bound=bound, n_violations=violations.n_intervals)
    best = best or by_rules(formulation, bound)
    best = replace(best, lower_bound=bound, solver=solution.backend)
    return _Search(relaxed, violations, means, best).run()


class _Search:
    """Steps that share one incumbent and one bound.

    Parameters
    ----------
    relaxed : FixedLp
        The relaxation.
    violations : Violations
        Where its optimum is impossible.
    means : Means
        Gap, back end and deadline.
    best : Incumbent
        A physical plan.
    """

    def __init__(
        self, relaxed: FixedLp, violations: Violations, means: Means, best: Incumbent
    ) -> None:
        self._formulation, self._root = relaxed.formulation, relaxed.solution
        self._means, self._best = means, best
        self._chosen = violations
        self._tight: Hull | None = None

    def run(self) -> Incumbent:
        """Take the steps until the gap is closed or the time is over; return the incumbent."""
        for step in (
            self._repair,
            self._tighten,
            self._repair,
            self._descend,
            self._dive,
            self._descend,
            self._branch,
            self._descend,
        ):
            if self._gap <= self._means.gap or self._means.deadline.is_over:
                break
            with contextlib.suppress(OptimiserError):  # the next step, or the incumbent
                step()
        return self._fix_choices(replace(self._best, n_violations=self._chosen.n_intervals))

    @property
    def _problem(self) -> ProblemArrays:
        return self._formulation.problem

    @property
    def _gap(self) -> float:
        return self._best.cost - self._best.lower_bound

    def _offer(self, dispatch: Dispatch, solver: str) -> None:
        """Take a dispatch that is feasible and cheaper than the incumbent."""
        cost = planning_cost(self._problem, dispatch)
        if cost < self._best.cost and is_feasible(self._formulation, dispatch):
            self._best = replace(self._best, dispatch=dispatch, cost=cost, solver=solver)

    def _offer_point(self, x: Vector, solver: str) -> None:
        trajectory = self._formulation.trajectory(x)
        self._offer(simulate(self._problem, trajectory).dispatch, solver)

    def _raise_bound(self, bound: float) -> None:
        self._best = replace(self._best, lower_bound=max(self._best.lower_bound, bound))

    def _repair(self) -> None:
        """Give every group the direction it mostly has, and vehicles whole charges."""
        table = self._formulation.layout.table
        moved = (self._root.x[table(block)] for block in (blocks.CHARGE, blocks.DISCHARGE))
        levels = levels_one_way(self._problem, *moved)
        dispatch = simulate(self._problem, Trajectory(levels)).dispatch
        for repaired in (charge_in_order(self._problem, dispatch), dispatch):
            if repaired is not None:
                self._offer(repaired, self._root.backend)

    def _tighten(self) -> None:
        """Solve the relaxation with the rows of the hull, until its violations are chosen."""
        if self._chosen.are_simultaneous:
            self._chosen = self._chosen.with_profitable_cycles(self._problem)
        self._chosen = self._chosen.with_semicontinuous(self._problem.storages)
        for _ in range(_ROUNDS):
            tight = hull(self._formulation, self._chosen)
            deadline = self._means.deadline.part(0.5)
            self._root = resolve(tight.lp, self._root, self._means.backend, deadline)
            self._tight = tight
            assert self._root.proof is not None
            self._raise_bound(self._root.proof.lower_bound)
            self._offer_point(self._root.x, self._root.backend)
            if not self._choose_more(self._root.x):
                break

    def _choose_more(self, x: Vector) -> bool:
        """Choose the intervals in which a point is impossible too; return whether there are any."""
        fresh = find_violations(self._formulation, x).without(self._chosen)
        self._chosen |= fresh
        return fresh.any

    def _dive(self) -> None:
        """Make the choices whole, those nearest to it first."""
        if self._tight is not None and self._gap > _GOOD * self._means.gap:
            deadline = self._means.deadline.part(0.25)
            found = dive(self._tight, self._root, self._means.backend, deadline)
            self._offer_point(found.x, found.backend)

    def _descend(self) -> None:
        """Improve the incumbent storage by storage."""
        best = self._best
        better = coordinate_descent(self._formulation, best.dispatch, best.cost)
        self._offer(better, best.solver)

    def _branch(self) -> None:
        """Prove the incumbent, or find a better one, by binaries."""
        try:
            from optimiser.exact import highs_mip  # noqa: PLC0415 - HiGHS may be absent
        except ImportError:
            return
        deadline = self._means.deadline.part(0.9)
        for _ in range(_ROUNDS):
            self._tight = self._tight or hull(self._formulation, self._chosen)
            mixed = highs_mip.solve(
                self._tight.lp,
                self._tight.integers,
                self._tight.point(self._best.dispatch),
                deadline=deadline,
                gap=0.9 * self._means.gap,
                presolves=self._has_chargers_of_one_power,
            )
            self._best = replace(self._best, solver=highs_mip.name)
            self._raise_bound(mixed.lower_bound)
            self._offer_point(mixed.x, highs_mip.name)
            if not self._choose_more(mixed.x):
                break
            self._tight = None
            if self._gap <= self._means.gap or deadline.is_over:
                break

    @property
    def _has_chargers_of_one_power(self) -> bool:
        """Return whether presolve pays: 4 to 6 against 8 s; it costs directions 1.4 to 0.9 s."""
        limits = self._problem.storages.limits
        least, most = limits[tables.LEAST_CHARGE], limits[tables.CHARGE_LIMIT]
        return bool((least > _NEARLY_ONE_POWER * most).any())

    def _fix_choices(self, best: Incumbent) -> Incumbent:
        """Return the incumbent with its programme, in which its choices are fixed."""
        deadline = Deadline(now() + _TIE_BREAK_TIME)
        with contextlib.suppress(OptimiserError):
            fixed = resolve_fixed(
                self._formulation, best.dispatch, self._chosen, self._means.backend, deadline
            )
            found = _feasible(self._formulation, fixed.solution.x)
            if found is not None and found.cost <= best.cost + SAME_COST:
                return replace(best, dispatch=found.dispatch, cost=found.cost, fixed=fixed)
        return best


def _feasible(formulation: Formulation, x: Vector) -> Incumbent | None:
    """Return the physical dispatch of a point; None where it is not feasible."""
    dispatch, cost, _ = simulate(formulation.problem, formulation.trajectory(x))
    if not is_feasible(formulation, dispatch):
        return None
    return Incumbent(dispatch, cost, -float("inf"), "")


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
    without_curtailment = np.maximum(meter[tables.NET_LOAD], -most_export(meter))
    for trajectory in (
        self_consumption(problem),
        Trajectory(still),
        Trajectory(still, without_curtailment),
    ):
        dispatch, cost, _ = simulate(problem, trajectory)
        if is_feasible(formulation, dispatch):
            break
    return Incumbent(dispatch, cost, bound, "rules")
