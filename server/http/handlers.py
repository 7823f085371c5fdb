"""The endpoints."""

import importlib.util
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiohttp import web

import matrix_builders
from optimiser import ProblemError
from server.http import keys
from server.http.metrics import CONTENT_TYPE
from server.http.middleware import NotJson, json_reply
from server.http.openapi import document
from server.plans import planning
from server.plans.plan_log import PlanLog
from server.plans.worker import Overdue
from server.version import VERSION
from server.wire.wording import shown

routes = web.RouteTableDef()


@routes.get("/health")
async def health(request: web.Request) -> web.Response:
    """Answer the client and the container, which ask whether plans can be made."""
    del request
    return json_reply({"status": "healthy", "optimiser_available": True, "version": VERSION})


@routes.get("/status")
async def status(request: web.Request) -> web.Response:
    """Configuration, and what helps a person."""
    return json_reply(status_of(request.app))


def status_of(api: web.Application) -> dict[str, Any]:
    """Return the content of ``/status``."""
    options, state, worker = api[keys.OPTIONS], api[keys.STATE], api[keys.WORKER]
    return {
        "success": True,
        "optimiser_available": True,
        "version": VERSION,
        "config": {
            "optimization_interval": options.optimization_interval,
            "horizon_hours": options.horizon_hours,
            "default_cost_function": options.default_cost_function.value,
        },
        "solvers": _solvers(),
        "kernels": matrix_builders.MODE,
        "uptime_s": round(time.monotonic() - state.started, 1),
        "queue": worker.waiting,
        "hanging": worker.hanging,
        "last_plan": state.last_plan,
        "peak_memory_mb": round(_peak_memory() / 2**20, 1),
    }


@routes.post("/optimize")
async def optimize(request: web.Request) -> web.Response:
    """Plan one battery."""
    history = request.app[keys.HISTORY]
    return await _reply_with_plan(request, partial(planning.answer, history=history))


@routes.post("/multi-battery/optimize")
async def optimize_batteries(request: web.Request) -> web.Response:
    """Plan several batteries."""
    return await _reply_with_plan(request, planning.answer_batteries)


@routes.post("/ev/optimize")
async def optimize_vehicles(request: web.Request) -> web.Response:
    """Plan vehicles, perhaps beside the home battery."""
    return await _reply_with_plan(request, planning.answer_vehicles)


async def _reply_with_plan(
    request: web.Request, answering: Callable[..., planning.Answer]
) -> web.Response:
    """Plan a request in the worker, and note the plan for the log and the status."""
    app, state = request.app, request.app[keys.STATE]
    body = await _json_body(request)
    work = partial(answering, body, app[keys.OPTIONS], app[keys.CLOCK])
    state.planning.add(request.protocol)
    try:
        answer = await _run(app, work)
    finally:
        state.planning.discard(request.protocol)
    keys.LOG_FIELDS.get().update(answer.facts)
    state.last_plan = {**answer.facts, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    metrics = app[keys.METRICS]
    metrics.count("powersync_plans_total", solver=answer.facts["solver"], plan=answer.facts["plan"])
    metrics.count("powersync_repairs_total", answer.facts["warnings"])
    metrics.count("powersync_refusals_total", len(answer.made.plan.refusals))
    return web.Response(body=answer.body, content_type="application/json")


async def _run(app: web.Application, work: Callable[..., planning.Answer]) -> planning.Answer:
    """Return the answer of the worker; where a solver hangs, one that needs no solvers."""
    worker, plan_log = app[keys.WORKER], app[keys.PLAN_LOG]
    try:
        return await worker.run(partial(_answer_and_record, work, plan_log))
    except Overdue:
        without_solvers = partial(work, backends=())
        return await worker.run(partial(_answer_and_record, without_solvers, plan_log))


def _answer_and_record(work: Callable[[], planning.Answer], plan_log: PlanLog) -> planning.Answer:
    answer = work()
    plan_log.record(answer)
    return answer


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Counts for Prometheus."""
    app = request.app
    gauges = {
        "powersync_queue_length": app[keys.WORKER].waiting,
        "powersync_hanging_threads": app[keys.WORKER].hanging,
        "powersync_memory_peak_bytes": _peak_memory(),
        "powersync_uptime_seconds": time.monotonic() - app[keys.STATE].started,
    }
    text = app[keys.METRICS].text(gauges)
    return web.Response(text=text, headers={"Content-Type": CONTENT_TYPE})


@routes.get("/openapi.json")
async def openapi(request: web.Request) -> web.Response:
    """The API, for machines."""
    del request
    return json_reply(document())


async def _json_body(request: web.Request) -> bytes:
    if request.content_type != "application/json":
        kind = request.headers.get("Content-Type")
        got = "nothing" if kind is None else shown(kind)
        raise NotJson("Content-Type", f"must be application/json, got {got}")
    try:
        body = await request.app[keys.BODIES].read(request)
    except web.RequestPayloadError:
        raise ProblemError("body", "must be as long, or chunked, as its head says") from None
    keys.BODY.set(body)
    return body


def _peak_memory() -> int:
    """Largest resident size so far. [bytes]"""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _solvers() -> list[str]:
    packages = {"highs": "highspy", "scipy_linprog": "scipy"}
    present = [name for name, package in packages.items() if importlib.util.find_spec(package)]
    return [*present, "value_function", "rules"]
