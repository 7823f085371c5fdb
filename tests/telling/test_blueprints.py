"""The blueprints and the dashboard: what they refer to is there, and does what it says."""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment

from server.settings.home import ActingSettings
from server.telling.acting import call_for
from server.telling.command import Command
from server.telling.entities import BATTERY_ACTIONS, attributes_from, entities_of, values_from
from server.telling.publish import entity_id
from tests.telling import EXAMPLES, NOW, plan_of
from tests.telling.test_report import report_of

FOLDER = EXAMPLES / "blueprints"
SELECTORS = {"action", "entity", "number", "select", "text"}


class Input(str):
    """A place that the owner fills."""


class Reader(yaml.SafeLoader):
    """YAML with the tag of blueprints."""


Reader.add_constructor("!input", lambda reader, node: Input(node.value))


def read(path):
    return yaml.load(path.read_text(encoding="utf-8"), Loader=Reader)


INVERTER = read(FOLDER / "script/powersync_optimiser/inverter.yaml")
CHARGER = read(FOLDER / "automation/powersync_optimiser/ev_charger.yaml")
APPLIANCE = read(FOLDER / "automation/powersync_optimiser/appliance.yaml")


def inputs_in(part):
    if isinstance(part, Input):
        yield str(part)
    elif isinstance(part, dict | list):
        for one in part.values() if isinstance(part, dict) else part:
            yield from inputs_in(one)


def as_float(value, default):
    try:
        return float(value)
    except (TypeError, ValueError):
        return default


def rendered(template, **variables):
    environment = NativeEnvironment(undefined=StrictUndefined)
    environment.filters["float"] = as_float
    return environment.from_string(template.strip()).render(variables)


def branch(choose, variables):
    """The input that a choice leads to."""
    for option in choose["choose"]:
        if rendered(option["conditions"], **variables):
            return option["sequence"]
    return choose.get("default")


@pytest.mark.parametrize(
    ("blueprint", "domain"),
    [(INVERTER, "script"), (CHARGER, "automation"), (APPLIANCE, "automation")],
)
def test_a_blueprint_uses_all_of_its_inputs_and_no_others(blueprint, domain):
    head = blueprint["blueprint"]
    body = {key: part for key, part in blueprint.items() if key != "blueprint"}

    assert head["domain"] == domain
    assert set(inputs_in(body)) == set(head["input"])
    for one in head["input"].values():
        assert one["name"]
        assert len(one["selector"]) == 1
        assert set(one["selector"]) <= SELECTORS
    assert ("sequence" in body) == (domain == "script")
    assert {"triggers", "actions"} <= body.keys() or domain == "script"


def called(action, power=3000.0):
    """The variables of the script when a command is given, as Home Assistant renders them."""
    command = Command(action, power, NOW, 0.8)
    _, data = call_for(ActingSettings(action="script.battery"), command, 20)
    variables = dict(data["variables"])
    for name, template in INVERTER["variables"].items():
        variables[name] = rendered(template, **variables)
    return variables


@pytest.mark.parametrize(
    ("action", "power", "expected"),
    [
        ("normal", 0.0, "normal"),
        ("charge", 3000.0, "charge"),
        ("charge", 0.0, "wait"),
        ("export", 3000.0, "export"),
        ("hold", 0.0, "hold"),
    ],
)
def test_every_command_has_its_actions_and_its_end(action, power, expected):
    choose, timer = INVERTER["sequence"]

    variables = called(action, power)

    assert branch(choose, variables) == expected
    assert rendered(timer["if"], **variables) == (action != "normal")
    delay, last = timer["then"]
    assert rendered(delay["delay"]["minutes"], **variables) == 20.0
    assert last["sequence"] == "normal"
    assert choose["continue_on_error"] is True  # else a failure would stop the timer
    assert INVERTER["mode"] == "restart"  # a new command ends the timer of the old one


def test_the_fields_of_the_script_are_what_is_sent():
    assert set(INVERTER["fields"]) == called("charge").keys() - set(INVERTER["variables"])
    assert set(INVERTER["fields"]["action"]["selector"]["select"]["options"]) == {*BATTERY_ACTIONS}


def test_a_script_that_is_started_by_hand_without_values_means_normal():
    variables = {}
    for name, template in INVERTER["variables"].items():
        variables[name] = rendered(template, **variables)

    assert branch(INVERTER["sequence"][0], variables) == "normal"


def heard(state, power, before=("wait", 0.0)):
    """The variables of the charger's automation after a change of the plan."""
    old, new = (
        known and SimpleNamespace(state=known[0], attributes={"power_w": known[1]})
        for known in (before, state and (state, power))
    )
    defaults = {name: one.get("default") for name, one in CHARGER["blueprint"]["input"].items()}
    variables = {name: defaults[one] for name, one in CHARGER["variables"].items()}
    variables |= {
        "trigger": SimpleNamespace(from_state=old, to_state=new),
        "states": lambda plan: new.state if new else "unavailable",
        "state_attr": lambda plan, name: new and new.attributes.get(name),
    }
    delay, late, _ = CHARGER["actions"]
    assert delay == {"delay": 1}
    for name, template in late["variables"].items():
        variables[name] = rendered(template, **variables)
    return variables


@pytest.mark.parametrize(
    ("state", "power", "expected", "amps"),
    [
        ("charge", 2300.0, "charge", 10),
        ("charge", 100.0, "charge", 6),
        ("charge", 11000.0, "charge", 16),
        ("wait", 0.0, "wait", 6),
        ("away", 0.0, None, 6),
        ("unknown", 0.0, "otherwise", 6),
        ("unavailable", 0.0, "otherwise", 6),
        (None, 0.0, "otherwise", 6),
    ],
)
def test_a_charger_follows_the_plan_of_the_car(state, power, expected, amps):
    variables = heard(state, power)

    assert branch(CHARGER["actions"][-1], variables) == expected
    assert variables["amps"] == amps


@pytest.mark.parametrize(
    ("before", "is_news"),
    [
        (("charge", 2300.0), False),
        (("charge", 1400.0), True),
        (("wait", 2300.0), True),
        (None, True),
    ],
)
def test_a_charger_hears_only_of_another_action_or_power(before, is_news):
    variables = heard("charge", 2300.0, before)

    (condition,) = CHARGER["conditions"]
    assert bool(rendered(condition["value_template"], **variables)) is is_news


@pytest.mark.parametrize(("state", "expected"), [("on", "start"), ("off", "finish")])
def test_an_appliance_is_started_and_finished(state, expected):
    begins, ends = APPLIANCE["triggers"]
    (choose,) = APPLIANCE["actions"]
    trigger = SimpleNamespace(to_state=SimpleNamespace(state=state))

    assert branch(choose, {"trigger": trigger}) == expected
    assert (begins["to"], "from" in begins) == ("on", False)
    assert (ends["from"], ends["to"]) == ("on", "off")


def entities_in(part):
    if isinstance(part, dict):
        if isinstance(part.get("entity"), str):
            yield part["entity"]
        for one in part.values():
            yield from entities_in(one)
    elif isinstance(part, list):
        for one in part:
            yield from entities_in(one)


def test_the_dashboard_shows_entities_that_there_are():
    view = yaml.safe_load((EXAMPLES / "lovelace.yaml").read_text(encoding="utf-8"))
    report, home = report_of("dynamic_day"), plan_of("dynamic_day")[2]
    entities = {entity_id(entity): entity for entity in entities_of(home, "AUD")}
    values, attributes = values_from(report), attributes_from(report)

    assert set(entities_in(view)) <= entities.keys()

    environment = NativeEnvironment(undefined=StrictUndefined)
    environment.globals |= {
        "states": lambda name: str(values[entities[name].key]),
        "state_attr": lambda name, key: attributes[entities[name].key][key],
        "as_datetime": datetime.fromisoformat,
        "as_local": lambda when: when,
    }
    cards = [card for section in view["sections"] for card in section["cards"]]
    texts = [
        environment.from_string(card["content"]).render()
        for card in cards
        if card["type"] == "markdown"
    ]
    assert report.order.action.capitalize() in texts[0]
    assert f"| {report.soc_forecast[0]['value']} |" in texts[1]


def test_every_yaml_file_of_the_folder_is_read_here():
    assert {path.name for path in Path(FOLDER).rglob("*.yaml")} == {
        "inverter.yaml",
        "ev_charger.yaml",
        "appliance.yaml",
    }
