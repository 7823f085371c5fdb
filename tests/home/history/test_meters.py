import math
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from server.home.history.meters import (
    FIVE_MINUTES,
    Span,
    energy_of,
    energy_with_pauses,
    hour_of_week,
    means_by,
    span_between,
    total_of,
    without_spikes,
)
from tests.home.meters import changes_of, utc

MONDAY = utc(2026, 6, 1)


def hours(count):
    return span_between(MONDAY, MONDAY + timedelta(hours=count))


def test_a_span_holds_the_whole_periods_between_two_instants():
    span = span_between(utc(2026, 6, 1, 0, 10), utc(2026, 6, 1, 3, 59))

    assert (span.start, span.end) == (MONDAY, utc(2026, 6, 1, 3))


def test_the_row_after_a_gap_is_unknown():
    energy = energy_of(changes_of(MONDAY, [1.0, None, None, 3.0, 1.0]), hours(5))

    np.testing.assert_array_equal(energy, [1.0, math.nan, math.nan, math.nan, 1.0])


def test_the_first_row_follows_no_gap_and_rows_outside_are_left_out():
    rows = changes_of(MONDAY - timedelta(hours=1), [9.0, 1.0, 2.0, 9.0])

    np.testing.assert_array_equal(energy_of(rows, hours(2)), [1.0, 2.0])


def test_an_inverter_that_sleeps_has_given_nothing_meanwhile():
    rows = changes_of(MONDAY, [None, 1.0, 2.0, None, None, 0.5, 1.0, None, None])

    energy = energy_with_pauses(rows, hours(9))

    np.testing.assert_array_equal(energy, [math.nan, 1.0, 2.0, 0, 0, 0.5, 1.0, 0, 0])


def test_what_a_sleeping_meter_brings_after_a_gap_is_no_hours_energy():
    energy = energy_with_pauses(changes_of(MONDAY, [1.0, 2.0, None, None, 9.0, 1.0]), hours(6))

    np.testing.assert_array_equal(energy, [1.0, 2.0, 0.0, 0.0, 0.0, 1.0])


def test_a_meter_that_ended_days_ago_is_unknown():
    energy = energy_with_pauses(changes_of(MONDAY, [1.0]), hours(48))

    assert np.isnan(energy[25:]).all()
    assert not np.isnan(energy[:25]).any()


def test_a_sum_is_unknown_where_one_meter_is():
    changes = {"a": changes_of(MONDAY, [1.0, None]), "b": changes_of(MONDAY, [2.0, 5.0])}

    np.testing.assert_array_equal(total_of(changes, ["a", "b"], hours(2)), [3.0, math.nan])
    assert np.isnan(total_of(changes, ["a", "other"], hours(2))).all()


def test_hours_of_the_week_are_local():
    assert hour_of_week(MONDAY.timestamp(), ZoneInfo("Australia/Sydney")) == 10
    assert hour_of_week(MONDAY.timestamp(), ZoneInfo("America/New_York")) == 6 * 24 + 20


def test_where_clocks_differ_by_half_an_hour_hours_are_those_of_the_statistics():
    zone = ZoneInfo("Asia/Kolkata")
    assert hour_of_week(MONDAY.timestamp() + 1800, zone) == hour_of_week(MONDAY.timestamp(), zone)


def test_five_minutes_belong_to_their_hour():
    span = Span(int(MONDAY.timestamp()) // FIVE_MINUTES, 13, FIVE_MINUTES)

    assert span.hours_of_week(ZoneInfo("UTC")).tolist() == [0] * 12 + [1]


def test_means_leave_out_unknown_values():
    values = np.array([1.0, 3.0, math.nan, math.nan])

    means = means_by(np.array([0, 0, 0, 2]), values, 3)

    np.testing.assert_array_equal(means, [2.0, math.nan, math.nan])


def test_what_no_home_has_is_unknown():
    energy = without_spikes(np.array([1.0, 2.0, 6000.0, 0.5] * 30 + [math.nan]), hours(121))
    spiky = without_spikes(np.array([1.0] * 99 + [6000.0]), hours(100))
    large = without_spikes(np.array([20.0] * 99 + [90.0]), hours(100))

    assert np.nanmax(energy) == 6000.0  # not once, but each third hour
    assert np.flatnonzero(np.isnan(spiky)).tolist() == [99]
    assert not np.isnan(large).any()
    assert np.isnan(without_spikes(np.full(3, math.nan), hours(3))).all()
