"""Long-term and five-minute statistics of Home Assistant's recorder."""

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from server.home_assistant.link import Link, Unreadable
from server.home_assistant.transport.messages import decode, log

Period: TypeAlias = Literal["5minute", "hour", "day"]

_LENGTHS = {
    "5minute": timedelta(minutes=5),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
_UNITS = {"energy": "kWh", "power": "W"}
_MOST_ROWS = 20_000  # of one answer, about 2 MB
_MOST_ROWS_IN_ALL = 200_000  # 2 years of hours for 11 statistics; about 40 MB as tuples
_TIMEOUT = 60.0  # s; a year of hours on an SD card takes several


class Change(NamedTuple):
    """One row of statistics: energy [kWh], or a mean or maximum of power [W] or another unit."""

    start: datetime
    end: datetime
    value: float


class RowIn(msgspec.Struct):
    """One row of an answer; stamps in ms since 1970, values in the units asked for."""

    start: float
    end: float
    change: float | None = None
    mean: float | None = None
    max: float | None = None
    sum: float | None = None


async def changes(
    link: Link, ids: Iterable[str], start: datetime, end: datetime, period: Period
) -> dict[str, list[Change]]:
    """Return energy in each period [kWh], by statistic; one without rows is absent.

    A negative change, of a meter that was replaced or corrected, is no energy: its row is left
    out, which is logged.

    Raises
    ------
    LinkError
        Where Home Assistant gives no usable answer.
    ValueError
        Where more rows are asked for than anybody should hold.
    """
    return await _read(link, ids, (start, end), period, "change")


async def means(
    link: Link, ids: Iterable[str], start: datetime, end: datetime, period: Period
) -> dict[str, list[Change]]:
    """Return the mean in each period, by statistic; powers in W.

    Raises as `changes`.
    """
    return await _read(link, ids, (start, end), period, "mean")


async def maxima(
    link: Link, ids: Iterable[str], start: datetime, end: datetime, period: Period
) -> dict[str, list[Change]]:
    """Return the maximum in each period, by statistic; powers in W.

    Raises as `changes`.
    """
    return await _read(link, ids, (start, end), period, "max")


async def _read(
    link: Link,
    ids: Iterable[str],
    span: tuple[datetime, datetime],
    period: Period,
    kind: Literal["change", "mean", "max"],
) -> dict[str, list[Change]]:
    """Return the rows that begin in `span`, by statistic."""
    wanted = sorted(set(ids))
    rows: dict[str, dict[float, RowIn]] = {name: {} for name in wanted}
    for start, end in _spans(span, _LENGTHS[period], len(wanted)):
        answer = await link.command(
            "recorder/statistics_during_period",
            timeout=_TIMEOUT,
            start_time=start.astimezone(UTC).isoformat(),
            end_time=end.astimezone(UTC).isoformat(),
            statistic_ids=wanted,
            period=period,
            types=["change", "sum"] if kind == "change" else [kind],
            units=_UNITS,
        )
        for name, part in decode(answer, dict[str, list[RowIn]]).items():
            if name in rows:  # a day that two answers share is whole in the later one
                rows[name] |= {row.start: row for row in part}
    read = {
        name: _changes(name, sorted(part.values(), key=_start), kind)
        for name, part in rows.items()
        if part
    }
    return {name: part for name, part in read.items() if part}


def _spans(
    span: tuple[datetime, datetime], length: timedelta, n_ids: int
) -> Iterator[tuple[datetime, datetime]]:
    """Yield parts of `span` whose answers are bounded."""
    start, end = span
    n_rows = (end - start) / length * n_ids
    if n_rows > _MOST_ROWS_IN_ALL:
        raise ValueError(f"statistics: at most {_MOST_ROWS_IN_ALL} rows, got {n_rows:.0f}")
    if n_ids == 0:
        return
    step = length * max(_MOST_ROWS // n_ids, 1)
    while start < end:
        yield start, min(start + step, end)
        start += step


def _changes(name: str, rows: list[RowIn], kind: str) -> list[Change]:
    """Return the rows that have a usable value."""
    read = []
    n_negative = 0
    for row in rows:
        value: Any = getattr(row, kind)
        if value is None or not math.isfinite(value):
            continue
        if kind == "change" and value < 0.0:
            n_negative += 1
        elif not (kind == "change" and row is rows[0] and _is_total(row)):
            read.append(Change(_instant(row.start), _instant(row.end), value))
    if n_negative:
        log.warning(
            "Home Assistant: %s: %d of %d rows of statistics left out: they fall",
            *(name, n_negative, len(rows)),
        )
    return read


def _start(row: RowIn) -> float:
    return row.start


def _is_total(row: RowIn) -> bool:
    """Return whether the change is the meter's whole sum: nothing older is known to subtract."""
    return row.change != 0.0 and row.change == row.sum


def _instant(milliseconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(milliseconds / 1000.0, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unreadable(f"a stamp beyond all calendars, {milliseconds} ms") from None
