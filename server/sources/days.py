"""Tables without stamps: values in order of a local day, or by the hour of its clock."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from server.sources.measures import number_from, numbers_from, words_of
from server.sources.stamps import day_from, local_instant, start_of_day
from server.sources.table import Period, Table

_STEPS_AN_HOUR = (1, 2, 4, 12)
_HOURS = 24
_FOLLOWING = frozenset({"tomorrow", "next"})
_PRECEDING = frozenset({"yesterday", "previous"})

_BY_HOUR = re.compile(r"(price)(_next_day|_tomorrow)?_(\d\d)h(_d)?")
"""PVPC's attributes: `price_00h`, `price_next_day_00h`, and `_d` for the hour that comes twice."""


class Day(NamedTuple):
    """Place of a table, and all that tells the day that it is of."""

    path: tuple[str, ...]
    parent: Mapping[str, object]
    zone: tzinfo
    now: datetime

    def from_names(self) -> date | None:
        """Return the day that the path or a `date` beside the table names, else None."""
        day = day_from(self.parent.get("date"))
        words = {word for name in self.path for word in words_of(name)}
        if day is None and words & {"today", "current", *_FOLLOWING, *_PRECEDING}:
            return self.date(bool(words & _FOLLOWING) - bool(words & _PRECEDING))
        return day

    def date(self, later: int = 0) -> date:
        """Return the local day of now, or some days later."""
        return self.now.astimezone(self.zone).date() + timedelta(days=later)

    def table(
        self, path: tuple[str, ...], columns: Mapping[str, list[float]], periods: Sequence[Period]
    ) -> Table:
        """Return a table of this place."""
        return Table(
            path, columns, [*periods], ({}, self.parent), are_ends=False, notes=[], kind="clock"
        )


def tables_by_the_clock(day: Day, value: object) -> Iterator[Table]:
    """Yield the tables that a value holds without stamps."""
    if isinstance(value, Mapping):
        yield from _prices_by_hour(day, value)
    elif isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        yield from _rows_by_hour(day, value)
    elif isinstance(value, list):
        yield from _values_of_day(day, value)


def _values_of_day(day: Day, values: Sequence[object]) -> Iterator[Table]:
    """Yield the table of numbers that fill a local day, as Nord Pool's `today`."""
    on = day.from_names()
    if on is None or not day.path:
        return
    periods = _periods_of_day(on, len(values), day.zone)
    numbers = numbers_from(values)
    if periods and numbers is not None:
        yield day.table(day.path, {day.path[-1]: numbers}, periods)


def _periods_of_day(day: date, count: int, zone: tzinfo) -> list[Period]:
    """Return the periods of so many values of a local day; none where they do not fill it.

    A day of 23 or 25 hours has as many values more or less; a source that always gives those of
    24 hours means the hours of the clock.
    """
    start, end = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
    hours = round((end - start) / timedelta(hours=1))
    for steps in _STEPS_AN_HOUR:
        step = timedelta(hours=1) / steps
        if count == hours * steps:
            return [(start + k * step, start + (k + 1) * step) for k in range(count)]
        if count == _HOURS * steps:
            midnight = datetime.combine(day, time.min)
            starts = [local_instant(midnight + k * step, zone) for k in range(count)]
            return [*zip(starts, [*starts[1:], end], strict=True)]
    return []


def _rows_by_hour(day: Day, rows: Sequence[Mapping[str, object]]) -> Iterator[Table]:
    """Yield the table of rows that have the hour of the clock: `{"hour": 6, "power_kw": 1.2}`."""
    hours = [_hour(row.get("hour")) for row in rows[: _HOURS + 1]]
    known = [hour for hour in hours if hour is not None]
    if len(known) < len(rows):
        return
    on = day.from_names() or day.date()
    columns = {
        name: numbers
        for name in rows[0]
        if isinstance(name, str) and name != "hour"
        if (numbers := numbers_from([row.get(name) for row in rows])) is not None
    }
    if columns:
        yield day.table(day.path, columns, [_period_of_hour(on, hour, day.zone) for hour in known])


def _hour(value: object) -> int | None:
    is_hour = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _HOURS
    return value if is_hour and isinstance(value, int) else None


def _prices_by_hour(day: Day, value: Mapping[str, object]) -> Iterator[Table]:
    """Yield the tables of one attribute an hour."""
    for suffix, later in ((None, 0), ("_next_day", 1), ("_tomorrow", 1)):
        found = [
            (match, number_from(item))
            for key, item in value.items()
            if isinstance(key, str) and (match := _BY_HOUR.fullmatch(key)) and match[2] == suffix
        ]
        if found:
            on = day.date(later)
            hours = [
                _period_of_hour(on, int(match[3]) % _HOURS, day.zone, twice=bool(match[4]))
                for match, _ in found
            ]
            yield day.table((*day.path, "price"), {"price": [number for _, number in found]}, hours)


def _period_of_hour(on: date, hour: int, zone: tzinfo, *, twice: bool = False) -> Period:
    """Return the instants of an hour of the clock; `twice` is the second of the hour's name."""
    start = local_instant(datetime.combine(on, time(hour, fold=twice)), zone)
    return start, start + timedelta(hours=1)
