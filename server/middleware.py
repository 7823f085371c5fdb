"""Errors as JSON, and one log line per request."""

import logging
import time
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from optimiser import InfeasibleError, OptimiserError, ProblemError, SolverError
from server.wire import ErrorReply
from server.worker import Overloaded

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger("server.requests")

RETRY_AFTER = "2"  # s; a full queue is worked off in less

# Most specific first: the first class that matches decides the status.
_STATUS: tuple[tuple[type[OptimiserError], int], ...] = (
    (ProblemError, 400),
    (InfeasibleError, 422),
    (SolverError, 503),
)


def json_reply(body: object, status: int = 200) -> web.Response:
    """JSON response of a struct or a dict."""
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what is raised on purpose; the rest is a 500 that hides its details."""
    try:
        return await handler(request)
    except OptimiserError as error:
        status = next(code for kind, code in _STATUS if isinstance(error, kind))
        return json_reply(ErrorReply(str(error)), status)
    except Overloaded:
        reply = json_reply(ErrorReply("server: busy with other plans, try again soon"), 503)
        reply.headers["Retry-After"] = RETRY_AFTER
        return reply
    except web.HTTPException as error:
        reply = json_reply(
            ErrorReply(f"{request.method} {request.path}: {_reason(error)}"), error.status
        )
        if "Allow" in error.headers:
            reply.headers["Allow"] = error.headers["Allow"]
        return reply


def _reason(error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return "the body is too large"
    return error.reason.lower()


@web.middleware
async def log_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write one structured line per request; health checks only when debugging."""
    began = time.perf_counter()
    response = await handler(request)
    level = logging.DEBUG if request.path == "/health" else logging.INFO
    facts = {
        "method": request.method,
        "path": request.path,
        "status": response.status,
        "ms": round((time.perf_counter() - began) * 1000, 1),
        **request.get("facts", {}),
    }
    log.log(level, "request %s", " ".join(f"{name}={value}" for name, value in facts.items()))
    return response
