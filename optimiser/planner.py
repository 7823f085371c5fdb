"""The whole pipeline: site and objective in, plan out."""

import contextlib
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from optimiser.errors import OptimiserError, SolverError
from optimiser.exact.steps import proof_gap
from optimiser.flexible.placing import service_at_once
from optimiser.flexible.schedule import Scheduler
from optimiser.model.dispatch import DEAD_BAND, Dispatch, Trajectory, simulate
from optimiser.model.formulation import Formulation, formulate
from optimiser.model.pieces import Pieces, cut_site
from optimiser.price_scale import from_scale, to_scale
from optimiser.problem.checks import require_finite, require_kinds, require_member
from optimiser.problem.objective import CostFunction
from optimiser.problem.provider import ProviderRules
from optimiser.problem.site import Site
from optimiser.result.audit import ENERGY_TOLERANCE, Audit, audit
from optimiser.result.baselines import money_of
from optimiser.result.bill import Money
from optimiser.result.flows import EnergyFlows, flows_of
from optimiser.result.plan import Certificate, Plan, Timing
from optimiser.result.schedule import Schedule, schedule_error
from optimiser.result.shortfalls import Shortfall, find_shortfalls
from optimiser.second_stage.aggregation import Aggregation, aggregate_identical
from optimiser.second_stage.preference import DEFAULT_BUDGET
from optimiser.second_stage.tie_breaking import Preferences, choose
from optimiser.solver_chain import Answer, solve_storage, solver_chain
from optimiser.solvers import Deadline, SolverBackend, now
from optimiser.unit_check import check_units
from optimiser.value_function.terminal_value import build_problem

_FLEXIBLE_SHARE = 0.3  # of the time left, for each choice of times; the storages need the rest


def plan(
    site: Site,
    cost_function: CostFunction | str = CostFunction.COST,
    *,
    rules: ProviderRules = ProviderRules(),
    previous: Plan | None = None,
    preference_budget: float = DEFAULT_BUDGET,
    time_limit: float = 20.0,
    backends: Iterable[SolverBackend] | None = None,
    any_size: bool = False,
) -> Plan:
    """Plan one site.

    Parameters
    ----------
    site : Site
        The problem.
    cost_function : CostFunction or str
        The objective: ``"cost"``, ``"profit"`` or ``"self_consumption"``.
    rules : ProviderRules
        Price modifications to plan against; the bill stays the true one.
    previous : Plan, optional
        The plan before this one: its action goes on where a change is not worth the budget.
    preference_budget : float
        Most that a preferred plan may cost more; zero switches preferences off.  It counts in units
        of the money's price scale: a cent of dollars is 1 JPY, or 100 IDR. [$]
    time_limit : float
        Time for all solvers together, which look at it between their iterations; breaking ties
        takes up to two seconds more. [s]
    backends : iterable of SolverBackend, optional
        Solvers to try in order, instead of those installed.
    any_size : bool
        Whether numbers that no home has are planned all the same; see `check_units`.

    Returns
    -------
    Plan
        The best plan found, with its proof.

    Raises
    ------
    ProblemError
        Where an argument is of another kind, or a number of the site must be in another unit.
    SolverError
        Where no plan passes its audit.
    """
    cost_function = require_member("cost_function", cost_function, CostFunction)
    _require_arguments(site, rules, previous, preference_budget, time_limit)
    if not any_size:
        check_units(site)
    if (scale := site.price_scale) != 1.0:
        in_units = plan(
            to_scale(site, scale),
            cost_function,
            rules=to_scale(rules, scale),
            previous=previous,
            preference_budget=preference_budget,
            time_limit=time_limit,
            backends=backends,
            any_size=True,
        )
        return replace(from_scale(in_units, scale), site=site)
    deadline = Deadline(now() + time_limit)
    asked = None if backends is None else (*backends,)
    choices = Choices(preference_budget, previous, asked)
    if site.flexible:
        return _plan_flexible(site, cost_function, rules, choices, deadline)
    return _plan_storages(site, cost_function, rules, choices, deadline)


class Choices(NamedTuple):
    """Choices beside the objective; fields as the arguments of `plan`."""

    preference_budget: float
    previous: Plan | None
    backends: tuple[SolverBackend, ...] | None


def _plan_flexible(
    site: Site,
    cost_function: CostFunction,
    rules: ProviderRules,
    choices: Choices,
    deadline: Deadline,
) -> Plan:
    """Choose the times of flexible consumption, then plan the storages beside it.

    Where the two do not meet the bound of both, the times are chosen once more, by what the
    storages can do; then loads are moved one by one.
    """
    began = now()
    scheduler = Scheduler(site, cost_function, rules)
    best = None
    if choices.backends != ():
        with contextlib.suppress(OptimiserError):
            chosen = scheduler.choose(deadline.part(_FLEXIBLE_SHARE))
            best = _plan_beside(site, chosen, cost_function, rules, choices, deadline)
    if best is None:
        chosen = scheduler.at_once()
        best = _plan_beside(site, chosen, cost_function, rules, choices, deadline)
    if best.status == "feasible" and not deadline.is_over:
        with contextlib.suppress(OptimiserError):
            better = scheduler.refine(best.dispatch_in_pieces, deadline.part(_FLEXIBLE_SHARE))
            other = _plan_beside(site, better, cost_function, rules, choices, deadline)
            best = _with_bound(_cheaper(best, other), better.lower_bound)
        best = _move_loads(best, scheduler, rules, choices, deadline)
    money, timing = _money_beside(best, rules), best.timing
    solve = now() - began - timing.build - timing.check
    return replace(best, money=money, timing=replace(timing, solve=solve))


def _move_loads(
    best: Plan, scheduler: Scheduler, rules: ProviderRules, choices: Choices, deadline: Deadline
) -> Plan:
    """Move flexible loads one by one, until the plan meets its bound or the time is over."""
    proved, until = best.certificate.lower_bound, deadline.part(_FLEXIBLE_SHARE)
    assert best.schedule is not None
    for moved in scheduler.moves(best.schedule):
        if until.is_over or best.status == "optimal":
            break
        with contextlib.suppress(OptimiserError):
            other = _plan_beside(best.site, moved, best.cost_function, rules, choices, deadline)
            bound = -math.inf if proved is None else proved
            best = _cheaper(best, _with_bound(other, bound))
    return best


def _cheaper(one: Plan, other: Plan) -> Plan:
    return other if other.certificate.optimum < one.certificate.optimum else one


def _plan_beside(
    site: Site,
    chosen: Schedule,
    cost_function: CostFunction,
    rules: ProviderRules,
    choices: Choices,
    deadline: Deadline,
) -> Plan:
    """Plan the storages of a site beside a schedule of its flexible consumption."""
    error = schedule_error(site, chosen)
    if error > ENERGY_TOLERANCE:
        raise SolverError(f"the flexible consumption fails its audit by {error:.1e} kWh")
    served = chosen.serve(site)
    plan = _plan_storages(served, cost_function, rules, choices, deadline, usual=site)
    certificate = replace(plan.certificate, optimum=plan.certificate.optimum + chosen.cost)
    plan = replace(plan, site=site, certificate=certificate, schedule=chosen)
    return _with_bound(plan, chosen.lower_bound)


def _money_beside(best: Plan, rules: ProviderRules) -> Money:
    """Return the bill of a plan beside those of the same service as early as it can be had."""
    assert best.schedule is not None
    site = best.site
    usual = cut_site(service_at_once(site, best.schedule), rules).site
    problem = build_problem(usual, best.cost_function, rules, cut_site(site, rules).site)
    return money_of(usual, problem, best.dispatch_in_pieces, best.money.end_value)


def _with_bound(plan: Plan, bound: float) -> Plan:
    """Return a plan with flexible consumption, proved by a bound of its whole cost.

    A bound that the plan undercuts is none.
    """
    gap, proved = plan.certificate.optimum - bound, proof_gap(plan.site)
    is_bound = math.isfinite(bound) and gap >= -proved
    certificate = replace(plan.certificate, lower_bound=bound if is_bound else None)
    status = plan.status
    if status in {"optimal", "feasible"}:
        status = "optimal" if is_bound and gap <= proved else "feasible"
    return replace(plan, status=status, certificate=certificate)


def _plan_storages(
    site: Site,
    cost_function: CostFunction,
    rules: ProviderRules,
    choices: Choices,
    deadline: Deadline,
    usual: Site | None = None,
) -> Plan:
    """Plan a site without flexible consumption; `usual` has the load of other days."""
    began = now()
    pieces = cut_site(site, rules)
    aggregation = aggregate_identical(pieces.site)
    if usual is not None:
        usual = aggregate_identical(cut_site(usual, rules).site).site
    problem = build_problem(aggregation.site, cost_function, rules, usual)
    formulation = formulate(problem)
    built = now()
    refusals: list[str] = []
    storage_plan = solve_storage(formulation, refusals)
    marginal_value = None if storage_plan is None else pieces.at_end(storage_plan.marginal_value)
    preferences = Preferences(choices.preference_budget, choices.previous, storage_plan is not None)
    for solver in solver_chain(aggregation.site, formulation, storage_plan, choices.backends):
        try:
            answer = solver.solve(formulation, deadline)
            solved = now()
            best, backend = answer.best, answer.backend
            trajectory = choose(aggregation, formulation, best, preferences, backend)
            outcome = finish(pieces, aggregation, formulation, answer, trajectory)
        except OptimiserError as error:
            refusals.append(f"{solver.name}: {error}")
            continue
        return Plan(
            site=site,
            pieces=pieces,
            cost_function=cost_function,
            status=answer.status.format(reason="; ".join(refusals) or "no solver was tried"),
            marginal_value=marginal_value,
            refusals=tuple(refusals),
            timing=Timing(build=built - began, solve=solved - built, check=now() - solved),
            **outcome._asdict(),
        )
    raise SolverError("; ".join(refusals))


def _require_arguments(
    site: Site,
    rules: ProviderRules,
    previous: Plan | None,
    preference_budget: float,
    time_limit: float,
) -> None:
    """Require arguments of `plan` of the kinds that it takes."""
    require_kinds(site=(site, Site), rules=(rules, ProviderRules))
    if previous is not None:
        require_kinds(previous=(previous, Plan))
    require_finite(preference_budget=preference_budget, time_limit=time_limit)


class Outcome(NamedTuple):
    """A dispatch with its accounts and its proof; fields as in `Plan`."""

    dispatch: Dispatch
    dispatch_in_pieces: Dispatch
    flows: EnergyFlows
    money: Money
    shortfalls: tuple[Shortfall, ...]
    certificate: Certificate


def finish(
    pieces: Pieces,
    aggregation: Aggregation,
    formulation: Formulation,
    answer: Answer,
    trajectory: Trajectory,
) -> Outcome:
    """Simulate the trajectory to serve, make its accounts, and audit them.

    Raises
    ------
    SolverError
        Where the plan fails its audit, or costs less than its own lower bound.
    """
    problem, site = formulation.problem, pieces.site
    dead_band = DEAD_BAND / aggregation.least_share
    whole, cost, terminal_value = simulate(problem, trajectory, dead_band)
    flows = flows_of(aggregation.site, whole, problem.permissions)
    dispatch = aggregation.split(whole)
    money = money_of(aggregation.site, problem, whole, terminal_value)
    errors = audit(site, dispatch, flows, money)
    certificate = _certificate(answer, cost, errors)
    assert problem.permissions is not None
    shortfalls = find_shortfalls(site, dispatch, problem.permissions.charge_from_grid)
    return Outcome(
        dispatch=dispatch if pieces.is_whole else dispatch.merge(pieces),
        dispatch_in_pieces=dispatch,
        flows=flows if pieces.is_whole else flows.merge(pieces),
        money=money,
        shortfalls=shortfalls,
        certificate=certificate,
    )


def _certificate(answer: Answer, cost: float, errors: Audit) -> Certificate:
    """Return the proof of a plan of some planning cost, or refuse the plan."""
    best, proof = answer.best, answer.proof
    if not errors.passed:
        raise SolverError(
            f"the plan fails its audit by {errors.energy_error:.1e} kWh,"
            f" {errors.bill_error:.1e} of the money traded"
        )
    if best.cost < best.lower_bound and not best.is_optimal:
        raise SolverError(
            f"the plan costs {best.lower_bound - best.cost:.1e} $ less than its bound"
        )
    return Certificate(
        solver=best.solver,
        optimum=best.cost,
        lower_bound=None if math.isinf(best.lower_bound) else best.lower_bound,
        preference_cost=max(0.0, cost - best.cost),
        primal_residual=None if proof is None else proof.primal_residual,
        dual_residual=None if proof is None else proof.dual_residual,
        made_exact=best.n_violations,
        energy_error=errors.energy_error,
        bill_error=errors.bill_error,
    )
