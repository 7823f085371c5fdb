"""When index 0 is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import ProblemError
from server.reading.clock import find_zone, snap_start, start_from_wire
from server.wire.repairs import Repairs

SYDNEY = ZoneInfo("Australia/Sydney")
ZONES = [SYDNEY, ZoneInfo("Europe/London"), ZoneInfo("Australia/Adelaide"), UTC]
NOW = datetime(2026, 1, 14, 1, 2, 33, tzinfo=UTC)

moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(ZONES)


@given(moments, zones, st.sampled_from([1, 5, 10, 15, 20, 30, 60]))
def test_the_interval_in_progress_has_begun_and_not_ended(moment, zone, minutes):
    start = snap_start(moment.astimezone(zone), minutes)

    assert timedelta(0) <= moment - start < timedelta(minutes=minutes)
    assert start.utcoffset() == zone.utcoffset(start)
    assert (start.minute % minutes, start.second, start.microsecond) == (0, 0, 0)


@given(moments, zones, st.sampled_from([1, 5, 30, 60]))
def test_snapping_twice_changes_nothing(moment, zone, minutes):
    once = snap_start(moment.astimezone(zone), minutes)

    assert snap_start(once, minutes) == once


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
    assert [(w.code, w.field) for w in repairs.as_list()] == [("unknown_zone", "timezone")]
