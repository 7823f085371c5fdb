"""Instants from the stamps that sources write."""

import math
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

ROUNDED = "stamps beside the minute were rounded to it"
LOCAL = "stamps without an offset were read as local time"

_FIRST_YEAR, _LAST_YEAR = 2000, 2200  # far from both ends of the calendar, where sums overflow
_SHORTEST = len("2026-08-22T06")
"""A shorter text is no more than a day."""

_DURATION = re.compile(r"PT([1-9]\d{0,2})([MH])")
_MINUTES_OF_DAY = 1440

_FIRST_COUNT = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
_LAST_COUNT = datetime(_LAST_YEAR, 1, 1, tzinfo=UTC).timestamp()


class StampReader:
    """Reads the stamps of one table, in its order.

    `notes` receives each kind of repair once.  A stamp without an offset is local; in the hour that
    passes twice it is the first instant later than the stamp before.
    """

    def __init__(self, zone: tzinfo, notes: list[str]) -> None:
        self._zone = zone
        self._notes = notes
        self._last: datetime | None = None

    def start(self, value: object) -> datetime | None:
        """Return the instant of a stamp to the minute, None where it is none."""
        instant = self.after(value, self._last)
        self._last = instant or self._last
        return instant

    def after(self, value: object, before: datetime | None) -> datetime | None:
        """Return the instant of a stamp that follows another."""
        instant = _instant(value)
        if instant is None:
            return None
        if instant.tzinfo is None:
            self._note(LOCAL)
            instant = local_instant(instant, self._zone, before)
        minute = datetime.fromtimestamp(60 * round(instant.timestamp() / 60), UTC)
        if minute != instant:
            self._note(ROUNDED)
        return minute

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)


def is_stamp(value: object) -> bool:
    """Return whether a value names an instant."""
    return _instant(value) is not None


def local_instant(when: datetime, zone: tzinfo, before: datetime | None = None) -> datetime:
    """Return the instant of a local time, the first after `before` where it passes twice."""
    instant = when.replace(tzinfo=zone).astimezone(UTC)
    if before is not None and instant <= before:
        instant = max(instant, when.replace(tzinfo=zone, fold=1).astimezone(UTC))
    return instant


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the instant of midnight at which a local day begins."""
    return local_instant(datetime.combine(day, time.min), zone)


def day_from(value: object) -> date | None:
    """Return the day of a text such as ``2026-08-22``, None where it is none."""
    try:
        day = date.fromisoformat(value[: len("2026-08-22")]) if isinstance(value, str) else None
    except ValueError:
        return None
    return day if day is not None and _FIRST_YEAR <= day.year < _LAST_YEAR else None


def minutes_from(value: object) -> timedelta | None:
    """Return a duration in minutes, or as ISO 8601 writes one below a day: PT30M, PT1H."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match:
        return timedelta(minutes=int(match[1]) * (60 if match[2] == "H" else 1))
    if isinstance(value, int | float) and 1 <= value <= _MINUTES_OF_DAY:
        return timedelta(minutes=float(value))
    return None


def _instant(value: object) -> datetime | None:
    if isinstance(value, str):
        return _count(value) if value.isdecimal() else _text(value)
    return _count(value) if isinstance(value, int | float) else None


def _text(value: str) -> datetime | None:
    if len(value) < _SHORTEST:
        return None
    try:
        when = datetime.fromisoformat(value.strip().replace("/", "-"))
    except ValueError:
        return None
    return when if _FIRST_YEAR <= when.year < _LAST_YEAR else None


def _count(value: str | float) -> datetime | None:
    """Return the instant of a count of seconds, or milliseconds, since 1970."""
    try:
        count = float(value)
    except OverflowError:
        return None
    for seconds in (count, count / 1000.0):
        if math.isfinite(seconds) and _FIRST_COUNT <= seconds < _LAST_COUNT:
            return datetime.fromtimestamp(seconds, UTC)
    return None
