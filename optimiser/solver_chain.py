"""The solver chain: ways to the cheapest physical plan, each tried where those before it failed.

HiGHS solves the whole linear programme, started from the plan of the value function; then
`scipy.optimize.linprog`; then the value function alone; then the rules.  Where one storage has
interval costs that are not convex, the linear programme is only a relaxation: the value function,
which is exact, answers at once.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

from matrix_builders import tables
from optimiser import solvers
from optimiser.errors import SolverError
from optimiser.exact.integrality import is_feasible
from optimiser.exact.steps import (
    Incumbent,
    Means,
    by_rules,
    by_value_function,
    physical_optimum,
    proof_gap,
)
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import LpSolution, Proof
from optimiser.problem.site import Site
from optimiser.solvers import Deadline, SolverBackend
from optimiser.solvers.warm_start import warm_start
from optimiser.value_function import storage_plan
from optimiser.value_function.storage_plan import StoragePlan

_RELAXATION_SHARE = 0.85
"""Part of the time left that the linear programme may take; starts need the rest."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The cheapest physical plan that a solver found.

    Attributes
    ----------
    best : Incumbent
        The plan, its cost and its bound.
    status : str
        ``optimal``, ``feasible`` or ``heuristic ({reason})``, to be filled in.
    proof : Proof or None
        Of the linear programme's point, where one was solved.
    backend : SolverBackend or None
        The back end that solved it.
    """

    best: Incumbent
    status: str
    proof: Proof | None = None
    backend: SolverBackend | None = None


class Solver(Protocol):
    """One way to an answer."""

    @property
    def name(self) -> str:
        """Name in the reasons why another one answered."""

    def solve(self, formulation: Formulation, deadline: Deadline) -> Answer:
        """Return an answer by the deadline, or raise an `OptimiserError`."""


@dataclass(frozen=True, slots=True)
class LpSolver:
    """A back end for the whole linear programme, and what makes its optimum physical.

    Attributes
    ----------
    site : Site
        Priorities that break ties.
    backend : SolverBackend
        The back end.
    exact_plan : Incumbent or None
        Plan of the value function, where it applies: the start.
    """

    site: Site
    backend: SolverBackend
    exact_plan: Incumbent | None

    @property
    def name(self) -> str:
        """Name of the back end."""
        return self.backend.name

    def solve(self, formulation: Formulation, deadline: Deadline) -> Answer:
        """Solve the linear programme, then find the physical optimum."""
        solution = self._relaxation(formulation, deadline)
        gap = proof_gap(self.site)
        means = Means(gap, self.backend, deadline)
        best = physical_optimum(formulation, solution, self.exact_plan, means)
        is_proved = best.cost - best.lower_bound <= gap
        status = "optimal" if is_proved or best.is_optimal else "feasible"
        return Answer(best, status, solution.proof, self.backend)

    def _relaxation(self, formulation: Formulation, deadline: Deadline) -> LpSolution:
        """Solve the linear programme from the plan of the value function, else from nothing.

        From a start HiGHS ends as "Unknown" once in several hundred days; from nothing it does not.
        """
        if self.exact_plan is not None:
            start = warm_start(formulation, formulation.point(self.exact_plan.dispatch))
            with contextlib.suppress(SolverError):
                return solvers.solve_verified(
                    self.backend, formulation.lp, time_limit=deadline.time_left, start=start
                )
        time_limit = _RELAXATION_SHARE * deadline.time_left
        return solvers.solve_verified(self.backend, formulation.lp, time_limit=time_limit)


@dataclass(frozen=True, slots=True)
class ValueFunctionSolver:
    """The value function alone.

    Attributes
    ----------
    exact_plan : Incumbent
        Its plan and bound.
    """

    exact_plan: Incumbent
    name: ClassVar[str] = "value_function"

    def solve(self, formulation: Formulation, deadline: Deadline) -> Answer:
        """Return the plan of the value function, where it attains its bound."""
        del deadline
        best = self.exact_plan
        if not best.is_optimal:
            raise SolverError(f"plan and bound differ by {best.cost - best.lower_bound:.1e} $")
        if not is_feasible(formulation, best.dispatch):
            raise SolverError("a vehicle would charge below its least power")
        return Answer(best, "optimal")


@dataclass(frozen=True, slots=True)
class RuleSolver:
    """The rules, which always answer."""

    name: ClassVar[str] = "rules"

    def solve(self, formulation: Formulation, deadline: Deadline) -> Answer:
        """Return the plan of the rules, with nothing proved."""
        del deadline
        return Answer(by_rules(formulation, -float("inf")), "heuristic ({reason})")


def solver_chain(
    site: Site,
    formulation: Formulation,
    plan: StoragePlan | None,
    backends: Iterable[SolverBackend] | None,
) -> Iterator[Solver]:
    """Yield ways to an answer, best first.

    `plan` is that of the value function, where it applies; `backends` are those available where
    none are given.
    """
    exact_plan, needs_solver = None, True
    if plan is not None:
        exact_plan = by_value_function(formulation.problem, plan)
        least_charge = formulation.problem.storages.limits[tables.LEAST_CHARGE]
        needs_solver = plan.is_convex or bool(least_charge.any())
    if exact_plan is not None and not needs_solver:
        yield ValueFunctionSolver(exact_plan)
    for backend in solvers.available_backends() if backends is None else backends:
        yield LpSolver(site, backend, exact_plan)
    if exact_plan is not None and needs_solver:
        yield ValueFunctionSolver(exact_plan)
    yield RuleSolver()


def solve_storage(formulation: Formulation, refusals: list[str]) -> StoragePlan | None:
    """Return the plan of the value function; None where it does not apply or takes too long.

    The reason of the latter is added to `refusals`.
    """
    problem = formulation.problem
    if not storage_plan.applies_to(problem):
        return None
    try:
        return storage_plan.solve(problem)
    except SolverError as error:
        refusals.append(f"value_function: {error}")
        return None
