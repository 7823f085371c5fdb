"""Prices and forecasts of an entity's attributes or an action's answer, by their shape."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from math import isfinite
from typing import NamedTuple

from server.sources.measures import (
    Measure,
    Quantity,
    measure_of,
    size_of_units,
    units_near,
    words_of,
)
from server.sources.rows import Rows, sum_of
from server.sources.steps import (
    Cell,
    cells_from_ends,
    has_stamps_at_ends,
    rows_of_powers,
    rows_of_prices,
)
from server.sources.table import Kind, Table
from server.sources.tables import tables_in

_PAST = frozenset({"history", "yesterday", "previous", "past", "last", "actual", "actuals"})
_DAY_WORDS = frozenset({"today", "tomorrow", "current", "next", "day", "d1", "d2"})

_NIGHT = timedelta(hours=12)

_KINDS: tuple[Kind, ...] = ("stamped", "lists", "clock")
"""The best first."""

_LOW = ("range_min", "advanced_price_low", "pv_estimate10", "p10", "low")
_HIGH = ("range_max", "advanced_price_high", "pv_estimate90", "p90", "high")


@dataclass(frozen=True)
class Series:
    """Values in time as one source gives them.

    Attributes
    ----------
    quantity : str
        "price" or "power".
    rows : Rows
        Prices [money/kWh] or mean powers [W]; each row has an end.
    shape : str
        What was recognised, in plain words.
    unit : str or None
        As found; None where nothing says it and the usual one was assumed.
    notes : list of str
        Repairs made, in plain words.
    alternatives : list of str
        Names of all series of this shape, the one taken first, where there are several: zones of
        a market, homes.
    low, high : Rows
        Bounds of the forecast, as its tenth and ninetieth percentile; empty where it has none.
    """

    quantity: Quantity
    rows: Rows
    shape: str
    unit: str | None
    notes: list[str] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)
    low: Rows = field(default_factory=list)
    high: Rows = field(default_factory=list)


class _Choice(NamedTuple):
    """One column, of all tables that continue it: today's and tomorrow's."""

    tables: list[Table]
    column: str
    measure: Measure

    def cells(self, column: str | None = None) -> list[Cell]:
        """Return the cells of all tables, or of another column of them."""
        name = column or self.column
        keys = [name if name in table.columns else self._same(table, name) for table in self.tables]
        return [
            cell
            for table, key in zip(self.tables, keys, strict=True)
            if key is not None
            for cell in table.cells(key)
        ]

    def cells_of(self, names: Sequence[str]) -> list[Cell]:
        """Return the cells of the first of these columns that the tables have."""
        return next((cells for name in names if (cells := self.cells(name))), [])

    def _same(self, table: Table, name: str) -> str | None:
        """Return the column of another day that stands for this one: `tomorrow` for `today`."""
        return next((key for key in table.columns if _plain(key) == _plain(name)), None)


def series_from(
    value: object,
    *,
    unit: str | None = None,
    zone: tzinfo,
    now: datetime | None = None,
    series: str | None = None,
    quantity: Quantity | None = None,
) -> Series | None:
    """Return the series in attributes or an answer; None where no shape is recognised.

    Parameters
    ----------
    value : object
        Attributes of an entity, or what an action answered, decoded; anything may be in it.
    unit : str, optional
        The entity's unit of measurement, where the value does not hold it.
    zone : tzinfo
        Of stamps without an offset, and of days.
    now : datetime, optional
        When the value was reported: the day of lists that have no stamps.  The clock's by default.
    series : str, optional
        A key that leads to the series, where there are several: a zone, a home, a column.
    quantity : str, optional
        Take only prices, or only powers.
    """
    choices = [
        choice
        for choice in _choices(value, unit, zone, now or datetime.now(UTC))
        if (quantity is None or choice.measure.quantity == quantity)
        and (series is None or series == choice.column or _leads(choice, series))
    ]
    ranked = sorted(choices, key=_rank)
    for choice in ranked:
        found = _series(choice, [other for other in ranked if _rank(other) == _rank(choice)])
        if found.rows:
            return found
    return None


def merge(series: Iterable[Series]) -> Series | None:
    """Return several series of one quantity as one: today's and tomorrow's, of several entities.

    Where two have a value for the same time, the one that starts later holds, and of those that
    start together the one that comes later.  Series of another quantity than the first are left
    out, which the notes say.
    """
    parts = [*series]
    if not parts:
        return None
    first = parts[0]
    same = [part for part in parts if part.quantity == first.quantity]
    notes = [note for part in same for note in part.notes]
    if len(same) < len(parts):
        notes.append(f"{len(parts) - len(same)} series are no {first.quantity} and were left out")
    rows = _join([part.rows for part in same], notes)
    low, high = (_join([getattr(part, name) for part in same], []) for name in ("low", "high"))
    return replace(first, rows=rows, low=low, high=high, notes=[*dict.fromkeys(notes)])


def add_powers(series: Iterable[Series]) -> Series | None:
    """Return the sum of forecasts, as of several roofs, until the first of them ends.

    At night, where one has no row, the others count alone.
    """
    parts = [part for part in series if part.quantity == "power" and part.rows]
    if not parts:
        return None
    notes = [note for part in parts for note in part.notes]
    until = _common_end(parts)
    if any(part.rows[-1].start >= until for part in parts):
        notes.append("the forecasts that are added do not reach equally far: cut at the shortest")
    rows, low, high = (
        [row for row in sum_of(bounds) if row.start < until] if all(bounds) else []
        for bounds in zip(*((part.rows, part.low, part.high) for part in parts), strict=True)
    )
    return replace(parts[0], rows=rows, low=low, high=high, notes=[*dict.fromkeys(notes)])


def _common_end(parts: Sequence[Series]) -> datetime:
    """Return until when all forecasts reach; their last sunsets may differ by hours."""
    ends = [part.rows[-1].end or part.rows[-1].start for part in parts]
    return max(end for end in ends if end - min(ends) < _NIGHT)


def _join(parts: Sequence[Rows], notes: list[str]) -> Rows:
    cells = [Cell(*row) for rows in parts for row in rows]
    return rows_of_prices(cells, notes) if cells else []


def _choices(value: object, unit: str | None, zone: tzinfo, now: datetime) -> list[_Choice]:
    """Return every column that is a price or a power, with the tables that continue it."""
    top = value if isinstance(value, dict) else {}
    found: dict[tuple[object, ...], _Choice] = {}
    for table in tables_in(value, zone, now):
        units = units_near((*table.places, top), unit)
        measures = {name: measure_of(name, table.path, units) for name in table.columns}
        for name, measure in measures.items():
            if measure is not None:
                path = tuple(map(_plain, table.path))
                key = (path, table.kind, table.are_ends, _plain(name), measure.factor)
                found.setdefault(key, _Choice([], name, measure)).tables.append(table)
    return [*found.values()]


def _plain(name: str) -> str:
    """Return a name without the words of its day."""
    return "_".join(word for word in words_of(name) if word not in _DAY_WORDS)


def _leads(choice: _Choice, series: str) -> bool:
    return any(series in table.path for table in choice.tables)


def _rank(choice: _Choice) -> tuple[float, ...]:
    """Return what the best choice has least of."""
    table = choice.tables[0]
    words = {word for name in (*table.path, choice.column) for word in words_of(name)}
    is_price = choice.measure.quantity == "price"
    return (
        bool(words & _PAST),
        _KINDS.index(table.kind),
        not is_price,
        is_price and "forecast" in words,  # beside published prices, as Energi Data Service's
        choice.measure.rank,
        _usual_step(table),
        len(table.path),
        0 if is_price else sum(map(len, table.path)),  # the whole roof, not one of its parts
    )


def _is_ascending(table: Table) -> bool:
    starts = [period[0] for period in table.periods if period is not None]
    return starts == sorted(starts)


def _usual_step(table: Table) -> float:
    """Return the usual distance of its stamps. [s]"""
    starts = sorted({period[0] for period in table.periods if period is not None})
    gaps = sorted((b - a).total_seconds() for a, b in pairwise(starts))
    return gaps[(len(gaps) - 1) // 2] if gaps else 3600.0


def _series(choice: _Choice, equals: Sequence[_Choice]) -> Series:
    measure = choice.measure
    notes = [*dict.fromkeys(note for table in choice.tables for note in table.notes)]
    cells = choice.cells()
    missing = sum(not isfinite(cell.value) for cell in cells)
    if missing:
        notes.append(f"{missing} of {len(cells)} values are missing")
    if not all(map(_is_ascending, choice.tables)):
        notes.append("the rows were out of order")
    if measure.unit is None:
        usual = "money per kWh" if measure.quantity == "price" else "W"
        notes.append(f"no unit is known: taken as {usual}")
    low, high = (_rows(choice, choice.cells_of(names), []) for names in (_LOW, _HIGH))
    return Series(
        measure.quantity,
        _rows(choice, cells, notes),
        _shape(choice),
        measure.unit,
        notes,
        _alternatives(choice, equals),
        low,
        high,
    )


def _rows(choice: _Choice, cells: Sequence[Cell], notes: list[str]) -> Rows:
    """Return cells in money/kWh or W, in order."""
    if not cells:
        return []
    measure = choice.measure
    cells = [cell._replace(value=cell.value * measure.factor) for cell in cells]
    if choice.tables[0].are_ends or (measure.is_energy and _are_ends(cells)):
        cells = cells_from_ends(cells)
        notes.append("stamps were read as the ends of their periods")
    if measure.quantity == "power":
        return rows_of_powers(cells, notes, are_energies=measure.is_energy)
    size = size_of_units([cell.value for cell in cells])
    if size != 1.0:
        notes.append("prices were read as ten-millionths")
    return rows_of_prices([cell._replace(value=cell.value * size) for cell in cells], notes)


def _are_ends(cells: Sequence[Cell]) -> bool:
    return all(cell.end is None for cell in cells) and has_stamps_at_ends(cells)


def _shape(choice: _Choice) -> str:
    places = dict.fromkeys(table.path[-1] for table in choice.tables if "".join(table.path[-1:]))
    kind = (
        "values of a local day" if choice.tables[0].kind == "clock" else f"{choice.column} by time"
    )
    return f"{kind} in {' and '.join(places)}" if places else kind


def _alternatives(choice: _Choice, equals: Sequence[_Choice]) -> list[str]:
    """Return the names of all places that are as good, this one first."""
    paths = [*dict.fromkeys(other.tables[0].path for other in (choice, *equals))]
    keys = next((keys for keys in zip(*paths, strict=False) if len({*keys}) > 1), ())
    return [*dict.fromkeys(keys)]
