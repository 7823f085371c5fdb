import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.home.errors import InputError
from server.home.prices import export_rows, import_rows
from server.settings.home import (
    EntityPrice,
    EntityPrices,
    FixedPrice,
    PriceSettings,
    TariffPrices,
)
from server.settings.tariff import Rate, Tariff
from server.sources.rows import Row

SYDNEY, BERLIN = ZoneInfo("Australia/Sydney"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 30, 1, 3, 20, tzinfo=UTC)  # Monday 12:03 in Sydney
MINUTE = NOW.replace(second=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
END = NOW + 2 * DAY
MARKET = PriceSettings(source=EntityPrices(entities=["sensor.price"]))


def hourly(start, values):
    return [Row(start + n * HOUR, start + (n + 1) * HOUR, v) for n, v in enumerate(values)]


def prices(found, history=(), settings=MARKET, zone=SYDNEY, now=NOW, end=END):
    return import_rows(settings, found, now, end, zone, [*history])


def value_at(rows, when):
    (value,) = [row.value for row in rows if row.start <= when < row.end]
    return value


def week_of(base, weeks):
    """History with a price for each hour of the week, raised a little each week."""
    start = (MINUTE - timedelta(weeks=weeks)).replace(minute=0)
    hours = weeks * 7 * 24
    return hourly(start, [base + n % (7 * 24) / 1000 for n in range(hours)])


def test_a_typed_price_holds_for_the_whole_plan():
    result = prices([], settings=PriceSettings(source=FixedPrice(price=0.3)))

    assert result.rows == [Row(MINUTE, END, 0.3)]
    assert (result.guesses, result.notes, result.published_until) == ([], [], END)


def test_a_tariff_has_a_row_for_each_change():
    tariff = Tariff(otherwise=0.2, rates=[Rate(price=0.5, start="15:00", end="21:00")])
    result = prices([], settings=PriceSettings(source=TariffPrices(tariff=tariff)))

    assert [row.value for row in result.rows] == [0.2, 0.5, 0.2, 0.5, 0.2]
    assert result.guesses == []


def test_the_formula_is_market_with_surcharge_and_fee_and_then_tax():
    source = EntityPrices(entities=["sensor.price"])
    settings = PriceSettings(source=source, surcharge=0.1, fee=0.02, tax=0.25)
    result = prices(hourly(MINUTE, [0.1] * 49), settings=settings)

    assert {row.value for row in result.rows} == {0.1625}


def test_a_typed_price_has_the_formula_too():
    settings = PriceSettings(source=FixedPrice(price=0.2), tax=0.1)

    assert prices([], settings=settings).rows[0].value == 0.22


def test_without_an_export_price_nothing_is_paid():
    result = export_rows(None, [], NOW, END, SYDNEY, [])

    assert result.rows == [Row(MINUTE, END, 0.0)]


def test_prices_that_have_passed_are_none():
    with pytest.raises(InputError, match="held until Mon 12:00") as error:
        prices(hourly(NOW.replace(minute=0, second=0) - 3 * HOUR, [0.2] * 3))

    assert error.value.field == "import_price.source"


@pytest.mark.parametrize("found", [[], [Row(MINUTE, None, math.inf)]])
def test_a_source_without_values_is_said(found):
    with pytest.raises(InputError, match="export price: its source has no values"):
        export_rows(MARKET, found, NOW, END, SYDNEY, [])


def test_the_running_price_keeps_its_beginning_and_past_ones_are_left_out():
    result = prices(hourly(NOW.replace(minute=0, second=0) - 2 * HOUR, [0.1] * 2 + [0.2] * 60))

    assert result.rows[0].start == NOW.replace(minute=0, second=0)
    assert result.rows[-1].end == END
    assert result.guesses == []


def test_beyond_the_published_the_same_weekday_is_assumed_and_said():
    history = week_of(0.1, weeks=1)
    result = prices(hourly(MINUTE.replace(minute=0), [0.9] * 12), history)

    assert result.published_until == MINUTE.replace(minute=0) + 12 * HOUR
    for hours in (12, 24, 47):
        when = MINUTE + hours * HOUR
        assert value_at(result.guesses, when) == value_at(history, when - 7 * DAY)
    assert result.notes == [
        "Import prices are known until Tue 00:00; later ones are assumed to be those of the same "
        "weekday in the weeks before."
    ]


def test_of_several_weeks_it_is_the_median():
    start = MINUTE.replace(minute=0) - timedelta(weeks=3)
    history = [
        row for n, v in enumerate((0.1, 9.0, 0.2)) for row in hourly(start + n * 7 * DAY, [v] * 168)
    ]
    result = prices(hourly(MINUTE.replace(minute=0), [0.9]), history)

    assert {row.value for row in result.guesses} == {0.2}


def test_without_a_week_it_is_the_last_day_known():
    today = hourly(MINUTE.replace(minute=0), [n / 100 for n in range(24)])
    result = prices(today)

    assert value_at(result.guesses, MINUTE + 30 * HOUR) == 0.06
    assert "the same time on the last day known" in result.notes[0]


def test_without_a_day_it_is_the_median_so_that_no_peak_is_prolonged():
    result = prices(hourly(MINUTE.replace(minute=0), [0.1, 0.2, 9.0]))

    assert value_at(result.guesses, NOW + 10 * HOUR) == 0.2
    assert "median" in result.notes[0]


def test_a_gap_is_filled_and_said():
    found = hourly(MINUTE.replace(minute=0), [0.3] * 60)
    del found[5:7]
    history = week_of(0.1, weeks=2)
    result = prices(found, history)

    when = MINUTE.replace(minute=0) + 5 * HOUR
    assert value_at(result.guesses, when) == value_at(history, when - 7 * DAY)
    assert result.published_until == END
    assert "from Mon 17:00 to Mon 19:00" in result.notes[0]


def test_a_gap_now_is_a_gap():
    found = hourly(MINUTE.replace(minute=0) + 2 * HOUR, [0.3] * 60)
    result = prices(found, week_of(0.1, weeks=2))

    assert result.all_rows()[0].start == MINUTE
    assert "from Mon 12:03 to Mon 14:00" in result.notes[0]


def test_a_second_between_rows_is_no_gap():
    found = [
        row._replace(start=row.start + timedelta(seconds=1)) for row in hourly(MINUTE, [0.3] * 49)
    ]

    assert prices(found).guesses == []


def test_the_price_of_a_state_holds_until_the_next_half_hour():
    settings = PriceSettings(source=EntityPrice(entity="sensor.price"), tax=0.1)
    result = prices([Row(NOW - 5 * DAY, None, 0.2)], week_of(0.1, 2), settings)

    assert result.rows == [Row(MINUTE, MINUTE.replace(minute=30), 0.22)]
    assert result.published_until == MINUTE.replace(minute=30)
    assert "known until Mon 12:30" in result.notes[0]


def test_rows_without_ends_last_until_the_next():
    found = [
        Row(MINUTE, None, 0.1),
        Row(MINUTE + HOUR, None, 0.2),
        Row(MINUTE + 3 * HOUR, None, 0.3),
    ]
    result = prices(found)

    assert [row.end for row in result.rows] == [MINUTE + n * HOUR for n in (1, 3, 4)]


def test_negative_prices_are_prices():
    assert prices(hourly(MINUTE, [-0.1] * 49)).rows[0].value == -0.1


def test_guesses_are_by_the_local_clock_over_a_change_of_clocks():
    now = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)  # the clocks go back that night
    history = [
        Row(at, at + HOUR, float(at.astimezone(BERLIN).hour))
        for n in range(200)
        for at in (now - 8 * DAY + n * HOUR,)
    ]
    result = prices(hourly(now, [1.0]), history, zone=BERLIN, now=now, end=now + DAY)

    for row in result.guesses:
        assert row.value == row.start.astimezone(BERLIN).hour


def test_guesses_change_on_the_clock_of_the_plan():
    found = hourly(MINUTE.replace(minute=0) + 2 * HOUR, [0.3] * 60)
    result = prices(found, week_of(0.1, weeks=2))

    assert [row.start.minute for row in result.guesses] == [3, 0]


@given(
    drawn=st.lists(
        st.tuples(
            st.integers(-100, 200),
            st.none() | st.integers(5, 90),
            st.sampled_from((0.1, 0.2, -0.3, math.nan, math.inf)),
        ),
        max_size=20,
        unique_by=lambda row: row[0],
    ),
    zone=st.sampled_from((UTC, SYDNEY, BERLIN)),
    has_history=st.booleans(),
)
def test_prices_cover_the_plan_once_or_there_is_none_now(drawn, zone, has_history):
    found = []
    for quarters, minutes, value in sorted(drawn, key=lambda row: row[0]):
        start = MINUTE + quarters * timedelta(minutes=15)
        found.append(Row(start, minutes and start + timedelta(minutes=minutes), value))
    try:
        result = prices(found, week_of(0.1, 2) if has_history else (), zone=zone)
    except InputError:
        known = [row for row in found if math.isfinite(row.value) and row.end and row.start < END]
        assert all(row.end <= MINUTE for row in known)
        return
    rows = result.all_rows()
    assert rows[0].start <= MINUTE
    assert rows[-1].end == END
    for one, other in pairwise(rows):
        assert one.end == other.start
    assert all(math.isfinite(row.value) for row in rows)
    assert bool(result.guesses) == bool(result.notes)
