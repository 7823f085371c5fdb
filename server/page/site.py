"""The site of the page: its visitors, its policy and its port."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from server.http import keys
from server.http.access import is_internal
from server.http.connections import TIMEOUT, listening
from server.http.middleware import Handler, errors_as_json, json_reply
from server.page import plans
from server.page.origin import check_origin

SUPERVISOR = frozenset({"172.30.32.2"})
"""Address of ingress inside Home Assistant."""

LOOPBACK = frozenset({"127.0.0.1", "::1"})
"""Addresses of visitors everywhere else."""

STATIC = Path(__file__).with_name("static")

# Home Assistant's tokens live in the same origin: only the page's own files run or load here.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

VISITORS: web.AppKey[frozenset[str]] = web.AppKey("visitors")
"""Addresses that may see the page."""

MOST_BYTES = 2**18
"""Of settings; a table of tariffs for every hour of the year takes less. [bytes]"""

_NO_TOKEN = (
    "Supervisor gives this add-on no access to Home Assistant: there is no SUPERVISOR_TOKEN. "
    "Requests are answered; for plans of this home, install the add-on again."
)
_NO_URL = (
    "This server was started without --home-assistant URL: requests are answered, "
    "and no home is planned for."
)

if TYPE_CHECKING:
    from server.controller.controller import Controller

log = logging.getLogger("server.page")


async def index(request: web.Request) -> web.FileResponse:
    """The page; every URL in it is relative, so that ingress may put it anywhere."""
    return web.FileResponse(STATIC / "index.html")


async def without_home(request: web.Request) -> web.Response:
    """Say that this server plans for no home by itself, and why."""
    is_addon = request.app[VISITORS] is SUPERVISOR
    return json_reply({"has_home": False, "why": _NO_TOKEN if is_addon else _NO_URL})


def create_page(
    api: web.Application,
    visitors: frozenset[str] = LOOPBACK,
    controller: "Controller | None" = None,
) -> web.Application:
    """Create the application of the page, ready to be served.

    Parameters
    ----------
    api : Application
        Of `server.http.app.create_app`; the page reads from it and changes nothing.
    visitors : frozenset of str
        Addresses that may see the page; all others are refused.
    controller : Controller, optional
        Of the home that is planned for by itself; where absent, the page has no set-up.
    """
    middlewares = [_check_visitor, errors_as_json, check_origin]
    page = web.Application(middlewares=middlewares, client_max_size=MOST_BYTES)
    page.on_response_prepare.append(_add_headers)
    page[keys.STATE] = api[keys.STATE]
    page[VISITORS] = visitors
    page[plans.EXAMPLE] = plans.Example()
    page.router.add_get("/", index)
    page.add_routes(plans.routes)
    if controller is None:
        page.router.add_get("/home.json", without_home)
    else:
        # With all that it needs it takes 10 MiB, which a server without a home does not need.
        from server.page import home  # noqa: PLC0415

        home.add_to(page, controller)
    page.router.add_static("/static", STATIC)
    return page


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


@web.middleware
async def _check_visitor(request: web.Request, handler: Handler) -> web.StreamResponse:
    # A page of the internet may point its own name at this machine (DNS rebinding).
    is_misled = request.remote in LOOPBACK and not is_internal(request.headers.get("Host", ""))
    if request.remote not in request.app[VISITORS] or is_misled:
        log.warning("page refused to %s", request.remote)
        return web.Response(status=403, text="The page is shown by Home Assistant only.\n")
    return await handler(request)


@asynccontextmanager
async def serving_page(page: web.Application, host: str, port: int) -> AsyncIterator[str | None]:
    """Serve the page for as long as the context lasts, and return its URL.

    A port that is taken costs the page only: it then has none.
    """
    async with AsyncExitStack() as stack:
        url = None
        try:
            runner = web.AppRunner(
                page, access_log=None, keepalive_timeout=TIMEOUT, shutdown_timeout=0.1
            )
            await stack.enter_async_context(listening(runner, set(), host, port))
            url = f"http://{host}:{port}"
            log.info("page on %s", url)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else error.strerror
            log.warning("no page on %s:%d: %s", host, port, reason)
        yield url
