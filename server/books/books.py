"""The books of a home: one thread reads and writes them."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from optimiser import DemandCharge
from server.books import plans, records, table
from server.books.database import MOST_LOG, BooksError, Database
from server.books.days import DayBook, day_book
from server.books.entries import (
    CommandEntry,
    ForecastEntry,
    PlanEntry,
    PriceSpan,
    Reading,
    VirtualEntry,
    seconds_of,
)
from server.books.peaks import peak_so_far
from server.books.records import Interval
from server.books.sums import condense
from server.settings.home import Settings

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class ToWatch(NamedTuple):
    """Readings, and commands of watch mode, since virtual batteries were moved last.

    Attributes
    ----------
    since : VirtualEntry
        Entry to move them on from.
    intervals : list of Interval
        Measured from its end on.
    commands : list of CommandEntry
        Told from the time for late readings before that on.
    """

    since: VirtualEntry
    intervals: list[Interval]
    commands: list[CommandEntry]


class Books:
    """Readings, prices, plans and commands of a home, and the bills that come of them.

    Every method raises `BooksError` where the files cannot be read or written.
    """

    def __init__(self, database: Database, thread: ThreadPoolExecutor) -> None:
        self._database, self._thread = database, thread
        self._is_open = True

    @classmethod
    async def open(cls, folder: Path, most_log: int = MOST_LOG) -> "Books":
        """Open the books in a folder, or begin them there; `most_log` as in `Database`."""
        thread = ThreadPoolExecutor(1, "books")
        try:
            database = await _run(thread, lambda: Database(folder, most_log))
        except BooksError:
            thread.shutdown()
            raise
        return cls(database, thread)

    @property
    def problem(self) -> str | None:
        """Sentence on what was lost or could not be done; None where all is well."""
        return self._database.problem

    async def write_interval(
        self,
        readings: Iterable[Reading] = (),
        plan: PlanEntry | None = None,
        commands: Iterable[CommandEntry] = (),
        virtual: Iterable[VirtualEntry] = (),
    ) -> None:
        """Write all that belongs to an interval, or nothing."""
        rows, told, moved = list(readings), list(commands), list(virtual)
        await self._run(lambda: self._write(rows, plan, told, moved))

    async def write_readings(self, readings: Iterable[Reading]) -> None:
        """Write readings, perhaps again: what is known replaces what was."""
        await self.write_interval(readings)

    async def write_plan(self, plan: PlanEntry) -> None:
        """Write a plan."""
        await self.write_interval(plan=plan)

    async def write_command(self, command: CommandEntry) -> None:
        """Write a command that was told."""
        await self.write_interval(commands=[command])

    async def write_virtual(self, virtual: Iterable[VirtualEntry]) -> None:
        """Write what virtual batteries did, perhaps again."""
        await self.write_interval(virtual=virtual)

    def _write(
        self,
        readings: list[Reading],
        plan: PlanEntry | None,
        commands: list[CommandEntry],
        virtual: list[VirtualEntry],
    ) -> None:
        with self._database.transaction() as connection:
            records.write_readings(connection, readings)
            if plan is not None:
                plans.write_plan(connection, plan)
            for command in commands:
                records.write_command(connection, command)
            records.write_virtual(connection, virtual)
            condense(connection)
        self._database.renew_if_large()

    async def last_reading(self) -> Reading | None:
        """Return the last reading with energy from the grid."""
        return await self._read(records.last_reading)

    async def last_virtual(self) -> VirtualEntry | None:
        """Return the last entry of virtual batteries."""
        return await self._read(records.last_virtual)

    async def to_watch(self, late: timedelta) -> ToWatch | None:
        """Return what to move virtual batteries by; None where nothing is watched.

        Parameters
        ----------
        late : timedelta
            Time up to which readings may be completed: its intervals are moved again, and a command
            told so long before an interval may be in force in it.
        """
        return await self._read(_to_watch, int(late.total_seconds()))

    async def price_history(self, since: datetime) -> list[PriceSpan]:
        """Return the prices in force since an instant."""
        return await self._read(records.price_spans, seconds_of(since))

    async def forecasts(self, first: datetime, last: datetime) -> list[ForecastEntry]:
        """Return the forecasts made from `first` until before `last`, one an hour."""
        return await self._read(plans.forecasts, seconds_of(first), seconds_of(last))

    async def peaks(
        self, charges: Sequence[DemandCharge], now: datetime, zone: tzinfo
    ) -> list[float | None]:
        """Return the peak of each demand charge in its billing period; None is unknown. [kW]"""
        return [await self._read(peak_so_far, charge, now, zone) for charge in charges]

    async def days(
        self, first: date, last: date, zone: tzinfo, settings: Settings | None
    ) -> list[DayBook]:
        """Return the books of local days, the last one included, as far as there is anything."""
        days = await self._dates(first, last, zone)
        return [await self._read(day_book, day, zone, settings) for day in days]

    async def csv(self, first: date, last: date, zone: tzinfo) -> AsyncIterator[str]:
        """Yield the intervals of local days as CSV, a day at a time."""
        line, count = await self._read(table.heading)
        yield line
        for day in await self._dates(first, last, zone):
            yield await self._read(table.rows_of_day, day, zone, count)

    async def _dates(self, first: date, last: date, zone: tzinfo) -> list[date]:
        """Return the days from `first` to `last` between the oldest and the newest entry."""
        span = await self._read(records.span)
        if span is None:
            return []
        oldest, newest = (when.astimezone(zone).date() for when in span)
        begin, end = max(first, oldest), min(last, newest)
        return [begin + timedelta(days=n) for n in range((end - begin).days + 1)]

    async def delete(self) -> None:
        """Delete all that the books hold, and begin them anew."""
        await self._run(self._database.delete)

    async def close(self) -> None:
        """Close the files; nothing can be done with the books from then on."""
        if self._is_open:
            self._is_open = False
            await _run(self._thread, self._database.close)
            self._thread.shutdown()

    async def _read(
        self,
        function: Callable[Concatenate[sqlite3.Connection, Arguments], Result],
        *args: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        return await self._run(lambda: function(self._database.connection, *args, **named))

    async def _run(self, function: Callable[[], Result]) -> Result:
        if not self._is_open:
            raise BooksError("The books are closed")
        return await _run(self._thread, function)


def _to_watch(connection: sqlite3.Connection, late: int) -> ToWatch | None:
    since = records.virtual_since(connection, late)
    if since is None:
        return None
    first, last = seconds_of(since.end), sys.maxsize
    measured = list(records.intervals(connection, first, last))
    return ToWatch(since, measured, records.commands(connection, first - late, last, "watch"))


async def _run(thread: ThreadPoolExecutor, function: Callable[[], Result]) -> Result:
    """Run a function in the thread of the books."""
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, function)
    except (sqlite3.Error, OSError) as error:
        raise BooksError(f"The books cannot be read or written: {error}") from error
