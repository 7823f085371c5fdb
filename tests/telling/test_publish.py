"""The device in Home Assistant: discovery, states, and what is sent when."""

import json
from datetime import timedelta

import pytest
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from msgspec.structs import replace

from server.telling.controls import Controls
from server.telling.entities import attributes_from, entities_of, values_from
from server.telling.publish import (
    DISCOVERY_TOPIC,
    STATE_TOPIC,
    TOPICS,
    Publisher,
    discovery_from,
    is_other,
)
from tests.home_assistant.conftest import eventually
from tests.settings.homes import a_heat_store, a_load
from tests.telling import NOW, SYDNEY, plan_of
from tests.telling.test_report import report_of

NEEDED = {
    "sensor": {"state_topic"},
    "binary_sensor": {"state_topic"},
    "select": {"command_topic", "options"},
    "number": {"command_topic"},
    "text": {"command_topic"},
    "switch": {"command_topic"},
    "button": {"command_topic"},
}
"""What the documents of Home Assistant require of each platform."""

NAMES = ("dynamic_day", "several_batteries", "two_vehicles")


def tale(name="dynamic_day", **changes):
    """Entities, values and attributes of an example."""
    report, home = report_of(name, **changes), replace(plan_of(name)[2], **changes)
    values = values_from(report) | Controls().values(home, NOW, SYDNEY)
    return entities_of(home, "AUD"), values, attributes_from(report)


@pytest.fixture
def publisher(link):
    return Publisher(link)


def rendered(template, payload, now=NOW):
    environment = SandboxedEnvironment(undefined=StrictUndefined)
    environment.globals["utcnow"] = lambda: now
    return environment.from_string(template).render(value_json=json.loads(payload))


@pytest.mark.parametrize("name", NAMES)
def test_each_component_has_what_discovery_requires(name):
    entities, _, _ = tale(name)

    payload = json.loads(json.dumps(discovery_from(entities, {}, "http://host:8099/")))

    ids = [component["unique_id"] for component in payload["components"].values()]
    assert len(ids) == len(set(ids)) == len(entities)
    assert payload["device"]["identifiers"]
    assert payload["origin"]["name"]
    for key, component in payload["components"].items():
        assert NEEDED[component["platform"]] <= component.keys()
        assert component["unique_id"] == f"powersync_optimiser_{key}"
        assert component["default_entity_id"].split(".")[0] == component["platform"]
        assert component["name"]
        is_sensor = component["platform"] in {"sensor", "binary_sensor"}
        assert ("expire_after" in component) == is_sensor
        if component.get("device_class") == "enum":
            assert "unit_of_measurement" not in component
            assert "state_class" not in component
        if component.get("device_class") == "monetary":
            assert "state_class" not in component  # "measurement" is not allowed with it
    assert len(json.dumps(payload)) < 65536


def test_a_home_full_of_loads_and_heat_is_announced_in_one_message():
    loads = [a_load(name=f"{k} " + "Dishwasher" * 5) for k in range(5)]
    heat = [a_heat_store(name="Hot water" * 6)] * 5
    entities, _, _ = tale("two_vehicles", loads=[], heat=[])
    home = replace(plan_of("two_vehicles")[2], loads=loads, heat=heat)

    payload = discovery_from(entities_of(home, "AUD"), {})

    added = payload["components"].keys() - {entity.key for entity in entities}
    assert len(added) == 3 * len(loads) + len(heat)
    assert all(payload["components"][key]["expire_after"] == 900 for key in added)
    assert len(json.dumps(payload)) < 65536


def test_unique_ids_stay_when_things_are_named_anew_and_added():
    _, _, home = plan_of("two_vehicles")
    more = replace(home, batteries=home.batteries * 2, currency="EUR")

    before, after = (
        discovery_from(entities_of(settings, "EUR"), {})["components"] for settings in (home, more)
    )

    assert before.keys() < after.keys()
    for key, component in before.items():
        assert after[key]["unique_id"] == component["unique_id"]
        assert after[key]["platform"] == component["platform"]


@pytest.mark.parametrize("name", NAMES)
async def test_home_assistant_reads_every_value_from_the_state(home_assistant, publisher, name):
    entities, values, attributes = tale(name)

    assert await publisher.publish(entities, values, attributes, NOW)

    discovery = json.loads(home_assistant.retained[DISCOVERY_TOPIC])
    state = home_assistant.retained[STATE_TOPIC]
    for key, component in discovery["components"].items():
        if "value_template" in component:
            text = rendered(component["value_template"], state)
            assert text == str(values[key])
        if "json_attributes_topic" in component:
            assert isinstance(
                json.loads(home_assistant.retained[component["json_attributes_topic"]]), dict
            )
    assert publisher.has_controls


async def test_a_kept_state_is_believed_until_it_is_old(home_assistant, publisher):
    await publisher.publish(*tale(), NOW)

    template = json.loads(home_assistant.retained[DISCOVERY_TOPIC])["availability_template"]
    state = home_assistant.retained[STATE_TOPIC]
    assert rendered(template, state, NOW + timedelta(minutes=14)) == "online"
    assert rendered(template, state, NOW + timedelta(minutes=16)) == "offline"
    await publisher.withdraw()
    ended = home_assistant.retained[STATE_TOPIC]
    assert rendered(template, ended, NOW) == "offline"
    assert json.loads(ended).keys() == json.loads(state).keys()  # no template misses a value


async def test_only_what_changed_is_sent_but_states_at_least_every_five_minutes(
    home_assistant, publisher
):
    entities, values, attributes = tale()
    await publisher.publish(entities, values, attributes, NOW)
    sent = len(home_assistant.published)

    await publisher.publish(entities, values, attributes, NOW + timedelta(minutes=1))
    assert len(home_assistant.published) == sent
    await publisher.publish(entities, values, attributes, NOW + timedelta(minutes=5))
    assert [topic for topic, _, _ in home_assistant.published[sent:]] == [STATE_TOPIC]
    moved = values | {"power": 1234.0}
    await publisher.publish(entities, moved, attributes, NOW + timedelta(minutes=6))
    assert len(home_assistant.published) == sent + 2
    await publisher.publish(entities, moved, attributes, NOW - timedelta(hours=1))
    assert len(home_assistant.published) == sent + 3  # a clock that was put back


async def test_everything_is_sent_again_when_home_assistant_begins_anew(
    home_assistant, link, publisher
):
    await link.listen(TOPICS)
    await publisher.publish(*tale(), NOW)
    home_assistant.published.clear()
    await home_assistant.publish("homeassistant/status", "online")
    await eventually(lambda: not link.messages.empty())

    change = Controls().change(link.messages.get_nowait(), plan_of("dynamic_day")[2], NOW, SYDNEY)
    assert change.is_restart
    publisher.forget()
    await publisher.publish(*tale(), NOW + timedelta(seconds=1))

    topics = [topic for topic, _, _ in home_assistant.published]
    assert topics[0] == DISCOVERY_TOPIC
    assert topics[-1] == STATE_TOPIC
    assert all(retain for _, _, retain in home_assistant.published)


async def test_a_car_that_was_sold_disappears(home_assistant, publisher):
    await publisher.publish(*tale("two_vehicles"), NOW)
    home_assistant.published.clear()
    _, _, home = plan_of("two_vehicles")
    entities = entities_of(replace(home, cars=home.cars[:1]), "AUD")

    await publisher.publish(entities, {}, {}, NOW)

    first, second = (
        json.loads(payload)["components"]
        for topic, payload, _ in home_assistant.published
        if topic == DISCOVERY_TOPIC
    )
    assert first["car_2"] == {"platform": "sensor"}
    assert "car_2" not in second
    assert second["car_1"]["unique_id"]


async def test_another_name_or_currency_is_announced(home_assistant, publisher):
    await publisher.publish(*tale("two_vehicles"), NOW)
    _, _, home = plan_of("two_vehicles")
    renamed = replace(home, cars=[replace(car, name=f"My {car.name}") for car in home.cars])

    await publisher.publish(entities_of(renamed, "EUR"), {}, {}, NOW)

    components = json.loads(home_assistant.retained[DISCOVERY_TOPIC])["components"]
    assert components["car_1"]["name"] == "My hatchback"
    assert components["cost_today"]["unit_of_measurement"] == "EUR"


async def test_without_mqtt_states_are_set_by_rest(home_assistant, link, publisher):
    home_assistant.has_mqtt = False
    await link.listen(TOPICS)
    entities, values, attributes = tale()

    assert await publisher.publish(entities, values, attributes, NOW)

    posted = dict(home_assistant.posted)
    assert not publisher.has_controls
    assert posted["sensor.powersync_optimiser_action"]["state"] == values["action"]
    soc = posted["sensor.powersync_optimiser_soc"]["attributes"]
    assert soc["forecast"] == attributes["soc"]["forecast"]
    assert soc["unit_of_measurement"] == "%"
    assert posted["binary_sensor.powersync_optimiser_problem"]["state"] == "off"
    assert not [one for one in posted if one.startswith(("select.", "number.", "button."))]
    home_assistant.posted.clear()
    await publisher.publish(entities, values, attributes, NOW + timedelta(minutes=1))
    assert home_assistant.posted == []


async def test_mqtt_that_is_set_up_later_takes_over(home_assistant, link, publisher):
    home_assistant.has_mqtt = False
    await publisher.publish(*tale(), NOW)  # nobody has listened yet: it is tried
    assert home_assistant.posted

    home_assistant.has_mqtt = True
    await link.listen(TOPICS)
    await publisher.publish(*tale(), NOW + timedelta(minutes=5))

    assert home_assistant.states == {}, "else the entities of MQTT were called ..._2"
    assert DISCOVERY_TOPIC in home_assistant.retained
    assert publisher.has_controls


async def test_a_lost_link_is_said_and_all_is_sent_when_it_is_back(home_assistant, link, publisher):
    await publisher.publish(*tale(), NOW)
    entities, values, attributes = tale()
    moved = values | {"power": 77.0}
    await home_assistant.stop()
    assert not await publisher.publish(entities, moved, attributes, NOW)
    assert publisher.error

    await home_assistant.start()
    await link.wait_connected()
    home_assistant.retained.clear()
    assert await publisher.publish(entities, moved, attributes, NOW)
    assert publisher.error is None
    assert json.loads(home_assistant.retained[STATE_TOPIC])["power"] == 77.0
    assert home_assistant.retained[DISCOVERY_TOPIC]


async def test_states_without_mqtt_do_not_outlive_the_server(home_assistant, publisher):
    home_assistant.has_mqtt = False
    await publisher.publish(*tale(), NOW)
    ours = {entity for entity, _ in home_assistant.posted}
    assert "sensor.powersync_optimiser_action" in ours

    await publisher.withdraw()

    assert {home_assistant.states[entity]["state"] for entity in ours} == {"unavailable"}


async def test_states_that_nobody_wants_are_removed(home_assistant, publisher):
    home_assistant.has_mqtt = False
    await publisher.publish(*tale(), NOW)

    await publisher.remove(tale()[0])

    assert not {entity for entity, _ in home_assistant.posted} & home_assistant.states.keys()


async def test_a_device_that_nobody_wants_is_removed(home_assistant, publisher):
    await publisher.publish(*tale(), NOW)

    await publisher.remove(tale()[0])

    assert set(home_assistant.retained.values()) == {""}


def test_a_forecast_is_another_one_only_where_it_says_so():
    points = [{"time": "12:00", "value": 50.0}, {"time": "12:30", "value": 60.0}]

    def forecast(*changes):
        return {"forecast": [point | change for point, change in zip(points, changes, strict=True)]}

    assert not is_other(forecast({}, {}), forecast({}, {"value": 60.5}))
    assert is_other(forecast({}, {}), forecast({}, {"value": 61.0}))
    assert is_other(forecast({}, {}), forecast({"time": "13:00"}, {}))
    assert is_other({"forecast": points, "a": 1}, {"forecast": points, "a": 2})
    assert is_other({}, {"forecast": points})
    assert not is_other({"a": 1}, {"a": 1})
