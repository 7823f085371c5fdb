"""The application: routes, middleware, keys."""

import time
from datetime import UTC, datetime

from aiohttp import web

from server.http import keys
from server.http.access import callers_allowed
from server.http.bodies import MAX_BODY, Bodies
from server.http.captures import Captures
from server.http.handlers import routes
from server.http.metrics import Metrics
from server.http.middleware import errors_as_json, harden, log_requests
from server.options import Options
from server.plans import memory
from server.plans.history import History
from server.plans.plan_log import Journal
from server.plans.worker import Worker
from server.reading.clock import Clock


def utc_now() -> datetime:
    """The time, time-zone aware."""
    return datetime.now(UTC)


def _tidy_up(is_calm: bool) -> None:
    """What can wait until no more plans come, or too many have."""
    memory.let_go()
    if is_calm:  # the next plan of a stream would want it back at once, page by page
        memory.give_back()


async def _close_worker(app: web.Application) -> None:
    app[keys.WORKER].close()


def create_app(options: Options = Options(), *, clock: Clock = utc_now) -> web.Application:
    """Create the application of the API.

    Parameters
    ----------
    options : Options
        Defaults for requests.
    clock : Callable
        Gives the time, time-zone aware.

    Returns
    -------
    Application
        Ready to be served.
    """
    middlewares = [log_requests, errors_as_json, callers_allowed(options.api_token)]
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
    app.on_response_prepare.append(harden)
    app[keys.OPTIONS] = options
    app[keys.CLOCK] = clock
    app[keys.STARTED] = time.monotonic()
    app[keys.JOURNAL] = journal = Journal()
    app[keys.WORKER] = Worker(in_pause=journal.catch_up, at_rest=_tidy_up)
    app[keys.BODIES] = Bodies()
    app[keys.PLANNING] = set()
    app[keys.HISTORY] = History()
    app[keys.METRICS] = Metrics()
    app[keys.CAPTURES] = Captures()
    app[keys.LAST_PLAN] = {}
    app.on_cleanup.append(_close_worker)
    app.add_routes(routes)
    return app
