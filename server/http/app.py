"""The application: routes, middleware, shared objects."""

from datetime import UTC, datetime
from functools import partial

from aiohttp import web

from server.http import keys
from server.http.access import check_caller
from server.http.bodies import MAX_BODY
from server.http.handlers import routes
from server.http.middleware import add_headers, errors_as_json, log_requests
from server.options import Options
from server.plans import memory
from server.plans.plan_log import PlanLog
from server.plans.worker import Worker
from server.reading.clock import Clock


def utc_now() -> datetime:
    """Return the time, time-zone aware."""
    return datetime.now(UTC)


def create_app(
    options: Options = Options(), *, clock: Clock = utc_now, worker: Worker | None = None
) -> web.Application:
    """Create the application of the API, ready to be served.

    Parameters
    ----------
    options : Options
        Defaults for requests.
    clock : Callable
        Gives the time, time-zone aware.
    worker : Worker, optional
        The thread that plans; closed with the application.
    """
    worker, plan_log = worker or Worker(), PlanLog(clock)
    worker.on_idle = partial(_work_when_idle, plan_log)
    middlewares = [log_requests, errors_as_json, check_caller]
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
    app.on_response_prepare.append(add_headers)
    app[keys.STATE] = keys.State(
        options=options,
        clock=clock,
        worker=worker,
        plan_log=plan_log,
    )
    app.on_cleanup.append(_close_worker)
    app.add_routes(routes)
    return app


def _work_when_idle(plan_log: PlanLog) -> None:
    """Render the last plans for the page, and give memory back."""
    plan_log.flush()
    memory.release()


async def _close_worker(app: web.Application) -> None:
    app[keys.STATE].worker.close()
