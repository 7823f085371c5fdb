from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.home.states.words import (
    departure_from,
    is_plugged,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 6, 1, 12, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "state",
    [
        "on", "On", "True", "connected", "charging", "Charging", "plugged_in", "Plugged in",
        "awaiting_start", "ready_to_charge", "completed", "SuspendedEV", "Connected_Charging",
        "Connected: waiting for car demand", "B", "C", "state B", "C2", "fully charged", "paused",
        "Charging (1 phase)", "no_charge", "stopped",
    ],
)  # fmt: skip
def test_words_of_a_plugged_car(state):
    assert is_plugged(state) is True


@pytest.mark.parametrize(
    "state",
    [
        "off", "False", "disconnected", "Disconnected", "not connected", "unplugged", "Available",
        "A", "No car connected", "not_connected", "idle", "Ready", "State A", "WaitCar",
    ],
)  # fmt: skip
def test_words_of_an_absent_car(state):
    assert is_plugged(state) is False


@pytest.mark.parametrize("state", ["unavailable", "unknown", "", "error", "F", "<b>on</b>", "3"])
def test_other_words_say_neither(state):
    assert is_plugged(state) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("07:30", datetime(2026, 6, 2, 7, 30, tzinfo=BERLIN)),
        ("07:30:00", datetime(2026, 6, 2, 7, 30, tzinfo=BERLIN)),
        ("18:00", datetime(2026, 6, 1, 18, tzinfo=BERLIN)),
        ("2026-06-03 07:00:00", datetime(2026, 6, 3, 7, tzinfo=BERLIN)),
        ("2026-06-02T05:00:00+00:00", datetime(2026, 6, 2, 7, tzinfo=BERLIN)),
        ("2026-06-01 07:00:00", datetime(2026, 6, 1, 7, tzinfo=BERLIN)),
        ("2020-06-01", datetime(2020, 6, 1, tzinfo=BERLIN)),
        ("unknown", None),
        ("", None),
        ("25:99", None),
        ("9" * 400, None),
    ],
)
def test_departures_in_all_forms(text, expected):
    assert departure_from(text, NOW, BERLIN) == expected


def test_a_clock_time_on_the_day_of_a_clock_change():
    now = datetime(2026, 3, 28, 22, tzinfo=BERLIN)

    when = departure_from("07:00", now, BERLIN)

    assert when.astimezone(BERLIN) == datetime(2026, 3, 29, 7, tzinfo=BERLIN)
    assert when - now.astimezone(ZoneInfo("UTC")) == timedelta(hours=8)
