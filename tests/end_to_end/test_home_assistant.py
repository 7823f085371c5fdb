"""The package for Home Assistant: what its templates render is what the API takes and answers."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment
from jinja2.sandbox import SandboxedEnvironment

from tests.end_to_end import NOW, SYDNEY, post, warned

PACKAGE = yaml.safe_load(
    (Path(__file__).parents[2] / "examples" / "home_assistant.yaml").read_text(encoding="utf-8")
)
COMMAND = PACKAGE["rest_command"]["plan_battery"]
SENSORS = PACKAGE["template"][0]

STATES = {"sensor.mean_load": "640.5", "sensor.battery_level": "55"}
UNKNOWN = {"sensor.mean_load": "unavailable", "sensor.battery_level": "55"}


def attributes():
    """Prices and sun as integrations keep them: rows with aware datetimes, and stamps."""
    half_hours = [NOW.astimezone(SYDNEY) + timedelta(minutes=30 * t) for t in range(48)]
    prices = [
        {"start": at, "end": at + timedelta(minutes=30), "value": 0.1 if at.hour < 16 else 0.4}
        for at in half_hours
    ]
    watts = {at.isoformat(): 2000.0 if at.hour < 18 else 0.0 for at in half_hours}
    return {"prices": prices, "watts": watts}


def rendered(template, states=STATES, **variables):
    """What Home Assistant makes of a template: text of a payload, a value elsewhere."""
    kind = SandboxedEnvironment if template == COMMAND["payload"] else NativeEnvironment
    environment = kind(undefined=StrictUndefined)
    environment.filters["to_json"] = lambda value: json.dumps(value, default=datetime.isoformat)
    environment.filters["float"] = as_float
    environment.globals |= {
        "states": states.__getitem__,
        "is_state": lambda entity, state: states[entity] == state,
        "state_attr": lambda entity, name: attributes()[name],
    }
    return environment.from_string(template.strip()).render(variables)


def as_float(value, default=None):
    """The filter of Home Assistant: text that is no number needs a default."""
    try:
        return float(value)
    except ValueError:
        if default is None:
            raise
        return default


@pytest.fixture
async def reply(client):
    status, answer = await post(client, rendered(COMMAND["payload"]).encode())
    assert status == 200, answer
    return answer


@pytest.mark.parametrize("states", [STATES, UNKNOWN], ids=["known", "a sensor unavailable"])
async def test_the_payload_is_what_the_api_takes_by_the_letter(client, states):
    body = rendered(COMMAND["payload"], states)

    status, answer = await post(client, body.encode())

    assert status == 200, answer
    assert answer["status"] == "optimal"
    assert len(answer["schedule"]["charge_w"]) == 48
    assert warned(answer) == []
    assert answer["schedule"]["soc_trajectory"][0] == 0.55
    assert json.loads(body)["load_forecast"] == (500.0 if states is UNKNOWN else 640.5)


def test_the_command_is_a_post_of_json():
    assert (COMMAND["method"], COMMAND["content_type"]) == ("post", "application/json")
    assert COMMAND["url"].endswith(":5000/optimize")
    assert COMMAND["timeout"] > 28  # s; the server gives a plan up after that


async def test_the_sensors_show_the_first_interval_of_the_plan(reply):
    trigger = {"event": {"data": {"plan": reply}}}
    power, action, bill = (
        rendered(sensor["state"], trigger=trigger) for sensor in SENSORS["sensor"]
    )

    assert action == reply["schedule"]["action"][0]
    assert power == reply["schedule"]["charge_w"][0] + reply["schedule"]["discharge_w"][0]
    assert bill == reply["summary"]["total_cost"]
    for template in SENSORS["sensor"][1]["attributes"].values():
        rendered(template, trigger=trigger)


async def test_a_plan_is_handed_on_and_a_refusal_is_shown(client, reply):
    _, ask = PACKAGE["automation"][0]["actions"]
    hand_on, show = ask["then"][0], ask["else"][0]
    _, refusal = await post(client, {"prices_import": []})

    assert PACKAGE["automation"][0]["actions"][0]["action"] == "rest_command.plan_battery"
    assert hand_on["event"] == SENSORS["triggers"][0]["event_type"]
    good, bad = ({"status": status, "content": c} for status, c in ((200, reply), (400, refusal)))
    assert rendered(ask["if"], answer=good) is True
    assert rendered(ask["if"], answer=bad) is False
    assert rendered(hand_on["event_data"]["plan"], answer=good) == reply
    assert rendered(show["data"]["message"], answer=bad) == refusal["error"]


def test_every_action_of_a_plan_commands_something():
    (choice,) = PACKAGE["automation"][1]["actions"]

    def commanded(action):
        states = {"sensor.battery_action": action}
        for case in choice["choose"]:
            if rendered(case["conditions"], states):
                return case["sequence"][0]["action"]
        return choice["default"][0]["action"]

    found = {action: commanded(action) for action in ("charge", "consume", "export", "idle")}
    assert found == {
        "charge": "script.battery_charge",
        "consume": "script.battery_power_the_home",
        "export": "script.battery_export",
        "idle": "script.battery_hold",
    }
