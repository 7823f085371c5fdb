"""What goes wrong in a home beside its sources, and that it is over when it is over."""

import asyncio
import json
from datetime import timedelta

import pytest
from msgspec.structs import replace

from server.controller import controller as module
from server.controller.orders import Order
from server.page import create_page
from server.page.origin import TOKEN
from server.settings.home import ChargeNow
from tests.controller.homes import FIVE_MINUTES
from tests.controller.place import ACTING, PRICES
from tests.home_assistant.fake import Refusal


async def eventually(is_true):
    async with asyncio.timeout(20):
        while not is_true():
            await asyncio.sleep(0.01)


async def charging(place):
    """A home whose battery is told to charge by a script that works."""
    place.fake.actions["script.turn_on"] = None
    await place.confirm(acting=ACTING)
    await place.is_charging()
    await place.told_so(action="charge")


class Gate:
    """A function that waits in the middle until it is opened."""

    def __init__(self, function):
        self.function, self.is_open, self.is_reached = function, asyncio.Event(), asyncio.Event()

    async def __call__(self, *args, **named):
        result = await self.function(*args, **named)
        self.is_reached.set()
        await self.is_open.wait()
        return result


async def test_a_clock_that_is_put_back_stops_no_plan(place):
    first = await place.confirm()

    place.now -= timedelta(hours=1)

    second = await place.plan_after(first.planned_at)
    assert second.planned_at == place.now


async def test_a_pause_is_obeyed_where_no_plan_can_be_made(place, monkeypatch):
    """Also where the plan before is young enough to go on."""
    await charging(place)

    async def none(*_):
        raise module.Overloaded("too many plans")

    monkeypatch.setattr(module, "take_turn", none)
    await place.controller.obey(Order(mode="paused"))

    await eventually(lambda: place.commands()[-1] == "normal")
    await place.told_so(action="normal", mode="paused")
    assert place.commands().count("normal") == 1


async def test_a_plan_that_a_pause_overtakes_commands_nothing(place, monkeypatch):
    place.fake.actions["script.turn_on"] = None
    await place.confirm(acting=ACTING)
    place.now += timedelta(hours=6)
    gate = Gate(module.take_turn)
    monkeypatch.setattr(module, "take_turn", gate)
    until = (place.now + timedelta(hours=1)).isoformat()
    before = len(place.commands())
    await place.soc(64)
    await place.controller.obey(Order(charge_now=ChargeNow(soc=1.0, until=until)))
    await gate.is_reached.wait()

    await place.controller.obey(Order(mode="paused"))
    gate.is_open.set()

    await place.told_so(action="normal", mode="paused")
    assert set(place.commands()[before:]) <= {"normal"}


async def test_an_error_of_ours_is_told_and_means_normal(place, monkeypatch, caplog):
    await charging(place)
    take = module.take_turn

    async def wrong(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(module, "take_turn", wrong)
    place.now += FIVE_MINUTES
    await place.told_so(action="normal", problem="ON")
    assert place.commands()[-1] == "normal"
    assert "Planning failed; the log has the reason." in place.controller.status().problems
    assert "ZeroDivisionError" in caplog.text

    monkeypatch.setattr(module, "take_turn", take)
    place.now += FIVE_MINUTES
    await place.told_so(problem="OFF")
    assert place.controller.status().problems == []


async def test_a_wrong_payload_is_a_problem_for_a_while(place):
    await place.confirm()

    await place.fake.publish("powersync_optimiser/set/reserve", "a lot")
    await place.told_so(problem="ON")
    for _ in range(2):
        place.now += FIVE_MINUTES
        await place.soc(64)
        await eventually(lambda: place.controller.status().planned_at == place.now)

    await place.told_so(problem="OFF")
    assert place.controller.status().problems == []


async def test_settings_that_could_not_be_kept_are_said_until_they_can(place, monkeypatch):
    await place.confirm()

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(place.controller._file, "save", full)
        await place.controller.obey(Order(reserve=0.3))
        await place.told_so(reserve=30, problem="ON")
    await place.controller.obey(Order(reserve=0.4))

    await place.told_so(reserve=40, problem="OFF")
    kept = json.loads((place.folder / "settings.json").read_bytes())
    assert kept["batteries"][0]["reserve"] == 0.4


async def test_a_script_that_works_again_is_no_problem_any_more(place):
    await place.confirm(acting=ACTING)

    def broken(_):
        raise Refusal("home_assistant_error", "The inverter is asleep")

    place.fake.actions["script.turn_on"] = broken
    await place.is_charging()
    await place.told_so(problem="ON")
    assert any("asleep" in text for text in place.controller.status().problems)

    place.fake.actions["script.turn_on"] = None
    place.now += FIVE_MINUTES
    await place.told_so(problem="OFF", action="charge")


async def test_without_home_assistant_no_old_command_is_shown(place):
    await charging(place)

    place.fake.faults["login"] = "down"
    await place.fake.drop()
    place.now += timedelta(minutes=25)

    await eventually(lambda: place.controller.status().command.action == "normal")
    assert any("does not answer" in text for text in place.controller.status().problems)

    place.fake.faults.clear()
    await eventually(lambda: "does not answer" not in str(place.controller.status().problems))


async def test_books_that_could_not_be_opened_are_opened_later(place):
    """As where the server before is not gone yet, or the disk was full."""
    bookkeeper = place.controller._bookkeeper
    await bookkeeper.close()
    bookkeeper._books, folder = None, bookkeeper._folder
    bookkeeper._folder = place.folder / "file"
    bookkeeper._folder.write_text("")
    await place.confirm()
    await eventually(lambda: bookkeeper.problem)

    bookkeeper._folder = folder
    place.now += FIVE_MINUTES
    await place.soc(64)
    await eventually(lambda: bookkeeper.problem is None)


@pytest.mark.parametrize("turns", [0, 1, 2, 5, 10, 20, 40, 80, 160, 320])
async def test_the_server_may_stop_at_any_moment(place, turns, caplog):
    """However far a plan is, and stopped twice: what was commanded is taken back."""
    await charging(place)
    place.now += FIVE_MINUTES
    await place.soc(60)
    for _ in range(turns):
        await asyncio.sleep(0)

    await asyncio.gather(place.controller.stop(), place.controller.stop())

    assert place.commands()[-1] == "normal"
    assert place.commands().count("normal") == 1
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]


async def test_everything_at_once(place, caplog):
    """Settings, orders, proposals, books and prices while plans are made and told."""
    await charging(place)
    settings = place.controller.setup().settings
    today = place.now.date()
    for n in range(6):
        place.now += timedelta(seconds=20)
        await asyncio.gather(
            place.controller.confirm(replace(settings, horizon_hours=24 + n)),
            place.controller.obey(Order(is_replan=True)),
            place.controller.find(),
            place.controller.days(today, today),
            place.fake.publish("powersync_optimiser/set/replan", "PRESS"),
            place.fake.set_state(PRICES, 0.2 + n, place.fake.states[PRICES]["attributes"]),
        )
        await asyncio.sleep(0.03 * n)
        place.controller.status()

    await place.controller.obey(Order(mode="paused"))
    await place.told_so(action="normal", mode="paused")
    assert place.commands()[-1] == "normal"
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]


async def test_only_an_administrator_changes_anything(place, aiohttp_client):
    """Ingress shows the page to every user of Home Assistant, and says who asks."""
    place.fake.commands["config/auth/list"] = [
        {"id": "owner", "is_owner": True, "is_active": True, "group_ids": []},
        {"id": "admin", "is_active": True, "group_ids": ["system-admin"]},
        {"id": "gone", "is_active": False, "group_ids": ["system-admin"]},
        {"id": "guest", "is_active": True, "group_ids": ["system-users"]},
    ]
    await place.confirm()
    page = await aiohttp_client(create_page(place.app, controller=place.controller))

    async def status_of(user):
        headers = {"X-Page-Token": TOKEN, "X-Remote-User-Id": user}
        return (await page.post("/control", json={"mode": "watch"}, headers=headers)).status

    assert [await status_of(user) for user in ("owner", "admin")] == [200, 200]
    assert [await status_of(user) for user in ("gone", "guest", "unknown", "")] == [403] * 4
    assert (await page.get("/home.json", headers={"X-Remote-User-Id": "guest"})).status == 200
