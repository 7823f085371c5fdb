"""Lists as they arrive, made into clean series of one length."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import ProblemError
from server.reading.series import align, numbers_from_list
from server.wire.repairs import Repairs

finite = st.floats(-1000, 1000)
junk = st.sampled_from([None, math.nan, math.inf, "x", "", True, [1], {}, 1e300, 10**400])


def codes(repairs):
    return [warning.code for warning in repairs.as_list()]


def even(n, minutes):
    return np.full(n, minutes / 60)


@given(st.lists(finite, min_size=1, max_size=12))
def test_finite_numbers_come_through_unchanged(values):
    repairs = Repairs()

    read = numbers_from_list("field", values, 1000, repairs)

    assert read.tolist() == values
    assert codes(repairs) == []


@given(st.lists(finite, min_size=1, max_size=12))
def test_text_of_numbers_reads_as_the_numbers(values):
    read = numbers_from_list("field", [repr(value) for value in values], 1000, Repairs())

    assert read.tolist() == values


@given(st.lists(finite | junk, min_size=1, max_size=12).filter(lambda v: any(map(is_good, v))))
def test_bad_entries_take_values_between_their_neighbours(entries):
    repairs = Repairs()
    good = [t for t, entry in enumerate(entries) if is_good(entry)]

    read = numbers_from_list("field", entries, 1000, repairs)

    assert [read[t] for t in good] == [entries[t] for t in good]
    for t in range(len(entries)):
        around = [max((g for g in good if g <= t), default=good[0])]
        around += [min((g for g in good if g >= t), default=good[-1])]
        low, high = sorted(entries[g] for g in around)
        assert low - 1e-9 <= read[t] <= high + 1e-9
    assert codes(repairs) == (["interpolated"] if len(good) < len(entries) else [])


def is_good(entry):
    return isinstance(entry, float) and math.isfinite(entry) and abs(entry) <= 1000


def test_a_series_without_a_number_is_refused():
    with pytest.raises(ProblemError, match=r"^load: must hold numbers between ±50, got no such"):
        numbers_from_list("load", [None, 51, "x"], 50, Repairs())


@given(st.lists(finite, min_size=1, max_size=12))
def test_a_series_on_the_grid_is_left_alone(values):
    repairs = Repairs()

    aligned = align("field", np.array(values), even(len(values), 30), repairs)

    assert aligned.tolist() == values
    assert codes(repairs) == []


@given(
    values=st.lists(finite, min_size=2, max_size=8),
    minutes=st.sampled_from([10, 15, 30, 60]),
)
def test_averaging_keeps_the_mean(values, minutes):
    ratio = minutes // 5
    fine = np.repeat(values, ratio) + np.tile(np.linspace(-1, 1, ratio), len(values))
    repairs = Repairs()

    aligned = align("field", fine, even(len(values), minutes), repairs)

    np.testing.assert_allclose(aligned, fine.reshape(len(values), ratio).mean(axis=1))
    assert aligned.mean() == pytest.approx(fine.mean(), abs=1e-9)
    assert codes(repairs) == ["resampled"]


@given(st.lists(finite, min_size=9, max_size=30))
def test_what_is_no_finer_is_cut(values):
    repairs = Repairs()

    aligned = align("field", np.array(values), even(8, 5), repairs)

    assert aligned.tolist() == values[:8]
    assert codes(repairs) == ["truncated"]


@pytest.mark.parametrize(
    ("given_size", "n", "minutes", "ratio"),
    [
        (576, 96, 30, 6),  # two days of five minutes beside two days of half hours
        (576, 48, 30, 6),  # beside one day
        (576, 48, 60, 12),
        (96, 48, 60, 2),  # half hours beside hours
        (192, 48, 60, 4),
        (96, 96, 30, 1),
        (100, 96, 30, 1),
        (864, 576, 5, 1),
        (1152, 576, 5, 1),  # finer than the client samples: four days of it
    ],
)
def test_a_finer_grid_is_told_by_its_length(given_size, n, minutes, ratio):
    values = np.arange(given_size, dtype=float)

    aligned = align("field", values, even(n, minutes), Repairs())

    np.testing.assert_allclose(aligned, values[: n * ratio].reshape(n, ratio).mean(axis=1))


@given(
    known=st.integers(1, 60),
    minutes=st.sampled_from([60, 120, 240]),
    days=st.integers(1, 3),
)
def test_an_extension_repeats_the_clock_time_of_the_day_before(known, minutes, days):
    per_day = 24 * 60 // minutes
    n = days * per_day
    values = np.random.default_rng(known).uniform(size=min(known, n))
    repairs = Repairs()

    aligned = align("field", values, even(n, minutes), repairs)

    assert aligned[: values.size].tolist() == values.tolist()
    for t in range(values.size, n):
        assert aligned[t] == (aligned[t - per_day] if t >= per_day else values[t % values.size])
    assert codes(repairs) == (["extended"] if values.size < n else [])


@given(
    lengths=st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.0]), min_size=8, max_size=30),
    known=st.integers(1, 30),
)
def test_an_extension_keeps_the_clock_with_unequal_intervals(lengths, known):
    """Each value is the hour at which its interval begins: the clock can be read back."""
    hours = np.array(lengths)
    starts = np.cumsum(hours) - hours
    known = min(known, len(lengths))

    aligned = align("field", starts[:known], hours, Repairs())

    for t in range(known, len(lengths)):
        day_before = starts[t] - 24
        if day_before < 0:
            assert aligned[t] in starts[:known]
        else:
            (source,) = (s for s in range(t) if starts[s] <= day_before < starts[s] + lengths[s])
            assert aligned[t] == aligned[source]


@given(st.lists(finite, min_size=1, max_size=40), st.integers(1, 40))
def test_no_value_is_ever_invented_by_an_extension(values, n):
    aligned = align("field", np.array(values), even(max(n, len(values)), 60), Repairs())

    assert set(aligned) <= set(values)
