"""The endpoints."""

import importlib.util
import resource
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

import matrix_builders
from optimiser import ProblemError
from server import keys, planning
from server.codec.wording import shown
from server.middleware import NotJson, json_reply
from server.openapi import document
from server.version import VERSION

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
    now = api[keys.CLOCK]()
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
        "uptime_s": round((now - api[keys.STARTED]).total_seconds(), 1),
        "queue": api[keys.WORKER].waiting,
        "last_plan": api[keys.LAST_PLAN] or None,
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


@routes.post("/optimize")
async def optimize(request: web.Request) -> web.Response:
    """Plan one battery."""
    body = await _json_body(request)
    options, clock = request.app[keys.OPTIONS], request.app[keys.CLOCK]
    history = request.app[keys.HISTORY]
    return await _planned(request, lambda: planning.answer(body, options, clock, history))


@routes.post("/multi-battery/optimize")
async def optimize_batteries(request: web.Request) -> web.Response:
    """Plan several batteries."""
    body = await _json_body(request)
    options, clock = request.app[keys.OPTIONS], request.app[keys.CLOCK]
    return await _planned(request, lambda: planning.answer_batteries(body, options, clock))


@routes.post("/ev/optimize")
async def optimize_vehicles(request: web.Request) -> web.Response:
    """Plan vehicles, perhaps beside the home battery."""
    body = await _json_body(request)
    options, clock = request.app[keys.OPTIONS], request.app[keys.CLOCK]
    return await _planned(request, lambda: planning.answer_vehicles(body, options, clock))


async def _planned(request: web.Request, work: Callable[[], planning.Answer]) -> web.Response:
    """Answer of the worker, noted for the log and the status."""
    planning = request.app[keys.PLANNING]
    planning.add(request.protocol)
    try:
        answer = await request.app[keys.WORKER].run(work)
    finally:
        planning.discard(request.protocol)
    keys.FACTS.get().update(answer.facts)
    last_plan: dict[str, Any] = request.app[keys.LAST_PLAN]
    last_plan.update(answer.facts, at=datetime.now(UTC).isoformat(timespec="seconds"))
    return web.Response(body=answer.body, content_type="application/json")


@routes.get("/openapi.json")
async def openapi(request: web.Request) -> web.Response:
    """The API, for machines."""
    del request
    return json_reply(document())


async def _json_body(request: web.Request) -> bytes:
    if request.content_type != "application/json":
        given = request.headers.get("Content-Type")
        got = "nothing" if given is None else shown(given)
        raise NotJson("Content-Type", f"must be application/json, got {got}")
    try:
        return await request.app[keys.BODIES].read(request)
    except web.RequestPayloadError:
        encoding = shown(request.headers.get("Content-Encoding", "identity"))
        rule = f"must be encoded as Content-Encoding says, {encoding}"
        raise ProblemError("body", rule) from None


def _solvers() -> list[str]:
    packages = {"highs": "highspy", "scipy_linprog": "scipy"}
    found = [name for name, package in packages.items() if importlib.util.find_spec(package)]
    return [*found, "value_function", "rules"]
