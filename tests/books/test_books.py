"""The books as the server uses them: one thread, whole transactions, plain errors."""

import asyncio
import csv
import resource
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, date, timedelta
from pathlib import Path

import msgspec
import pytest

from optimiser import DemandCharge
from server.books.books import Books
from server.books.database import BooksError
from server.books.days import DayBook
from server.books.entries import VirtualEntry
from server.books.sums import FULL_DAYS
from tests.books.homes import BEGIN, command, number_of, plan, reading, start_of

ROOT = Path(__file__).parents[2]
DAY = BEGIN.date()


async def table(books, *span):
    return [*csv.DictReader("".join([part async for part in books.csv(*span, UTC)]).splitlines())]


async def test_what_was_written_is_there_when_they_are_opened_again(tmp_path):
    books = await Books.open(tmp_path)
    await books.write_interval([reading(0)], plan(0), [command(0)])
    await books.close()

    books = await Books.open(tmp_path)

    assert await books.last_reading() == reading(0)
    assert books.problem is None
    assert (await books.price_history(BEGIN))[0].import_price == 0.3
    await books.close()


async def test_days_are_a_list_that_json_can_hold(books):
    await books.write_readings(reading(n) for n in range(600))

    days = await books.days(DAY, date(2026, 3, 3), UTC, None)

    assert [day.share for day in days] == [1.0, 1.0, 24 / 288]
    assert msgspec.json.decode(msgspec.json.encode(days), type=list[DayBook]) == days
    assert await books.days(date(2026, 3, 3), DAY, UTC, None) == []


async def test_days_end_where_there_is_nothing(books):
    assert await books.days(date.min, date.max, UTC, None) == []

    await books.write_readings([reading(0), reading(288)])

    days = await books.days(date.min, date.max, UTC, None)
    assert [day.date for day in days] == [DAY, date(2026, 3, 2)]
    assert len(await table(books, date.min, date.max)) == 2


async def test_a_failed_write_leaves_nothing(books):
    with pytest.raises(ValueError, match="multiple"):
        await books.write_interval([reading(0), msgspec.structs.replace(
            reading(1), start=BEGIN + timedelta(seconds=7))])  # fmt: skip

    assert await books.last_reading() is None


async def test_many_at_once_come_one_after_the_other(books):
    await asyncio.gather(
        *(books.write_interval([reading(n)], plan(n)) for n in range(20)),
        *(books.days(DAY, DAY, UTC, None) for _ in range(5)),
    )

    assert number_of((await books.last_reading()).start) == 19


async def test_peaks_and_forecasts_are_asked_for(books):
    await books.write_interval([reading(n, grid_in=0.25) for n in range(12)], plan(0))

    peaks = await books.peaks([DemandCharge(price=1.0)] * 2, start_of(12), UTC)
    forecasts = await books.forecasts(BEGIN, start_of(12))

    assert peaks == [pytest.approx(3.0)] * 2
    assert [one.made for one in forecasts] == [BEGIN]


async def test_csv_has_a_row_for_each_interval_and_columns_for_each_battery(books):
    await books.write_plan(plan(-1))
    for number in (0, 1, 287, 288):
        await books.write_interval([reading(number)], plan(number))
    await books.write_command(command(0))

    rows = await table(books, DAY, DAY)

    assert [row["start"][11:16] for row in rows] == ["00:00", "00:05", "23:55"]
    assert rows[1]["grid_in_kwh"] == str(reading(1).grid_in)
    assert rows[0]["last_plan_grid_in"] == "0.2"
    assert rows[0]["battery_1_soc"] == "0.5"
    assert [row["action"] for row in rows] == ["charge", "charge", ""]
    assert len(await table(books, DAY, date(2026, 3, 2))) == 4


async def test_csv_has_what_virtual_batteries_did(books):
    done = {"grid_in": 0.4, "grid_out": 0.0, "battery_in": 0.2, "battery_out": 0.1, "soc": 0.6}
    began = VirtualEntry(start=start_of(0), socs=[0.5])
    moved = VirtualEntry(start=start_of(1), socs=[0.6], gained=0.1, **done)
    await books.write_interval([reading(n) for n in range(3)], virtual=[began, moved])

    rows = await table(books, DAY, DAY)

    names = [f"watched_{name}_kwh" for name in list(done)[:4]] + ["watched_soc"]
    assert [[row[name] for name in names] for row in rows] == [
        [""] * 5,
        ["0.4", "0.0", "0.2", "0.1", "0.6"],
        [""] * 5,
    ]
    assert rows[1]["battery_1_soc"] == "0.5"


async def test_csv_has_half_hours_of_old_days(books):
    await books.write_readings([reading(n, grid_in=0.25) for n in range(9)])
    for _ in range(3):
        await books.write_readings([reading(FULL_DAYS * 288 + 18)])

    rows = await table(books, DAY, DAY)

    assert [(row["start"][11:16], row["minutes"]) for row in rows] == [
        ("00:00", "30"),
        ("00:30", "30"),
    ]
    assert [row["grid_in_kwh"] for row in rows] == ["1.5", "0.75"]
    assert rows[0]["import_price"][:3] == "0.3"


async def test_csv_of_nothing_is_its_heading(books):
    assert await table(books, DAY, DAY) == []


async def test_no_cell_is_a_formula(books):
    """No text of the owner is among them, and a number that begins with a minus is a number."""
    await books.write_interval([reading(0, import_price=-0.1)], plan(0), [command(0)])

    parts = [part async for part in books.csv(DAY, DAY, UTC)]

    cells = [cell for row in csv.reader("".join(parts).splitlines()) for cell in row]
    formulas = [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell]
    assert formulas == ["-0.1"]


async def test_deleted_books_are_empty_and_open(books):
    await books.write_readings([reading(0)])

    await books.delete()

    assert await books.last_reading() is None
    await books.write_readings([reading(1)])
    assert await books.last_reading() == reading(1)


async def test_closed_books_are_refused_and_leave_no_thread(tmp_path):
    before = threading.active_count()
    books = await Books.open(tmp_path)

    await books.close()
    await books.close()

    with pytest.raises(BooksError, match="closed"):
        await books.last_reading()
    assert threading.active_count() == before


async def test_a_folder_that_cannot_be_is_said(tmp_path):
    before = threading.active_count()
    (tmp_path / "file").touch()

    with pytest.raises(BooksError, match="cannot be read or written"):
        await Books.open(tmp_path / "file" / "books")

    assert threading.active_count() == before


async def test_a_disk_that_takes_no_more_is_an_error_in_words_and_not_the_end(books, tmp_path):
    await books.write_readings([reading(0)])
    size = (tmp_path / "books" / "books-1.db-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    for more in (100, 5000, 9000):  # in the middle of a page, and between two
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + more, hard))
        try:
            with pytest.raises(BooksError, match="cannot be read or written"):
                await books.write_interval([reading(1)], plan(1))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert await books.last_reading() == reading(0)

    await books.write_interval([reading(1)], plan(1))
    assert await books.last_reading() == reading(1)


async def test_only_their_own_thread_touches_the_files(books):
    with pytest.raises(sqlite3.ProgrammingError):
        books._database.connection.execute("SELECT 1")


def test_twenty_kills_and_the_copies_before_them_leave_whole_books():
    done = subprocess.run(
        [sys.executable, "-m", "tests.stress.kills", "20"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
