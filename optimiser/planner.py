"""The whole pipeline: site and objective in, plan out."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, partial
from time import perf_counter

from optimiser import preference, provider, solvers, value_function
from optimiser.audit import Audit, audit
from optimiser.chain import Answer, Task, attempts
from optimiser.dispatch import DEAD_BAND, Dispatch, end_worth, follow, planning_cost
from optimiser.end_value import valued
from optimiser.errors import OptimiserError, SolverError, foreign_code
from optimiser.exclusivity import by_value_function
from optimiser.face import Wishes, wishes_of
from optimiser.flows import flows_of
from optimiser.formulation import Formulation, formulate
from optimiser.money import money_of
from optimiser.objective import CostFunction, terms
from optimiser.plan import Certificate, Plan, Timing
from optimiser.pooling import Pool, pooled
from optimiser.preference import DEFAULT_BUDGET, Preferred
from optimiser.programme import Programme, programme_from_site
from optimiser.provider import ProviderRules
from optimiser.site import Site
from optimiser.solvers import SolverBackend
from optimiser.ties import untied
from optimiser.unmet import unmet_by
from optimiser.value_function import StoragePlan


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
    pool = pooled(site)
    programme = state(pool.site, cost_function, rules)
    formulation = formulate(programme)
    wishes = cache(partial(wishes_of, pool.site, formulation))
    built = perf_counter()
    refusals: list[str] = []
    storage_plan = _storage_plan(programme, refusals)
    asked = solvers.installed() if backends is None else backends
    exact_plan = None if storage_plan is None else by_value_function(programme, storage_plan)
    task = Task(formulation, exact_plan, wishes)
    for name, attempt in attempts(task, asked, refusals, time_limit=time_limit):
        try:
            with foreign_code():  # whatever goes wrong on one way, the next is tried
                answer = attempt()
            answered = perf_counter()
            second = SecondStage(preference_budget, previous, storage_plan is not None, wishes)
            done = _served(pool, formulation, answer, second)
            flows = flows_of(pool.site, done, programme.permissions)
            served = pool.split(done)
            money = money_of(site, served, end_worth(programme.storages, done.stored))
            extra = max(0.0, planning_cost(programme, done) - answer.exact.cost)
            certificate = _certificate(answer, extra, audit(site, served, flows, money))
        except OptimiserError as error:
            refusals.append(f"{name}: {error}")
            continue
        return Plan(
            site=site,
            cost_function=cost_function,
            status=answer.status,
            dispatch=served,
            flows=flows,
            money=money,
            certificate=certificate,
            unmet=unmet_by(site, served),
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


@dataclass(frozen=True, slots=True)
class SecondStage:
    """What decides between plans of nearly the same cost.

    Only where the value function applies may a plan cost the budget more, or keep to the one
    before; elsewhere only ties are decided.
    """

    budget: float
    previous: Plan | None
    has_value_function: bool
    wishes: Wishes


def _served(pool: Pool, formulation: Formulation, answer: Answer, stage: SecondStage) -> Dispatch:
    """What is done in the end: the calmer plan where one may be had, without idle commands."""
    programme, dispatch = formulation.programme, answer.exact.dispatch
    if stage.budget > 0 and answer.is_bounded:
        if stage.has_value_function and not pool.site.vehicles:
            best = Preferred(dispatch, answer.exact.cost)
            with contextlib.suppress(SolverError):  # the cheapest plan is as good
                dispatch = preference.preferred(
                    pool.site, programme, best, stage.budget, stage.previous
                ).dispatch
        elif answer.backend is not None:
            dispatch = untied(pool.site, formulation, answer.exact, stage.wishes(), answer.backend)
    return follow(programme, dispatch.course, DEAD_BAND / float(pool.share.min(initial=1.0)))


def _certificate(answer: Answer, preference_cost: float, found: Audit) -> Certificate:
    """Proof of a plan.

    Raises
    ------
    SolverError
        Where the plan fails its audit; it must not be served then.
    """
    if not found.passed:
        raise SolverError(
            f"the plan fails its audit by {found.energy_error:.1e} kWh, {found.bill_error:.1e} $"
        )
    exact = answer.exact
    return Certificate(
        solver=exact.solver,
        optimum=exact.cost,
        lower_bound=exact.lower_bound if answer.is_bounded else None,
        preference_cost=preference_cost,
        primal_residual=None if answer.proof is None else answer.proof.primal_residual,
        dual_residual=None if answer.proof is None else answer.proof.dual_residual,
        made_exact=exact.made_exact,
        energy_error=found.energy_error,
        bill_error=found.bill_error,
    )
