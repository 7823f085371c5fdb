"""Old intervals become half hours, a few at a time, and no sum changes."""

from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.books.days import day_book
from server.books.entries import BatteryReading, VirtualEntry
from server.books.plans import write_plan
from server.books.records import write_command, write_readings, write_virtual
from server.books.sums import FULL_DAYS, condense
from tests.books.conftest import tables
from tests.books.homes import BEGIN, command, plan, reading, start_of

LATER = FULL_DAYS * 288
TABLES = ("interval", "battery", "expected", "plan", "command", "forecast")


def count(connection, name):
    return connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]


def book(connection):
    return day_book(connection, BEGIN.date(), UTC, None)


def condense_all(connection):
    for _ in range(1000):
        before = count(connection, "interval")
        condense(connection)
        assert before - count(connection, "interval") <= 12
        if before == count(connection, "interval"):
            return


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2), st.booleans()), max_size=40))
def test_sums_of_a_day_stay(rows):
    connection = tables()
    for number, (grid_in, taken, is_known) in enumerate(rows):
        battery = BatteryReading(energy_in=taken if is_known else None, energy_out=0.1)
        write_plan(connection, plan(number, 3))
        write_readings(connection, [reading(number, grid_in=grid_in, batteries=[battery])])
    before = book(connection)

    write_readings(connection, [reading(LATER + 300)])
    condense_all(connection)

    after = book(connection)
    assert count(connection, "interval") == 1
    assert after.share == before.share
    for name in ("energies", "bills", "claim"):
        old, new = getattr(before, name), getattr(after, name)
        assert (old is None) == (new is None)
        for field in old.__struct_fields__ if old else ():
            assert getattr(new, field) == pytest.approx(getattr(old, field), abs=1e-9)


def test_what_is_old_goes_with_all_that_belongs_to_it(connection):
    for number in range(30):
        write_readings(connection, [reading(number)])
        write_plan(connection, plan(number))
        write_command(connection, command(number))
        write_virtual(connection, [VirtualEntry(start=start_of(number), socs=[0.5], grid_in=0.1)])
    write_readings(connection, [reading(LATER + 18)])

    condense_all(connection)

    assert count(connection, "half_hour") == 3
    assert count(connection, "interval") == 13
    oldest = (BEGIN + timedelta(minutes=90)).timestamp()
    for table, column in (("interval", "start"), ("battery", "start"), ("expected", "start"),
                          ("plan", "made"), ("command", "at"), ("watched", "start")):  # fmt: skip
        (first,) = connection.execute(f"SELECT min({column}) FROM {table}").fetchone()
        assert first == oldest, table


def test_what_is_read_late_joins_its_half_hour(connection):
    write_readings(connection, [reading(0), reading(LATER + 18)])
    condense_all(connection)
    write_readings(connection, [reading(1)])
    condense_all(connection)

    assert book(connection).share == pytest.approx(2 / 288)
    wanted = 0.3 * (reading(0).grid_in + reading(1).grid_in)
    assert book(connection).bills.import_cost == pytest.approx(wanted)


def test_nothing_goes_before_its_time(connection):
    write_readings(connection, [reading(0), reading(LATER)])

    condense_all(connection)

    assert count(connection, "interval") == 2
