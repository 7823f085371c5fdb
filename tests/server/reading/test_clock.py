"""When index 0 is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import ProblemError
from server.reading.clock import find_zone, hours_into_interval, start_from_wire
from server.wire.repairs import Repairs

SYDNEY = ZoneInfo("Australia/Sydney")
ZONES = [SYDNEY, ZoneInfo("Europe/London"), ZoneInfo("Australia/Adelaide"), UTC]
NOW = datetime(2026, 1, 14, 1, 2, 33, tzinfo=UTC)

moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(ZONES)


@given(moments, zones, st.sampled_from([0.5, 1, 2.5, 5, 7.5, 10, 12, 15, 20, 30, 60]))
def test_the_running_interval_begins_and_ends_on_the_local_clock(moment, zone, minutes):
    start = moment.astimezone(zone).replace(microsecond=0)

    passed = timedelta(hours=hours_into_interval(start, minutes))

    assert timedelta(0) <= passed < timedelta(minutes=minutes)
    begin = start.replace(tzinfo=None) - passed
    assert (60 * begin.minute + begin.second) % (60 * minutes) == 0


@given(moments, zones, st.sampled_from([0.7, 7, 8, 9, 45, 90, 120, 1440, 60 / 7]))
def test_of_intervals_that_divide_no_hour_nothing_has_passed(moment, zone, minutes):
    assert hours_into_interval(moment.astimezone(zone), minutes) == 0


@given(moments, zones)
def test_an_aware_start_keeps_its_instant(moment, zone):
    start = start_from_wire(moment.isoformat(), None, zone, NOW, Repairs())

    assert start == moment
    assert start.utcoffset() == moment.astimezone(zone).utcoffset()


@given(moments, zones)
def test_a_naive_start_is_local(moment, zone):
    local = moment.astimezone(zone)

    start = start_from_wire(local.replace(tzinfo=None).isoformat(), None, zone, NOW, Repairs())

    assert start.replace(tzinfo=None) == local.replace(tzinfo=None)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30)), zones)
def test_every_start_has_a_name_that_exists(naive, zone):
    start = start_from_wire(naive.isoformat(), None, zone, NOW, Repairs())

    assert start.astimezone(UTC).astimezone(zone).isoformat() == start.isoformat()


@given(st.text(max_size=30))
def test_any_text_is_a_start_or_refused_by_name(text):
    start, error = start_or_error(text)

    assert start is None or start.tzinfo is not None
    assert error is None or str(error).startswith("start_time: must ")


def start_or_error(text):
    try:
        return start_from_wire(text, None, SYDNEY, NOW, Repairs()), None
    except ProblemError as error:
        return None, error


@given(st.text(max_size=30))
def test_any_text_is_a_zone_or_none(text):
    zone = find_zone(text)

    assert zone is None or zone.key == text


def test_without_a_start_it_is_now():
    assert (
        start_from_wire(None, None, SYDNEY, NOW, Repairs()).isoformat()
        == "2026-01-14T12:02:33+11:00"
    )


@pytest.mark.parametrize("start_time", [None, "2026-01-14T12:02:33"])
def test_the_zone_of_the_request_wins(start_time):
    start = start_from_wire(start_time, "Europe/London", SYDNEY, NOW, Repairs())

    assert start.utcoffset() == timedelta(0)


def test_an_unknown_zone_is_noted():
    repairs = Repairs()

    start = start_from_wire(None, "Mars/Base", SYDNEY, NOW, repairs)

    assert start.utcoffset() == timedelta(hours=11)
    assert [(w.code, w.field) for w in repairs.warnings] == [("unknown_zone", "timezone")]
