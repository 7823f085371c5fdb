import math
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.home.history.meters import Span
from server.home.history.sun import (
    DAYS,
    end_of,
    mean_sun,
    reaches_tomorrow,
    with_mean_sun,
)
from server.sources.rows import Row
from tests.home.meters import changes_of, utc

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(2026, 6, 1, tzinfo=BERLIN)
DAY = [max(0.0, 5.0 - abs(hour - 13)) for hour in range(24)]  # kWh
FORTNIGHT = Span(int(MIDNIGHT.timestamp()) // 3600, 24 * DAYS)


def fortnight(values=DAY):
    return changes_of(MIDNIGHT, values * DAYS)


def rows_of(start, values):
    hour = timedelta(hours=1)
    return [Row(start + i * hour, start + (i + 1) * hour, value) for i, value in enumerate(values)]


def test_the_mean_sun_of_equal_days_is_the_day():
    sun = mean_sun({"sun": fortnight()}, ["sun"], FORTNIGHT, BERLIN)

    np.testing.assert_allclose(sun, 1000 * np.array(DAY))


def test_an_inverter_that_sleeps_at_night_has_no_other_mean():
    awake = [value or None for value in DAY]

    sun = mean_sun({"sun": fortnight(awake)}, ["sun"], FORTNIGHT, BERLIN)

    np.testing.assert_allclose(sun, 1000 * np.array(DAY))


def test_days_before_a_meter_do_not_count():
    sun = mean_sun({"sun": fortnight()[24 * 10 :]}, ["sun"], FORTNIGHT, BERLIN)

    np.testing.assert_allclose(sun, 1000 * np.array(DAY))


def test_systems_add_up_and_one_without_rows_leaves_the_sun_unknown():
    changes = {"a": fortnight(), "b": fortnight()}

    both = mean_sun(changes, ["a", "b"], FORTNIGHT, BERLIN)

    np.testing.assert_allclose(both, 2000 * np.array(DAY))
    assert mean_sun(changes, ["a", "gone"], FORTNIGHT, BERLIN) is None
    assert mean_sun(changes, [], FORTNIGHT, BERLIN) is None


@pytest.mark.parametrize(("hours", "reaches"), [(30, False), (35, False), (39, True), (48, True)])
def test_a_forecast_that_ends_with_the_last_light_reaches_tomorrow(hours, reaches):
    rows = rows_of(MIDNIGHT, [1.0] * hours)

    assert reaches_tomorrow(rows, MIDNIGHT + timedelta(hours=8), BERLIN) is reaches


def test_no_forecast_reaches_tomorrow_without_rows():
    assert not reaches_tomorrow([], MIDNIGHT, BERLIN)


def test_the_mean_sun_stands_where_the_forecast_has_ended():
    sun = 1000 * np.array(DAY)
    now = MIDNIGHT + timedelta(hours=12, minutes=10)

    rows = with_mean_sun(rows_of(MIDNIGHT, [1.0] * 24), sun, now, now + timedelta(hours=48), BERLIN)

    at_noon = {row.start.astimezone(BERLIN): row.value for row in rows}
    assert at_noon[MIDNIGHT + timedelta(hours=13)] == 1.0
    assert at_noon[MIDNIGHT + timedelta(hours=37)] == 5000.0


def test_a_forecast_without_nights_is_dark_in_between():
    rows = rows_of(MIDNIGHT + timedelta(hours=8), [1.0] * 8)
    rows += rows_of(MIDNIGHT + timedelta(hours=32), [1.0] * 8)

    found = with_mean_sun(rows, np.full(24, 9.0), MIDNIGHT, MIDNIGHT + timedelta(hours=40), BERLIN)

    values = [row.value for row in found]
    assert values == [9.0] * 8 + [1.0] * 8 + [0.0] + [1.0] * 8


def test_without_a_mean_sun_there_is_only_the_forecast():
    rows = rows_of(MIDNIGHT, [1.0] * 24)

    assert with_mean_sun(rows, None, MIDNIGHT, MIDNIGHT + timedelta(hours=48), BERLIN) == rows
    assert with_mean_sun([], None, MIDNIGHT, MIDNIGHT + timedelta(hours=48), BERLIN) == []


@given(
    begins=st.integers(-30, 60),
    count=st.integers(0, 60),
    now=st.integers(0, 60 * 24 * 365),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_rows_meet_from_now_to_the_end_in_any_zone(begins, count, now, zone):
    now = utc(2026, 1, 1) + timedelta(minutes=now)
    start = now.replace(minute=0) + timedelta(hours=begins)
    end = now + timedelta(hours=48)

    rows = with_mean_sun(
        rows_of(start, [1.0] * count), 1000 * np.array(DAY), now, end, ZoneInfo(zone)
    )

    assert rows[0].start <= now
    assert end_of(rows) >= end
    assert all(a.end == b.start for a, b in pairwise(rows))
    assert all(row.value >= 0.0 and math.isfinite(row.value) for row in rows)
