"""Peaks so far, by metering blocks of the local clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import DemandCharge, Window
from server.books.peaks import peak_so_far
from server.books.records import write_readings
from tests.books.conftest import tables
from tests.books.homes import BEGIN, number_of, reading

NOON = BEGIN + timedelta(days=9, hours=12)
HALF_HOURLY = DemandCharge(price=10.0)


def write(connection, begin, *powers):
    first = number_of(begin)
    rows = [reading(first + n, grid_in=kw / 12) for n, kw in enumerate(powers) if kw is not None]
    write_readings(connection, rows)


def peak(connection, charge=HALF_HOURLY, now=NOON, zone=UTC):
    return peak_so_far(connection, charge, now, zone)


def test_the_peak_is_the_highest_mean_of_a_block(connection):
    write(connection, NOON - timedelta(hours=3), *[1.0] * 6, 6.0, *[0.0] * 5, *[2.0] * 6)

    assert peak(connection) == pytest.approx(2.0)


def test_a_block_that_was_hardly_measured_says_nothing(connection):
    block = [9.0, 9.0, None, None, None, None]
    write(connection, NOON - timedelta(hours=3), *[1.0] * 6, *block)

    assert peak(connection) == pytest.approx(1.0)


def test_of_a_block_with_one_gap_the_measured_part_counts(connection):
    write(connection, NOON - timedelta(hours=3), 3.0, 3.0, None, 3.0, 3.0, 3.0)

    assert peak(connection) == pytest.approx(3.0)


def test_the_running_block_does_not_count(connection):
    write(connection, NOON - timedelta(minutes=30), *[1.0] * 6, 9.0, 9.0)

    assert peak(connection, now=NOON + timedelta(minutes=10)) == pytest.approx(1.0)
    assert peak(connection, now=NOON) == pytest.approx(1.0)


def test_nothing_measured_is_unknown(connection):
    assert peak(connection) is None


def test_only_the_window_and_the_billing_period_count(connection):
    zone = ZoneInfo("Australia/Adelaide")
    charge = DemandCharge(price=10.0, window=Window(time(15), time(21)), billing_day=5)

    def local(day, hour):
        return datetime(2026, 3, day, hour, tzinfo=zone)

    write(connection, local(4, 16), *[9.0] * 6)  # of the period before
    write(connection, local(6, 14), *[8.0] * 6)  # before the window
    write(connection, local(6, 16), *[3.0] * 6)

    assert peak(connection, charge, local(10, 12), zone) == pytest.approx(3.0)
    assert peak(connection, charge, local(5, 0), zone) is None


@given(
    st.lists(st.none() | st.floats(0, 10), min_size=1, max_size=60),
    st.sampled_from([5, 15, 30, 60]),
)
def test_the_peak_lies_between_the_mean_and_the_highest(powers, minutes):
    connection = tables()
    write(connection, NOON - timedelta(days=1), *powers)

    found = peak(connection, DemandCharge(price=1.0, average_hours=minutes / 60))

    known = [power for power in powers if power is not None]
    if found is not None:
        assert min(known) - 1e-9 <= found <= max(known) + 1e-9
    if minutes == 5:
        assert found == (pytest.approx(max(known)) if known else None)
