import asyncio
from datetime import datetime

import pytest

from server.home_assistant.link import Link, LinkDown, Refused
from tests.home_assistant.conftest import eventually, running


async def test_the_link_reads_cores_settings(link):
    assert link.is_connected
    assert link.health.connected
    assert link.health.version == "2026.11.0"
    assert (link.config.time_zone, link.config.currency) == ("Europe/Berlin", "EUR")


async def test_supervisors_proxy_serves_the_same(home_assistant):
    await home_assistant.set_state("sensor.soc", 55)

    async with running(Link(home_assistant.supervisor_address)) as link:
        assert (await link.state("sensor.soc")).state == "55"


async def test_commands_wait_for_their_own_answers(home_assistant, link):
    home_assistant.commands["echo"] = lambda fields: fields["number"]

    answers = await asyncio.gather(*(link.command("echo", number=n) for n in range(50)))

    assert [bytes(answer) for answer in answers] == [str(n).encode() for n in range(50)]


async def test_a_refusal_has_code_and_sentence(link):
    with pytest.raises(Refused, match="Unknown command") as refused:
        await link.command("no/such")

    assert refused.value.code == "unknown_command"


async def test_rest_and_states(home_assistant, link):
    await home_assistant.set_state("sensor.soc", 55, {"unit_of_measurement": "%"})
    home_assistant.pages["power_sync/optimization"] = {"success": True}

    states = await link.states()

    assert [state.entity_id for state in states] == ["sensor.soc"]
    assert states[0].unit == "%"
    assert states[0].last_reported is not None
    assert await link.get("power_sync/optimization") == b'{"success": true}'
    with pytest.raises(Refused, match="404"):
        await link.get("no/such")


async def test_an_entity_that_does_not_exist_has_no_state(link):
    assert await link.state("sensor.missing") is None
    assert await link.state("../config") is None


async def test_a_state_is_written(home_assistant, link):
    await link.set_state("sensor.powersync_action", "charge", {"power_w": 3000})
    await link.set_state("sensor.powersync_action", "normal", {})

    assert home_assistant.posted[0] == (
        "sensor.powersync_action",
        {"state": "charge", "attributes": {"power_w": 3000}},
    )
    assert home_assistant.states["sensor.powersync_action"]["state"] == "normal"
    with pytest.raises(Refused):
        await link.set_state("sensor/../config", "x", {})


async def test_an_action_is_called_and_answers(home_assistant, link):
    home_assistant.actions["nordpool.get_prices_for_date"] = lambda data: {"SE3": [data["date"]]}

    nothing = await link.call("nordpool.get_prices_for_date", {"date": "2026-11-30"})
    answer = await link.call("nordpool.get_prices_for_date", {"date": "2026-12-01"}, answer=True)

    assert nothing is None
    assert bytes(answer) == b'{"SE3": ["2026-12-01"]}'
    with pytest.raises(Refused, match=r"no\.such not found"):
        await link.call("no.such", {})


async def test_followed_entities_are_kept_and_no_others(home_assistant, link):
    await home_assistant.set_state("sensor.soc", 55, {"unit_of_measurement": "%"})
    await home_assistant.set_state("sensor.other", 1)

    await link.follow(["sensor.soc", "sensor.missing"])

    assert set(link.followed) == {"sensor.soc"}
    assert link.followed["sensor.soc"].attributes == {"unit_of_measurement": "%"}


async def test_changes_of_followed_entities_are_news(home_assistant, link):
    await home_assistant.set_state("sensor.soc", 55, {"a": 1, "b": 2})
    await link.follow(["sensor.soc"])
    link.news.clear()

    await home_assistant.set_state("sensor.soc", 56, {"b": 3})
    await asyncio.wait_for(link.news.wait(), 5)

    assert link.followed["sensor.soc"].state == "56"
    assert link.followed["sensor.soc"].attributes == {"b": 3}


async def test_an_entity_may_come_and_go(home_assistant, link):
    await link.follow(["event.rates"])

    await home_assistant.set_state("event.rates", "x")
    await eventually(lambda: "event.rates" in link.followed)
    await home_assistant.remove_state("event.rates")
    await eventually(lambda: not link.followed)


async def test_following_others_replaces_the_subscription(home_assistant, link):
    for name in "abc":
        await home_assistant.set_state(f"sensor.{name}", 1)
    await link.follow(["sensor.a", "sensor.b"])

    await link.follow(["sensor.c"])

    assert set(link.followed) == {"sensor.c"}
    (subscription,) = home_assistant.subscriptions("subscribe_entities")
    assert subscription["entity_ids"] == ["sensor.c"]


async def test_following_nothing_does_not_mean_everything(home_assistant, link):
    await home_assistant.set_state("sensor.a", 1)
    await link.follow(["sensor.a"])

    await link.follow([])

    assert not link.followed
    assert not home_assistant.subscriptions("subscribe_entities")


async def test_what_is_no_entity_id_does_not_spoil_the_others(home_assistant, link, caplog):
    await home_assistant.set_state("sensor.a", 1)

    await link.follow(["sensor.a", "Battery SoC"])

    assert set(link.followed) == {"sensor.a"}
    await link.follow(["sensor.a", "Battery SoC"])
    assert caplog.text.count("Battery SoC") == 1


async def test_messages_of_mqtt_are_heard(home_assistant, link):
    home_assistant.retained["powersync/mode"] = "watch"
    await link.listen(["powersync/+", "homeassistant/status"])

    await home_assistant.publish("homeassistant/status", "online")
    await home_assistant.publish("somebody/else", "x")

    assert link.has_mqtt
    assert await asyncio.wait_for(link.messages.get(), 5) == ("powersync/mode", "watch", True)
    assert (await asyncio.wait_for(link.messages.get(), 5)).payload == "online"
    assert link.messages.empty()


async def test_what_is_published_comes_back(home_assistant, link):
    await link.listen(["powersync/action"])

    await link.call("mqtt.publish", {"topic": "powersync/action", "payload": "hold"})

    assert (await asyncio.wait_for(link.messages.get(), 5)).payload == "hold"
    assert home_assistant.published == [("powersync/action", "hold", False)]


async def test_listening_to_other_topics_ends_the_old(home_assistant, link):
    await link.listen(["a", "b"])

    await link.listen(["b", "c"])

    heard = [fields["topic"] for fields in home_assistant.subscriptions("mqtt/subscribe")]
    assert sorted(heard) == ["b", "c"]


async def test_the_oldest_messages_are_dropped_where_nobody_reads(home_assistant, link):
    await link.listen(["x"])

    for number in range(150):
        await home_assistant.publish("x", str(number))
    await home_assistant.publish("x", "y" * 100_000)
    await link.command("ping")

    assert link.messages.qsize() == 100
    assert link.messages.get_nowait().payload == "50"


async def test_mqtt_that_comes_later_is_found(home_assistant, link, caplog):
    home_assistant.has_mqtt = False
    await link.listen(["homeassistant/status"])
    assert link.has_mqtt is False
    assert link.is_connected
    assert link.health.last_error is None
    assert "no MQTT so far" in caplog.text

    home_assistant.has_mqtt = True

    await eventually(lambda: link.has_mqtt)
    assert home_assistant.subscriptions("mqtt/subscribe")


async def test_a_new_connection_restores_the_subscriptions(home_assistant, link):
    await home_assistant.set_state("sensor.soc", 55)
    await link.follow(["sensor.soc"])
    await link.listen(["homeassistant/status"])

    await home_assistant.drop()
    await eventually(lambda: not link.is_connected)
    await home_assistant.set_state("sensor.soc", 56)
    link.news.clear()
    await asyncio.wait_for(link.wait_connected(), 5)

    assert link.news.is_set()
    assert link.followed["sensor.soc"].state == "56"
    assert home_assistant.subscriptions("mqtt/subscribe")
    assert home_assistant.logins == 2


async def test_what_is_asked_while_down_comes_with_the_connection(home_assistant, link):
    await home_assistant.set_state("sensor.soc", 55)
    home_assistant.faults["login"] = "down"
    await home_assistant.drop()
    await eventually(lambda: link.health.attempts > 2)

    await link.follow(["sensor.soc"])
    await link.listen(["homeassistant/status"])
    with pytest.raises(LinkDown, match="502"):
        await link.command("get_config")
    home_assistant.faults.clear()

    await eventually(lambda: "sensor.soc" in link.followed and link.has_mqtt)
    assert link.health.attempts == 0
    assert link.health.last_error is None


async def test_a_change_of_mind_while_down_forgets_at_once(home_assistant, link):
    for name in "ab":
        await home_assistant.set_state(f"sensor.{name}", 1)
    await link.follow(["sensor.a", "sensor.b"])
    home_assistant.faults["login"] = "down"
    await home_assistant.drop()
    await eventually(lambda: not link.is_connected)

    await link.follow(["sensor.b", "sensor.c"])

    assert set(link.followed) == {"sensor.b"}


async def test_many_changes_at_once_end_in_the_last(home_assistant, link):
    for name in "abc":
        await home_assistant.set_state(f"sensor.{name}", 1)

    await asyncio.gather(
        *(link.follow([f"sensor.{name}"]) for name in "abcab"),
        *(link.listen([name]) for name in "abc"),
    )

    assert set(link.followed) == {"sensor.b"}
    assert len(home_assistant.subscriptions("subscribe_entities")) == 1
    assert [fields["topic"] for fields in home_assistant.subscriptions("mqtt/subscribe")] == ["c"]


async def test_an_entity_gone_while_down_is_gone(home_assistant, link):
    await home_assistant.set_state("sensor.soc", 55)
    await link.follow(["sensor.soc"])
    del home_assistant.states["sensor.soc"]

    assert "sensor.soc" in link.followed
    await home_assistant.drop()
    await eventually(lambda: not link.followed)


async def test_home_assistant_may_restart_as_a_whole(home_assistant, link):
    await home_assistant.stop()
    await eventually(lambda: link.health.attempts > 1)
    since = link.health.since

    await home_assistant.start()

    await asyncio.wait_for(link.wait_connected(), 5)
    assert link.health.since > since
    assert (await link.command("get_config")) is not None


async def test_the_same_failure_is_said_once(home_assistant, link, caplog):
    home_assistant.faults["login"] = "down"

    await home_assistant.drop()
    await eventually(lambda: link.health.attempts > 5)

    said = [record for record in caplog.records if record.levelname == "WARNING"]
    assert sum("502" in record.getMessage() for record in said) == 1


async def test_a_cancelled_link_closes_everything(home_assistant):
    async with running(Link(home_assistant.address)) as link:
        await link.follow(["sensor.soc"])

    await eventually(lambda: not home_assistant.subscriptions("subscribe_entities"))
    assert not link.is_connected
    assert not link.health.connected
    with pytest.raises(LinkDown):
        await link.command("get_config")


async def test_the_true_last_report_comes_from_a_template(home_assistant, link):
    """Core keeps the first `last_reported` of a state in all later answers."""
    await home_assistant.set_state("sensor.soc", "50", {})
    stamp = home_assistant.states["sensor.soc"]["last_reported"]

    reports = await link.reports(["sensor.soc", "sensor.missing", "no entity"])

    assert reports == {"sensor.soc": datetime.fromisoformat(stamp)}


async def test_a_connection_that_breaks_down_at_once_is_tried_less_and_less(home_assistant):
    async with running(Link(home_assistant.address, backoff=(0.001, 20))):
        await home_assistant.drop()
        await eventually(lambda: home_assistant.logins == 2)
        await home_assistant.drop()
        await asyncio.sleep(0.1)

    assert home_assistant.logins == 2
