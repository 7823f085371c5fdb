"""The whole pipeline: site and objective in, plan out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

from optimiser import preference, provider, solvers, value_function
from optimiser.audit import audit
from optimiser.dispatch import end_worth, follow, planning_cost
from optimiser.end_value import end_values, with_end_values
from optimiser.errors import OptimiserError, SolverError
from optimiser.exclusivity import Exact, make_exact
from optimiser.flows import flows_of
from optimiser.formulation import Formulation, formulate
from optimiser.linear_program import dual_residual, primal_residual
from optimiser.money import money_of
from optimiser.objective import CostFunction, terms
from optimiser.plan import Certificate, Plan, Timing, unmet_by
from optimiser.preference import DEFAULT_BUDGET, Preferred
from optimiser.programme import REGAIN_HOURS, Programme, programme_from_site
from optimiser.provider import ProviderRules
from optimiser.rules import rule_levels
from optimiser.site import Site
from optimiser.solvers import SolverBackend
from optimiser.value_function import StoragePlan


@dataclass(frozen=True, slots=True)
class _Problem:
    """One site, stated for every solver."""

    site: Site
    cost_function: CostFunction
    programme: Programme
    formulation: Formulation
    time_limit: float


@dataclass(frozen=True, slots=True)
class _Answer:
    """A physical dispatch, and what its solver left for the certificate."""

    exact: Exact
    status: str
    is_bounded: bool = True
    primal_residual: float | None = None
    dual_residual: float | None = None


def plan(  # noqa: PLR0913 - one required argument; the rest are choices with defaults
    site: Site,
    cost_function: CostFunction = CostFunction.COST,
    *,
    rules: ProviderRules = ProviderRules(),
    previous: Plan | None = None,
    preference_budget: float = DEFAULT_BUDGET,
    time_limit: float = 20.0,
    backends: Iterable[SolverBackend] | None = None,
) -> Plan:
    """Plan one site.

    Parameters
    ----------
    site : Site
        The problem.
    cost_function : CostFunction
        What to minimise.
    rules : ProviderRules
        Price modifications to plan against; the bill stays the true one.
    previous : Plan, optional
        The plan before this one: its action goes on where a change is not worth the budget.
    preference_budget : float
        Most that a calmer plan may cost; zero switches preferences off. [$]
    time_limit : float
        Most time for each solver. [s]
    backends : iterable of SolverBackend, optional
        Solvers to try in order, instead of those installed.

    Returns
    -------
    Plan
        The best plan found, with its proof.
    """
    began = perf_counter()
    programme = state(site, cost_function, rules)
    problem = _Problem(site, cost_function, programme, formulate(programme), time_limit)
    built = perf_counter()
    storage_plan = value_function.solve(programme) if value_function.applies_to(programme) else None
    asked = solvers.installed() if backends is None else backends
    refusals: list[str] = []
    for name, attempt in _attempts(problem, asked, storage_plan, refusals):
        try:
            answer = attempt()
            answered = perf_counter()
            found = _assembled(problem, answer, storage_plan, previous, preference_budget)
        except OptimiserError as error:
            refusals.append(f"{name}: {error}")
            continue
        timing = Timing(
            build=built - began, solve=answered - built, check=perf_counter() - answered
        )
        return replace(found, timing=timing, refusals=tuple(refusals))
    raise SolverError("; ".join(refusals))


def state(site: Site, cost_function: CostFunction, rules: ProviderRules) -> Programme:
    """Programme of a site under a cost function and its provider's rules."""
    tariff = provider.apply(rules, site.tariff, site.horizon)
    statement = terms(site, tariff, cost_function)
    programme = programme_from_site(site, statement)
    if not statement.values_end:
        return programme
    in_money = programme
    if statement.import_surcharge > 0:
        in_money = programme_from_site(site, replace(statement, import_surcharge=0.0))
    return with_end_values(programme, end_values(site, in_money))


def _attempts(
    problem: _Problem,
    backends: Iterable[SolverBackend],
    storage_plan: StoragePlan | None,
    refusals: list[str],
) -> Iterator[tuple[str, Callable[[], _Answer]]]:
    """Ways to an answer, best first."""
    for backend in backends:
        yield backend.name, partial(_by_backend, problem, backend, storage_plan)
    if storage_plan is not None:
        yield "value_function", partial(_by_value_function, problem, storage_plan)
    yield "rules", partial(_by_rules, problem, refusals)


def _by_backend(
    problem: _Problem, backend: SolverBackend, storage_plan: StoragePlan | None
) -> _Answer:
    formulation = problem.formulation
    start = None
    if storage_plan is not None:
        start = formulation.point(follow(problem.programme, storage_plan.levels))
    solution = solvers.solve_verified(
        backend, formulation.lp, time_limit=problem.time_limit, start=start
    )
    exact = make_exact(formulation, solution, storage_plan, time_limit=problem.time_limit)
    return _Answer(
        exact,
        "optimal" if exact.is_optimal else "feasible",
        primal_residual=primal_residual(formulation.lp, solution.x),
        dual_residual=dual_residual(formulation.lp, solution),
    )


def _by_value_function(problem: _Problem, storage_plan: StoragePlan) -> _Answer:
    dispatch = follow(problem.programme, storage_plan.levels)
    cost = planning_cost(problem.programme, dispatch)
    exact = Exact(dispatch, cost, storage_plan.bound, "value_function", 0)
    if not exact.is_optimal:
        raise SolverError(f"plan and bound differ by {cost - storage_plan.bound:.1e} $")
    return _Answer(exact, "optimal")


def _by_rules(problem: _Problem, refusals: list[str]) -> _Answer:
    dispatch = follow(problem.programme, rule_levels(problem.programme))
    cost = planning_cost(problem.programme, dispatch)
    reason = "; ".join(refusals) or "no solver is installed"
    return _Answer(
        Exact(dispatch, cost, cost, "rules", 0), f"heuristic ({reason})", is_bounded=False
    )


def _assembled(
    problem: _Problem,
    answer: _Answer,
    storage_plan: StoragePlan | None,
    previous: Plan | None,
    budget: float,
) -> Plan:
    """Plan of an answer that passes its certificate."""
    site, programme, exact = problem.site, problem.programme, answer.exact
    served = Preferred(exact.dispatch, exact.cost)
    if storage_plan is not None and answer.is_bounded and budget > 0:
        served = preference.preferred(site, programme, served, budget, previous)
    served = preference.quietened(programme, served)
    flows = flows_of(site.forecast, served.dispatch)
    money = money_of(site, served.dispatch, end_worth(programme.storages, served.dispatch.stored))
    found = audit(site, served.dispatch, flows, money)
    if not found.passed:
        raise SolverError(
            f"the plan fails its certificate by {found.energy_error:.1e} kWh, "
            f"{found.bill_error:.1e} $"
        )
    return Plan(
        site=site,
        cost_function=problem.cost_function,
        status=answer.status,
        dispatch=served.dispatch,
        flows=flows,
        money=money,
        certificate=Certificate(
            solver=exact.solver,
            optimum=exact.cost,
            lower_bound=exact.lower_bound if answer.is_bounded else None,
            preference_cost=max(0.0, served.cost - exact.cost),
            primal_residual=answer.primal_residual,
            dual_residual=answer.dual_residual,
            made_exact=exact.made_exact,
            energy_error=found.energy_error,
            bill_error=found.bill_error,
        ),
        marginal_value=None if storage_plan is None else storage_plan.marginal_value,
        refusals=(),
        unmet=unmet_by(site, served.dispatch, site.horizon.index_at(REGAIN_HOURS)),
        timing=Timing(build=0.0, solve=0.0, check=0.0),
    )
