"""Bytes of a request to bytes of its reply: the pure part, run off the event loop."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET

from optimiser import Plan, plan
from optimiser.second_stage.preference import DEFAULT_BUDGET
from server.options import Options
from server.plans.history import History
from server.reading.clock import Clock
from server.reading.site import Problem, problem_from_request
from server.wire.json_body import decode, json_object
from server.wire.repairs import Repairs
from server.wire.replies import EvReply, MultiBatteryReply, OptimizeReply
from server.wire.requests import EvRequest, MultiBatteryRequest, OptimizeRequest, SiteRequest
from server.writing.ev_replies import ev_reply
from server.writing.flexible import heat_from_plan, loads_from_plan, note_missing
from server.writing.replies import multi_battery_reply, reply_from_plan
from server.writing.schedules import note_changes
from server.writing.shortfalls import note_shortfalls

TIME_LIMIT = 20.0
"""Most time for the solvers of one plan; the client waits 60 s. [s]"""

Reply: TypeAlias = OptimizeReply | MultiBatteryReply | EvReply


class Kind(StrEnum):
    """Endpoint of a request."""

    BATTERY = "optimize"
    BATTERIES = "multi-battery"
    VEHICLES = "ev"


@dataclass(frozen=True, slots=True)
class Solved:
    """A plan and the problem that it solves.

    Attributes
    ----------
    kind : Kind
        Endpoint of the request.
    plan : Plan
        The plan.
    problem : Problem
        What it solves.
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
    log_fields : dict
        For the log and `/status`.
    solved : Solved
        What it answers, for the page.
    """

    body: bytes
    log_fields: dict[str, Any]
    solved: Solved


_WIRE: dict[Kind, tuple[type[SiteRequest], Callable[[Plan, Problem, Repairs], Reply]]] = {
    Kind.BATTERY: (OptimizeRequest, reply_from_plan),
    Kind.BATTERIES: (MultiBatteryRequest, multi_battery_reply),
    Kind.VEHICLES: (EvRequest, ev_reply),
}
"""Struct of a request, and what writes its reply."""


def answer_request(
    kind: Kind,
    body: bytes,
    options: Options,
    clock: Clock,
    history: History | None = None,
    *,
    is_fallback: bool = False,
) -> Answer:
    """Plan a request of one endpoint.

    Parameters
    ----------
    kind : Kind
        The endpoint.
    body : bytes
        The request.
    options : Options
        Defaults for what it leaves out.
    clock : Callable
        Returns the time, time-zone aware.
    history : History, optional
        Holds the plan before, and takes this one.
    is_fallback : bool
        Whether to plan without solvers and preferences, where those failed.

    Returns
    -------
    Answer
        The reply, encoded.

    Raises
    ------
    ProblemError
        Where the request has no sane reading.
    """
    struct, reply_of = _WIRE[kind]
    repairs = Repairs()
    request = decode(body, struct, repairs)
    problem = problem_from_request(request, options, clock(), repairs)
    if is_fallback:
        repairs.note("fallback", "plan", "made without solvers; the log has the reason")
    result = _plan(problem, kind, history, is_fallback)
    if result.shortfalls:
        note_shortfalls(result, problem.paths, repairs)
    if not result.pieces.is_whole:
        note_changes(result, repairs)
    if result.schedule:
        note_missing(result, result.schedule, problem, repairs)
    reply = reply_of(result, problem, repairs)
    if result.schedule:
        reply.loads = loads_from_plan(result, result.schedule, problem) or UNSET
        reply.heat = heat_from_plan(result, result.schedule, problem) or UNSET
    bill = reply.bill if isinstance(reply, EvReply) else reply.summary
    log_fields = {
        "intervals": result.site.horizon.n_intervals,
        "solver": reply.solver,
        "plan": reply.status.split(" ", 1)[0],
        "solve_ms": reply.certificate.solve_ms,
        "cost": bill.total_cost,
        "warnings": len(reply.warnings),
    }
    if reply.warnings:
        log_fields["codes"] = ",".join(sorted({warning.code for warning in reply.warnings}))
    if result.refusals:  # worth a look in the log, whatever answered in the end
        log_fields["refused"] = ascii("; ".join(result.refusals)[:200])
    return Answer(msgspec.json.encode(reply), log_fields, Solved(kind, result, problem))


def _plan(problem: Problem, kind: Kind, history: History | None, is_fallback: bool) -> Plan:
    """Plan a problem with the plan before it in mind."""
    result = plan(
        problem.site,
        problem.cost_function,
        rules=problem.rules,
        previous=history.before(kind, problem.site, problem.cost_function) if history else None,
        preference_budget=0.0 if is_fallback else DEFAULT_BUDGET,
        time_limit=TIME_LIMIT,
        backends=() if is_fallback else None,
        any_size=True,  # the reading of a request has its own rules, with warnings
    )
    if history:
        history.record(kind, result)
    return result


answer = partial(answer_request, Kind.BATTERY)
answer_batteries = partial(answer_request, Kind.BATTERIES)
answer_vehicles = partial(answer_request, Kind.VEHICLES)


def answer_any(body: bytes, options: Options, clock: Clock) -> Answer:
    """Plan a request of any endpoint, which its keys decide; see `answer_request`."""
    keys = json_object(body).keys()
    if {"ev", "evs"} & keys:
        return answer_vehicles(body, options, clock)
    return (answer_batteries if "batteries" in keys else answer)(body, options, clock)


def reply_from(answered: Answer) -> Reply:
    """Return the reply of an answer, decoded."""
    return msgspec.json.decode(answered.body, type=_REPLIES[answered.solved.kind])


def optimise_any(body: bytes, options: Options, clock: Clock) -> Reply:
    """Return the reply to a request of any endpoint; see `answer_any`."""
    return reply_from(answer_any(body, options, clock))


_REPLIES: dict[Kind, type[Reply]] = {
    Kind.BATTERY: OptimizeReply,
    Kind.BATTERIES: MultiBatteryReply,
    Kind.VEHICLES: EvReply,
}
