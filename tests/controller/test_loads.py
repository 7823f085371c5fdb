"""Flexible loads of a home: told, begun, not planned twice, and remembered over a restart."""

import json
from datetime import datetime, timedelta

import pytest

from server.controller.orders import Order
from server.home.readings import LoadRun
from tests.controller.homes import FIVE_MINUTES
from tests.controller.place import NOON
from tests.settings.homes import a_heat_store, a_load

SWITCH = "input_boolean.dishwasher"
HOUR = timedelta(hours=1)


def dishwasher(**changes):
    return a_load(**({"earliest": "13:00", "latest": "18:00"} | changes))


async def told_run(place):
    """Start, end and switch of the first load, as Home Assistant was told of the last plan."""
    at = place.controller.status().planned_at.isoformat(timespec="seconds")
    await place.told_so(planned_at=at)
    told = place.told()
    start, end = (told[f"load_1_{name}"] for name in ("start", "end"))
    return (*(value and datetime.fromisoformat(value) for value in (start, end)), told["load_1_on"])


async def plan_at(place, now):
    """The status of the plan of an instant."""
    before = place.controller.status().planned_at
    place.now = now
    return await place.plan_after(before, is_true=lambda status: status.planned_at >= now)


async def told_at(place, now):
    await plan_at(place, now)
    return await told_run(place)


async def begun(place):
    """Start and end of the run of the first load, at the plan that switches it on."""
    while True:
        start, end, switch = await told_run(place)
        if switch == "ON":
            assert start <= place.now < end
            return start, end
        assert start > place.now
        await plan_at(place, max(place.now + FIVE_MINUTES, start - 2 * FIVE_MINUTES))


async def test_a_dishwasher_is_told_begun_and_not_planned_twice(place):
    await place.confirm(loads=[dishwasher()])
    start, end, switch = await told_run(place)
    assert start - NOON >= timedelta(minutes=59)  # at 13:00 in Berlin
    assert end - start == timedelta(minutes=45)
    assert switch == "OFF"

    start, end = await begun(place)
    assert place.controller.status().loads[0].is_on

    *later, switch = await told_at(place, start + 3 * FIVE_MINUTES)
    assert (*later, switch) == (start, end, "ON")

    await place.stop()  # the same folder
    await place.serve()
    await place.plan_after(None)
    *kept, switch = await told_at(place, start + 4 * FIVE_MINUTES)
    assert (*kept, switch) == (start, end, "ON")

    next_start, _, switch = await told_at(place, end)
    assert switch == "OFF"
    assert next_start.date() > start.date()  # its window of today is open until 18:00

    await place.stop()
    await place.serve()
    await place.plan_after(None)
    again, _, switch = await told_at(place, end + FIVE_MINUTES)
    assert (again.date() > start.date(), switch) == (True, "OFF")


async def test_what_was_to_start_while_nobody_told_anything_has_not_begun(place):
    await place.confirm(loads=[dishwasher()])
    start, _, _ = await told_run(place)
    await place.stop()
    place.now = start + HOUR

    await place.serve()
    await place.plan_after(None)
    later, _, _ = await told_at(place, start + HOUR + FIVE_MINUTES)

    assert later >= start + HOUR
    assert later.date() == start.date()


@pytest.mark.parametrize("mode", ["watch", "paused"])
async def test_nothing_begins_where_nothing_is_commanded(place, mode):
    await place.confirm(loads=[dishwasher()], mode=mode)
    start, _, _ = await told_run(place)

    _, _, switch = await told_at(place, start)

    assert switch == "OFF"
    assert not (place.folder / "loads.json").exists()


async def test_a_run_that_has_begun_goes_on_where_the_home_is_paused(place):
    await place.confirm(loads=[dishwasher()])
    start, end = await begun(place)
    before = place.controller.status().planned_at

    place.now += timedelta(seconds=20)
    await place.controller.obey(Order(mode="paused"))
    await place.plan_after(before, is_true=lambda status: status.mode == "paused")
    await place.told_so(mode="paused")

    assert await told_run(place) == (start, end, "ON")


async def test_a_load_follows_its_switch(place):
    await place.fake.set_state(SWITCH, "off", {})
    first = await place.confirm(loads=[dishwasher(enabled=SWITCH)])
    assert await told_run(place) == (None, None, "OFF")
    (source,) = [one for one in first.sources if one.field == "loads[0].enabled"]
    assert (source.value, source.state) == ("off", "good")

    place.now += timedelta(seconds=20)
    await place.fake.set_state(SWITCH, "on", {})
    second = await place.plan_after(first.planned_at)
    assert second.loads[0].start is not None

    place.now += timedelta(seconds=20)
    await place.fake.set_state(SWITCH, "unavailable", {})
    third = await place.plan_after(second.planned_at)
    assert third.loads[0].start is None
    assert any("not planned" in problem for problem in third.problems)


async def test_the_power_of_heat_is_told(place):
    await place.fake.set_state("sensor.water", "30", {"unit_of_measurement": "°C"})
    status = await place.confirm(heat=[a_heat_store(at_empty=30.0, at_full=60.0)])

    assert status.problems == []
    await place.told_so(problem="OFF")
    assert place.told()["heat_1_power"] == pytest.approx(2000)  # it is below its least


async def test_a_folder_that_cannot_be_written_is_said(place):
    (place.folder / "loads.new").mkdir()

    status = await place.confirm(loads=[dishwasher()])

    assert any("loads" in problem for problem in place.controller.status().problems)
    assert status.loads[0].start is not None


@pytest.mark.parametrize("content", [b"", b"{", b'{"begun": 3}', b"\xff", b"null"])
async def test_a_broken_memory_is_none(place, content):
    (place.folder / "loads.json").write_bytes(content)
    await place.stop()
    await place.serve()

    status = await place.confirm(loads=[dishwasher()])

    assert status.loads[0].start is not None


async def test_the_memory_is_of_the_loads_of_the_settings(place):
    run = {"day": "2026-11-12", "is_begun": True}
    run |= {"start": "2026-11-12T11:30:00Z", "end": "2026-11-12T12:30:00Z"}
    memory = {"at": "2026-11-12T11:00:00Z", "begun": {"Sold": run}, "coming": {}}
    (place.folder / "loads.json").write_text(json.dumps(memory))
    await place.stop()
    await place.serve()

    await place.confirm(loads=[dishwasher()])

    kept = json.loads((place.folder / "loads.json").read_bytes())
    assert kept["begun"] == {}
    assert [*kept["coming"]] == ["Dishwasher"]
    assert LoadRun(**kept["coming"]["Dishwasher"]).day == "2026-11-12"
