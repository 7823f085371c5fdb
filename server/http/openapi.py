"""The OpenAPI document, from the structs of the wire."""

from functools import cache
from typing import Any

import msgspec

from server.version import VERSION
from server.wire.replies import ErrorReply, EvReply, MultiBatteryReply, OptimizeReply
from server.wire.requests import EvRequest, MultiBatteryRequest, OptimizeRequest

_PLANNING: dict[str, tuple[str, type[msgspec.Struct], type[msgspec.Struct]]] = {
    "/optimize": ("Plan one battery", OptimizeRequest, OptimizeReply),
    "/multi-battery/optimize": ("Plan batteries", MultiBatteryRequest, MultiBatteryReply),
    "/ev/optimize": ("Plan vehicles, perhaps beside the home battery", EvRequest, EvReply),
}


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1 document of the API."""
    bodies = [kind for _, *pair in _PLANNING.values() for kind in pair]
    schemas, components = msgspec.json.schema_components(
        (ErrorReply, *bodies), ref_template="#/components/schemas/{name}"
    )
    error, *rest = schemas
    pairs = zip(_PLANNING.items(), rest[::2], rest[1::2], strict=True)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PowerSync Optimiser",
            "version": VERSION,
            "description": "The provably best battery schedule. Units: W, Wh, $/kWh, SoC 0-1.",
        },
        "paths": {
            "/health": {"get": _operation("Whether plans can be made", {"type": "object"})},
            "/status": {"get": _operation("Configuration and state", {"type": "object"})},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _operation("This document", {"type": "object"})},
            **{
                path: {"post": _planning(summary, request, reply, error)}
                for (path, (summary, *_)), request, reply in pairs
            },
        },
        "components": {"schemas": components},
    }


def _operation(summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _content("OK", schema)}}


def _metrics() -> dict[str, Any]:
    content = {"text/plain": {"schema": {"type": "string"}}}
    ok = {"description": "OK", "content": content}
    return {"summary": "Counts for Prometheus", "responses": {"200": ok}}


def _planning(
    summary: str, request: dict[str, Any], reply: dict[str, Any], error: dict[str, Any]
) -> dict[str, Any]:
    refusals = {
        "400": "The request has no sane reading; field and rule are named",
        "408": "The body took too long",
        "413": "The body is too large",
        "415": "The body is not application/json",
        "503": "Busy; come back after Retry-After seconds",
    }
    operation = _operation(summary, reply)
    operation["requestBody"] = {"required": True, **_content("", request, described=False)}
    operation["responses"] |= {code: _content(text, error) for code, text in refusals.items()}
    return operation


def _content(text: str, schema: dict[str, Any], *, described: bool = True) -> dict[str, Any]:
    content: dict[str, Any] = {"content": {"application/json": {"schema": schema}}}
    return {"description": text, **content} if described else content
