"""Readings, prices and commands: written once or often, they say the same."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.books.entries import BatteryReading, Reading
from server.books.records import last_reading, price_spans, write_readings
from tests.books.conftest import tables
from tests.books.homes import BEGIN, INTERVAL, number_of, reading, start_of

energies = st.none() | st.floats(0, 5)
prices = st.none() | st.floats(-1, 1)
batteries = st.builds(BatteryReading, energy_in=energies, energy_out=energies, soc=energies)
readings = st.builds(
    Reading,
    start=st.integers(0, 5).map(start_of),
    **dict.fromkeys(("grid_in", "grid_out", "solar", "load", "car"), energies),
    batteries=st.lists(batteries, max_size=2),
    **dict.fromkeys(("import_price", "export_price"), prices),
    is_published=st.none() | st.booleans(),
)


def content(connection):
    tables = ("interval", "battery")
    return [connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in tables]


@given(st.lists(readings, max_size=8), st.integers(1, 3))
def test_to_write_again_changes_nothing(rows, times):
    once, often = tables(), tables()

    write_readings(once, rows)
    for _ in range(times):
        write_readings(often, rows)

    assert content(once) == content(often)


@given(st.lists(readings, max_size=8))
def test_the_last_that_is_known_stays(rows):
    connection = tables()

    write_readings(connection, rows)

    for start, grid_in in connection.execute("SELECT start, grid_in FROM interval"):
        said = [one.grid_in for one in rows if one.start.timestamp() == start]
        known = [value for value in said if value is not None]
        assert grid_in == (known[-1] if known else None)


def test_statistics_complete_an_interval_and_leave_its_state_of_charge(connection):
    write_readings(connection, [Reading(start=BEGIN, batteries=[BatteryReading(soc=0.4)])])
    late = BatteryReading(energy_in=0.1, energy_out=0.0)
    write_readings(connection, [Reading(start=BEGIN, grid_in=0.2, batteries=[late])])

    assert last_reading(connection) == Reading(
        start=BEGIN,
        grid_in=0.2,
        batteries=[BatteryReading(energy_in=0.1, energy_out=0.0, soc=0.4)],
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1])
def test_what_is_no_energy_is_unknown(connection, value):
    write_readings(connection, [reading(0), reading(1, grid_in=value)])

    assert number_of(last_reading(connection).start) == 0


def test_the_last_reading_is_as_written(connection):
    assert last_reading(connection) is None

    write_readings(connection, [reading(1), reading(2), reading(0)])

    assert last_reading(connection) == reading(2)


def test_an_interval_begins_at_five_minutes(connection):
    with pytest.raises(ValueError, match="multiple of 5 minutes"):
        write_readings(connection, [Reading(start=BEGIN + timedelta(minutes=1))])


def test_a_naive_instant_is_refused(connection):
    with pytest.raises(ValueError, match="time-zone aware"):
        write_readings(connection, [Reading(start=datetime(2026, 3, 1))])


def test_equal_prices_in_a_row_are_one_span(connection):
    write_readings(connection, [reading(n) for n in (0, 1, 2)])
    write_readings(connection, [reading(3, is_published=False), reading(5, is_published=False)])
    write_readings(connection, [reading(6, import_price=None, export_price=None)])

    spans = price_spans(connection, BEGIN.timestamp())

    assert [(number_of(one.start), number_of(one.end)) for one in spans] == [(0, 3), (3, 4), (5, 6)]
    assert [one.is_published for one in spans] == [True, False, False]
    assert spans[0][2:4] == (0.3, 0.05)


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([0.1, -0.2])), max_size=30))
def test_spans_say_the_price_of_every_interval(rows):
    connection = tables()
    write_readings(connection, [reading(n, import_price=price) for n, price in rows])

    spans = price_spans(connection, BEGIN.timestamp())

    told = {
        number: span.import_price
        for span in spans
        for number in range(number_of(span.start), number_of(span.end))
    }
    assert told == dict(rows)
    assert all(span.end - span.start >= INTERVAL for span in spans)
