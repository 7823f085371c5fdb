"""Who may ask: the name that a caller uses for us, and the token of the API."""

import hmac
import ipaddress
import socket
from functools import lru_cache

from aiohttp import web
from aiohttp.typedefs import Middleware

from server.http.middleware import Handler, json_reply
from server.wire.replies import ErrorReply
from server.wire.wording import format_value

OPEN_PATHS = frozenset({"/health"})
"""What answers without a token: the container and the client look here first."""

LOCAL_ENDINGS = (
    ".local",
    ".local.hass.io",
    ".localhost",
    ".localdomain",
    ".lan",
    ".home",
    ".home.arpa",
    ".internal",
)
"""Ends of names that no public name server answers for: nobody outside can point one at us."""


def callers_allowed(token: str) -> Middleware:
    """Middleware that lets pass who may call.

    A page of the internet that a browser of the house has open may point its own name at our
    address (DNS rebinding); its requests carry that name.  So a caller must use an address, a name
    of the internal network or that of this machine, or show the token.  Where there is a token,
    everybody must show it.

    Parameters
    ----------
    token : str
        The secret, empty for none; compared in constant time and never logged.

    Returns
    -------
    Callable
        An aiohttp middleware.
    """
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if token and hmac.compare_digest(given, expected):
            return await handler(request)
        if not is_internal(request.headers.get("Host", "")):
            error = f"Host: must be an address or a name of this network, got {_host(request)}"
            return json_reply(ErrorReply(error), 403)
        if not token or request.path in OPEN_PATHS:
            return await handler(request)
        error = "Authorization: must be the bearer token of the option api_token"
        reply = json_reply(ErrorReply(error), 401)
        reply.headers["WWW-Authenticate"] = "Bearer"
        return reply

    return check


def is_internal(host: str) -> bool:
    """Whether a Host header names us in a way that no page of the internet can.

    Parameters
    ----------
    host : str
        Name or address, perhaps with a port; empty where a caller sent none, as no browser does.
    """
    name = _without_port(host).lower().rstrip(".")
    try:
        return not _is_global(name.strip("[]").partition("%")[0])
    except ValueError:
        return "." not in name or name.endswith(LOCAL_ENDINGS) or name == socket.gethostname()


@lru_cache(maxsize=16)  # callers are few, and call again and again
def _is_global(address: str) -> bool:
    return ipaddress.ip_address(address).is_global


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _host(request: web.Request) -> str:
    return format_value(request.headers.get("Host", ""))
