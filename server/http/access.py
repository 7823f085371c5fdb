"""Access to the API: by the name in the Host header, and by its token."""

import hmac
import ipaddress
import socket

from aiohttp import web

from server.http import keys
from server.http.middleware import Handler, error_reply
from server.wire.wording import format_value

OPEN_PATHS = frozenset({"/health", "/optimize/health"})
"""Paths that need no token: the container and the client look here first."""

LOCAL_ENDINGS = (
    *(".local", ".local.hass.io", ".localhost", ".localdomain"),
    *(".lan", ".home", ".home.arpa", ".internal"),
)
"""Ends of names that no public name server answers for: nobody outside can point one here."""


@web.middleware
async def check_caller(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a caller without the token, where there is one, or with a name of the internet.

    A page of the internet that a browser of the home has open may point its own name at this
    address (DNS rebinding); its requests carry that name.  So a caller must use an address, a name
    of the internal network or that of this machine, or send the token.
    """
    token, host = request.app[keys.STATE].options.api_token, request.headers.get("Host", "")
    authorization = request.headers.get("Authorization", "").encode(errors="surrogateescape")
    if token and hmac.compare_digest(authorization, f"Bearer {token}".encode()):
        return await handler(request)
    if not is_internal(host):
        error = f"Host: must be an address or a name of this network, got {format_value(host)}"
        return error_reply(request, error, 403)
    if not token or request.path in OPEN_PATHS:
        return await handler(request)
    error = "Authorization: must be the bearer token of the option api_token"
    reply = error_reply(request, error, 401)
    reply.headers["WWW-Authenticate"] = "Bearer"
    return reply


def is_internal(host: str) -> bool:
    """Return True where no page of the internet can send this Host header.

    Parameters
    ----------
    host : str
        Name or address, perhaps with a port; empty where a caller sent none, as no browser does.
    """
    name = host.partition("]" if host.startswith("[") else ":")[0].lower().rstrip(".")
    try:
        return not ipaddress.ip_address(name.lstrip("[").partition("%")[0]).is_global
    except ValueError:
        return "." not in name or name.endswith(LOCAL_ENDINGS) or name == socket.gethostname()
