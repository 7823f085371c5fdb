"""Time of index 0: now, or the start that a request names, in the site's zone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from optimiser import ProblemError
from server.wire.repairs import Repairs
from server.wire.wording import quote

Clock = Callable[[], datetime]

# Far from both ends of the calendar, where sums overflow.
_FIRST_YEAR, _LAST_YEAR = 1970, 2200

_CLOCK_TIME = re.compile(r"(\d\d?)(:\d\d(?::\d\d)?)")

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
    """Return the beginning of the first interval before it is snapped, in the site's zone.

    Without a start it is `now`; a naive one is local.  The zone is the one that the request names,
    or else the add-on's own.
    """
    zone = _zone(timezone, site_zone, repairs)
    if start_time is None:
        return now.astimezone(zone)
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
    zone = find_zone(timezone)
    if zone is None:
        repairs.note("unknown_zone", "timezone", f"{quote(timezone)} is no IANA zone; ignored")
        return site_zone
    return zone


def snap_start(start: datetime, minutes: float) -> datetime:
    """Return the latest whole interval of the local day that has begun at `start`.

    Counted from local midnight by the clock on the wall; the step back is of absolute time.
    """
    past_midnight = timedelta(
        hours=start.hour, minutes=start.minute, seconds=start.second, microseconds=start.microsecond
    )
    into = past_midnight % timedelta(minutes=minutes)
    if not into:
        return start
    return (start.astimezone(UTC) - into).astimezone(start.tzinfo)
