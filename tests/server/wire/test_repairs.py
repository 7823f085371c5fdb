"""Numbers by the rules beside their fields."""

import math

import pytest

from optimiser import ProblemError
from server.wire.repairs import FieldReader, Repairs, number_from_json, rules_of
from server.wire.storages import BatteryIn, EvIn


def read(wire, name, rule=None):
    repairs = Repairs()
    value = FieldReader(wire, "it", repairs).number(name, rule)
    return value, [warning.code for warning in repairs.warnings]


@pytest.mark.parametrize(
    ("value", "meant"),
    [(1, 1.0), (1.5, 1.5), ("2", 2.0), (" -3e2 ", -300.0), (-0.0, 0.0), ("inf", math.inf)],
)
def test_a_number_is_read_also_out_of_text(value, meant):
    assert number_from_json(value) == meant


@pytest.mark.parametrize("value", [None, True, False, "x", "", "0x10", [], [1], {}, 10**400])
def test_what_is_no_number_is_nan(value):
    assert math.isnan(number_from_json(value))


@pytest.mark.parametrize(
    ("name", "sent", "value", "codes"),
    [
        ("current_soc", 1.05, 1, ["clamped"]),
        ("current_soc", 1.2, 0.012, ["percent"]),
        ("current_soc", 150, 1, ["percent", "clamped"]),
        ("max_soc", None, 1, []),
        ("efficiency", 1.9, 1, ["clamped"]),
        ("efficiency", 2, 0.5, ["percent", "clamped"]),
        ("charge_efficiency", None, 0.9, []),
        ("capacity_wh", 200, 200, []),
        ("capacity_wh", 2e6, 2e6, ["implausible"]),
        ("max_charge_w", 2e5, 1e5, ["capped"]),
        ("max_export_w", None, math.inf, []),
        ("cycle_cost", 2000, 1000, ["clamped"]),
        ("end_value", -2000, -1000, ["clamped"]),
    ],
)
def test_a_slip_of_a_battery_begins_where_its_rule_says(name, sent, value, codes):
    assert read(BatteryIn(**{name: sent}), name) == (pytest.approx(value), codes)


@pytest.mark.parametrize(
    ("name", "sent", "value", "codes"),
    [
        ("battery_capacity_kwh", None, 75, []),
        ("battery_capacity_kwh", 60_000, 60, ["unit"]),
        ("battery_capacity_kwh", 2e6, 1000, ["unit", "clamped"]),
        ("max_charge_kw", None, 7.4, []),
        ("max_charge_kw", 7400, 7.4, ["unit"]),
        ("max_charge_kw", 400, 100, ["clamped"]),
        ("charger_efficiency", "x", 0.92, ["default"]),
    ],
)
def test_a_slip_of_a_vehicle_begins_where_its_rule_says(name, sent, value, codes):
    assert read(EvIn(**{name: sent}), name) == (pytest.approx(value), codes)


def test_powers_beside_a_capacity_in_kwh_are_kw():
    battery = BatteryIn(capacity_wh=13.5, max_charge_w=5)

    assert read(battery, "max_charge_w") == (5000, ["unit"])


@pytest.mark.parametrize("name", ["capacity_wh", "max_charge_w", "max_export_w"])
def test_what_cannot_be_negative_is_refused(name):
    with pytest.raises(ProblemError, match=rf"^it\.{name}: must not be negative, got -1\.0$"):
        read(BatteryIn(**{name: -1}), name)


@pytest.mark.parametrize(("sent", "value"), [(None, None), ("x", None), (0.1, 0.1)])
def test_an_end_value_may_be_absent(sent, value):
    assert FieldReader(BatteryIn(end_value=sent), "it", Repairs()).optional("end_value") == value


@pytest.mark.parametrize("kind", [BatteryIn, EvIn])
def test_every_number_has_a_rule(kind):
    by_hand = {"min_charge_kw", "phases"}  # at most the highest power; a number, or some of three

    numbers = {name for name, hint in kind.__annotations__.items() if "float" in str(hint)}

    assert numbers - by_hand == set(rules_of(kind))
