"""Instants of a reply, and the windows of local time that they fall into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from tests.reference.reading import TIME_TOLERANCE, Wire, minutes

A_DAY = timedelta(days=1)


def count_sessions(stamps: Sequence[str]) -> list[datetime]:
    """Beginning of each interval, with the local clock of its own stamp."""
    return [datetime.fromisoformat(stamp) for stamp in stamps]


def from_first_stamp(request: Wire, stamps: Sequence[str]) -> Wire:
    """The same request with the length of each interval, the first one cut by the start.

    Equal intervals that divide an hour in whole seconds lie on the local clock.
    """
    length = request["interval_minutes"]
    if isinstance(length, Sequence) or not stamps or (60 * length) % 1 or 3600 % (60 * length):
        return request
    into_hour = 60 * minute_of_day(datetime.fromisoformat(stamps[0])) % 3600
    left = length - round(into_hour % (60 * length), 6) / 60
    return {**request, "interval_minutes": [left, *minutes(request)[1:]]}


def instants_of(request: Wire, stamps: Sequence[str]) -> list[datetime]:
    """Beginning of each interval and the end of the last: n + 1 instants."""
    starts = count_sessions(stamps)
    return [*starts, starts[-1] + timedelta(minutes=minutes(request)[-1])]


def wrong_steps(request: Wire, stamps: Sequence[str]) -> Iterator[str]:
    """Timestamps that are not as far apart as the intervals are long."""
    lengths = [timedelta(minutes=length) for length in minutes(request)]
    for t, (before, after) in enumerate(pairwise(count_sessions(stamps))):
        if abs(after - before - lengths[t]) > TIME_TOLERANCE:
            yield f"interval {t}: timestamps must be {lengths[t]} apart, got {after - before}"


def minute_of_day(start: datetime) -> float:
    """Minutes on the local clock since midnight. [min]."""
    return 60 * start.hour + start.minute + start.second / 60 + start.microsecond / 60e6


def is_inside(window: Wire, start: datetime) -> bool:
    """Whether an interval that starts then belongs to the window.

    `start` and `end` are ``HH:MM``, midnight where absent; equal ones mean 24 hours.  A window
    that crosses midnight still belongs to the day on which it opened: that day's weekday and
    month count.
    """
    opens, closes = _minutes_of(window.get("start")), _minutes_of(window.get("end"))
    now = minute_of_day(start)
    if opens < closes:
        return opens <= now < closes and _opens_on(window, start.date())
    if now >= opens:
        return _opens_on(window, start.date())
    return now < closes and _opens_on(window, start.date() - A_DAY)


def _minutes_of(clock: str | None) -> int:
    """Minutes since midnight of ``HH:MM``; ``24:00`` is midnight, too."""
    if clock is None:
        return 0
    hour, minute = clock.split(":")
    return (60 * int(hour) + int(minute)) % 1440


def _opens_on(window: Wire, day: date) -> bool:
    weekdays, months = window.get("weekdays"), window.get("months")
    if weekdays == "mon-fri":  # the one text that requests of tests use
        weekdays = range(5)
    is_weekday = weekdays is None or day.weekday() in weekdays
    is_month = months is None or day.month in months
    return is_weekday and is_month
