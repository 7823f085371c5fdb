"""Plans for the page: those of the plan log, and a built-in example."""

import asyncio
import contextlib
import zlib
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
from aiohttp import web

from server.http import keys
from server.http.handlers import status_of
from server.http.middleware import json_reply
from server.page.spreadsheet import as_csv
from server.plans import planning
from server.plans.example import example_day
from server.plans.plan_log import PlanLog
from server.plans.view import View, render, summarise
from server.plans.worker import Overdue, Overloaded

CHART = Path(__file__).with_name("static") / "vendor" / "uPlot.iife.min.js"
"""The charting library, where a build with npm put it."""

_EXAMPLE_LASTS = timedelta(minutes=5)

routes = web.RouteTableDef()


class Example:
    """The built-in example, planned on demand and kept for a while."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._view = b""
        self._at = datetime.min.replace(tzinfo=UTC)

    async def view(self, state: keys.State) -> bytes:
        """Return the view of the example; it is neither logged nor part of the history."""
        async with self._lock:
            now = state.clock().astimezone(state.options.zone)
            if not self._view or now - self._at > _EXAMPLE_LASTS:
                work = partial(_example_view, state, now)
                self._view, self._at = await state.worker.run(work), now
            return self._view


def _example_view(state: keys.State, now: datetime) -> bytes:
    answer = planning.answer(example_day(now), state.options, state.clock)
    return render(answer, summarise(answer, now))


EXAMPLE = web.AppKey("example", Example)


@routes.get("/status.json")
async def status(request: web.Request) -> web.Response:
    """``GET /status`` of the API, the name of the latest plan, and refused requests.

    An open page asks for nothing else until that name changes.
    """
    state = request.app[keys.STATE]
    numbers = (await _plan_log(state)).numbers
    # The start tells one run of the server from the next, whose numbers begin again.
    latest = f"{state.started:.3f}-{numbers[-1]}" if numbers else None
    refusals = {"refused": state.captures.refusals, "open": state.captures.open}
    return json_reply({**status_of(state), "latest": latest, "chart": CHART.is_file(), **refusals})


@routes.get("/plans.json")
async def plans(request: web.Request) -> web.Response:
    """Summaries of the last plans, and the numbers of those whose views are kept."""
    plan_log = await _plan_log(request.app[keys.STATE])
    return json_reply({"summaries": plan_log.summaries, "kept": plan_log.numbers})


@routes.get("/plans/{which:latest|example|[0-9]{1,9}}/view.json")
async def view(request: web.Request) -> web.Response:
    """All that the page shows of one plan."""
    return web.Response(body=await _view(request), content_type="application/json")


@routes.get("/plans/{which:latest|example|[0-9]{1,9}}/plan.json")
async def plan_json(request: web.Request) -> web.Response:
    """The reply as it was sent."""
    view = msgspec.json.decode(await _view(request), type=View)
    return _download(bytes(view.reply), "application/json", f"{_file_name(view)}.json")


@routes.get("/plans/{which:latest|example|[0-9]{1,9}}/plan.csv")
async def plan_csv(request: web.Request) -> web.Response:
    """The plan for a spreadsheet, one row for each interval."""
    view = msgspec.json.decode(await _view(request), type=View)
    table = as_csv(bytes(view.reply), view.context)
    return _download(table.encode(), "text/csv", f"{_file_name(view)}.csv")


@routes.get("/captures.json")
async def captures(request: web.Request) -> web.Response:
    """The last requests that were slow or failed."""
    return json_reply(request.app[keys.STATE].captures.all)


@routes.get("/captures/{number:[0-9]{1,9}}.json")
async def capture(request: web.Request) -> web.Response:
    """One of them, for ``powersync-optimiser plan``."""
    number = int(request.match_info["number"])
    body = request.app[keys.STATE].captures.body(number)
    if not body:
        raise web.HTTPNotFound(reason="no such request is kept")
    return _download(body, "application/json", f"request-{number}.json")


async def _plan_log(state: keys.State) -> PlanLog:
    """Return the log of plans, once the worker has rendered those that wait for it."""
    if state.plan_log.has_waiting:
        with contextlib.suppress(Overloaded, Overdue):  # then without the last ones
            await state.worker.run(state.plan_log.flush)
    return state.plan_log


async def _view(request: web.Request) -> bytes:
    """View of the plan that an address names by its number, as the latest, or as the example."""
    state, which = request.app[keys.STATE], request.match_info["which"]
    if which == "example":
        return zlib.decompress(await request.app[EXAMPLE].view(state))
    plan_log = await _plan_log(state)
    numbers = plan_log.numbers
    number = max(numbers, default=0) if which == "latest" else int(which)
    packed = plan_log.view(number)
    if packed is None:
        raise web.HTTPNotFound(reason="no such plan is kept")
    return zlib.decompress(packed)


def _file_name(view: View) -> str:
    return datetime.fromisoformat(view.summary.at).strftime("plan-%Y-%m-%d-%H%M")


def _download(body: bytes, kind: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=kind, headers=headers)
