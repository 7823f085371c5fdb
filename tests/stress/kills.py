"""``python -m tests.stress.kills [kills]``: books that are copied and killed while being written.

A process writes interval after interval, with generations that follow each other far faster than
in a home.  It is copied file by file in a random order, as a backup does, and killed at a random
moment; then the books and the copy are opened.  Each must be whole, without a gap, and end with
what had been reported as written when the copy began, or the kill came.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from server.books.books import Books
from server.books.database import Database
from tests.books.homes import command, number_of, plan, reading

LOG = 2**17  # bytes of the log that begins a generation: some five intervals
LONGEST = 0.05  # s from the first interval to the kill
NUMBER = 8  # bytes of a report

COPIES: list[int] = []
"""What had been written when each copy that was looked at began."""


async def write(folder, report):
    """Write intervals for ever; each is reported when it is written."""
    books = await Books.open(folder, LOG)
    last = await books.last_reading()
    number = number_of(last.start) + 1 if last else 0
    while True:
        await books.write_interval([reading(number)], plan(number), [command(number)])
        os.write(report, number.to_bytes(NUMBER, "big"))
        number += 1


def start_writer(folder):
    """Process and pipe of a writer."""
    reports, report = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reports)
        try:
            asyncio.run(write(folder, report))
        finally:
            os._exit(1)
    os.close(report)
    return process, reports


def last_report(reports):
    """Number of the last interval reported so far; waits for the first."""
    content = os.read(reports, 2**16)
    return int.from_bytes(content[-NUMBER:], "big") if content else None


def newest(folder):
    """Number of the newest generation."""
    return max(int(path.name[6:-3]) for path in folder.glob("books-*.db"))


def copy(folder, to, order):
    """Copy the files that there are, one after the other and in pieces; what has gone is left.

    A copy that lasts for more than a generation, which is a day in a home, is given up.
    """
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    before = newest(folder)
    names = sorted(path.name for path in folder.iterdir())
    order.shuffle(names)
    for name in names:
        try:
            with (folder / name).open("rb") as file, (to / name).open("wb") as target:
                while piece := file.read(2**15):
                    target.write(piece)
                    time.sleep(order.random() / 2000)
        except FileNotFoundError:
            continue
    if newest(folder) > before + 1:
        shutil.rmtree(to)


def faults(folder, reported):
    """What is wrong with books that should hold all that was reported."""
    with closing(Database(folder)) as database:
        one = database.connection
        (check,) = one.execute("PRAGMA integrity_check").fetchone()
        tables = ("interval", "battery", "plan", "command")
        counts = {one.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
        first, last = one.execute("SELECT min(start), max(start) FROM interval").fetchone()
        problem = database.problem
    found = [text for text in (check, problem) if text not in {None, "ok"}]
    (count, *others) = counts
    written = 0 if last is None else (last - first) // 300 + 1
    if others or count != written:
        found.append(f"{written} intervals, but {counts} rows")
    if written <= reported:
        found.append(f"{written} intervals, though {reported + 1} were written")
    return found


def kill(folder, order):
    """Write, copy, kill and look; what is wrong with both."""
    process, reports = start_writer(folder)
    try:
        known = last_report(reports)
        copied = folder.with_name("copy")
        if known is not None and order.random() < 0.5:
            copy(folder, copied, order)
        time.sleep(LONGEST * order.random())
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    if known is None:
        return ["the writer ended by itself"]
    found = []
    if copied.exists():
        found += [f"copy: {fault}" for fault in faults(copied, known)]
        shutil.rmtree(copied)
        COPIES.append(known)
    os.set_blocking(reports, False)
    while (later := last_report(reports)) is not None:
        known = later
    os.close(reports)
    return found + faults(folder, known)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.stress.kills", description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=1000, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    order, found = random.Random(arguments.seed), []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "books"
        for number in range(arguments.kills):
            if number % 100 == 0:  # a fresh folder: its first moments count as well
                shutil.rmtree(folder, ignore_errors=True)
            found += [f"kill {number}: {fault}" for fault in kill(folder, order)]
        with closing(Database(folder)) as database:
            query = "SELECT count(*) FROM interval"
            (count,) = database.connection.execute(query).fetchone()
        print(
            f"{arguments.kills} kills, {len(COPIES)} copies, SQLite {sqlite3.sqlite_version};"
            f" the last books hold {count} intervals in generation {newest(folder)}"
        )
    print(*found, sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
