"""Lists of replies, written by kernels: the text that an encoder of Python's objects writes."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from optimiser import Horizon
from server.writing.lists import Words, numbers, stamps_of

ZONES = (UTC, ZoneInfo("Australia/Sydney"), ZoneInfo("America/St_Johns"), timezone(timedelta(0, 7)))


def text_of(listed):
    return msgspec.json.encode(listed).decode()


amounts = st.one_of(
    st.floats(-1e8, 1e8),
    st.integers(-(10**12), 10**12).map(lambda number: number / 10**4),
    st.sampled_from([0.0, -0.0, 0.5e-4, 1.5e-4, -1e-9, 1e-7, 0.99995, 9999.99995, 1e11]),
)


@given(
    rows=npst.arrays(np.float64, st.tuples(st.integers(0, 3), st.integers(1, 5)), elements=amounts),
    digits=st.sampled_from([1, 4, 7]),
)
def test_numbers_are_those_that_numpy_rounds_to(rows, digits):
    due = np.round(rows, digits) + 0.0

    listed = numbers(rows, digits)

    assert [msgspec.json.decode(text_of(row)) for row in listed] == due.tolist()


@given(number=st.integers(10, 10**15 - 1))
def test_a_number_has_no_more_digits_than_it_needs(number):
    """Below a thousandth, an encoder may prefer an exponent."""
    value = number / 10**4

    (listed,) = numbers(np.array([[value]]), 4)

    assert text_of(listed) == text_of([value])


@given(codes=st.lists(st.integers(0, 2), min_size=1, max_size=9))
def test_words_are_quoted(codes):
    words = "on", "off", ""

    listed = Words(words).listed(np.array(codes))

    assert text_of(listed) == text_of([words[code] for code in codes])


@given(
    start=st.datetimes(
        datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from(ZONES)
    ),
    whole=st.booleans(),
    minutes=st.lists(
        st.integers(1, 2000) | st.sampled_from([0.5, 7.5, 5 / 3, 1e-4, 1e-7]),
        min_size=1,
        max_size=40,
    ),
)
@example(datetime(2026, 1, 14, 23, 59, 59, tzinfo=UTC), True, [1])
@example(datetime(9999, 12, 31, 23, 58, tzinfo=UTC), True, [1])
@example(datetime(2026, 4, 5, tzinfo=ZoneInfo("Australia/Sydney")), True, [60] * 5)
def test_stamps_are_those_of_the_instants(start, whole, minutes):
    horizon = Horizon(
        start=start.replace(microsecond=0) if whole else start, hours=np.array(minutes) / 60
    )
    due = [instant.isoformat() for instant in horizon.instants]

    stamps = stamps_of(horizon)

    assert text_of(stamps.of_starts) == text_of(due[:-1])
    assert [stamps.at(t) for t in range(len(due))] == due


@pytest.mark.parametrize("n", [1, 576])
def test_stamps_cross_midnight(n):
    horizon = Horizon(start=datetime(2026, 2, 28, 23, 55, tzinfo=UTC), hours=np.full(n, 1 / 12))

    assert stamps_of(horizon).at(1) == "2026-03-01T00:00:00+00:00"
