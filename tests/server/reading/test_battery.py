"""The battery of a request: every slip of unit that has one sane reading."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.reading.battery import battery_from_wire
from server.reading.series.steps import Timeline
from server.wire.repairs import Repairs
from server.wire.storages import BatteryIn

A_DAY = Timeline(datetime(2026, 1, 5, tzinfo=UTC), np.full(24, 1.0), 0.0, 24)
SELLING = np.repeat([0.05, 0.2], 12)
REQUIRED = {
    "current_soc": 0.5,
    "capacity_wh": 13500.0,
    "max_charge_w": 5000.0,
    "max_discharge_w": 4000.0,
    "efficiency": 0.9,
    "backup_reserve": 0.2,
}


def read(**changes):
    repairs = Repairs()
    battery = battery_from_wire(BatteryIn(**{**REQUIRED, **changes}), A_DAY, SELLING, repairs)
    return battery, [(w.code, w.field.removeprefix("battery.")) for w in repairs.warnings]


@given(
    soc=st.floats(0, 1),
    capacity=st.floats(200, 1e6),
    power=st.floats(50, 1e5),
    efficiency=st.floats(0.5, 1),
    reserve=st.floats(0, 1),
)
def test_a_sane_battery_is_read_as_sent(soc, capacity, power, efficiency, reserve):
    battery, warnings = read(
        current_soc=soc,
        capacity_wh=capacity,
        max_charge_w=power,
        efficiency=efficiency,
        backup_reserve=reserve,
    )

    assert warnings == []
    assert (battery.initial_soc, battery.reserve) == (soc, reserve)
    assert battery.capacity == pytest.approx(capacity / 1000)
    assert battery.charge_limit == pytest.approx(power / 1000)
    assert battery.charge_efficiency == battery.discharge_efficiency == efficiency


MEANING = {
    "current_soc": ("initial_soc", 1),
    "capacity_wh": ("capacity", 1000),
    "max_charge_w": ("charge_limit", 1000),
    "max_discharge_w": ("discharge_limit", 1000),
    "efficiency": ("charge_efficiency", 1),
    "backup_reserve": ("reserve", 1),
    "max_soc": ("max_soc", 1),
    "cycle_cost": ("cycle_cost", 1),
}
SILENT = {"backup_reserve": 0, "max_soc": 1, "cycle_cost": 0}
"""Defaults that need no warning."""


@given(
    name=st.sampled_from(sorted(MEANING)),
    value=st.floats() | st.text(max_size=3) | st.none(),
)
def test_an_odd_value_gives_a_battery_and_is_noted_unless_it_is_taken_as_sent(name, value):
    attribute, unit = MEANING[name]
    if unit == 1000 and is_number(value) and float(value) < 0:
        return

    battery, warnings = read(**{name: value})

    assert 0 <= battery.initial_soc <= 1
    assert 0 <= battery.reserve <= battery.max_soc <= 1
    assert 0 <= battery.capacity <= 1e5
    assert 0 <= battery.charge_limit <= 100
    assert 0.5 <= battery.charge_efficiency <= 1
    result = getattr(battery, attribute) * unit
    if value is None and name in SILENT:
        assert (result, warnings) == (SILENT[name], [])
    elif not is_number(value) or not math.isclose(result, float(value), rel_tol=1e-12):
        assert name in {field for _, field in warnings}


def is_number(value):
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


@pytest.mark.parametrize(
    ("sent", "charging", "discharging"),
    [
        ({"efficiency": 0.8}, 0.8, 0.8),
        ({"round_trip_efficiency": 0.81}, 0.9, 0.9),
        ({"efficiency": 0.5, "round_trip_efficiency": 0.81}, 0.9, 0.9),
        ({"charge_efficiency": 0.7}, 0.7, 0.9),
        ({"charge_efficiency": 0.7, "round_trip_efficiency": 0.64}, 0.7, 0.8),
        ({"charge_efficiency": 0.7, "discharge_efficiency": 0.6, "efficiency": None}, 0.7, 0.6),
    ],
)
def test_the_most_specific_efficiency_wins(sent, charging, discharging):
    battery, warnings = read(**sent)

    assert battery.charge_efficiency == pytest.approx(charging)
    assert battery.discharge_efficiency == pytest.approx(discharging)
    assert warnings == []


def test_the_higher_of_reserve_and_lowest_state_is_kept():
    assert read(min_soc=0.3)[0].reserve == 0.3
    assert read(min_soc=0.1)[0].reserve == 0.2


def test_permissions_hold_unless_they_are_denied():
    battery, _ = read(can_charge_from_grid=None, can_export_to_grid=False)

    assert battery.may_charge_from_grid is True
    assert battery.may_export is False


@pytest.mark.parametrize(
    ("least", "permission", "expected"),
    [
        (0.2, None, [False] * 12 + [True] * 12),
        (0.2, [True, False] * 12, [False] * 12 + [True, False] * 6),
        (0.2, False, [False] * 24),
        (0.05, None, True),
        (-1.0, None, True),
        (0.3, None, [False] * 24),
    ],
)
def test_nothing_is_sold_under_the_least_price(least, permission, expected):
    battery, warnings = read(min_sell_price=least, can_export_to_grid=permission)

    wanted = tuple(expected) if isinstance(expected, list) else expected
    assert battery.may_export == wanted
    assert warnings == []
