"""Time of index 0: now, or the start that a request names, in the site's zone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from optimiser import ProblemError
from server.wire.repairs import Repairs, number_from_json
from server.wire.wording import format_value, quote

Clock = Callable[[], datetime]

# Far from both ends of the calendar, where sums overflow.
_FIRST_YEAR, _LAST_YEAR = 1970, 2200

_CLOCK_TIME = re.compile(r"(\d\d?)(:\d\d(?::\d\d)?)")
_HALF_DAY = re.compile(
    r"((?:\d{4}-\d\d-\d\d[T ])?)\s*(\d\d?)(:\d\d(?::\d\d)?)?\s*(?:([AP])\.?\s?M\.?)?"
)
_NOON = 12  # h

# An earlier instant is of a clock that was not set, and a number outside is no instant. [s]
_FIRST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
_LAST_INSTANT = datetime(_LAST_YEAR, 1, 1, tzinfo=UTC).timestamp()

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


def is_clock_time(value: object) -> bool:
    """Return whether a time names no day."""
    return _CLOCK_TIME.fullmatch(_in_24_hours(str(value).strip())) is not None


def instant_from_wire(
    field: str, value: object, start: datetime, repairs: Repairs, *, counts_now: bool = False
) -> datetime:
    """Return an instant of a request in the site's zone.

    A naive one is local; a clock time alone is the next one after `start`, the plan's beginning,
    or the present one where now counts.  Twelve-hour clocks and seconds or milliseconds since 1970
    are understood, with a warning.

    Raises
    ------
    ProblemError
        Where it is no time, or one far from any plan.
    """
    sent = value.strip() if isinstance(value, str) else format_value(value)
    text, when = _in_24_hours(sent), _from_count(value, start)
    if when is None:
        when = _from_text(field, text, start, counts_now=counts_now)
        if text == sent:
            return when
    repairs.note("time_format", field, f"{quote(str(value))} read as {when.isoformat()}")
    return when


def _from_count(value: object, start: datetime) -> datetime | None:
    """Return the instant of a count of seconds, or milliseconds, since 1970; None of others."""
    count = number_from_json(value)
    for seconds in (count, count / 1000.0):
        if _FIRST_INSTANT <= seconds <= _LAST_INSTANT:
            return datetime.fromtimestamp(seconds, UTC).astimezone(start.tzinfo)
    return None


def _in_24_hours(text: str) -> str:
    """Return a time of a twelve-hour clock, or with a day and one digit, as ISO 8601 writes it."""
    match = _HALF_DAY.fullmatch(text.upper())
    if match is None:
        return text
    day, hour, rest, half = match.groups()
    if half is None:
        return f"{day}0{hour}{rest}" if day and rest and len(hour) == 1 else text
    if not 1 <= int(hour) <= _NOON:
        return text
    return f"{day}{int(hour) % _NOON + _NOON * (half == 'P'):02}{rest or ':00'}"


def _from_text(field: str, text: str, start: datetime, *, counts_now: bool) -> datetime:
    """Return the instant of a clock time, or of ISO 8601."""
    clock_time, is_midnight, sent = _CLOCK_TIME.fullmatch(text), text in {"24:00", "24:00:00"}, text
    if is_midnight:
        text = f"{start.date().isoformat()}T00:00"
    elif clock_time:
        text = f"{start.date().isoformat()}T{clock_time[1].zfill(2)}{clock_time[2]}"
    when = _parse(field, text, sent)
    if when.tzinfo is None:
        when = when.replace(tzinfo=start.tzinfo)
    if when.timestamp() < _FIRST_INSTANT:
        raise ProblemError(field, f"must be of this century, got {quote(sent)}")
    if clock_time:  # "18:00" counts as now until 18:01
        lasts = timedelta(minutes=1) if len(clock_time[2]) == len(":00") else timedelta(seconds=1)
        if is_midnight or when + counts_now * lasts <= start:
            when += timedelta(days=1)
    return when.astimezone(UTC).astimezone(start.tzinfo)


def _parse(field: str, text: str, sent: object) -> datetime:
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ProblemError(field, f"must be ISO 8601, got {format_value(sent)}") from None
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
