"""Values in time: what prices and forecasts are read into."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
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


def value_at(rows: Sequence[Row], instant: datetime) -> float | None:
    """Return the value that holds at an instant; None before, between and after the rows."""
    place = bisect_right(rows, instant, key=lambda row: row.start) - 1
    if place < 0:
        return None
    row = rows[place]
    return row.value if row.end is None or instant < row.end else None


def sum_of(parts: Sequence[Rows]) -> Rows:
    """Return the sum of several series at each instant, of those that have a value there."""
    edges = sorted(
        {edge for rows in parts for row in rows for edge in (row.start, row.end) if edge}
    )
    result: Rows = []
    for start, end in pairwise(edges):
        found = [value for rows in parts if (value := value_at(rows, start)) is not None]
        if found:
            result.append(Row(start, end, sum(found)))
    return result
