"""Series in summary: a search of thousands of entities keeps no rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from server.sources.series import Series

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
    """

    quantity: Literal["price", "power"]
    start: datetime
    end: datetime
    value: float | None
    shape: str


def outlook_of(series: Series | None, now: datetime) -> Outlook | None:
    """Return the summary of a series, or None where it has no rows."""
    if series is None or not series.rows:
        return None
    rows = series.rows
    end = rows[-1].end or rows[-1].start + _LAST_ROW
    running = [row.value for row in rows if row.start <= now < (row.end or end)]
    value = running[-1] if running else None
    return Outlook(series.quantity, rows[0].start, end, value, series.shape)
