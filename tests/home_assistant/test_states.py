import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.home_assistant.states import EntityState, is_entity_id, number_of, share_of

AT = datetime(2026, 11, 30, tzinfo=UTC)


def state(text, **attributes):
    return EntityState("sensor.x", text, attributes, AT, AT)


@pytest.mark.parametrize(
    "text",
    ["unknown", "unavailable", "", "nan", "inf", "-Infinity", "on", "1_000", "12,5", "1e999"],
)
def test_what_is_no_finite_number_is_none(text):
    assert number_of(state(text)) is None


@pytest.mark.parametrize(
    ("text", "number"), [("12.5", 12.5), ("-3", -3), (" 7 ", 7), ("1e-3", 0.001)]
)
def test_a_number_is_read(text, number):
    assert number_of(state(text)) == number


@given(st.text())
def test_any_text_is_a_finite_number_or_none(text):
    number = number_of(state(text))

    assert number is None or math.isfinite(number)


@pytest.mark.parametrize(
    ("text", "attributes", "share"),
    [
        ("55", {"unit_of_measurement": "%"}, 0.55),
        ("0.6", {"unit_of_measurement": "%"}, 0.006),
        ("100.4", {"unit_of_measurement": "%"}, 1.0),
        ("-0.2", {"unit_of_measurement": "%"}, 0.0),
        ("0.6", {}, 0.6),
        ("1", {}, 1.0),
        ("60", {}, 0.6),
        ("1", {"device_class": "battery"}, 0.01),
        ("255", {"unit_of_measurement": "%"}, None),
        ("-5", {"unit_of_measurement": "%"}, None),
        ("5", {"unit_of_measurement": "kWh"}, None),
        ("unknown", {"unit_of_measurement": "%"}, None),
        ("50", {"unit_of_measurement": ["%"]}, 0.5),
    ],
)
def test_a_share_is_read_by_its_unit(text, attributes, share):
    assert share_of(state(text, **attributes)) == pytest.approx(share)


def test_no_entity_has_no_number():
    assert number_of(None) is None
    assert share_of(None) is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("sensor.battery_soc", True),
        ("sensor.1", True),
        ("sensor", False),
        ("sensor.a.b", False),
        ("Sensor.Soc", False),
        ("sensor.a/../../config", False),
        ("sensor.soc\n", False),
        ("sensor.__x", False),
    ],
)
def test_an_entity_id_is_told_from_other_text(text, is_one):
    assert is_entity_id(text) == is_one
