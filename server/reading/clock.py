"""When index 0 is: now, or the start that a request names, in the site's zone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from optimiser import ProblemError
from server.wire.repairs import Repairs
from server.wire.wording import clipped

Clock = Callable[[], datetime]

# Far from both ends of the calendar, where sums overflow.
_FIRST_YEAR, _LAST_YEAR = 1970, 2200

_CLOCK_TIME = re.compile(r"(\d\d?)(:\d\d(?::\d\d)?)")

_MACHINE_ZONE = Path("/etc/localtime")


def zone_named(name: str) -> ZoneInfo | None:
    """Time zone of an IANA name; None where there is no such zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # unknown, a folder of the database, a wild path
        return None


def machine_zone() -> ZoneInfo | None:
    """Time zone of the machine with its changes of clocks; None where it cannot be read."""
    try:
        with _MACHINE_ZONE.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return None


def start_of(
    start_time: str | None,
    timezone: str | None,
    site_zone: tzinfo | None,
    now: datetime,
    repairs: Repairs,
) -> datetime:
    """Beginning of the first interval before it is snapped.

    Parameters
    ----------
    start_time, timezone : str or None
        As the request names them; a naive start is local.
    site_zone : tzinfo or None
        The add-on's own zone.
    now : datetime
        Time-zone aware.
    repairs : Repairs
        Takes note of an unknown zone.

    Returns
    -------
    datetime
        In the site's zone.

    Raises
    ------
    ProblemError
        Where `start_time` is no time stamp of our time.
    """
    zone = _zone(timezone, site_zone, repairs)
    if start_time is None:
        return now.astimezone(zone)
    start = _parsed("start_time", start_time)
    if start.tzinfo is None:
        start = start.replace(tzinfo=zone if zone is not None else now.astimezone().tzinfo)
    # By way of UTC: an hour that the clocks skip has no other way to its true name.
    return start.astimezone(UTC).astimezone(start.tzinfo if zone is None else zone)


def is_clock_time(text: str) -> bool:
    """Whether a time names no day."""
    return _CLOCK_TIME.fullmatch(text.strip()) is not None


def instant_from_wire(field: str, text: str, start: datetime) -> datetime:
    """An instant that a request names; a clock time alone is the next one from `start` on.

    Parameters
    ----------
    field : str
        Its path in the request.
    text : str
        ISO 8601; local where naive.
    start : datetime
        Beginning of the plan, in the site's zone.

    Returns
    -------
    datetime
        In the site's zone.

    Raises
    ------
    ProblemError
        Where it is no time stamp of our time.
    """
    clock_time = _CLOCK_TIME.fullmatch(text.strip())
    given, is_midnight = text, text.strip() in {"24:00", "24:00:00"}
    if is_midnight:
        text = f"{start.date().isoformat()}T00:00"
    elif clock_time:
        text = f"{start.date().isoformat()}T{clock_time[1].zfill(2)}{clock_time[2]}"
    when = _parsed(field, text, given)
    if when.tzinfo is None:
        when = when.replace(tzinfo=start.tzinfo)
    if clock_time and (when <= start or is_midnight):
        when += timedelta(days=1)
    return when.astimezone(UTC).astimezone(start.tzinfo)


def _parsed(field: str, text: str, given: str | None = None) -> datetime:
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ProblemError(field, f"must be ISO 8601, got {clipped(given or text)}") from None
    if not _FIRST_YEAR <= when.year <= _LAST_YEAR:
        rule = f"must lie between {_FIRST_YEAR} and {_LAST_YEAR}, got year {when.year}"
        raise ProblemError(field, rule)
    return when


def _zone(timezone: str | None, site_zone: tzinfo | None, repairs: Repairs) -> tzinfo | None:
    if timezone is None:
        return site_zone
    zone = zone_named(timezone)
    if zone is None:
        repairs.note("unknown_zone", "timezone", f"{clipped(timezone)} is no IANA zone; ignored")
        return site_zone
    return zone


def snapped(start: datetime, minutes: float) -> datetime:
    """Latest whole interval of the local day that has begun at `start`.

    Counted from local midnight by the clock on the wall; the step back is of absolute time.
    """
    past_midnight = timedelta(
        hours=start.hour, minutes=start.minute, seconds=start.second, microseconds=start.microsecond
    )
    into = past_midnight % timedelta(minutes=minutes)
    if not into:
        return start
    return (start.astimezone(UTC) - into).astimezone(start.tzinfo)
