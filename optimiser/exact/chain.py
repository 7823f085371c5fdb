"""The solver chain: ways to an answer, best first, each verified before it is believed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from optimiser import solvers
from optimiser.errors import SolverError
from optimiser.exact.integrality import is_possible
from optimiser.exact.optimal_face import Wishes
from optimiser.exact.steps import Exact, Means, by_rules, make_exact
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import LpSolution, Proof, Start
from optimiser.solvers import SolverBackend
from optimiser.solvers.in_time import nothing
from optimiser.solvers.sifting import sifted
from optimiser.solvers.start import start_from


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
    proof : Proof or None
        Of the linear programme's point, where one was solved.
    backend : SolverBackend or None
        What solved it.
    """

    exact: Exact
    status: str
    is_bounded: bool = True
    proof: Proof | None = None
    backend: SolverBackend | None = None


Attempt = Callable[[], Answer]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be solved, and what is known of it.

    Attributes
    ----------
    formulation : Formulation
        The problem.
    exact_plan : Exact or None
        Best plan of the value function, where it applies.
    wishes : Callable
        Gives the weights of what decides between equals.
    meanwhile : Callable
        What is done while a solver works.
    """

    formulation: Formulation
    exact_plan: Exact | None
    wishes: Wishes
    meanwhile: Callable[[], object] = nothing


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
    if task.exact_plan is not None:
        yield "value_function", partial(_by_value_function, task.formulation, task.exact_plan)
    yield "rules", partial(_by_rules, task.formulation, refusals)


def _by_backend(task: Task, backend: SolverBackend, time_limit: float) -> Answer:
    formulation, exact_plan = task.formulation, task.exact_plan
    began = perf_counter()
    start = None if exact_plan is None else start_from(formulation, exact_plan.dispatch)
    solution = _relaxed(task, backend, start, began + time_limit)
    means = Means(backend, task.wishes, began + time_limit)
    exact = make_exact(formulation, solution, exact_plan, means)
    return Answer(
        exact,
        "optimal" if exact.is_optimal else "feasible",
        proof=solution.proof,
        backend=backend,
    )


def _relaxed(
    task: Task, backend: SolverBackend, start: Start | None, deadline: float
) -> LpSolution:
    """Optimum of the relaxation.

    The basis of the start is enough nearly always; where it is not, the whole programme is solved.
    From its start HiGHS ends as "Unknown" once in several hundred days; from nothing it does not.
    """
    *shorter, longest = _ways(task, backend, start)
    for way in shorter:
        try:
            return way(time_limit=deadline - perf_counter())
        except SolverError:
            if perf_counter() >= deadline:
                raise
    return longest(time_limit=deadline - perf_counter())


def _ways(
    task: Task, backend: SolverBackend, start: Start | None
) -> list[Callable[..., LpSolution]]:
    """Ways to solve the relaxation, the shortest first."""
    lp, meanwhile = task.formulation.lp, task.meanwhile
    whole = partial(solvers.solve_verified, backend, lp, meanwhile=meanwhile)
    if start is None:
        return [whole]
    begun = partial(whole, start=start)
    part = sifted(lp, start)
    if part is None:
        return [begun, whole]
    return [
        partial(solvers.solve_sifted, backend, lp, part, meanwhile=meanwhile),
        begun,
        whole,
    ]


def _by_value_function(formulation: Formulation, exact_plan: Exact) -> Answer:
    if not exact_plan.is_optimal:
        off = exact_plan.cost - exact_plan.lower_bound
        raise SolverError(f"plan and bound differ by {off:.1e} $")
    if not is_possible(formulation, exact_plan.dispatch):
        raise SolverError("a vehicle would charge at less than its least")
    return Answer(exact_plan, "optimal")


def _by_rules(formulation: Formulation, refusals: list[str]) -> Answer:
    reason = "; ".join(refusals) or "no solver is installed"
    exact = by_rules(formulation, -float("inf"))
    return Answer(exact, f"heuristic ({reason})", is_bounded=False)
