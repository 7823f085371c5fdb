"""The solver chain: ways to an answer, best first, each verified before it is believed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from matrix_builders import Vector
from optimiser import solvers
from optimiser.dispatch import follow, planning_cost
from optimiser.errors import SolverError
from optimiser.exclusivity import Exact, Means, by_rules, make_exact
from optimiser.flaws import is_possible
from optimiser.formulation import Formulation
from optimiser.linear_program import LpSolution, Start, dual_residual, primal_residual
from optimiser.solvers import SolverBackend
from optimiser.start import start_from
from optimiser.value_function import StoragePlan


@dataclass(frozen=True, slots=True)
class Answer:
    """A physical dispatch, and what its solver left for the certificate.

    Attributes
    ----------
    exact : Exact
        The dispatch, its cost and its bound.
    status : str
        ``optimal``, ``feasible`` or ``heuristic (reason)``.
    is_bounded : bool
        Whether the bound proves anything.
    primal_residual, dual_residual : float or None
        Of the linear programme's point, where one was solved. [kWh, $/kWh]
    backend : SolverBackend or None
        What solved it.
    """

    exact: Exact
    status: str
    is_bounded: bool = True
    primal_residual: float | None = None
    dual_residual: float | None = None
    backend: SolverBackend | None = None


Attempt = Callable[[], Answer]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be solved, and what is known of it.

    Attributes
    ----------
    formulation : Formulation
        The problem.
    storage_plan : StoragePlan or None
        Exact plan of the value function, where it applies.
    wishes : float64 array, shape (n_cols,)
        Weights of what decides between equals.
    """

    formulation: Formulation
    storage_plan: StoragePlan | None
    wishes: Vector


def attempts(
    task: Task,
    backends: Iterable[SolverBackend],
    refusals: list[str],
    *,
    time_limit: float,
) -> Iterator[tuple[str, Attempt]]:
    """Ways to an answer, each to be tried only when those before it failed.

    Parameters
    ----------
    task : Task
        The problem.
    backends : iterable of SolverBackend
        Solvers, best first.
    refusals : list of str
        Why earlier attempts failed; read when the rules must say so.
    time_limit : float
        Most time for each solver. [s]

    Yields
    ------
    name : str
        Of the attempt.
    attempt : Callable
        Gives an `Answer`, or raises an `OptimiserError`.
    """
    for backend in backends:
        yield backend.name, partial(_by_backend, task, backend, time_limit)
    if task.storage_plan is not None:
        yield "value_function", partial(_by_value_function, task.formulation, task.storage_plan)
    yield "rules", partial(_by_rules, task.formulation, refusals)


def _by_backend(task: Task, backend: SolverBackend, time_limit: float) -> Answer:
    formulation, storage_plan = task.formulation, task.storage_plan
    began = perf_counter()
    start = None
    if storage_plan is not None:
        dispatch = follow(formulation.programme, storage_plan.levels)
        start = start_from(formulation, dispatch)
    solution = _relaxed(task, backend, start, began + time_limit)
    means = Means(backend, task.wishes, began + time_limit)
    exact = make_exact(formulation, solution, storage_plan, means)
    return Answer(
        exact,
        "optimal" if exact.is_optimal else "feasible",
        primal_residual=primal_residual(formulation.lp, solution.x),
        dual_residual=dual_residual(formulation.lp, solution),
        backend=backend,
    )


def _relaxed(
    task: Task, backend: SolverBackend, start: Start | None, deadline: float
) -> LpSolution:
    """Optimum of the relaxation.

    From its start HiGHS ends as "Unknown" once in several hundred days; from nothing it does not.
    """
    solve = partial(solvers.solve_verified, backend, task.formulation.lp)
    try:
        return solve(time_limit=deadline - perf_counter(), start=start)
    except SolverError:
        left = deadline - perf_counter()
        if start is None or left <= 0.0:
            raise
    return solve(time_limit=left)


def _by_value_function(formulation: Formulation, storage_plan: StoragePlan) -> Answer:
    programme = formulation.programme
    dispatch = follow(programme, storage_plan.levels)
    cost = planning_cost(programme, dispatch)
    exact = Exact(dispatch, cost, storage_plan.bound, "value_function", 0)
    if not exact.is_optimal:
        raise SolverError(f"plan and bound differ by {cost - storage_plan.bound:.1e} $")
    if not is_possible(formulation, dispatch):
        raise SolverError("a vehicle would charge at less than its least")
    return Answer(exact, "optimal")


def _by_rules(formulation: Formulation, refusals: list[str]) -> Answer:
    reason = "; ".join(refusals) or "no solver is installed"
    exact = by_rules(formulation, -float("inf"))
    return Answer(exact, f"heuristic ({reason})", is_bounded=False)
