"""The endpoints."""

import importlib.util
import resource
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

import matrix_builders
from optimiser import ProblemError, SolverError
from server.charge_schedule.messages import ScheduleHealthReply
from server.http import keys
from server.http.metrics import CONTENT_TYPE, Metrics
from server.http.middleware import NotJson, json_reply
from server.http.openapi import document
from server.plans import planning
from server.plans.fallback import answer_or_fallback
from server.version import VERSION
from server.wire.wording import format_value

if TYPE_CHECKING:
    from server.charge_schedule.answer import ScheduleAnswer

routes = web.RouteTableDef()


@routes.get("/health")
async def health(request: web.Request) -> web.Response:
    """Answer the client and the container, which ask whether plans can be made."""
    return json_reply({"status": "healthy", "optimiser_available": True, "version": VERSION})


@routes.get("/status")
async def status(request: web.Request) -> web.Response:
    """Configuration, and what helps a person."""
    return json_reply(status_of(request.app[keys.STATE]))


def status_of(state: keys.State) -> dict[str, Any]:
    """Return the content of ``/status``."""
    options, worker = state.options, state.worker
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


_ANSWERS: dict[str, Callable[..., planning.Answer]] = {
    "/optimize": planning.answer,
    "/multi-battery/optimize": planning.answer_batteries,
    "/ev/optimize": planning.answer_vehicles,
}


@routes.post("/optimize")
@routes.post("/multi-battery/optimize")
@routes.post("/ev/optimize")
async def _reply_with_plan(request: web.Request) -> web.Response:
    """Plan a request in the worker, and note the plan for the log and the status."""
    state = request.app[keys.STATE]
    body = await _json_body(request)
    work = partial(_ANSWERS[request.path], body, state.options, state.clock, state.history)
    state.planning.add(request.protocol)
    try:
        answer = await answer_or_fallback(state.worker, work)
        state.record(answer)
    finally:
        state.planning.discard(request.protocol)
    keys.LOG_FIELDS.get().update(answer.log_fields)
    _count(state.metrics, answer)
    return web.Response(body=answer.body, content_type="application/json")


@routes.get("/optimize/health")
async def schedule_health(request: web.Request) -> web.Response:
    """Answer a client of the charge schedule."""
    return json_reply(ScheduleHealthReply("healthy", f"PowerSync Optimiser {VERSION}"))


@routes.post("/optimize/charge-schedule")
async def _reply_with_schedule(request: web.Request) -> web.Response:
    """Plan a request of the charge schedule in the worker."""
    state = request.app[keys.STATE]
    body = await _json_body(request)
    state.planning.add(request.protocol)
    try:
        answer = await state.worker.run(partial(_answer_schedule, body))
    finally:
        state.planning.discard(request.protocol)
    fields = answer.log_fields
    keys.LOG_FIELDS.get().update(fields)
    state.metrics.count("powersync_plans_total", solver=fields["solver"], plan=fields["plan"])
    return web.Response(body=answer.body, content_type="application/json")


def _answer_schedule(body: bytes) -> "ScheduleAnswer":
    """Plan a request in the contract of the charge schedule, which needs HiGHS itself."""
    try:
        from server.charge_schedule.answer import answer_schedule  # noqa: PLC0415
    except ImportError:
        raise SolverError("HiGHS is not installed") from None
    return answer_schedule(body)


def _count(metrics: Metrics, answer: planning.Answer) -> None:
    solver, proof = answer.log_fields["solver"], answer.log_fields["plan"]
    metrics.count("powersync_plans_total", solver=solver, plan=proof)
    metrics.count("powersync_warnings_total", answer.log_fields["warnings"])
    metrics.count("powersync_refusals_total", len(answer.solved.plan.refusals))


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Counts for Prometheus."""
    state = request.app[keys.STATE]
    gauges = {
        "powersync_queue_length": state.worker.waiting,
        "powersync_hanging_threads": state.worker.hanging,
        "powersync_memory_peak_bytes": _peak_memory(),
        "powersync_uptime_seconds": time.monotonic() - state.started,
    }
    return web.Response(text=state.metrics.text(gauges), headers={"Content-Type": CONTENT_TYPE})


@routes.get("/openapi.json")
async def openapi(request: web.Request) -> web.Response:
    """The API, for machines."""
    return json_reply(document())


async def _json_body(request: web.Request) -> bytes:
    if request.content_type != "application/json":
        kind = request.headers.get("Content-Type")
        got = "nothing" if kind is None else format_value(kind)
        raise NotJson("Content-Type", f"must be application/json, got {got}")
    try:
        body = await request.app[keys.STATE].bodies.read(request)
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
