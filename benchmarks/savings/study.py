"""All strategies over one record, on two processes, with a counter."""

import multiprocessing
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.savings.house import Books, House
from benchmarks.savings.record import DAY, Record
from benchmarks.savings.strategies import (
    FIRST,
    Strategy,
    reference_books,
    replay,
    share,
)

PROCESSES = 2
_REFRESH = 0.5  # s

Case = tuple[House, Strategy]

_worker: dict[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """One record and house under several strategies.

    Attributes
    ----------
    record : Record
        What happened.
    house : House
        The battery.
    none, rule, limit : Books
        What there is to compare with.
    ours : tuple of Books
        One for each strategy, in order.
    seconds : float
        Time of all replays together, on `PROCESSES` processes. [s]
    """

    record: Record
    house: House
    none: Books
    rule: Books
    limit: Books
    ours: tuple[Books, ...]
    seconds: float

    @property
    def books(self) -> tuple[Books, ...]:
        """All of them."""
        return (self.none, self.rule, *self.ours, self.limit)

    def share(self, books: Books, month: str | None = None) -> float:
        """Part of the possible savings. [-]"""
        return share(books, self.none, self.limit, month)

    def named(self, name: str) -> Books | None:
        """Books of one strategy, where it was run."""
        return next((books for books in self.books if books.name == name), None)

    @property
    def month_names(self) -> tuple[str, ...]:
        """In order; one of which there is less than a day is no month."""
        names, counts = np.unique(self.none.months, return_counts=True)
        return tuple(names[counts >= DAY].tolist())


def study(record: Record, house: House, strategies: Sequence[Strategy]) -> Study:
    """Replay a record under every strategy.

    Parameters
    ----------
    record : Record
        What happened.
    house : House
        The battery.
    strategies : sequence of Strategy
        What to compare.

    Returns
    -------
    Study
        With the references.
    """
    return studies(record, [(house, strategy) for strategy in strategies])[0]


def studies(record: Record, cases: Sequence[Case]) -> list[Study]:
    """Replay a record in every house under its strategies, all on the same processes.

    Parameters
    ----------
    record : Record
        What happened.
    cases : sequence of Case
        Houses and strategies; those of one house are one study.

    Returns
    -------
    list of Study
        One for each house, in the order of their first cases.
    """
    began = time.perf_counter()
    ours = _replayed(record, cases)
    seconds = time.perf_counter() - began
    found = []
    for house in dict.fromkeys(house for house, _ in cases):
        none, rule, limit = reference_books(record, house)
        its_own = [books for books, case in zip(ours, cases, strict=True) if case[0] == house]
        found.append(
            Study(
                record=record,
                house=house,
                none=none,
                rule=rule,
                limit=limit,
                ours=tuple(its_own),
                seconds=seconds,
            )
        )
    return found


def _replayed(record: Record, cases: Sequence[Case]) -> list[Books]:
    began = time.perf_counter()
    context = multiprocessing.get_context("fork")  # models hold functions, which no pipe takes
    done = context.Value("l", 0)
    total = len(cases) * (record.size - FIRST)
    _worker.update(record=record, cases=cases, done=done)
    with context.Pool(PROCESSES) as pool:
        result = pool.map_async(_replay, range(len(cases)), chunksize=1)
        while not result.ready():
            result.wait(_REFRESH)
            _show(done.value, total, time.perf_counter() - began)
        ours = result.get()
    print(file=sys.stderr)
    return ours


def _replay(number: int) -> Books:
    def progress(count: int) -> None:
        with _worker["done"].get_lock():
            _worker["done"].value += count

    house, strategy = _worker["cases"][number]
    return replay(_worker["record"], house, strategy, progress)


def _show(done: int, total: int, seconds: float) -> None:
    bar = "#" * (40 * done // max(total, 1))
    print(f"\r[{bar:<40}] {done}/{total} plans, {seconds:.0f} s", end="", file=sys.stderr)
