"""The OpenAPI document, from the structs of the wire."""

from functools import cache
from typing import Any

import msgspec

from server.charge_schedule.messages import (
    ScheduleErrorReply,
    ScheduleHealthReply,
    ScheduleReply,
    ScheduleRequest,
)
from server.version import VERSION
from server.wire.replies import ErrorReply, EvReply, MultiBatteryReply, OptimizeReply
from server.wire.requests import EvRequest, MultiBatteryRequest, OptimizeRequest

_PLANNING: dict[str, tuple[str, type[msgspec.Struct], type[msgspec.Struct]]] = {
    "/optimize": ("Plan one battery", OptimizeRequest, OptimizeReply),
    "/multi-battery/optimize": ("Plan batteries", MultiBatteryRequest, MultiBatteryReply),
    "/ev/optimize": ("Plan vehicles, perhaps beside the home battery", EvRequest, EvReply),
    "/optimize/charge-schedule": (
        "Plan batteries and cars for evcc or EOS Connect; in Wh, seconds and currency per Wh",
        ScheduleRequest,
        ScheduleReply,
    ),
}

_ERRORS = {"/optimize/charge-schedule": ScheduleErrorReply}
"""Forms of errors that differ from that of the others."""

_REFUSALS = {
    "400": "The request has no sane reading; field and rule are named",
    "401": "The API token is missing or wrong",
    "403": "The caller used a public name for the server, or a page of another origin",
    "408": "The body took too long",
    "413": "The body is too large",
    "415": "The body is not application/json",
    "500": "Failed; the log has the trace",
    "503": "Busy, or no plan passed its audit; come back after Retry-After seconds",
}

_TEXT = {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}}
_METRICS = {"summary": "Counts for Prometheus", "responses": {"200": _TEXT}}


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the API."""
    bodies = [kind for _, *pair in _PLANNING.values() for kind in pair]
    (error, health, *rest), components = msgspec.json.schema_components(
        (ErrorReply, ScheduleHealthReply, *bodies, *_ERRORS.values()),
        ref_template="#/components/schemas/{name}",
    )
    errors = dict(zip(_ERRORS, rest[len(bodies) :], strict=True))
    pairs = zip(_PLANNING.items(), rest[: len(bodies) : 2], rest[1 : len(bodies) : 2], strict=True)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PowerSync Optimiser",
            "version": VERSION,
            "description": "Battery schedules and their gap. Units: W, Wh, $/kWh, SoC 0-1.",
        },
        "paths": {
            "/health": {"get": _operation("Whether plans can be made", {"type": "object"})},
            "/optimize/health": {"get": _operation("Whether schedules can be made", health)},
            "/status": {"get": _operation("Configuration and state", {"type": "object"})},
            "/metrics": {"get": _METRICS},
            "/openapi.json": {"get": _operation("This document", {"type": "object"})},
            **{
                path: {"post": _planning(summary, request, reply, errors.get(path, error))}
                for (path, (summary, *_)), request, reply in pairs
            },
        },
        "components": {"schemas": components},
    }


def _operation(summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": {"description": "OK", **_json(schema)}}}


def _planning(
    summary: str, request: dict[str, Any], reply: dict[str, Any], error: dict[str, Any]
) -> dict[str, Any]:
    operation = _operation(summary, reply)
    operation["requestBody"] = {"required": True, **_json(request)}
    for code, text in _REFUSALS.items():
        operation["responses"][code] = {"description": text, **_json(error)}
    return operation


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}
