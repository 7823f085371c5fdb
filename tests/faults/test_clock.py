"""A clock that jumps, a zone that is missing or wrong, days of 23 and 25 hours."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from server.http.app import create_app
from server.options import Options
from tests.end_to_end import small_request
from tests.reference import violations
from tests.server.processes import running_server
from tests.server.test_process import call

NOON = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
JUMPS = [timedelta(hours=h) for h in (0, 1, -1, 0, 24 * 400, -24 * 400, 0, -24 * 365 * 50)]


def unstamped(**changes):
    """A request that leaves the time to the server."""
    request = small_request(**changes)
    request.pop("start_time", None)
    return request


async def test_a_clock_that_jumps_changes_the_stamps_only(aiohttp_client):
    now = [NOON]
    client = await aiohttp_client(create_app(clock=lambda: now[0]))

    for jump in JUMPS:
        now[0] = NOON + jump
        request = unstamped()
        response = await client.post("/optimize", json=request)
        reply = await response.json()
        status = await (await client.get("/status")).json()

        assert response.status == 200
        assert violations(request, reply) == []
        first = datetime.fromisoformat(reply["schedule"]["timestamps"][0])
        assert timedelta(0) <= now[0] - first < timedelta(hours=1)
        assert status["uptime_s"] >= 0


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_days_of_23_and_25_hours_are_planned_whole(day, tmp_path):
    prices = [0.1 + 0.01 * (t % 24) for t in range(48)]
    request = {
        "prices_import": prices,
        "prices_export": [0.05] * 48,
        "solar_forecast": [0.0] * 48,
        "load_forecast": [500.0] * 48,
        "battery": {"current_soc": 0.5, "capacity_wh": 13500},
        "interval_minutes": 60,
        "start_time": f"{day}T00:00:00+00:00",
        "timezone": "Europe/Berlin",
    }

    with running_server(tmp_path) as server:
        reply = call(server, "/optimize", request)

    stamps = [datetime.fromisoformat(text) for text in reply["schedule"]["timestamps"]]
    steps = {later - earlier for earlier, later in pairwise(stamps)}
    assert violations(request, reply) == []
    assert steps == {timedelta(hours=1)}
    assert len({stamp.utcoffset() for stamp in stamps}) == 2


@pytest.mark.parametrize(
    ("zone", "complaints"), [("", 0), ("UTC", 0), ("Mars/Olympus", 1), ("../../etc/passwd", 1)]
)
def test_a_wrong_zone_of_the_machine_is_one_line(zone, complaints, tmp_path):
    with running_server(tmp_path, environment={"TZ": zone}) as server:
        reply = call(server, "/optimize", unstamped())

    assert reply["success"]
    assert server.log.count("option timezone: must be an IANA time zone") == complaints


async def test_a_zone_of_the_options_stamps_what_names_none(aiohttp_client):
    sydney = ZoneInfo("Australia/Sydney")
    client = await aiohttp_client(create_app(Options(zone=sydney), clock=lambda: NOON))

    reply = await (await client.post("/optimize", json=unstamped())).json()

    assert reply["schedule"]["timestamps"][0].endswith("+11:00")
