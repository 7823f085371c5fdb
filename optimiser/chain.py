"""The solver chain: ways to an answer, best first, each verified before it is believed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from optimiser import solvers
from optimiser.dispatch import follow, planning_cost
from optimiser.errors import SolverError
from optimiser.exclusivity import Exact, make_exact
from optimiser.flaws import is_possible
from optimiser.formulation import Formulation
from optimiser.linear_program import dual_residual, primal_residual
from optimiser.programme import Programme
from optimiser.rules import rule_levels
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


def attempts(
    formulation: Formulation,
    storage_plan: StoragePlan | None,
    backends: Iterable[SolverBackend],
    refusals: list[str],
    *,
    time_limit: float,
) -> Iterator[tuple[str, Attempt]]:
    """Ways to an answer, each to be tried only when those before it failed.

    Parameters
    ----------
    formulation : Formulation
        The problem.
    storage_plan : StoragePlan or None
        Exact plan of the value function, where it applies.
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
        yield backend.name, partial(_by_backend, formulation, storage_plan, backend, time_limit)
    if storage_plan is not None:
        yield "value_function", partial(_by_value_function, formulation, storage_plan)
    yield "rules", partial(_by_rules, formulation.programme, refusals)


def _by_backend(
    formulation: Formulation,
    storage_plan: StoragePlan | None,
    backend: SolverBackend,
    time_limit: float,
) -> Answer:
    start = None
    if storage_plan is not None:
        dispatch = follow(formulation.programme, storage_plan.levels)
        start = start_from(formulation, dispatch)
    solution = solvers.solve_verified(backend, formulation.lp, time_limit=time_limit, start=start)
    exact = make_exact(formulation, solution, storage_plan, backend, time_limit=time_limit)
    return Answer(
        exact,
        "optimal" if exact.is_optimal else "feasible",
        primal_residual=primal_residual(formulation.lp, solution.x),
        dual_residual=dual_residual(formulation.lp, solution),
        backend=backend,
    )


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


def _by_rules(programme: Programme, refusals: list[str]) -> Answer:
    dispatch = follow(programme, rule_levels(programme))
    cost = planning_cost(programme, dispatch)
    reason = "; ".join(refusals) or "no solver is installed"
    return Answer(
        Exact(dispatch, cost, cost, "rules", 0), f"heuristic ({reason})", is_bounded=False
    )
