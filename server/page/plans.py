"""What the page reads: plans as JSON and CSV, written up before or planned as an example."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from server.http import keys
from server.http.handlers import status_of
from server.http.middleware import json_reply
from server.page.spreadsheet import as_csv
from server.plans import planning
from server.plans.example import example_day
from server.plans.plan_log import Entry, claim_of, write_up

CHART = Path(__file__).with_name("static") / "vendor" / "uPlot.iife.min.js"
"""The charting library, where a build with npm put it."""

_EXAMPLE_LASTS = timedelta(minutes=5)

routes = web.RouteTableDef()


class Example:
    """The built-in example, planned when somebody asks and kept for a while."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._entry: Entry | None = None
        self._at: datetime | None = None

    async def entry(self, api: web.Application) -> Entry:
        """Plan of the example; no plan of anybody's, and noted nowhere."""
        options, clock = api[keys.OPTIONS], api[keys.CLOCK]
        async with self._lock:
            now = clock().astimezone(options.zone)
            if self._entry is None or self._at is None or now - self._at > _EXAMPLE_LASTS:
                body = example_day(now)
                answer = await api[keys.WORKER].run(lambda: planning.answer(body, options, clock))
                self._entry, self._at = write_up(answer, claim_of(answer, now)), now
            return self._entry


EXAMPLE = web.AppKey("example", Example)


@routes.get("/status.json")
async def status(request: web.Request) -> web.Response:
    """What ``GET /status`` of the API says, and the number of the latest plan.

    An open page asks this and nothing else until the number changes.
    """
    api = request.app[keys.API]
    numbers = api[keys.JOURNAL].numbers
    latest = f"{_run(api)}-{numbers[-1]}" if numbers else None
    return json_reply({**status_of(api), "latest": latest, "chart": CHART.is_file()})


@routes.get("/plans.json")
async def plans(request: web.Request) -> web.Response:
    """What the last plans said of themselves, and whose schedules are kept."""
    journal = request.app[keys.API][keys.JOURNAL]
    return json_reply({"claims": journal.claims, "kept": journal.numbers})


@routes.get("/plans/{which:latest|example|[0-9]{1,9}}/view.json")
async def view(request: web.Request) -> web.Response:
    """All that the page shows of one plan."""
    entry = await _entry(request)
    shown: dict[str, Any] = {
        "example": entry.claim.number == 0,
        "claim": entry.claim,
        "why": entry.why,
        "context": entry.context,
        "reply": msgspec.Raw(entry.reply),
    }
    return json_reply(shown)


@routes.get("/plans/{which:latest|example|[0-9]{1,9}}/plan.json")
async def plan_json(request: web.Request) -> web.Response:
    """The reply as it was sent."""
    entry = await _entry(request)
    return _download(entry.reply, "application/json", f"plan-{_stamp(entry)}.json")


@routes.get("/plans/{which:latest|example|[0-9]{1,9}}/plan.csv")
async def plan_csv(request: web.Request) -> web.Response:
    """The plan for a spreadsheet, one row for each interval."""
    entry = await _entry(request)
    table = as_csv(entry.reply, entry.context)
    return _download(table.encode(), "text/csv", f"plan-{_stamp(entry)}.csv")


@routes.get("/captures.json")
async def captures(request: web.Request) -> web.Response:
    """The last requests that were slow or failed."""
    kept = request.app[keys.API][keys.CAPTURES].all
    return json_reply(
        [
            {
                "number": c.number,
                "at": c.at,
                "path": c.path,
                "status": c.status,
                "seconds": c.seconds,
            }
            for c in kept
        ]
    )


@routes.get("/captures/{number:[0-9]{1,9}}.json")
async def capture(request: web.Request) -> web.Response:
    """One of them, for ``powersync-optimiser plan``."""
    found = request.app[keys.API][keys.CAPTURES].numbered(int(request.match_info["number"]))
    if found is None or not found.body:
        raise web.HTTPNotFound(reason="no such request is kept")
    return _download(found.body, "application/json", f"request-{found.number}.json")


def _run(api: web.Application) -> str:
    """What tells one run of the server from the next, whose numbers begin again."""
    return f"{api[keys.STARTED]:.3f}"


async def _entry(request: web.Request) -> Entry:
    """The plan that an address names by its number, as the latest, or as the example."""
    api, which = request.app[keys.API], request.match_info["which"]
    if which == "example":
        return await request.app[EXAMPLE].entry(api)
    journal = api[keys.JOURNAL]
    numbers = journal.numbers
    if which == "latest":
        which = str(numbers[-1]) if numbers else "0"
    entry = journal.entry(int(which))
    if entry is None:
        raise web.HTTPNotFound(reason="no such plan is kept")
    return entry


def _stamp(entry: Entry) -> str:
    return datetime.fromisoformat(entry.claim.at).strftime("%Y-%m-%d-%H%M")


def _download(body: bytes, kind: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=kind, headers=headers)
