"""Prices in time of a tariff that was typed as a table."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import NamedTuple

from optimiser import Horizon
from server.reading.provider_config import time_from_wire
from server.settings.tariff import Rate, Tariff
from server.sources.rows import Row, Rows

_SUNDAY = 6
_MIDNIGHT = time(0)
_CLOCK_CHANGES = timedelta(minutes=30)  # all lie on half hours of UTC
_BLINK = timedelta(seconds=1)


class _Opening(NamedTuple):
    """The daily window of a rate; equal times are the whole day."""

    rate: Rate
    start: time
    end: time

    def holds(self, at: datetime, holidays: frozenset[str]) -> bool:
        """Return whether the rate holds at a local time; past midnight it is of the day before."""
        clock, day, rate = at.time(), at.date(), self.rate
        if self.start < self.end:
            if not self.start <= clock < self.end:
                return False
        elif clock < self.start:
            if clock >= self.end:
                return False
            day -= timedelta(days=1)
        is_day = rate.weekdays is None or _weekday(day, holidays) in rate.weekdays
        return is_day and (rate.months is None or day.month in rate.months)


def _weekday(day: date, holidays: frozenset[str]) -> int:
    """Return the number of a day of the week; a holiday is a Sunday."""
    text = day.isoformat()
    return _SUNDAY if not holidays.isdisjoint((text, text[5:])) else day.weekday()


def rows_of(tariff: Tariff, start: datetime, end: datetime, zone: tzinfo) -> Rows:
    """Return the prices of a tariff, with a row for each change on the local clock.

    Parameters
    ----------
    tariff : Tariff
        As checked.
    start, end : datetime
        Time-zone aware; the rows cover just what is between.
    zone : tzinfo
        Of the home.

    Returns
    -------
    Rows
        In UTC, each with its end.
    """
    openings = [_opening(rate) for rate in tariff.rates]
    holidays = frozenset(tariff.holidays)
    rows: Rows = []
    for begin, until in pairwise(_edges(openings, start, end, zone)):
        local = begin.astimezone(zone)
        holding = (o.rate.price for o in openings if o.holds(local, holidays))
        price = next(holding, tariff.otherwise)
        is_same = bool(rows) and rows[-1].value == price
        rows.append(Row(rows.pop().start if is_same else begin, until, price))
    return rows


def _opening(rate: Rate) -> _Opening:
    return _Opening(
        rate,
        time_from_wire(rate.start or "00:00", "start"),
        time_from_wire(rate.end or "00:00", "end"),
    )


def _edges(
    openings: list[_Opening], start: datetime, end: datetime, zone: tzinfo
) -> list[datetime]:
    """Return every instant at which a price may change, from the start to the end."""
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    if first >= last:
        return []
    clocks = {_MIDNIGHT, *(opening.start for opening in openings), *(o.end for o in openings)}
    hours = (last - first).total_seconds() / 3600.0
    span = Horizon(start=first.astimezone(zone), hours=[hours])
    edges = {when.astimezone(UTC) for clock in clocks for when in span.occurrences(clock)}
    return sorted({first, last, *edges, *_clock_changes(first, last, zone)})


def _clock_changes(first: datetime, last: datetime, zone: tzinfo) -> list[datetime]:
    """Return when the clocks are changed between two instants."""
    half_hours = int((last - first) / _CLOCK_CHANGES) + 1
    begin = first.replace(minute=first.minute // 30 * 30, second=0, microsecond=0)
    instants = [begin + n * _CLOCK_CHANGES for n in range(1, half_hours + 1)]
    return [
        at
        for at in instants
        if at < last
        and (at - _BLINK).astimezone(zone).utcoffset() != at.astimezone(zone).utcoffset()
    ]
