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
from server.http.metrics import CONTENT_TYPE, Metrics
from server.http.middleware import NotJson, json_reply
from server.http.openapi import document
from server.plans import planning
from server.plans.worker import Overdue
from server.version import VERSION
from server.wire.wording import format_value

Work = Callable[[planning.Backends], planning.Answer]

routes = web.RouteTableDef()


@routes.get("/health")
async def health(request: web.Request) -> web.Response:
    """Whether plans can be made; the client and the container ask this."""
    del request
    return json_reply({"status": "healthy", "optimiser_available": True, "version": VERSION})


@routes.get("/status")
async def status(request: web.Request) -> web.Response:
    """Configuration, and what helps a person."""
    return json_reply(status_of(request.app))


def status_of(api: web.Application) -> dict[str, Any]:
    """What the application has to say about itself."""
    options = api[keys.OPTIONS]
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
        "uptime_s": round(time.monotonic() - api[keys.STARTED], 1),
        "queue": api[keys.WORKER].waiting,
        "hanging": api[keys.WORKER].hanging,
        "last_plan": _told(api[keys.LAST_PLAN]),
        "peak_memory_mb": round(_peak_memory() / 2**20, 1),
    }


def _told(last_plan: dict[str, Any]) -> dict[str, Any] | None:
    if not last_plan:
        return None
    return {**last_plan, "at": last_plan["at"].isoformat(timespec="seconds")}


@routes.post("/optimize")
async def optimize(request: web.Request) -> web.Response:
    """Plan one battery."""
    body, app = await _json_body(request), request.app
    options, clock, history = app[keys.OPTIONS], app[keys.CLOCK], app[keys.HISTORY]
    return await _planned(
        request, lambda solvers: planning.answer(body, options, clock, history, solvers)
    )


@routes.post("/multi-battery/optimize")
async def optimize_batteries(request: web.Request) -> web.Response:
    """Plan several batteries."""
    body, app = await _json_body(request), request.app
    options, clock = app[keys.OPTIONS], app[keys.CLOCK]
    return await _planned(
        request, lambda solvers: planning.answer_batteries(body, options, clock, solvers)
    )


@routes.post("/ev/optimize")
async def optimize_vehicles(request: web.Request) -> web.Response:
    """Plan vehicles, perhaps beside the home battery."""
    body, app = await _json_body(request), request.app
    options, clock = app[keys.OPTIONS], app[keys.CLOCK]
    return await _planned(
        request, lambda solvers: planning.answer_vehicles(body, options, clock, solvers)
    )


async def _planned(request: web.Request, work: Work) -> web.Response:
    """Answer of the worker, noted for the log and the status.

    Where a solver hangs, the value function and the rules answer in its place.
    """
    app, connection = request.app, request.protocol
    clock, journal = app[keys.CLOCK], app[keys.JOURNAL]
    worker, busy = app[keys.WORKER], app[keys.PLANNING]

    def noted(solvers: planning.Backends) -> planning.Answer:
        answer = work(solvers)
        journal.record(answer, clock())
        return answer

    busy.add(connection)
    try:
        answer = await worker.run(partial(noted, None))
    except Overdue:
        answer = await worker.run(partial(noted, ()))
    finally:
        busy.discard(connection)
    keys.FACTS.get().update(answer.facts)
    _count(app[keys.METRICS], answer)
    last_plan: dict[str, Any] = app[keys.LAST_PLAN]
    last_plan.update(answer.facts, at=datetime.now(UTC))
    return web.Response(body=answer.body, content_type="application/json")


def _count(metrics: Metrics, answer: planning.Answer) -> None:
    solver, proof = answer.facts["solver"], answer.facts["plan"]
    metrics.count("powersync_plans_total", solver=solver, plan=proof)
    metrics.count("powersync_repairs_total", answer.facts["warnings"])
    metrics.count("powersync_refusals_total", len(answer.made.plan.refusals))


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Counts for Prometheus."""
    app = request.app
    present = {
        "powersync_queue_length": app[keys.WORKER].waiting,
        "powersync_hanging_threads": app[keys.WORKER].hanging,
        "powersync_memory_peak_bytes": _peak_memory(),
        "powersync_uptime_seconds": time.monotonic() - app[keys.STARTED],
    }
    text = app[keys.METRICS].text(present)
    return web.Response(text=text, headers={"Content-Type": CONTENT_TYPE})


def _peak_memory() -> int:
    """Largest resident size so far. [bytes]"""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@routes.get("/openapi.json")
async def openapi(request: web.Request) -> web.Response:
    """The API, for machines."""
    del request
    return json_reply(document())


async def _json_body(request: web.Request) -> bytes:
    if request.content_type != "application/json":
        given = request.headers.get("Content-Type")
        got = "nothing" if given is None else format_value(given)
        raise NotJson("Content-Type", f"must be application/json, got {got}")
    try:
        body = await request.app[keys.BODIES].read(request)
    except web.RequestPayloadError:
        raise ProblemError("body", "must be as long, or chunked, as its head says") from None
    keys.BODY.set(body)
    return body


def _solvers() -> list[str]:
    packages = {"highs": "highspy", "scipy_linprog": "scipy"}
    found = [name for name, package in packages.items() if importlib.util.find_spec(package)]
    return [*found, "value_function", "rules"]
