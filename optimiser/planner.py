"""The whole pipeline: site and objective in, plan out."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from time import perf_counter

from optimiser import solvers
from optimiser.errors import OptimiserError, SolverError, foreign_code
from optimiser.exact.chain import Answer, Task, attempts
from optimiser.exact.optimal_face import wishes_of
from optimiser.exact.steps import by_value_function
from optimiser.model.arrays import Programme, programme_from_site
from optimiser.model.formulation import formulate
from optimiser.problem import provider
from optimiser.problem.objective import CostFunction, terms
from optimiser.problem.provider import ProviderRules
from optimiser.problem.site import Site
from optimiser.result.plan import Certificate, Plan, Timing
from optimiser.second_stage.aggregation import pooled
from optimiser.second_stage.preference import DEFAULT_BUDGET
from optimiser.second_stage.serving import Ahead, Draft, SecondStage, Served
from optimiser.solvers import SolverBackend
from optimiser.value_function import storage_plan as value_function
from optimiser.value_function.storage_plan import StoragePlan
from optimiser.value_function.terminal_value import valued


def plan(
    site: Site,
    cost_function: CostFunction = CostFunction.COST,
    *,
    rules: ProviderRules = ProviderRules(),
    previous: Plan | None = None,
    preference_budget: float = DEFAULT_BUDGET,
    time_limit: float = 20.0,
    backends: Iterable[SolverBackend] | None = None,
    draft: Draft | None = None,
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
    draft : Callable, optional
        Told the dispatch and the flows that are likely to be those of the plan, while a solver
        still proves it.

    Returns
    -------
    Plan
        The best plan found, with its proof.
    """
    began = perf_counter()
    pool = pooled(site)
    programme = state(pool.site, cost_function, rules)
    formulation = formulate(programme)
    wishes = partial(wishes_of, pool.site, formulation)
    built = perf_counter()
    refusals: list[str] = []
    storage_plan = _storage_plan(programme, refusals)
    asked = solvers.installed() if backends is None else backends
    exact_plan = None if storage_plan is None else by_value_function(programme, storage_plan)
    stage = SecondStage(
        site, pool, formulation, preference_budget, previous, storage_plan is not None, wishes
    )
    ahead = Ahead(stage, exact_plan, draft)
    task = Task(formulation, exact_plan, wishes, ahead.make)
    for name, attempt in attempts(task, asked, refusals, time_limit=time_limit):
        try:
            with foreign_code():  # whatever goes wrong on one way, the next is tried
                answer = attempt()
            answered = perf_counter()
            served = ahead.served(answer)
            certificate = _certificate(answer, served)
        except OptimiserError as error:
            refusals.append(f"{name}: {error}")
            continue
        return Plan(
            site=site,
            cost_function=cost_function,
            status=answer.status,
            dispatch=served.dispatch,
            flows=served.flows,
            money=served.money,
            certificate=certificate,
            shortfalls=served.shortfalls,
            marginal_value=None if storage_plan is None else storage_plan.marginal_value,
            refusals=tuple(refusals),
            timing=Timing(
                build=built - began, solve=answered - built, check=perf_counter() - answered
            ),
        )
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
    return valued(site, programme, in_money)


def _storage_plan(programme: Programme, refusals: list[str]) -> StoragePlan | None:
    """Exact plan of the value function; None where it does not apply or takes too long."""
    if not value_function.applies_to(programme):
        return None
    try:
        return value_function.solve(programme)
    except SolverError as error:
        refusals.append(f"value_function: {error}")
        return None


def _certificate(answer: Answer, served: Served) -> Certificate:
    """Proof of a plan.

    Raises
    ------
    SolverError
        Where the plan fails its audit; it must not be served then.
    """
    found, exact = served.audit, answer.exact
    if not found.passed:
        raise SolverError(
            f"the plan fails its audit by {found.energy_error:.1e} kWh, {found.bill_error:.1e} $"
        )
    return Certificate(
        solver=exact.solver,
        optimum=exact.cost,
        lower_bound=exact.lower_bound if answer.is_bounded else None,
        preference_cost=max(0.0, served.cost - exact.cost),
        primal_residual=None if answer.proof is None else answer.proof.primal_residual,
        dual_residual=None if answer.proof is None else answer.proof.dual_residual,
        made_exact=exact.made_exact,
        energy_error=found.energy_error,
        bill_error=found.bill_error,
    )
