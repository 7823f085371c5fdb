"""Series in summary: a search of thousands of entities keeps no rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from server.sources.rows import Rows
from server.sources.series import Series

_NOON, _MIDNIGHT = range(10, 15), (23, 0, 1)  # hours on the local clock, summer time or not
_LAST_ROW = timedelta(hours=1)  # where it has no end


@dataclass(frozen=True, slots=True)
class Outlook:
    """Summary of a series: the rows themselves are not kept.

    Attributes
    ----------
    quantity : str
        Of the values.
    start, end : datetime
        The time that the rows cover.
    value : float or None
        The present one, in money/kWh or W.
    shape : str
        Name of the shape in plain words.
    is_sunny : bool
        True for a power as panels have it, by the time of day.
    """

    quantity: Literal["price", "power"]
    start: datetime
    end: datetime
    value: float | None
    shape: str
    is_sunny: bool = False


def outlook_of(series: Series | None, zone: tzinfo, now: datetime) -> Outlook | None:
    """Return the summary of a series, or None where it has no rows."""
    if series is None or not series.rows:
        return None
    rows = series.rows
    end = rows[-1].end or rows[-1].start + _LAST_ROW
    running = [row.value for row in rows if row.start <= now < (row.end or end)]
    value = running[-1] if running else None
    is_sunny = series.quantity == "power" and _is_sunny(rows, zone)
    return Outlook(series.quantity, rows[0].start, end, value, series.shape, is_sunny)


def _is_sunny(rows: Rows, zone: tzinfo) -> bool:
    """Return True where there is power at noon and none at midnight."""
    hours = [(row.start.astimezone(zone).hour, row.value) for row in rows]
    noons = [value for hour, value in hours if hour in _NOON]
    return any(value > 0 for value in noons) and not any(
        value for hour, value in hours if hour in _MIDNIGHT
    )
