"""Changes through the page, which only the page itself may ask for."""

import hmac
import secrets
from urllib.parse import urlsplit

from aiohttp import web

from server.http.middleware import Handler, json_reply
from server.wire.replies import ErrorReply

TOKEN = secrets.token_urlsafe(24)
"""Of this run of the server; a page of another origin cannot read it."""

_TOKEN_HEADER = "X-Page-Token"


@web.middleware
async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a change that the page itself did not ask for (CSRF)."""
    fault = None if request.method in {"GET", "HEAD"} else _fault(request)
    return json_reply(ErrorReply(fault), 403) if fault else await handler(request)


def _fault(request: web.Request) -> str | None:
    """Return the rule that a change breaks, if any."""
    if request.content_type != "application/json":
        return "Content-Type: must be application/json"
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return "Sec-Fetch-Site: must be same-origin"
    if not _is_same_origin(request):
        return "Origin: must be that of this page"
    sent = request.headers.get(_TOKEN_HEADER, "").encode(errors="surrogateescape")
    if not hmac.compare_digest(sent, TOKEN.encode()):
        return f"{_TOKEN_HEADER}: must be the token of this page; load it again"
    return None


def _is_same_origin(request: web.Request) -> bool:
    """Return True without an Origin, which browsers send with every POST, or with our own.

    Ingress replaces the Host header, and keeps that of the browser in X-Forwarded-Host.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    hosts = (request.headers.get("X-Forwarded-Host"), request.headers.get("Host"))
    return urlsplit(origin).netloc.lower() in {host.lower() for host in hosts if host}
