"""The books of a home, as far as they can be kept: without them, plans go on."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

from server.books.books import Books
from server.books.database import BooksError
from server.books.days import DayBook
from server.books.entries import PriceSpan
from server.controller.entries import LATE, command_entry, plan_entry, prices_from, read_readings
from server.controller.turn import Turn
from server.controller.watching import Watcher, mark, moves
from server.home_assistant.link import Link, LinkError
from server.settings.home import Settings
from server.telling.acting import Acted
from server.telling.command import Command

log = logging.getLogger("server.controller.bookkeeper")

HISTORY = timedelta(days=29)
"""Of prices, for those that are not published yet: four weeks."""


class Bookkeeper:
    """Writes down what was read, planned and told; a fault is said, and hinders nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._books: Books | None = None
        self._watcher = Watcher()
        self._fault: str | None = None

    @property
    def problem(self) -> str | None:
        """A sentence on what was lost or cannot be done."""
        return self._fault or (self._books.problem if self._books else None)

    async def open(self) -> None:
        """Open the books."""
        try:
            self._books = await Books.open(self._folder)
        except BooksError as error:
            self._note(error)

    async def close(self) -> None:
        """Close the books."""
        if self._books is not None:
            await self._books.close()

    async def price_history(self, now: datetime) -> list[PriceSpan]:
        """Return the prices of the last weeks; none where they cannot be read."""
        if self._books is None:
            return []
        try:
            return await self._books.price_history(now - HISTORY)
        except BooksError as error:
            self._note(error)
            return []

    async def virtual_socs(self, settings: Settings, now: datetime) -> list[float] | None:
        """Return the states of charge of watch mode; None where a plan starts from the real ones.

        So the first plan of watch mode does, and the first one after a pause of the readings.
        """
        if self._books is None or settings.mode != "watch":
            return None
        try:
            return self._watcher.socs(await self._books.last_virtual(), settings, now)
        except BooksError as error:
            self._note(error)
            return None

    async def write_turn(self, turn: Turn, command: Command | None, acted: Acted | None) -> None:
        """Write a plan, its prices, its command, and where watching begins or ends.

        A fault is over with it.
        """
        if self._books is None:
            await self.open()
        if self._books is None:
            return
        told = [command_entry(acted, command, turn.settings)] if acted and command else []
        marks = mark(turn.inputs, turn.settings, is_virtual=turn.is_virtual)
        if turn.settings.mode == "watch":
            self._watcher.note(turn.soc_trajectory(), is_virtual=turn.is_virtual)
        try:
            entry = plan_entry(turn, command)
            await self._books.write_interval(prices_from(turn), entry, told, marks)
        except BooksError as error:
            self._note(error)
        else:
            self._fault = None

    async def write_readings(self, link: Link, settings: Settings, now: datetime) -> None:
        """Write the energies that the recorder has of the time since the last reading."""
        if self._books is None:
            return
        try:
            last = await self._books.last_reading()
            await self._books.write_readings(await read_readings(link, settings, last, now))
            if settings.mode == "watch":
                await self._watch(self._books, settings)
        except LinkError as error:
            log.warning("energies of the books: %s", error)
        except BooksError as error:
            self._note(error)

    async def _watch(self, books: Books, settings: Settings) -> None:
        """Write what virtual batteries did where the house is measured."""
        part = await books.to_watch(LATE)
        if part is not None and part.intervals:
            entries = await asyncio.to_thread(lambda: list(moves(part, settings)))
            await books.write_virtual(entries)

    async def days(
        self, first: date, last: date, zone: tzinfo, settings: Settings | None
    ) -> Sequence[DayBook]:
        """Return the books of local days; raises `BooksError`."""
        return await self._books.days(first, last, zone, settings) if self._books else []

    async def csv(self, first: date, last: date, zone: tzinfo) -> AsyncIterator[str]:
        """Yield the books of local days as CSV; raises `BooksError`."""
        if self._books is not None:
            async for chunk in self._books.csv(first, last, zone):
                yield chunk

    async def delete(self) -> None:
        """Delete all that the books hold; raises `BooksError`."""
        if self._books is not None:
            await self._books.delete()
            self._fault = None

    def _note(self, error: BooksError) -> None:
        text = str(error)
        if text != self._fault:
            log.error("the books: %s", text)
        self._fault = text
