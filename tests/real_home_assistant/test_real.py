"""A home of the real Home Assistant is planned for, told, controlled and acted upon."""

import json
from datetime import timedelta

import pytest
import pytest_asyncio

from tests.real_home_assistant import operation, sources
from tests.real_home_assistant.conftest import EVENING, IS_FULL
from tests.real_home_assistant.operation import (
    PRICE,
    commanded,
    sensor,
    shows,
    state_of,
    status_shows,
)
from tests.real_home_assistant.prices import Market

START = EVENING

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

# s that the product promises: the first plan, and one upon news; longer beside all other tests.
FIRST, SOON = (60, 10) if IS_FULL else (240, 60)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def planned(place):
    """The place, set up, with its first plan told."""
    confirmed = await operation.set_up(place)
    await place.planner.planned_since(confirmed, FIRST)
    await shows(place, "action", operation.is_available, SOON)
    return place


@pytest_asyncio.fixture(loop_scope="module")
async def commands(planned):
    """Calls of the owner's script."""
    async with planned.core.events("battery_commanded") as found:
        yield found


async def test_the_device_is_in_the_registry(planned):
    registry = await planned.core.command("config/entity_registry/list")
    ours = {entry["entity_id"]: entry for entry in registry if entry["platform"] == "mqtt"}

    for key in ("action", "power", "until", "next_action", "reason", "soc", "import_price"):
        assert ours[sensor(key)]["unique_id"] == f"{operation.DEVICE}_{key}"
    for platform, key in (("binary_sensor", "problem"), ("select", "mode"), ("number", "reserve")):
        assert sensor(key, platform) in ours
    assert len({entry["device_id"] for entry in ours.values()}) == 1


async def test_its_states_are_those_of_the_page(planned):
    status = await planned.planner.status()
    command = status["command"]

    assert status["told"] == "mqtt"
    await shows(planned, "action", command["action"], SOON)
    assert float(await state_of(planned, "power")) == pytest.approx(command["power_w"], abs=1)
    assert await state_of(planned, "reason_code") == command["reason_code"]
    assert float(await state_of(planned, "soc")) == pytest.approx(50, abs=1)
    assert float(await state_of(planned, "import_price")) == planned.market.present
    assert float(await state_of(planned, "export_price")) == 0.08
    assert await state_of(planned, "mode", "select") == "automatic"
    assert await state_of(planned, "reserve", "number") == "10"
    assert await state_of(planned, "problem", "binary_sensor") == "off", status["problems"]


async def test_its_forecast_of_the_price_is_that_of_the_source(planned):
    attributes = (await planned.core.state(sensor("import_price")))["attributes"]
    published = {start: price for start, _, price in planned.market.steps(30)}
    forecast = {row["time"]: row["value"] for row in attributes["forecast"]}
    now = planned.core.clock.now()
    shown = {
        start: forecast[start.isoformat()]
        for start in published
        if now < start and start.isoformat() in forecast
    }

    assert len(shown) > 40
    assert shown == {start: pytest.approx(published[start], abs=1e-4) for start in shown}


async def test_no_entity_is_too_large_for_the_recorder(planned):
    for state in await planned.core.get("states"):
        if operation.DEVICE in state["entity_id"]:
            assert len(json.dumps(state["attributes"])) < 16_384, state["entity_id"]


async def test_a_changed_price_is_planned_at_once(planned):
    changed = planned.core.clock.now()
    market = Market(changed, dearer=0.05)
    await sources.show(planned.core, PRICE.domain, PRICE.shown(market))

    await planned.planner.planned_since(changed, SOON)
    await shows(planned, "import_price", lambda state: float(state) == market.present, SOON)


async def test_a_state_of_charge_that_moved_is_planned_at_once(planned):
    changed = planned.core.clock.now()
    await planned.home.show(battery_soc=52.0)

    await planned.planner.planned_since(changed, SOON)
    await shows(planned, "soc", lambda state: float(state) == pytest.approx(52, abs=0.5), SOON)


async def test_a_plug_is_planned_at_once(planned):
    for plugged in ("on", "off"):
        changed = planned.core.clock.now()
        await planned.home.show(car_plugged=plugged)
        status = await planned.planner.planned_since(changed, SOON)
        (source,) = (one for one in status["sources"] if one["field"] == "cars[0].plugged")
        assert source["value"] == {"on": "yes", "off": "no"}[plugged]


async def test_a_reserve_moved_in_home_assistant_is_obeyed(planned):
    moved = planned.core.clock.now()
    number = sensor("reserve", "number")
    await planned.core.call("number.set_value", entity_id=number, value=30)

    await planned.planner.planned_since(moved, SOON)
    status = await status_shows(planned, lambda status: status["reserve"] == 0.3, SOON, "30 %")
    assert status["is_set_up"]
    await shows(planned, "reserve", "30", SOON, "number")
    await planned.core.call("number.set_value", entity_id=number, value=10)
    await shows(planned, "reserve", "10", SOON, "number")


async def test_a_charge_ordered_in_home_assistant_is_carried_out_and_taken_back(planned, commands):
    await operation.charge_now(planned)
    await shows(planned, "action", "charge", SOON)
    await commanded(commands, {"charge"})
    command = commands[-1]
    assert command["power_w"] > 0
    assert command["duration"] > 0, "every command but normal ends by itself"

    await planned.core.call("switch.turn_off", entity_id=sensor("charge_now", "switch"))
    await shows(planned, "charge_now", "off", SOON, "switch")
    status = await status_shows(planned, lambda status: not status["charge_now"], SOON, "no charge")
    if status["command"]["action"] == "normal":
        await commanded(commands, {"normal"})


async def test_paused_means_normal(planned, commands):
    await operation.charge_now(planned)
    await shows(planned, "action", "charge", SOON)
    select = sensor("mode", "select")
    await planned.core.call("select.select_option", entity_id=select, option="paused")

    await commanded(commands, {"normal"})
    await shows(planned, "action", "normal", SOON)
    assert (await planned.planner.status())["mode"] == "paused"

    await planned.core.call("select.select_option", entity_id=select, option="watch")
    await shows(planned, "mode", "watch", SOON, "select")
    count = len(commands)
    await planned.core.call("button.press", entity_id=sensor("replan", "button"))
    await planned.planner.planned_since(planned.core.clock.now() - timedelta(seconds=1), SOON)
    assert commands[count:] == [], "watching commands nothing"

    await planned.core.call("select.select_option", entity_id=select, option="automatic")
    await commanded(commands, {"charge"})


async def test_stopped_means_normal_and_settings_stay(planned, commands):
    await operation.charge_now(planned)
    await shows(planned, "action", "charge", SOON)
    await planned.planner.process.stop()
    await commanded(commands, {"normal"})

    started = planned.core.clock.now()
    await planned.planner.start()
    status = await planned.planner.planned_since(started, FIRST)
    assert status["is_set_up"]
    await commanded(commands, {"charge"})
