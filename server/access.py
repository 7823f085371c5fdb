"""Who may ask: the token of the API."""

import hmac

from aiohttp import web
from aiohttp.typedefs import Middleware

from server.middleware import Handler, json_reply
from server.wire import ErrorReply

OPEN_PATHS = frozenset({"/health"})
"""What answers without a token: the container and the client look here first."""


def token_required(token: str) -> Middleware:
    """Middleware that lets requests with ``Authorization: Bearer <token>`` pass.

    Parameters
    ----------
    token : str
        The secret; compared in constant time and never logged.

    Returns
    -------
    Callable
        An aiohttp middleware.
    """
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if request.path in OPEN_PATHS or hmac.compare_digest(given, expected):
            return await handler(request)
        error = ErrorReply("Authorization: must be the bearer token of the option api_token")
        reply = json_reply(error, 401)
        reply.headers["WWW-Authenticate"] = "Bearer"
        return reply

    return check
