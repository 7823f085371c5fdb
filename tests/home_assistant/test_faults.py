"""Whatever Home Assistant answers, the link lives, says why, and tells no secret."""

import asyncio
import json
from functools import partial
from types import SimpleNamespace

import pytest

from server.home_assistant import subscriptions
from server.home_assistant.energy import energy_prefs
from server.home_assistant.link import (
    Late,
    Link,
    LinkDown,
    LinkError,
    Refused,
    TooLarge,
    Unreadable,
)
from server.home_assistant.states import EntityState
from server.home_assistant.transport import connection
from server.home_assistant.transport.messages import decode
from tests.home_assistant.conftest import eventually, running
from tests.home_assistant.fake import TOKEN, FakeHomeAssistant, Refusal


def patience(error):
    """Return the time to wait for an error [s]: short where it is lateness."""
    return 0.1 if error is Late else 10


def refuse(fields):
    raise Refusal("home_assistant_error", f"{TOKEN}\n")


@pytest.fixture(autouse=True)
def no_secret(caplog):
    caplog.set_level("DEBUG", "server")
    yield
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("down", LinkDown),
        ("slow", Late),
        ("huge", TooLarge),
        ("endless", Late),
        ("garbage", Unreadable),
        ("wrong types", Unreadable),
        ("closed", LinkDown),
    ],
)
async def test_each_fault_of_rest_is_named(home_assistant, link, fault, error):
    home_assistant.faults["states/sensor.soc"] = fault

    with pytest.raises(error) as failed:
        decode(await link.get("states/sensor.soc", timeout=patience(error)), EntityState)

    assert TOKEN not in str(failed.value)
    assert link.is_connected
    home_assistant.faults.clear()
    await home_assistant.set_state("sensor.soc", 55)
    assert (await link.state("sensor.soc")).state == "55"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("slow", Late),
        ("huge", TooLarge),
        ("garbage", Late),
        ("wrong types", Unreadable),
        ("closed", LinkDown),
    ],
)
async def test_each_fault_of_a_command_is_named(home_assistant, link, fault, error):
    await link.listen(["homeassistant/status"])
    home_assistant.faults["energy/get_prefs"] = fault

    with pytest.raises(error):
        await energy_prefs(SimpleNamespace(command=partial(link.command, timeout=patience(error))))

    home_assistant.faults.clear()
    await eventually(lambda: link.is_connected and home_assistant.subscriptions("mqtt/subscribe"))
    assert await energy_prefs(link) is None


@pytest.mark.parametrize("fault", ["down", "slow", "garbage", "auth_invalid"])
async def test_no_login_is_said_and_tried_again(home_assistant, fault, monkeypatch):
    monkeypatch.setattr(connection, "_HANDSHAKE", 0.05)
    home_assistant.faults["login"] = fault
    link = Link(home_assistant.address, backoff=(0.01,))
    task = asyncio.create_task(link.run())

    await eventually(lambda: link.health.attempts > 1)
    assert not link.is_connected
    assert link.health.last_error
    home_assistant.faults.clear()

    await asyncio.wait_for(link.wait_connected(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_refused_token_is_said_clearly_and_tried_slowly(home_assistant):
    home_assistant.faults["login"] = "auth_invalid"
    link = Link(home_assistant.address, backoff=(0.001, 20))
    task = asyncio.create_task(link.run())

    await eventually(lambda: link.health.attempts == 1)
    await asyncio.sleep(0.05)

    assert link.health.last_error == "auth_invalid: Home Assistant does not accept the token"
    assert home_assistant.logins == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_token_in_a_refusal_is_not_repeated(home_assistant, link):
    home_assistant.commands["bad"] = refuse

    with pytest.raises(Refused) as refused:
        await link.command("bad")

    assert TOKEN not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_wrong_token_of_rest_is_said(home_assistant, link):
    home_assistant.token = "another"

    with pytest.raises(Refused, match="the token is not accepted"):
        await link.states()


async def test_settings_that_cannot_be_read_leave_the_link_up(home_assistant, caplog):
    home_assistant.config = {"version": "2026.11.0", "time_zone": 7}

    async with running(Link(home_assistant.address)) as link:
        assert link.config is None

    assert "time zone" in caplog.text


async def test_nobody_is_there(unused_tcp_port):
    fake = FakeHomeAssistant()
    fake.port = unused_tcp_port
    link = Link(fake.address, backoff=(0.01,))
    task = asyncio.create_task(link.run())

    await eventually(lambda: link.health.attempts > 1)

    assert link.health.last_error.endswith(f":{unused_tcp_port}: Connection refused")
    with pytest.raises(LinkDown):
        await link.states()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_silence_ends_the_connection_and_a_ping_keeps_it(home_assistant, link, monkeypatch):
    monkeypatch.setattr(connection, "_SILENCE", 0.03)
    await home_assistant.drop()
    await eventually(lambda: home_assistant.logins == 2 and link.is_connected)

    await eventually(lambda: sum(asked["type"] == "ping" for asked in home_assistant.asked) > 2)
    assert home_assistant.logins == 2
    home_assistant.faults["ping"] = "slow"

    await eventually(lambda: home_assistant.logins > 2)


async def test_states_that_do_not_come_do_not_hold_the_link(home_assistant, link, monkeypatch):
    monkeypatch.setattr(subscriptions, "_FIRST_STATES", 0.02)
    monkeypatch.setattr(subscriptions, "_SUBSCRIBING", 0.02)
    home_assistant.faults["subscribe_entities"] = "slow"

    await link.follow(["sensor.soc"])

    assert link.is_connected
    home_assistant.faults.clear()
    await home_assistant.set_state("sensor.soc", 1)
    await eventually(lambda: "sensor.soc" in link.followed)


async def test_states_that_are_refused_leave_the_link_up(home_assistant, link, caplog):
    home_assistant.commands["subscribe_entities"] = refuse

    await link.follow(["sensor.soc"])

    assert "refuses to tell states: home_assistant_error" in caplog.text
    await home_assistant.drop()
    await eventually(lambda: home_assistant.logins == 2 and link.is_connected)


async def test_states_with_broken_ones_among_them(home_assistant, link, caplog):
    await home_assistant.set_state("sensor.a", 1)
    await home_assistant.set_state("sensor.b", 2)
    home_assistant.states["sensor.a"]["state"] = None
    home_assistant.states["sensor.c"] = []

    states = await link.states()

    assert [state.entity_id for state in states] == ["sensor.b"]
    assert "2 of 3 states cannot be read" in caplog.text


async def test_an_answer_of_too_many_values_is_not_unpacked(home_assistant, link):
    home_assistant.pages["states"] = [0] * 130_000

    with pytest.raises(TooLarge, match="120000 values"):
        await link.states()


async def test_an_answer_of_great_depth_is_unreadable(home_assistant, link):
    await home_assistant.set_state("sensor.deep", 1, {"x": "here"})
    whole = json.dumps(home_assistant.states["sensor.deep"])
    home_assistant.pages["states/sensor.deep"] = whole.replace('"here"', "[" * 100_000).encode()

    with pytest.raises(Unreadable):
        await link.state("sensor.deep")

    await home_assistant.send_text('{"id": 1, "type": "event", "event": ' + "[" * 100_000)
    assert await link.command("get_config")


async def test_a_compressed_answer_is_not_unpacked(home_assistant, link):
    home_assistant.faults["config"] = "compressed"

    with pytest.raises(LinkError):
        await link.get("no")
    assert (await link.get("config", most_bytes=2**16))[:2] == b"\x1f\x8b"


async def test_a_redirect_does_not_take_the_token_elsewhere(home_assistant, link):
    home_assistant.faults["states"] = "moved"

    with pytest.raises(Refused, match="301"):
        await link.states()
