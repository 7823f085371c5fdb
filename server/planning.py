"""Bytes of a request to bytes of its reply: the pure part, run off the event loop."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from optimiser import plan
from server.codec.body import decode
from server.codec.clock import Clock
from server.codec.repairs import Repairs
from server.codec.replies import reply_from_plan
from server.codec.requests import problem_from_wire
from server.history import History
from server.options import Options
from server.wire import OptimizeReply, OptimizeRequest

TIME_LIMIT = 10.0
"""Most time for one solver; the client waits 60 s. [s]"""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, encoded, and what to remember of it.

    Attributes
    ----------
    body : bytes
        JSON.
    facts : dict
        For the log and `/status`.
    """

    body: bytes
    facts: dict[str, Any] = field(default_factory=dict)


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
    repairs = Repairs()
    request = decode(body, OptimizeRequest, repairs)
    problem = problem_from_wire(request, options, clock(), repairs)
    found = plan(
        problem.site,
        problem.cost_function,
        rules=problem.rules,
        previous=history.before(problem.site, problem.cost_function) if history else None,
        time_limit=TIME_LIMIT,
    )
    if history:
        history.record(found)
    return reply_from_plan(found, problem, repairs)


def answer(body: bytes, options: Options, clock: Clock, history: History | None = None) -> Answer:
    """Plan a request and encode the reply; see `optimise`."""
    reply = optimise(body, options, clock, history)
    facts = {
        "intervals": len(reply.schedule.charge_w),
        "solver": reply.solver,
        "plan": reply.status.split(" ", 1)[0],
        "solve_ms": reply.certificate.solve_ms,
        "cost": reply.summary.total_cost,
        "warnings": len(reply.warnings),
    }
    return Answer(msgspec.json.encode(reply), facts)
