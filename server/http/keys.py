"""Typed keys of what the application shares, and what one request tells the log."""

from contextvars import ContextVar
from typing import Any

from aiohttp import web

from server.http.bodies import Bodies
from server.http.captures import Captures
from server.http.metrics import Metrics
from server.options import Options
from server.plans.history import History
from server.plans.plan_log import Journal
from server.plans.planning import Answer
from server.plans.worker import Worker
from server.reading.clock import Clock

OPTIONS = web.AppKey("options", Options)
CLOCK: web.AppKey[Clock] = web.AppKey("clock")
STARTED = web.AppKey("started", float)
"""On the clock that only goes forward. [s]"""

WORKER: web.AppKey[Worker[Answer]] = web.AppKey("worker")
BODIES = web.AppKey("bodies", Bodies)
PLANNING: web.AppKey[set[Any]] = web.AppKey("planning")
"""Protocols of the connections that wait for a plan."""

HISTORY = web.AppKey("history", History)
JOURNAL = web.AppKey("journal", Journal)
METRICS = web.AppKey("metrics", Metrics)
CAPTURES = web.AppKey("captures", Captures)

API: web.AppKey[web.Application] = web.AppKey("api")
"""Of the page: the application whose plans it shows."""

LAST_PLAN: web.AppKey[dict[str, Any]] = web.AppKey("last_plan")

FACTS: ContextVar[dict[str, Any]] = ContextVar("facts")
"""Set anew for every request, before its handler runs."""

BODY: ContextVar[bytes | None] = ContextVar("body", default=None)
"""Of the request, once it has been read."""
