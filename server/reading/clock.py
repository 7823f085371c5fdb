"""Time of index 0: now, or the start that a request names, in the site's zone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from optimiser import ProblemError
from server.wire.repairs import Repairs
from server.wire.wording import format_value, quote

Clock = Callable[[], datetime]

# Far from both ends of the calendar, where sums overflow.
_FIRST_YEAR, _LAST_YEAR = 1970, 2200

_CLOCK_TIME = re.compile(r"(\d\d?)(:\d\d(?::\d\d)?)")

_OFFSET = re.compile(r"(?:UTC|GMT)? ?([+\u2212-])(\d\d?)(?::?([0-5]\d))?", re.IGNORECASE)
_LARGEST_OFFSET = timedelta(hours=14)  # Kiribati's

_MACHINE_ZONE = Path("/etc/localtime")


def find_zone(name: str) -> ZoneInfo | None:
    """Return the time zone of an IANA name; None where there is no such zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # unknown, a folder of the database, a wild path
        return None


def machine_zone() -> ZoneInfo | None:
    """Return the time zone of the machine; None where it cannot be read."""
    try:
        with _MACHINE_ZONE.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return None


def start_from_wire(
    start_time: str | None,
    timezone: str | None,
    site_zone: tzinfo | None,
    now: datetime,
    repairs: Repairs,
) -> datetime:
    """Return the beginning of the plan, in the site's zone.

    Without a start it is `now`, in whole seconds; a naive one is local.  The zone is the one that
    the request names, or else the add-on's own.
    """
    zone = _zone(timezone, site_zone, repairs)
    if start_time is None:
        return now.astimezone(zone).replace(microsecond=0)
    start = _parse("start_time", start_time, start_time)
    if start.tzinfo is None:
        start = start.replace(tzinfo=zone if zone is not None else now.astimezone().tzinfo)
    # By way of UTC: an hour that the clocks skip has no other way to its true name.
    return start.astimezone(UTC).astimezone(start.tzinfo if zone is None else zone)


def is_clock_time(text: str) -> bool:
    """Return whether a time names no day."""
    return _CLOCK_TIME.fullmatch(text.strip()) is not None


def instant_from_wire(field: str, text: str, start: datetime) -> datetime:
    """Return an instant of a request in the site's zone.

    A naive one is local; a clock time alone is the next one from `start`, the plan's beginning, on.
    """
    clock_time, sent = _CLOCK_TIME.fullmatch(text.strip()), text
    is_midnight = text.strip() in {"24:00", "24:00:00"}
    if is_midnight:
        text = f"{start.date().isoformat()}T00:00"
    elif clock_time:
        text = f"{start.date().isoformat()}T{clock_time[1].zfill(2)}{clock_time[2]}"
    when = _parse(field, text, sent)
    if when.tzinfo is None:
        when = when.replace(tzinfo=start.tzinfo)
    if clock_time and (when <= start or is_midnight):
        when += timedelta(days=1)
    return when.astimezone(UTC).astimezone(start.tzinfo)


def _parse(field: str, text: str, sent: str) -> datetime:
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ProblemError(field, f"must be ISO 8601, got {quote(sent)}") from None
    if not _FIRST_YEAR <= when.year <= _LAST_YEAR:
        rule = f"must lie between {_FIRST_YEAR} and {_LAST_YEAR}, got year {when.year}"
        raise ProblemError(field, rule)
    return when


def _zone(timezone: str | None, site_zone: tzinfo | None, repairs: Repairs) -> tzinfo | None:
    if timezone is None:
        return site_zone
    zone: tzinfo | None = find_zone(timezone)
    if zone is None:
        zone = _zone_as_meant(timezone.strip())
        result = "ignored" if zone is None else f"read as {zone}"
        text = f"{quote(timezone)} is no IANA zone; {result}"
        repairs.note("unknown_zone", "timezone", text)
    return site_zone if zone is None else zone


def _zone_as_meant(name: str) -> tzinfo | None:
    """Return the zone of a name in other letters, or of an offset from UTC."""
    offset = _OFFSET.fullmatch(name)
    if offset:
        sign, hours, minutes = offset[1], int(offset[2]), int(offset[3] or 0)
        east = timedelta(hours=hours, minutes=minutes)
        if east > _LARGEST_OFFSET:
            return None
        return fixed_zone(east if sign == "+" else -east)
    letters = name.replace(" ", "_").casefold()
    known = (find_zone(zone) for zone in available_timezones() if zone.casefold() == letters)
    return next(known, None)


def hours_into_interval(start: datetime, minutes: float) -> float:
    """Return how long the interval of `start` has been running. [h]

    Intervals that divide an hour, in whole seconds, lie on the local clock.  Others count from the
    start, and none has passed.
    """
    seconds = 60.0 * minutes
    if not seconds.is_integer() or 3600.0 % seconds:
        return 0.0
    return (60 * start.minute + start.second) % seconds / 3600.0


def epoch_from_wire(
    field: str, stamp: object, zone: tzinfo | None, after: float | None = None
) -> tuple[float, bool]:
    """Return an instant in whole seconds since 1970, and whether it came without an offset.

    Such a one is local; in the hour that passes twice, it is the first instant later than `after`.
    Feeds that are a second late or early mean the whole minute.
    """
    if not isinstance(stamp, str):
        raise ProblemError(field, f"must be ISO 8601, got {format_value(stamp)}")
    when = _parse(field, stamp, stamp)
    is_naive = when.tzinfo is None
    epoch = when.replace(tzinfo=zone).timestamp() if is_naive else when.timestamp()
    if is_naive and after is not None and epoch <= after:
        epoch = max(epoch, when.replace(tzinfo=zone, fold=1).timestamp())
    minute = 60.0 * round(epoch / 60.0)
    return minute if abs(epoch - minute) <= 1.0 else float(round(epoch)), is_naive
