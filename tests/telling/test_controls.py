"""Controls: payloads of anybody, checked."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from server.home_assistant.link import Message
from server.settings.checks import check
from server.settings.home import ChargeNow
from server.telling.command import active_charge
from server.telling.controls import (
    ControlError,
    Controls,
    next_instant,
    with_charge_now,
    with_reserve,
)
from server.telling.entities import entities_of
from tests.telling import NOW, SYDNEY, plan_of

HOME = plan_of("dynamic_day")[2]
KEYS = [one.key for one in entities_of(HOME, "AUD") if one.is_control]


def change(key, payload, home=HOME, controls=None, *, retain=False):
    message = Message(f"powersync_optimiser/set/{key}", payload, retain)
    return (controls or Controls()).change(message, home, NOW, SYDNEY)


def test_mode_and_reserve_change_the_settings_and_the_plan():
    paused, reserve = change("mode", "paused"), change("reserve", "35")

    assert paused.settings.mode == "paused"
    assert [battery.reserve for battery in reserve.settings.batteries] == [0.35]
    assert paused.is_replan
    assert reserve.is_replan
    assert HOME.mode == "automatic"


def test_charge_now_takes_the_values_that_were_set_before():
    controls = Controls()
    first, second = (
        change("charge_to", "95", controls=controls),
        change("charge_by", "6:30", controls=controls),
    )

    on = change("charge_now", "ON", controls=controls)

    assert first.settings is second.settings is None
    assert on.settings.charge_now == ChargeNow(soc=0.95, until="2026-01-15T06:30:00+11:00")
    assert controls.values(on.settings, NOW, SYDNEY) == {
        "mode": "automatic",
        "reserve": 20,
        "charge_to": 95,
        "charge_by": "06:30",
        "charge_now": "ON",
    }


def test_values_moved_while_it_charges_count_at_once_and_it_can_be_switched_off():
    controls = Controls()
    on = change("charge_now", "ON", controls=controls).settings

    moved = change("charge_to", "60", on, controls).settings
    off = change("charge_now", "OFF", moved, controls).settings

    assert moved.charge_now.soc == 0.6
    assert off.charge_now is None


def test_a_charge_whose_time_has_passed_is_over():
    ended = replace(HOME, charge_now=ChargeNow(soc=0.9, until="2026-01-14T11:59:00+11:00"))

    assert active_charge(ended, NOW) is None
    assert Controls().values(ended, NOW, SYDNEY)["charge_now"] == "OFF"


def test_the_button_plans():
    assert change("replan", "PRESS").is_replan


def test_home_assistant_that_began_anew_is_told_everything():
    online, offline = (
        Controls().change(Message("homeassistant/status", text, False), HOME, NOW, SYDNEY)
        for text in ("online", "offline")
    )

    assert online.is_restart
    assert not offline.is_restart


@pytest.mark.parametrize(
    ("key", "payload"),
    [
        ("mode", "party"),
        ("reserve", "101"),
        ("reserve", "-1"),
        ("reserve", "nan"),
        ("reserve", "inf"),
        ("reserve", "much"),
        ("charge_to", "0"),
        ("charge_by", "24:00"),
        ("charge_by", "<b>"),
        ("charge_now", "maybe"),
        ("self_destruct", "ON"),
        ("", ""),
    ],
)
def test_a_value_that_no_control_takes_is_noted(key, payload):
    answer = change(key, payload)

    assert answer.settings is None
    assert not answer.is_replan
    assert key in answer.note
    assert answer.is_shown_anew


def test_a_command_that_the_broker_kept_is_not_obeyed():
    answer = change("mode", "paused", retain=True)

    assert answer.settings is None
    assert "broker" in answer.note


def test_a_reserve_above_the_end_of_charging_is_refused():
    limited = replace(HOME, batteries=[replace(HOME.batteries[0], max_soc=0.8)])

    with pytest.raises(ControlError, match="80 %"):
        with_reserve(limited, 0.9)


def test_a_charge_in_the_past_or_without_a_battery_is_refused():
    with pytest.raises(ControlError, match="ahead"):
        with_charge_now(HOME, 0.9, NOW, NOW)
    with pytest.raises(ControlError, match="battery"):
        with_charge_now(replace(HOME, batteries=[]), 0.9, NOW + timedelta(hours=1), NOW)


@given(st.sampled_from([*KEYS, "x"]), st.text(max_size=60) | st.floats().map(str))
def test_no_payload_breaks_anything_and_what_is_taken_passes_the_checks(key, payload):
    answer = change(key, payload)

    if answer.settings is not None:
        check(answer.settings)
    else:
        assert answer.is_replan or answer.note or answer.is_shown_anew


@given(
    st.integers(0, 23),
    st.integers(0, 59),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "UTC"]),
)
def test_the_next_instant_of_a_clock_time_is_within_a_day_and_bears_that_time(
    hour, minute, naive, name
):
    now, zone = naive.replace(tzinfo=UTC), ZoneInfo(name)

    when = next_instant(f"{hour:02}:{minute:02}", now, zone)

    assert now < when <= now + timedelta(hours=26)
    is_skipped = (when.hour, when.minute) != (hour, minute)
    if is_skipped:  # by the clocks in spring
        assert (
            when.utcoffset()
            != (when - timedelta(hours=4)).astimezone(UTC).astimezone(zone).utcoffset()
        )
