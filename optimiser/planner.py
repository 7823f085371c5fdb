"""The whole pipeline: site and objective in, plan out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter

from matrix_builders import Vector
from optimiser import provider, solvers
from optimiser.dispatch import Dispatch, end_worth, follow, planning_cost
from optimiser.end_value import flat_end_values, with_end_values
from optimiser.errors import OptimiserError, SolverError
from optimiser.flows import flows_of
from optimiser.formulation import Formulation, formulate
from optimiser.linear_program import dual_residual, lower_bound, primal_residual
from optimiser.money import money_of
from optimiser.objective import CostFunction, terms
from optimiser.plan import Certificate, Plan, Timing, unmet_by
from optimiser.programme import REGAIN_HOURS, Programme, programme_from_site
from optimiser.provider import ProviderRules
from optimiser.rules import rule_levels
from optimiser.site import Site
from optimiser.solvers import SolverBackend

Clock = Callable[[], float]

FEASIBILITY_TOLERANCE = 1e-6
"""Largest violation believed; HiGHS works to 1e-7. [kWh]"""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: str
    dispatch: Dispatch
    certificate: Certificate


def plan(
    site: Site,
    cost_function: CostFunction = CostFunction.COST,
    *,
    rules: ProviderRules = ProviderRules(),
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
    formulation = formulate(programme)
    built = perf_counter()
    candidates = solvers.installed() if backends is None else backends
    answer = _answer(programme, formulation, candidates, time_limit)
    solved = perf_counter()
    return Plan(
        site=site,
        cost_function=cost_function,
        status=answer.status,
        dispatch=answer.dispatch,
        flows=flows_of(site.forecast, answer.dispatch),
        money=money_of(
            site, answer.dispatch, end_worth(programme.storages, answer.dispatch.stored)
        ),
        certificate=answer.certificate,
        unmet=unmet_by(site, answer.dispatch, site.horizon.index_at(REGAIN_HOURS)),
        timing=Timing(build=built - began, solve=solved - built, check=perf_counter() - solved),
    )


def state(site: Site, cost_function: CostFunction, rules: ProviderRules) -> Programme:
    """Programme of a site under a cost function and its provider's rules."""
    tariff = provider.apply(rules, site.tariff, site.horizon)
    statement = terms(site, tariff, cost_function)
    programme = programme_from_site(site, statement)
    if not statement.values_end:
        return programme
    return with_end_values(programme, flat_end_values(site, programme))


def _answer(
    programme: Programme,
    formulation: Formulation,
    backends: Iterable[SolverBackend],
    time_limit: float,
) -> _Answer:
    refusals = []
    for backend in backends:
        try:
            return _solved(programme, formulation, backend, time_limit)
        except OptimiserError as error:
            refusals.append(f"{backend.name}: {error}")
    reason = "; ".join(refusals) or "no solver is installed"
    return _ruled(programme, rule_levels(programme), reason)


def _solved(
    programme: Programme, formulation: Formulation, backend: SolverBackend, time_limit: float
) -> _Answer:
    solution = backend.solve(formulation.lp, time_limit=time_limit)
    residual = primal_residual(formulation.lp, solution.x)
    if residual > FEASIBILITY_TOLERANCE:
        raise SolverError(f"bounds missed by {residual:.1e} kWh")
    dispatch = follow(programme, formulation.stored(solution.x))
    certificate = Certificate(
        solver=backend.name,
        objective=planning_cost(programme, dispatch),
        lower_bound=lower_bound(formulation.lp, solution.row_dual),
        primal_residual=residual,
        dual_residual=dual_residual(formulation.lp, solution),
    )
    return _Answer("optimal", dispatch, certificate)


def _ruled(programme: Programme, levels: Vector, reason: str) -> _Answer:
    dispatch = follow(programme, levels)
    certificate = Certificate(
        solver="rules",
        objective=planning_cost(programme, dispatch),
        lower_bound=None,
        primal_residual=0.0,
        dual_residual=None,
    )
    return _Answer(f"heuristic ({reason})", dispatch, certificate)
