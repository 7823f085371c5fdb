"""Errors as JSON, and one log line per request."""

import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from optimiser import OptimiserError, ProblemError, SolverError
from server.charge_schedule.messages import ScheduleErrorReply
from server.http import keys
from server.http.captures import SLOW, Capture
from server.plans.worker import Overdue, Overloaded
from server.wire.replies import ErrorReply


class NotJson(ProblemError):
    """The body is not declared as JSON."""


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger("server.requests")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Server": "PowerSync Optimiser",
}

SCHEDULE_PATHS = {"/optimize/charge-schedule", "/optimize/health"}
"""Beginning of the paths of the charge schedule."""

_HEALTH_PATHS = {"/health", "/optimize/health"}

_LONGEST_REASON = 300  # characters in the log

RETRY_AFTER = "2"  # s; a full queue is worked off in less

_BUSY: dict[type[Exception], str] = {
    Overloaded: "server: busy with other plans, try again soon",
    Overdue: "server: the plan took too long, try again later",
}

# Most specific first: the first class that matches decides the status.
_STATUS: tuple[tuple[type[OptimiserError], int], ...] = (
    (NotJson, 415),
    (ProblemError, 400),
    (OptimiserError, 500),
)


def json_reply(body: object, status: int = 200) -> web.Response:
    """JSON response of a struct or a dict."""
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with what is raised on purpose; log the rest, and hide its details behind a 500."""
    try:
        return await handler(request)
    except SolverError as error:
        return _try_again(request, str(error))
    except OptimiserError as error:
        error.__traceback__ = None  # a cycle, with the body and all that was read of it
        status = next(code for kind, code in _STATUS if isinstance(error, kind))
        details = {error.field: error.rule} if isinstance(error, ProblemError) else {}
        return error_reply(request, str(error), status, details)
    except (Overloaded, Overdue) as error:
        return _try_again(request, _BUSY[type(error)])
    except web.HTTPException as error:
        reply = error_reply(request, _text_of(request, error), error.status)
        if "Allow" in error.headers:
            reply.headers["Allow"] = error.headers["Allow"]
        return reply
    except Exception:
        log.exception("%s failed", _subject(request))
        return error_reply(request, f"{_subject(request)}: failed, see the log", 500)


def error_reply(
    request: web.Request, text: str, status: int, details: dict[str, str] | None = None
) -> web.Response:
    """Return the body of an error, whose reason the log line and the page show as well.

    The contract of the charge schedule has a form of its own, which names fields beside the text.
    """
    keys.LOG_FIELDS.get({})["error"] = ascii(text[:_LONGEST_REASON])
    is_schedule = request.path in SCHEDULE_PATHS
    body = ScheduleErrorReply(text, details or {}) if is_schedule else ErrorReply(text)
    return json_reply(body, status)


def _try_again(request: web.Request, error: str) -> web.Response:
    reply = error_reply(request, error, 503)
    reply.headers["Retry-After"] = RETRY_AFTER
    return reply


def _text_of(request: web.Request, error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return f"body: must be at most {request.client_max_size / 2**20:g} MiB, got more"
    if isinstance(error, web.HTTPRequestTimeout):
        return "body: must arrive in 10 s, got part of it"
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = " or ".join(sorted(error.allowed_methods))
        return f"{_subject(request)}: method must be {allowed}, got {error.method}"
    return f"{_subject(request)}: {error.reason.lower()}"


def _subject(request: web.Request) -> str:
    """Return method and path on one short line; the path as it was sent, still quoted."""
    return f"{request.method} {request.rel_url.raw_path}"[:120]


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Forbid guessing and keeping any reply, and hide the server's version."""
    response.headers.update(_HEADERS)


@web.middleware
async def log_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write one structured line per request; health checks only when debugging."""
    began = time.perf_counter()
    fields: dict[str, Any] = {}
    keys.LOG_FIELDS.set(fields)
    keys.BODY.set(None)  # the task of a connection serves one request after the other
    response = await handler(request)
    seconds = time.perf_counter() - began
    _count(request, response, seconds)
    level = logging.DEBUG if request.path in _HEALTH_PATHS else logging.INFO
    line = {
        "method": request.method,
        "path": request.rel_url.raw_path[:120],
        "status": response.status,
        "ms": round(seconds * 1000, 1),
        **fields,
    }
    log.log(level, "request %s", " ".join(f"{name}={value}" for name, value in line.items()))
    return response


def _count(request: web.Request, response: web.StreamResponse, seconds: float) -> None:
    """Count a request in the metrics, and capture one that was slow or failed."""
    resource = request.match_info.route.resource
    path = "other" if resource is None else resource.canonical
    state = request.app[keys.STATE]
    state.metrics.count("powersync_requests_total", path=path, status=str(response.status))
    state.metrics.time(seconds, path=path)
    if request.method != "POST" or resource is None:
        return
    body, has_failed = keys.BODY.get(), response.status >= HTTPStatus.BAD_REQUEST
    if not has_failed:
        state.captures.close(path)
    if has_failed or (body is not None and seconds >= SLOW):
        at = state.clock().astimezone(state.options.zone).isoformat(timespec="seconds")
        error = _reason(response) if has_failed else ""
        capture = Capture(at=at, path=path, status=response.status, seconds=seconds, error=error)
        state.captures.keep(body or b"", capture)


def _reason(response: web.StreamResponse) -> str:
    """Return why a request was refused."""
    body = response.body if isinstance(response, web.Response) else None
    if not isinstance(body, bytes):
        return ""
    error: dict[str, Any] = msgspec.json.decode(body)
    return str(error.get("error") or error.get("message", ""))[:_LONGEST_REASON]
