"""Values in time: what prices and forecasts are read into."""

from datetime import datetime
from typing import NamedTuple, TypeAlias


class Row(NamedTuple):
    """One value and when it holds.

    Attributes
    ----------
    start : datetime
        Time-zone aware.
    end : datetime or None
        None where the value holds until the next row.
    value : float
        A price [money/kWh] or a mean power [W].
    """

    start: datetime
    end: datetime | None
    value: float


Rows: TypeAlias = list[Row]
"""Rows by start, none of which begins before another ends."""
