"""Bytes of a request to bytes of its reply: the pure part, run off the event loop."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
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
from server.wire.json_body import decode
from server.wire.repairs import Repairs
from server.wire.structs import (
    EvReply,
    EvRequest,
    MultiBatteryReply,
    MultiBatteryRequest,
    OptimizeReply,
    OptimizeRequest,
    SiteRequest,
    SummaryOut,
)
from server.writing.ev_replies import ev_reply
from server.writing.replies import multi_battery_reply, reply_from_plan
from server.writing.schedules import HomeWriter

TIME_LIMIT = 7.0
"""Most time for one solver; the client waits 60 s. [s]"""


Request = TypeVar("Request", bound=SiteRequest)
Reply = TypeVar("Reply")

Backends: TypeAlias = Iterable[SolverBackend] | None
"""Solvers to try in order; None for those installed."""


class Kind(StrEnum):
    """What was asked for."""

    BATTERY = "optimize"
    BATTERIES = "multi-battery"
    VEHICLES = "ev"


@dataclass(frozen=True, slots=True)
class Made:
    """A plan and the problem that it solves.

    Attributes
    ----------
    kind : Kind
        What was asked for.
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


def optimise(
    body: bytes, options: Options, clock: Clock, history: History | None = None
) -> OptimizeReply:
    """Plan an ``/optimize`` request.

    Parameters
    ----------
    body : bytes
        The request.
    options : Options
        Defaults for what it leaves out.
    clock : Callable
        Gives the time, time-zone aware.
    history : History, optional
        Where the plan before is, and this one goes.

    Returns
    -------
    OptimizeReply
        The plan.

    Raises
    ------
    ProblemError
        Where the request has no sane reading.
    """
    return _read(_BATTERY.made(body, options, clock, history)[0])


def optimise_batteries(body: bytes, options: Options, clock: Clock) -> MultiBatteryReply:
    """Plan a ``/multi-battery/optimize`` request; see `optimise`."""
    return _read(_BATTERIES.made(body, options, clock)[0])


def optimise_vehicles(body: bytes, options: Options, clock: Clock) -> EvReply:
    """Plan an ``/ev/optimize`` request; see `optimise`."""
    return _read(_VEHICLES.made(body, options, clock)[0])


def optimise_any(
    body: bytes, options: Options, clock: Clock
) -> OptimizeReply | MultiBatteryReply | EvReply:
    """Plan a request of any endpoint, told by its keys; see `optimise`."""
    try:
        keys = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).keys()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return optimise(body, options, clock)  # which says what is wrong
    if {"ev", "evs"} & keys:
        return optimise_vehicles(body, options, clock)
    if "batteries" in keys:
        return optimise_batteries(body, options, clock)
    return optimise(body, options, clock)


def answer(
    body: bytes,
    options: Options,
    clock: Clock,
    history: History | None = None,
    backends: Backends = None,
) -> Answer:
    """Plan an ``/optimize`` request and encode the reply; see `optimise`.

    Solvers other than the installed ones may be given; without any, the value function answers.
    """
    reply, made = _BATTERY.made(body, options, clock, history, backends)
    return _answer(reply, reply.summary, made)


def answer_batteries(
    body: bytes, options: Options, clock: Clock, backends: Backends = None
) -> Answer:
    """Plan a ``/multi-battery/optimize`` request and encode the reply; see `answer`."""
    reply, made = _BATTERIES.made(body, options, clock, backends=backends)
    return _answer(reply, reply.summary, made)


def answer_vehicles(
    body: bytes, options: Options, clock: Clock, backends: Backends = None
) -> Answer:
    """Plan an ``/ev/optimize`` request and encode the reply; see `answer`."""
    reply, made = _VEHICLES.made(body, options, clock, backends=backends)
    return _answer(reply, reply.bill, made)


@dataclass(frozen=True, slots=True)
class _Endpoint(Generic[Request, Reply]):
    """How one kind of request is read, and how its plan is told."""

    kind: Kind
    request: type[Request]
    problem: Callable[[Request, Options, datetime, Repairs], Problem]
    reply: Callable[[Plan, Problem, Repairs, HomeWriter], Reply]

    def made(
        self,
        body: bytes,
        options: Options,
        clock: Clock,
        history: History | None = None,
        backends: Backends = None,
    ) -> tuple[Reply, Made]:
        """Reply to a request, and what it answers."""
        repairs = Repairs()
        request = decode(body, self.request, repairs)
        problem = self.problem(request, options, clock(), repairs)
        writer = HomeWriter(problem.site, problem.client_safe_charge)
        found = plan(
            problem.site,
            problem.cost_function,
            rules=problem.rules,
            previous=history.before(problem.site, problem.cost_function) if history else None,
            time_limit=TIME_LIMIT,
            backends=backends,
        )
        if history:
            history.record(found)
        return self.reply(found, problem, repairs, writer), Made(self.kind, found, problem)


_BATTERY = _Endpoint(Kind.BATTERY, OptimizeRequest, problem_from_wire, reply_from_plan)
_BATTERIES = _Endpoint(
    Kind.BATTERIES, MultiBatteryRequest, multi_battery_problem, multi_battery_reply
)
_VEHICLES = _Endpoint(Kind.VEHICLES, EvRequest, ev_problem, ev_reply)


def _read(reply: Reply) -> Reply:
    """The reply with the values of its lists, of which the codec makes the text only."""
    return msgspec.json.decode(msgspec.json.encode(reply), type=type(reply))


def _answer(
    reply: OptimizeReply | MultiBatteryReply | EvReply, summary: SummaryOut, made: Made
) -> Answer:
    facts = {
        "intervals": made.plan.site.horizon.n_intervals,
        "solver": reply.solver,
        "plan": reply.status.split(" ", 1)[0],
        "solve_ms": reply.certificate.solve_ms,
        "cost": summary.total_cost,
        "warnings": len(reply.warnings),
    }
    if made.plan.refusals:  # worth a look in the log, whatever answered in the end
        facts["refused"] = ascii("; ".join(made.plan.refusals)[:200])
    return Answer(msgspec.json.encode(reply), facts, made)
