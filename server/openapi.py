"""The OpenAPI document, from the structs of the wire."""

from functools import cache
from typing import Any

import msgspec

from server.version import VERSION
from server.wire import ErrorReply, OptimizeReply, OptimizeRequest


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1 document of the API."""
    schemas, components = msgspec.json.schema_components(
        (OptimizeRequest, OptimizeReply, ErrorReply), ref_template="#/components/schemas/{name}"
    )
    request, reply, error = schemas
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
            "/openapi.json": {"get": _operation("This document", {"type": "object"})},
            "/optimize": {"post": _planning("Plan one battery", request, reply, error)},
        },
        "components": {"schemas": components},
    }


def _operation(summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _content("OK", schema)}}


def _planning(
    summary: str, request: dict[str, Any], reply: dict[str, Any], error: dict[str, Any]
) -> dict[str, Any]:
    refusals = {
        "400": "The request has no sane reading; field and rule are named",
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
