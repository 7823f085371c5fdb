"""Objects that the application and one request share, and their keys."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from server.http.bodies import Bodies
from server.http.captures import Captures
from server.http.metrics import Metrics
from server.options import Options
from server.plans.history import History
from server.plans.plan_log import PlanLog
from server.plans.planning import Answer
from server.plans.worker import Worker
from server.reading.clock import Clock


@dataclass(slots=True, kw_only=True)
class State:
    """Objects of one application.

    Attributes
    ----------
    planning : set
        Protocols of the connections that wait for a plan.
    last_plan : dict or None
        Log fields of the last plan, and its time.
    started : float
        Start, on the clock that only goes forward. [s]
    """

    options: Options
    clock: Clock
    worker: Worker
    plan_log: PlanLog
    history: History = field(default_factory=History)
    bodies: Bodies = field(default_factory=Bodies)
    metrics: Metrics = field(default_factory=Metrics)
    captures: Captures = field(default_factory=Captures)
    planning: set[Any] = field(default_factory=set)
    last_plan: dict[str, Any] | None = None
    started: float = field(default_factory=time.monotonic)

    def record(self, answer: Answer) -> None:
        """Note a plan for the page and for ``/status``."""
        self.plan_log.record(answer)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self.last_plan = {**answer.log_fields, "at": at}


STATE = web.AppKey("state", State)
"""Key of both applications, that of the API and that of its page."""

LOG_FIELDS: ContextVar[dict[str, Any]] = ContextVar("log_fields")
"""Fields of a request's log line beside those that every request has."""

BODY: ContextVar[bytes | None] = ContextVar("body", default=None)
"""Body of a request, once it has been read."""
