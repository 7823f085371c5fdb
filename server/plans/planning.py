"""Bytes of a request to bytes of its reply: the pure part, run off the event loop."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from optimiser import Plan, plan
from optimiser.solvers import SolverBackend
from server.options import Options
from server.plans.history import History
from server.reading.clock import Clock
from server.reading.site import (
    Problem,
    ev_problem,
    multi_battery_problem,
    problem_from_wire,
)
from server.wire.json_body import decode, json_object
from server.wire.repairs import Repairs
from server.wire.structs import (
    EvReply,
    EvRequest,
    MultiBatteryReply,
    MultiBatteryRequest,
    OptimizeReply,
    OptimizeRequest,
    SummaryOut,
)
from server.writing.ev_replies import ev_reply
from server.writing.replies import multi_battery_reply, reply_from_plan

TIME_LIMIT = 7.0
"""Most time for one solver; the client waits 60 s. [s]"""

Reply = TypeVar("Reply", OptimizeReply, MultiBatteryReply, EvReply)

Backends: TypeAlias = Iterable[SolverBackend] | None
"""Solvers to try in order; None for those installed."""


class Kind(StrEnum):
    """Endpoint of a request."""

    BATTERY = "optimize"
    BATTERIES = "multi-battery"
    VEHICLES = "ev"


@dataclass(frozen=True, slots=True)
class Made:
    """A plan and the problem that it solves.

    Attributes
    ----------
    kind : Kind
        Endpoint of the request.
    plan : Plan
        The answer.
    problem : Problem
        The question.
    """

    kind: Kind
    plan: Plan
    problem: Problem


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, encoded, and what to remember of it.

    Attributes
    ----------
    body : bytes
        JSON.
    facts : dict
        For the log and `/status`.
    made : Made
        What it answers, for the page.
    """

    body: bytes
    facts: dict[str, Any]
    made: Made


@dataclass(frozen=True, slots=True)
class Result(Generic[Reply]):
    """A reply, and the plan that it is about."""

    reply: Reply
    made: Made


def optimise(
    body: bytes,
    options: Options,
    clock: Clock,
    history: History | None = None,
    backends: Backends = None,
) -> Result[OptimizeReply]:
    """Plan an ``/optimize`` request.

    Parameters
    ----------
    body : bytes
        The request.
    options : Options
        Defaults for what it leaves out.
    clock : Callable
        Returns the time, time-zone aware.
    history : History, optional
        Holds the plan before, and takes this one.
    backends : iterable of SolverBackend, optional
        Solvers other than the installed ones; without any, the value function answers.

    Returns
    -------
    Result
        Reply and plan.

    Raises
    ------
    ProblemError
        Where the request has no sane reading.
    """
    repairs = Repairs()
    request = decode(body, OptimizeRequest, repairs)
    problem = problem_from_wire(request, options, clock(), repairs)
    result = _plan(problem, history, backends)
    reply = reply_from_plan(result, problem, repairs)
    return Result(reply, Made(Kind.BATTERY, result, problem))


def optimise_batteries(
    body: bytes, options: Options, clock: Clock, backends: Backends = None
) -> Result[MultiBatteryReply]:
    """Plan a ``/multi-battery/optimize`` request; see `optimise`."""
    repairs = Repairs()
    request = decode(body, MultiBatteryRequest, repairs)
    problem = multi_battery_problem(request, options, clock(), repairs)
    result = _plan(problem, None, backends)
    reply = multi_battery_reply(result, problem, repairs)
    return Result(reply, Made(Kind.BATTERIES, result, problem))


def optimise_vehicles(
    body: bytes, options: Options, clock: Clock, backends: Backends = None
) -> Result[EvReply]:
    """Plan an ``/ev/optimize`` request; see `optimise`."""
    repairs = Repairs()
    request = decode(body, EvRequest, repairs)
    problem = ev_problem(request, options, clock(), repairs)
    result = _plan(problem, None, backends)
    reply = ev_reply(result, problem, repairs)
    return Result(reply, Made(Kind.VEHICLES, result, problem))


def optimise_any(
    body: bytes, options: Options, clock: Clock
) -> OptimizeReply | MultiBatteryReply | EvReply:
    """Plan a request of any endpoint, which its keys decide; see `optimise`."""
    keys = json_object(body).keys()
    if {"ev", "evs"} & keys:
        return optimise_vehicles(body, options, clock).reply
    if "batteries" in keys:
        return optimise_batteries(body, options, clock).reply
    return optimise(body, options, clock).reply


def answer(
    body: bytes,
    options: Options,
    clock: Clock,
    history: History | None = None,
    backends: Backends = None,
) -> Answer:
    """Plan an ``/optimize`` request and encode the reply; see `optimise`."""
    result = optimise(body, options, clock, history, backends)
    return _encode(result, result.reply.summary)


def answer_batteries(
    body: bytes, options: Options, clock: Clock, backends: Backends = None
) -> Answer:
    """Plan a ``/multi-battery/optimize`` request and encode the reply; see `answer`."""
    result = optimise_batteries(body, options, clock, backends)
    return _encode(result, result.reply.summary)


def answer_vehicles(
    body: bytes, options: Options, clock: Clock, backends: Backends = None
) -> Answer:
    """Plan an ``/ev/optimize`` request and encode the reply; see `answer`."""
    result = optimise_vehicles(body, options, clock, backends)
    return _encode(result, result.reply.bill)


def _plan(problem: Problem, history: History | None, backends: Backends) -> Plan:
    """Plan a problem with the plan before it in mind."""
    result = plan(
        problem.site,
        problem.cost_function,
        rules=problem.rules,
        previous=history.before(problem.site, problem.cost_function) if history else None,
        time_limit=TIME_LIMIT,
        backends=backends,
    )
    if history:
        history.record(result)
    return result


def _encode(result: Result[Reply], bill: SummaryOut) -> Answer:
    reply, made = result.reply, result.made
    facts = {
        "intervals": made.plan.site.horizon.n_intervals,
        "solver": reply.solver,
        "plan": reply.status.split(" ", 1)[0],
        "solve_ms": reply.certificate.solve_ms,
        "cost": bill.total_cost,
        "warnings": len(reply.warnings),
    }
    if made.plan.refusals:  # worth a look in the log, whatever answered in the end
        facts["refused"] = ascii("; ".join(made.plan.refusals)[:200])
    return Answer(msgspec.json.encode(reply), facts, made)
