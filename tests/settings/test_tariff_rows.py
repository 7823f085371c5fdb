from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.settings.tariff import Rate, Tariff
from server.settings.tariff_rows import rows_of
from tests.settings.homes import tariffs

SYDNEY, BERLIN = ZoneInfo("Australia/Sydney"), ZoneInfo("Europe/Berlin")
LORD_HOWE, NEW_YORK = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/New_York")
ZONES = (UTC, SYDNEY, BERLIN, LORD_HOWE, NEW_YORK, ZoneInfo("Asia/Kathmandu"))
MINUTE = timedelta(minutes=1)


def local_rows(tariff, start, end):
    """Beginning of each row by the local clock, and its price."""
    rows = rows_of(tariff, start, end, start.tzinfo)
    return [(row.start.astimezone(start.tzinfo).strftime("%d %H:%M"), row.value) for row in rows]


def price_at(tariff, when, zone):
    """The price by the plain meaning of a table: the first rate that holds."""
    local = when.astimezone(zone)
    clock = f"{local:%H:%M}"
    for rate in tariff.rates:
        start, end = rate.start or "00:00", rate.end or "00:00"
        is_over_midnight = end <= start
        holds = clock >= start or clock < end if is_over_midnight else start <= clock < end
        is_early = is_over_midnight and clock < end and clock < start
        day = local.date() - timedelta(days=int(is_early))
        names = {f"{day:%Y-%m-%d}", f"{day:%m-%d}"}
        weekday = 6 if names & set(tariff.holidays) else day.weekday()
        holds = holds and (rate.weekdays is None or weekday in rate.weekdays)
        if holds and (rate.months is None or day.month in rate.months):
            return rate.price
    return tariff.otherwise


# Days on which clocks change, seasons and years begin, and the holidays of the strategy.
DAYS = st.sampled_from(
    [
        datetime(2026, 3, 28, tzinfo=UTC),
        datetime(2026, 10, 24, tzinfo=UTC),
        datetime(2026, 4, 4, tzinfo=UTC),
        datetime(2026, 10, 3, tzinfo=UTC),
        datetime(2026, 11, 29, tzinfo=UTC),
        datetime(2026, 12, 31, tzinfo=UTC),
        datetime(2024, 2, 28, tzinfo=UTC),
    ]
)


@given(
    tariff=tariffs,
    day=DAYS,
    minute=st.integers(0, 1439),
    length=st.integers(1, 60 * 49),
    zone=st.sampled_from(ZONES),
)
def test_rows_are_the_table_read_minute_by_minute(tariff, day, minute, length, zone):
    start = day + minute * MINUTE
    end = start + length * MINUTE
    rows = rows_of(tariff, start, end, zone)

    assert (rows[0].start, rows[-1].end) == (start, end)
    for one, other in pairwise(rows):
        assert one.end == other.start
        assert one.value != other.value
    for row in rows:
        span = (row.end - row.start) // MINUTE
        for n in range(span):
            assert row.value == price_at(tariff, row.start + n * MINUTE, zone)


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens():
    night = Rate(price=0.1, start="22:00", end="06:00", weekdays=[4])  # Friday
    tariff = Tariff(otherwise=0.3, rates=[night])
    start = datetime(2026, 11, 27, 0, 0, tzinfo=SYDNEY)  # a Friday

    assert local_rows(tariff, start, start + timedelta(days=3)) == [
        ("27 00:00", 0.3),
        ("27 22:00", 0.1),
        ("28 06:00", 0.3),
    ]


def test_the_first_rate_that_holds_is_taken():
    peak = Rate(price=0.6, start="15:00", end="21:00", weekdays=[0, 1, 2, 3, 4])
    day = Rate(price=0.3, start="07:00", end="22:00")
    tariff = Tariff(otherwise=0.1, rates=[peak, day])
    start = datetime(2026, 11, 30, 12, 0, tzinfo=SYDNEY)

    assert local_rows(tariff, start, start + timedelta(hours=12)) == [
        ("30 12:00", 0.3),
        ("30 15:00", 0.6),
        ("30 21:00", 0.3),
        ("30 22:00", 0.1),
    ]


@pytest.mark.parametrize("holiday", ["2026-12-25", "12-25"])
def test_a_holiday_is_a_sunday(holiday):
    weekend = Rate(price=0.1, weekdays=[6])
    tariff = Tariff(otherwise=0.3, rates=[weekend], holidays=[holiday])
    start = datetime(2026, 12, 24, 0, 0, tzinfo=SYDNEY)  # a Thursday

    assert local_rows(tariff, start, start + timedelta(days=3)) == [
        ("24 00:00", 0.3),
        ("25 00:00", 0.1),
        ("26 00:00", 0.3),
    ]


def test_a_season_begins_at_its_first_midnight():
    summer = Rate(price=0.5, months=[12, 1, 2])
    start = datetime(2026, 11, 30, 12, 0, tzinfo=SYDNEY)

    rows = local_rows(Tariff(otherwise=0.2, rates=[summer]), start, start + timedelta(days=1))

    assert rows == [("30 12:00", 0.2), ("01 00:00", 0.5)]


def test_in_the_hour_that_passes_twice_a_window_opens_twice():
    rate = Rate(price=0.1, start="02:00", end="02:30")
    start = datetime(2026, 10, 25, 0, 0, tzinfo=BERLIN)

    assert local_rows(Tariff(otherwise=0.3, rates=[rate]), start, start + timedelta(hours=12)) == [
        ("25 00:00", 0.3),
        ("25 02:00", 0.1),
        ("25 02:30", 0.3),
        ("25 02:00", 0.1),
        ("25 02:30", 0.3),
    ]


def test_in_the_hour_that_is_skipped_a_window_does_not_open():
    rate = Rate(price=0.1, start="02:00", end="03:00")
    start = datetime(2026, 3, 29, 0, 0, tzinfo=BERLIN)

    rows = local_rows(Tariff(otherwise=0.3, rates=[rate]), start, start + timedelta(hours=12))

    assert rows == [("29 00:00", 0.3)]


def test_a_flat_tariff_is_one_row_in_utc():
    start = datetime(2026, 11, 30, 12, 3, tzinfo=SYDNEY)
    (row,) = rows_of(Tariff(otherwise=0.3), start, start + timedelta(days=2), SYDNEY)

    assert row == (start, start + timedelta(days=2), 0.3)
    assert row.start.tzinfo is UTC


def test_no_time_has_no_rows():
    start = datetime(2026, 11, 30, tzinfo=UTC)

    assert rows_of(Tariff(otherwise=0.3), start, start, UTC) == []


def test_end_24_00_is_midnight():
    rate = Rate(price=0.1, start="22:00", end="24:00")
    start = datetime(2026, 11, 30, 12, 0, tzinfo=SYDNEY)

    rows = local_rows(Tariff(otherwise=0.3, rates=[rate]), start, start + timedelta(days=1))

    assert rows == [("30 12:00", 0.3), ("30 22:00", 0.1), ("01 00:00", 0.3)]
