"""One table of stamps and numbers."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from server.sources.steps import Cell

MOST_ROWS = 5000
"""Of one table; a year of hours would be more, a week of five minutes is less."""

Kind: TypeAlias = Literal["stamped", "lists", "clock"]

Period: TypeAlias = tuple[datetime, datetime | None]


class Table(NamedTuple):
    """Columns of numbers, and when each of their rows holds.

    Attributes
    ----------
    path : tuple of str
        Keys that lead to it; the last one is its name.
    columns : mapping
        Numbers by name; not a number where a row has none.
    periods : list
        Start and end of each row; None of rows whose stamp is unreadable.
    places : tuple of mappings
        First row and parent, which may say the unit.
    are_ends : bool
        Whether the stamps are ends of periods.
    notes : list of str
        Repairs made.
    kind : str
        "stamped" rows, "lists" side by side, or rows by the "clock" of a local day.
    """

    path: tuple[str, ...]
    columns: Mapping[str, list[float]]
    periods: list[Period | None]
    places: tuple[Mapping[str, object], ...]
    are_ends: bool
    notes: list[str]
    kind: Kind = "stamped"

    def cells(self, column: str) -> Iterator[Cell]:
        """Yield the cells of a column, of rows whose stamp is readable."""
        for period, value in zip(self.periods, self.columns[column], strict=True):
            if period is not None:
                yield Cell(*period, value)
