"""Provider rules: read where they can be, left out in the open where not."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import ChipMode, ExportBoost, ProviderRules, SpikeProtection, Window
from server.reading.provider_config import rules_from_wire
from server.wire.repairs import Repairs
from server.wire.requests import ProviderConfigIn

EVERYTHING = {
    "export_boost_enabled": True,
    "export_price_offset": 5,
    "export_min_price": 12.5,
    "export_boost_start": "17:00",
    "export_boost_end": "21:00",
    "chip_mode_enabled": True,
    "chip_mode_start": "22:00",
    "chip_mode_end": "06:00",
    "chip_mode_threshold": 30,
    "spike_protection_enabled": True,
}


def read(**changes):
    repairs = Repairs()
    rules = rules_from_wire(ProviderConfigIn(**{**EVERYTHING, **changes}), repairs)
    return rules, [(warning.code, warning.message) for warning in repairs.as_list()]


def test_cents_become_dollars_and_texts_times():
    rules, warnings = read()

    assert rules == ProviderRules(
        export_boost=ExportBoost(window=Window(time(17), time(21)), offset=0.05, minimum=0.125),
        chip_mode=ChipMode(window=Window(time(22), time(6)), threshold=0.3),
        spike_protection=SpikeProtection(threshold=1.0),
    )
    assert warnings == []


def test_nothing_enabled_is_nothing_in_force():
    off = dict.fromkeys((name for name in EVERYTHING if name.endswith("enabled")), False)

    assert read(**off) == (ProviderRules(), [])


@pytest.mark.parametrize("wire", [None, ProviderConfigIn()])
def test_an_absent_configuration_is_nothing_in_force(wire):
    repairs = Repairs()

    assert rules_from_wire(wire, repairs) == ProviderRules()

    assert repairs.as_list() == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("7:00", time(7)),
        ("07:00", time(7)),
        (" 17:30 ", time(17, 30)),
        ("17:30:00", time(17, 30)),
        ("24:00", time(0)),
        ("00:00", time(0)),
        ("23:59", time(23, 59)),
    ],
)
def test_times_are_read_as_people_write_them(text, meant):
    rules, warnings = read(export_boost_start=text)

    assert rules.export_boost.window.start == meant
    assert warnings == []


@pytest.mark.parametrize("text", ["bad", "", "25:00", "12:60", "noon", None, 7, 12.5, [], True])
def test_other_times_leave_their_rule_out(text):
    rules, warnings = read(export_boost_end=text)

    assert rules.export_boost is None
    assert (rules.chip_mode, rules.spike_protection) != (None, None)
    ((code, message),) = warnings
    assert code == "rule_ignored"
    assert message.startswith("export boost ignored: export_boost_end must be a time like 17:30")


@pytest.mark.parametrize(("value", "meant"), [(5, 0.05), ("5", 0.05), (-2.5, -0.025), (0, 0.0)])
def test_cents_may_be_text_and_negative(value, meant):
    rules, warnings = read(export_price_offset=value)

    assert rules.export_boost.offset == pytest.approx(meant)
    assert warnings == []


@pytest.mark.parametrize(("value", "threshold"), [(None, 1.0), (50, 0.5), ("250", 2.5)])
def test_a_spike_has_a_threshold_of_its_own(value, threshold):
    rules, _ = read(spike_protection_threshold=value)

    assert rules.spike_protection.threshold == pytest.approx(threshold)


@pytest.mark.parametrize("value", [0, -5, "x", [], True, float("nan"), float("inf"), 10**400])
def test_a_spike_without_a_sane_threshold_is_left_out(value):
    rules, warnings = read(spike_protection_threshold=value)

    assert rules.spike_protection is None
    assert [code for code, _ in warnings] == ["rule_ignored"]


@pytest.mark.parametrize("on", [True, 1, 1.0, "true", "True", " on ", "YES", "1"])
def test_a_switch_is_on_in_many_words(on):
    assert read(chip_mode_enabled=on)[0].chip_mode is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(sorted(EVERYTHING)), json_values))
def test_any_json_is_a_rule_or_a_warning(changes):
    rules, warnings = read(**changes)

    rules_in_force = {
        "export boost": rules.export_boost,
        "chip mode": rules.chip_mode,
        "spike protection": rules.spike_protection,
    }
    for _, message in warnings:
        assert rules_in_force[message.split(" ignored: ")[0]] is None
