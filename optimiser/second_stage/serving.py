"""From the cheapest plan to what is served: the calmer one, with its accounts and its audit."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from optimiser.errors import SolverError
from optimiser.exact.chain import Answer
from optimiser.exact.optimal_face import Wishes
from optimiser.exact.steps import Exact
from optimiser.model.dispatch import DEAD_BAND, Dispatch, costed
from optimiser.model.formulation import Formulation
from optimiser.problem.site import Site
from optimiser.result.audit import Audit, audit
from optimiser.result.bill import Money, money_of
from optimiser.result.flows import EnergyFlows, flows_of
from optimiser.result.plan import Plan
from optimiser.result.shortfalls import Shortfall, find_shortfalls
from optimiser.second_stage import preference
from optimiser.second_stage.aggregation import Pool
from optimiser.second_stage.preference import Preferred
from optimiser.second_stage.tie_breaking import untied

Draft: TypeAlias = Callable[[Dispatch, EnergyFlows], object]
"""Told what is likely to be done, and who feeds whom then."""


@dataclass(frozen=True, slots=True)
class SecondStage:
    """What decides between plans of nearly the same cost.

    Only where the value function applies may a plan cost the budget more, or keep to the one
    before; elsewhere only ties are decided.

    Attributes
    ----------
    site : Site
        The problem.
    pool : Pool
        The same with alike batteries made one.
    formulation : Formulation
        The programme of that.
    budget : float
        Most that a calmer plan may cost. [$]
    previous : Plan or None
        The plan before this one.
    has_value_function : bool
        Whether the value function applies.
    wishes : Callable
        Gives the weights of what decides between equals.
    """

    site: Site
    pool: Pool
    formulation: Formulation
    budget: float
    previous: Plan | None
    has_value_function: bool
    wishes: Wishes

    @property
    def needs_no_solver(self) -> bool:
        """Whether the value function alone finds the calmer plan."""
        return self.has_value_function and not self.pool.site.vehicles


@dataclass(frozen=True, slots=True)
class Served:
    """What is done in the end.

    Attributes
    ----------
    dispatch : Dispatch
        Of every storage of the site, without idle commands.
    cost : float
        Its planning cost. [$]
    flows, money, shortfalls
        What comes of it.
    audit : Audit
        What an independent look found.
    """

    dispatch: Dispatch
    cost: float
    flows: EnergyFlows
    money: Money
    shortfalls: tuple[Shortfall, ...]
    audit: Audit


def served_after(stage: SecondStage, answer: Answer) -> Served:
    """What is served after an answer."""
    site, pool, programme = stage.site, stage.pool, stage.formulation.programme
    calm = _calmer(stage, answer)
    wanted = calm.stored if programme.couplings.is_empty else calm.course
    done = costed(programme, wanted, DEAD_BAND / min([1.0, *pool.share.tolist()]))
    flows = flows_of(pool.site, done.dispatch, programme.permissions)
    split = pool.split(done.dispatch)
    money = money_of(site, split, done.end_worth)
    return Served(
        dispatch=split,
        cost=done.cost,
        flows=flows,
        money=money,
        shortfalls=find_shortfalls(site, split),
        audit=audit(site, split, flows, money),
    )


def _calmer(stage: SecondStage, answer: Answer) -> Dispatch:
    """The calmer plan, where one may be had."""
    site, formulation, exact = stage.pool.site, stage.formulation, answer.exact
    if stage.budget <= 0 or not answer.is_bounded:
        return exact.dispatch
    if stage.needs_no_solver:
        best = Preferred(exact.dispatch, exact.cost)
        with contextlib.suppress(SolverError):  # the cheapest plan is as good
            return preference.preferred(
                site, formulation.programme, best, stage.budget, stage.previous
            ).dispatch
    elif answer.backend is not None:
        return untied(site, formulation, exact, stage.wishes(), answer.backend)
    return exact.dispatch


class Ahead:
    """What is served, made while a solver still proves the plan that it is likely to confirm.

    Parameters
    ----------
    stage : SecondStage
        What decides between plans of nearly the same cost.
    expected : Exact or None
        That plan.
    draft : Callable or None
        Told what is made ahead.
    """

    def __init__(self, stage: SecondStage, expected: Exact | None, draft: Draft | None) -> None:
        self._stage = stage
        self._draft = draft
        self._expected = expected if stage.needs_no_solver else None
        self._made: Served | None = None

    def make(self) -> None:
        """Make it, unless it is there already or needs the solver."""
        if self._expected is not None and self._made is None:
            made = self._made = served_after(self._stage, Answer(self._expected, "optimal"))
            if self._draft is not None:
                self._draft(made.dispatch, made.flows)

    def served(self, answer: Answer) -> Served:
        """What is served after an answer."""
        if self._made is not None and answer.is_bounded and self._is_expected(answer.exact):
            return self._made
        return served_after(self._stage, answer)

    def _is_expected(self, exact: Exact) -> bool:
        return self._expected is not None and exact.dispatch is self._expected.dispatch
