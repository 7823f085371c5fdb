"""Core, broker, sources and our own server fail: nothing is commanded on stale data.

Part of `make home-assistant`, not of every run: each test waits for restarts.
"""

import contextlib
from datetime import timedelta

import pytest
import pytest_asyncio

from tests.real_home_assistant import operation, sources
from tests.real_home_assistant.conftest import EVENING, needs_time
from tests.real_home_assistant.operation import (
    PRICE,
    commanded,
    sensor,
    shows,
    state_of,
    status_shows,
)
from tests.real_home_assistant.processes import until

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(900),
    needs_time,
]

START = EVENING

AGAIN = 90  # s for everything to be as before, after a restart
SOON = 20

ACTIVE, NORMAL = {"charge", "hold", "export"}, {"normal"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ordered(place):
    """The place, set up, and charging because its owner wants so."""
    confirmed = await operation.set_up(place)
    await place.planner.planned_since(confirmed, 60)
    await shows(place, "action", operation.is_available, SOON)
    return place


@pytest_asyncio.fixture(loop_scope="module")
async def commands(ordered):
    """Calls of the owner's script, the first of them other than normal."""
    async with ordered.core.events("battery_commanded") as found:
        await ordered.home.show(battery_soc=50.0)
        await sources.show(ordered.core, PRICE.domain, PRICE.shown(ordered.market))
        await reserve(ordered, 10)
        await reserve(ordered, 90)
        await shows(ordered, "action", lambda state: state in ACTIVE, SOON)
        yield found


async def move_reserve(place, percent):
    number = sensor("reserve", "number")
    await place.core.call("number.set_value", entity_id=number, value=percent)


async def reserve(place, percent):
    """Move the reserve: a battery below it gives nothing."""
    await move_reserve(place, percent)
    await shows(place, "reserve", str(percent), SOON, "number")


async def replan(place):
    """Ask for a plan, wait until there is one or none can be made, and return the status."""
    asked = place.core.clock.now() - timedelta(seconds=1)
    await place.planner.post("control", {"is_replan": True})
    with contextlib.suppress(AssertionError):
        return await place.planner.planned_since(asked, SOON)
    return await place.planner.status()


async def test_core_restarts(ordered):
    await ordered.core.stop()
    status = await status_shows(
        ordered, lambda status: not status["link"]["connected"], SOON, "the link is down"
    )
    assert status["link"]["last_error"]

    restarted = ordered.core.clock.now()
    await ordered.core.start()
    await status_shows(ordered, lambda status: status["link"]["connected"], AGAIN, "a link")
    await ordered.planner.planned_since(restarted, AGAIN)
    await shows(ordered, "action", operation.is_available, AGAIN)


async def test_core_is_killed(ordered):
    await ordered.core.kill()
    restarted = ordered.core.clock.now()
    await ordered.core.start()
    await ordered.planner.planned_since(restarted, AGAIN)
    await shows(ordered, "action", operation.is_available, AGAIN)
    await shows(ordered, "mode", "automatic", AGAIN, "select")


async def test_the_broker_restarts_and_has_forgotten_everything(ordered):
    await ordered.core.broker.kill()
    await shows(ordered, "action", "unavailable", AGAIN)

    await ordered.core.broker.start()
    await shows(ordered, "action", operation.is_available, AGAIN)
    await shows(ordered, "mode", "automatic", AGAIN, "select")

    # Core subscribes anew topic by topic, for some seconds: what is moved before that springs back.
    async def is_obeyed():
        await move_reserve(ordered, 35)
        return await state_of(ordered, "reserve", "number") == "35"

    await until(is_obeyed, SOON, "a control is obeyed", every=2.0)


async def test_a_price_source_that_is_gone_for_three_hours(ordered, commands):
    gone = PRICE.shown(ordered.market)
    gone["entities"][0] |= {"state": None}
    await sources.show(ordered.core, PRICE.domain, gone)
    ordered.core.clock.move(timedelta(hours=3))
    await ordered.home.show(battery_soc=51.0)
    status = await replan(ordered)

    # What was published holds until its last stamp, and the fault is said.
    assert status["command"]["action"] in ACTIVE
    (source,) = (one for one in status["sources"] if one["field"].startswith("import_price"))
    assert source["state"] in {"old", "missing"}, source
    assert status["problems"]
    await shows(ordered, "problem", "on", SOON, "binary_sensor")

    # Beyond it nothing is a price, and nothing is commanded.
    ordered.core.clock.move(timedelta(days=2))
    await ordered.home.show(battery_soc=50.0)
    await replan(ordered)
    await commanded(commands, NORMAL, SOON)
    await shows(ordered, "action", lambda state: state in NORMAL, SOON)

    # It comes back, and so do the plans.
    back = ordered.core.clock.now()
    await sources.show(ordered.core, PRICE.domain, PRICE.shown(ordered.market))
    await ordered.planner.planned_since(back, SOON)
    await shows(ordered, "problem", "off", SOON, "binary_sensor")


async def test_a_state_of_charge_that_is_stuck(ordered, commands):
    steps = ((10, "good", ACTIVE), (30, "old", ACTIVE), (20, "missing", NORMAL))
    for minutes, health, actions in steps:
        ordered.core.clock.move(timedelta(minutes=minutes))
        status = await replan(ordered)
        (source,) = (one for one in status["sources"] if one["field"] == "batteries[0].soc")
        assert source["state"] == health, source
        await commanded(commands, actions, SOON)
    await shows(ordered, "action", lambda state: state in NORMAL, SOON)
    await shows(ordered, "problem", "on", SOON, "binary_sensor")

    await ordered.home.show(battery_soc=51.0)
    await commanded(commands, ACTIVE, SOON)
    await shows(ordered, "problem", "off", SOON, "binary_sensor")


async def test_a_state_of_charge_that_reports_the_same_is_not_stuck(ordered, commands):
    for _ in range(4):
        ordered.core.clock.move(timedelta(minutes=10))
        await ordered.home.show()  # the same values, reported anew
        status = await replan(ordered)
        (source,) = (one for one in status["sources"] if one["field"] == "batteries[0].soc")
        assert source["state"] == "good", source
    assert commands[-1]["action"] in ACTIVE


async def test_a_battery_that_is_unavailable_is_not_commanded(ordered, commands):
    await ordered.home.show(battery_soc=None)
    ordered.core.clock.move(timedelta(minutes=50))
    await replan(ordered)

    await commanded(commands, NORMAL, SOON)
    await ordered.home.show(battery_soc=50.0)
    await replan(ordered)
    await commanded(commands, ACTIVE, SOON)


async def test_a_killed_server_finds_its_command_again(ordered, commands):
    await ordered.planner.process.kill()
    count = len(commands)
    started = ordered.core.clock.now()
    await ordered.planner.start()
    status = await ordered.planner.planned_since(started, AGAIN)

    assert status["is_set_up"]
    assert status["mode"] == "automatic"
    assert all(command["action"] in ACTIVE for command in commands[count:])
    await shows(ordered, "action", lambda state: state in ACTIVE, SOON)
