"""Typed keys of the objects that the application and one request share."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from server.http.bodies import Bodies
from server.http.captures import Captures
from server.http.metrics import Metrics
from server.options import Options
from server.plans.history import History
from server.plans.plan_log import PlanLog
from server.plans.worker import Worker
from server.reading.clock import Clock


@dataclass(slots=True)
class State:
    """Start of the application [s], log fields of its last plan, connections that await one."""

    started: float = field(default_factory=time.monotonic)
    last_plan: dict[str, Any] | None = None
    planning: set[Any] = field(default_factory=set)


OPTIONS = web.AppKey("options", Options)
CLOCK: web.AppKey[Clock] = web.AppKey("clock")
STATE = web.AppKey("state", State)
WORKER = web.AppKey("worker", Worker)
BODIES = web.AppKey("bodies", Bodies)
HISTORY = web.AppKey("history", History)
PLAN_LOG = web.AppKey("plan_log", PlanLog)
METRICS = web.AppKey("metrics", Metrics)
CAPTURES = web.AppKey("captures", Captures)

API: web.AppKey[web.Application] = web.AppKey("api")
"""Key of the page: the application whose plans it shows."""

LOG_FIELDS: ContextVar[dict[str, Any]] = ContextVar("log_fields")
"""Fields of a request's log line beside those that every request has."""

BODY: ContextVar[bytes | None] = ContextVar("body", default=None)
"""Body of a request, once it has been read."""
