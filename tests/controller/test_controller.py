"""The controller beside a fake Home Assistant, with a clock of its own."""

import asyncio
import json
from datetime import timedelta

import pytest

from server.controller.orders import Order
from server.http import keys
from server.settings.checks import SettingsError
from server.settings.home import ChargeNow
from tests.controller.homes import FIVE_MINUTES, METERS, daily_prices
from tests.controller.place import ACTING, PRICES, SOC


async def test_nothing_is_planned_before_the_owner_confirms(place):
    status = place.controller.status()

    assert status.is_set_up is False
    assert status.planned_at is None
    assert place.fake.calls == []


async def test_a_confirmed_home_is_planned_and_told(place):
    status = await place.confirm()

    assert status.command.action in {"charge", "normal", "export", "hold"}
    assert status.is_proved
    assert status.problems == []
    assert [day.day for day in status.days] == ["today", "tomorrow"]
    await place.told_so(action=status.command.action, mode="automatic")
    assert json.loads(place.fake.retained["homeassistant/device/powersync_optimiser/config"])
    assert place.app[keys.STATE].plan_log.summaries


async def test_five_minutes_later_there_is_another_plan(place):
    first = await place.confirm()

    place.now += FIVE_MINUTES
    await place.soc(64)
    second = await place.plan_after(first.planned_at)

    assert second.planned_at - first.planned_at == FIVE_MINUTES


async def test_a_new_price_is_planned_at_once(place):
    first = await place.confirm()
    attributes = dict(place.fake.states[PRICES]["attributes"])
    dear = daily_prices(place.home.midnight(), 48)
    for row in dear[13:15]:
        row["value"] = 2.0

    place.now += timedelta(seconds=20)
    attributes |= {"raw_today": dear[:24], "raw_tomorrow": dear[24:]}
    await place.fake.set_state(PRICES, "0.31", attributes)
    await place.plan_after(first.planned_at)

    async with asyncio.timeout(20):
        while max(point["value"] for point in place.forecast("import_price")) != 2.0:
            await asyncio.sleep(0.02)


async def test_a_state_of_charge_that_moved_otherwise_is_planned_at_once(place):
    first = await place.confirm()

    place.now += timedelta(seconds=20)
    await place.soc(58)
    second = await place.plan_after(first.planned_at)

    assert second.storages[0].soc == pytest.approx(0.58)


async def test_a_control_moved_in_home_assistant_is_obeyed(place):
    first = await place.confirm()

    place.now += timedelta(seconds=20)
    await place.fake.publish("powersync_optimiser/set/reserve", "45")
    await place.plan_after(first.planned_at, is_true=lambda status: status.reserve == 0.45)

    await place.told_so(reserve=45)
    kept = json.loads((place.folder / "settings.json").read_bytes())
    assert kept["batteries"][0]["reserve"] == pytest.approx(0.45)


async def test_commands_are_given_kept_alive_and_taken_back(place):
    """To 100 % by the afternoon: the battery is told to charge until it is paused."""
    await place.confirm(acting=ACTING)
    await place.is_charging()

    await place.controller.obey(Order(mode="paused"))
    async with asyncio.timeout(20):
        while place.commands()[-1] != "normal":
            await asyncio.sleep(0.02)

    await place.told_so(action="normal", mode="paused")


async def test_without_a_state_of_charge_nothing_is_commanded(place):
    """The reading is carried for half an hour, then the plan ends and the battery is normal."""
    first = await place.confirm(acting=ACTING)
    await place.fake.set_state(SOC, "unavailable", {})

    seen = first.planned_at
    for _ in range(12):
        place.now += FIVE_MINUTES
        status = await place.plan_after(seen)
        seen = status.planned_at

    assert any("state of charge" in problem.lower() for problem in status.problems)
    assert status.command.action == "normal"
    await place.told_so(problem="ON")
    assert place.commands()[-1:] in ([], ["normal"])


async def test_prices_that_are_gone_count_until_they_have_passed(place):
    """Without its source, a price that was read holds as long as it was said to."""
    first = await place.confirm()
    await place.fake.set_state(PRICES, "unavailable", {})

    place.now += timedelta(hours=3)
    await place.soc(64)
    status = await place.plan_after(first.planned_at, is_true=lambda s: s.sources)

    assert status.is_proved
    (price,) = [source for source in status.sources if source.field == "import_price"]
    assert price.state == "old"


async def test_core_restarts(place):
    """What Home Assistant forgot is told again, and the plan goes on."""
    first = await place.confirm()
    place.fake.retained.clear()
    place.now += timedelta(seconds=30)

    await place.fake.drop()
    await place.plan_after(first.planned_at)

    await place.told_so(mode="automatic")
    assert "homeassistant/device/powersync_optimiser/config" in place.fake.retained


async def test_orders_are_checked(place):
    await place.confirm()

    for order in (
        Order(reserve=1.5),
        Order(charge_now=ChargeNow(soc=0.5, until="tomorrow")),
        Order(charge_now=ChargeNow(soc=0.5, until="2026-11-01T00:00:00+00:00")),
    ):
        with pytest.raises(SettingsError):
            await place.controller.obey(order)


async def test_the_end_of_the_server_returns_the_battery_to_normal(place, tmp_path):
    await place.confirm(acting=ACTING)
    await place.is_charging()

    await place.controller.stop()

    assert place.commands()[-1] == "normal"
    assert json.loads(place.fake.retained["powersync_optimiser/state"])["valid_until"] == 0


async def test_readings_go_into_the_books(place):
    await place.confirm()
    today = place.now.date()
    start = place.now - timedelta(minutes=1)
    for name in METERS:
        place.fake.add_statistics(f"sensor.{name}", start, [0.1], period="5minute")
    place.now += timedelta(minutes=6)

    async with asyncio.timeout(20):
        while not (days := await place.controller.days(today, today))[0].energies:
            await asyncio.sleep(0.05)

    assert days[0].energies.grid_in >= 0.0
