"""The site of the page: who may see it, what it may do, and the port it lives on."""

import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Middleware

from server.http import keys
from server.http.access import is_internal
from server.http.connections import PATIENCE, listen
from server.http.middleware import Handler, errors_as_json
from server.page import plans

SUPERVISOR = frozenset({"172.30.32.2"})
"""Where ingress comes from inside Home Assistant."""

LOOPBACK = frozenset({"127.0.0.1", "::1"})
"""Who may see the page everywhere else."""

STATIC = Path(__file__).with_name("static")

# Home Assistant's tokens live in the same origin: nothing but our own files runs or loads here.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

log = logging.getLogger("server.page")
routes = web.RouteTableDef()


@routes.get("/")
async def index(request: web.Request) -> web.FileResponse:
    """The page; every URL in it is relative, so that ingress may put it anywhere."""
    del request
    return web.FileResponse(STATIC / "index.html")


def create_page(api: web.Application, visitors: frozenset[str] = LOOPBACK) -> web.Application:
    """Create the application of the page.

    Parameters
    ----------
    api : Application
        Of `server.http.app.create_app`; the page reads what it knows and changes nothing.
    visitors : frozenset of str
        Addresses that may see the page; everybody else is refused.

    Returns
    -------
    Application
        Ready to be served.
    """
    page = web.Application(middlewares=[_headers, _only(visitors), errors_as_json])
    page[keys.API] = api
    page[plans.EXAMPLE] = plans.Example()
    page.add_routes(routes)
    page.add_routes(plans.routes)
    page.router.add_static("/static", STATIC)
    return page


@web.middleware
async def _headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    response.headers.update(HEADERS)
    return response


def _only(visitors: frozenset[str]) -> Middleware:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        # A page of the internet may point its own name at this machine (DNS rebinding).
        is_misled = request.remote in LOOPBACK and not is_internal(request.headers.get("Host", ""))
        if request.remote not in visitors or is_misled:
            log.warning("page refused to %s", request.remote)
            return web.Response(status=403, text="The page is shown by Home Assistant only.\n")
        return await handler(request)

    return check


def page_site(
    visitors: frozenset[str], host: str, port: int
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Context that serves the page for as long as the API is up.

    A port that is taken costs the page, not the plans.
    """

    async def serve_page(api: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            try:
                page = create_page(api, visitors)
                runner = web.AppRunner(
                    page, access_log=None, keepalive_timeout=PATIENCE, shutdown_timeout=0.1
                )
                stack.push_async_callback(runner.cleanup)
                await runner.setup()
                listener = await listen(runner, set(), host, port)
                stack.callback(listener.close)
                log.info("page on http://%s:%d", host, port)
            except OSError as error:
                reason = os.strerror(error.errno) if error.errno else error.strerror
                log.warning("no page on %s:%d: %s", host, port, reason)
            yield

    return serve_page
