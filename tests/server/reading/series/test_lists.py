"""Lists as they arrive, made into clean series of one length."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import ProblemError
from server.reading.series.lists import numbers_from_list, on_intervals
from server.reading.series.steps import Kind, SeriesRule, Timeline, edges_from_now
from server.wire.repairs import Repairs

finite = st.floats(-1000, 1000)
junk = st.sampled_from([None, math.nan, math.inf, "x", "", True, [1], {}, 1e300, 10**400])


def codes(repairs):
    return [warning.code for warning in repairs.warnings]


POWER, PRICE = SeriesRule("field", 1000, Kind.POWER), SeriesRule("field", 1000, Kind.PRICE)
SYDNEY = ZoneInfo("Australia/Sydney")
NOON = datetime(2026, 1, 14, 12, tzinfo=SYDNEY)


def even(n, minutes, start=NOON):
    edges = np.maximum(edges_from_now(start, minutes, n), 0) / 3600
    return Timeline(start, np.diff(edges), minutes / 60 - edges[1], n)


def uneven(hours):
    return Timeline(NOON, np.array(hours), 0.0, len(hours))


def align(values, timeline, repairs=None, rule=POWER):
    values = np.array(values, dtype=float)
    return on_intervals(rule, values, timeline, Repairs() if repairs is None else repairs)


@given(st.lists(finite, min_size=1, max_size=12))
def test_finite_numbers_come_through_unchanged(values):
    repairs = Repairs()

    read = numbers_from_list(POWER, values, repairs)

    assert read.tolist() == values
    assert codes(repairs) == []


@given(st.lists(finite, min_size=1, max_size=12))
def test_text_of_numbers_reads_as_the_numbers(values):
    read = numbers_from_list(POWER, [repr(value) for value in values], Repairs())

    assert read.tolist() == values


@given(st.lists(finite | junk, min_size=1, max_size=12).filter(lambda v: any(map(is_good, v))))
def test_bad_entries_take_values_between_their_neighbours(entries):
    repairs = Repairs()
    good = [t for t, entry in enumerate(entries) if is_good(entry)]

    read = numbers_from_list(POWER, entries, repairs)

    assert [read[t] for t in good] == [entries[t] for t in good]
    assert np.isnan(read[: good[0]]).all()
    assert np.isnan(read[good[-1] + 1 :]).all()
    for t in range(good[0], good[-1] + 1):
        around = max(g for g in good if g <= t), min(g for g in good if g >= t)
        low, high = sorted(entries[g] for g in around)
        assert low - 1e-9 <= read[t] <= high + 1e-9
    has_holes = len(good) < good[-1] + 1 - good[0]
    assert codes(repairs) == (["interpolated"] if has_holes else [])


def is_good(entry):
    return isinstance(entry, float) and math.isfinite(entry) and abs(entry) <= 1000


def test_a_series_without_a_number_is_refused():
    with pytest.raises(ProblemError, match=r"^load: must hold numbers between ±50, got no such"):
        numbers_from_list(SeriesRule("load", 50, Kind.POWER), [None, 51, "x"], Repairs())


@given(st.lists(finite, min_size=1, max_size=12))
def test_a_series_on_the_grid_is_left_alone(values):
    repairs = Repairs()

    aligned = align(values, even(len(values), 30), repairs)

    assert aligned.tolist() == values
    assert codes(repairs) == []


@given(minutes=st.sampled_from([10, 15, 30, 60, 120]), left=st.sampled_from([5, 10]))
def test_samples_of_five_minutes_are_averaged_from_the_start(minutes, left):
    """The first interval has the samples of what is left of it."""
    n, ratio = 24 * 60 // minutes, minutes // 5
    fine = np.random.default_rng(minutes).uniform(size=288 + 3)
    start = NOON + timedelta(minutes=minutes - left) if minutes <= 60 else NOON
    first = left // 5 if minutes <= 60 else ratio
    repairs = Repairs()

    aligned = align(fine, even(n, minutes, start), repairs)

    assert aligned[0] == pytest.approx(fine[:first].mean(), rel=1e-9)
    rest = fine[first : first + (n - 1) * ratio].reshape(n - 1, ratio).mean(axis=1)
    np.testing.assert_allclose(aligned[1:], rest, rtol=1e-9)
    assert codes(repairs) == ["resampled"]


@given(st.lists(finite, min_size=9, max_size=30))
def test_what_is_longer_is_cut(values):
    repairs = Repairs()

    aligned = align(values, even(8, 5), repairs)

    assert aligned.tolist() == values[:8]
    assert codes(repairs) == ["truncated"]


@pytest.mark.parametrize(
    ("given_size", "n", "minutes", "is_read_as"),
    [
        (576, 96, 30, "resampled"),  # two days of five minutes beside two days of half hours
        (580, 97, 30, "resampled"),  # all but the end of the last
        (576, 48, 30, "resampled"),  # beside one day
        (576, 48, 60, "resampled"),
        (288, 1440, 1, "resampled"),  # beside minutes
        (24, 12, 60, "truncated"),
        (96, 48, 60, "truncated"),  # no ratio is guessed
        (192, 48, 60, "truncated"),
        (287, 24, 60, "truncated"),  # less than a day of samples
        (288, 96, 30, "truncated"),  # they would not reach the end
        (864, 576, 5, "truncated"),
        (1152, 576, 5, "truncated"),
        (24, 96, 15, "extended"),
        (575, 576, 5, "extended"),
    ],
)
def test_only_the_samples_of_the_client_have_another_step(given_size, n, minutes, is_read_as):
    repairs = Repairs()

    align(np.arange(given_size), even(n, minutes), repairs)

    assert codes(repairs) == [is_read_as]


def test_samples_go_with_intervals_of_unequal_lengths():
    """A day of samples beside four hours, a half day and the rest."""
    aligned = align(np.arange(288.0), uneven([1, 1, 1, 1, 8, 12]))

    np.testing.assert_allclose(aligned, [5.5, 17.5, 29.5, 41.5, 95.5, 215.5])


@given(
    known=st.integers(1, 60),
    minutes=st.sampled_from([60, 120, 240]),
    days=st.integers(1, 3),
    left=st.sampled_from([1, 20, 60]),
)
def test_an_extension_repeats_the_clock_time_of_the_day_before(known, minutes, days, left):
    per_day = 24 * 60 // minutes
    n = days * per_day
    values = np.random.default_rng(known).uniform(size=min(known, n))
    repairs = Repairs()

    aligned = align(values, even(n, minutes, NOON + timedelta(minutes=60 - left)), repairs)

    assert aligned[: values.size].tolist() == values.tolist()
    for t in range(values.size, n):
        assert aligned[t] == (aligned[t - per_day] if t >= per_day else values[t % values.size])
    assert codes(repairs) == (["extended"] if values.size < n else [])


@pytest.mark.parametrize(
    ("start", "another"),
    [
        # A day of 25 hours: the first of those missing has none before it.
        (datetime(2026, 4, 4, 12), [24]),
        # A day of 23 hours: 2 o'clock of the next one is missing.
        (datetime(2026, 10, 3, 12), [37]),
    ],
)
def test_the_day_before_has_the_same_clock_on_days_of_23_and_25_hours(start, another):
    start = start.replace(tzinfo=SYDNEY)
    instants = [start.astimezone(UTC) + timedelta(hours=t) for t in range(48)]
    clock = [instant.astimezone(SYDNEY).hour for instant in instants]

    aligned = align(clock[:24], even(48, 60, start))

    assert [t for t in range(48) if aligned[t] != clock[t]] == another


@given(
    lengths=st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.0]), min_size=8, max_size=30),
    known=st.integers(1, 30),
)
def test_an_extension_keeps_the_clock_with_unequal_intervals(lengths, known):
    """The means of what was known at that time of the day, by a sum over half hours."""
    timeline, known = uneven(lengths), min(known, len(lengths))
    ends = np.cumsum(lengths)
    starts, reach = ends - lengths, ends[known - 1]
    fine = np.repeat(starts[:known], (2 * np.array(lengths[:known])).astype(int))

    aligned = align(starts[:known], timeline)

    for t in range(known, len(lengths)):
        days = math.ceil((ends[t] - reach) / 24)
        halves = fine[max(0, round(2 * (starts[t] - 24 * days))) : round(2 * (ends[t] - 24 * days))]
        if ends[t] > 24 * days:
            assert aligned[t] == pytest.approx(halves.mean())


@given(st.lists(finite, min_size=1, max_size=40), st.integers(1, 40))
def test_no_value_is_ever_invented_by_an_extension(values, n):
    aligned = align(values, even(max(n, len(values)), 60))

    assert set(aligned) <= set(values)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.integers(1, 10))
def test_no_peak_of_a_price_is_prolonged(values, missing):
    """A spike beside the missing prices of less than a day is not theirs."""
    spiked = [*values, 15.0, *[math.nan] * missing]

    for series in (spiked, spiked[::-1]):
        aligned = align(series, even(len(series), 30), rule=PRICE)
        assert sorted(aligned)[-2] <= 1
