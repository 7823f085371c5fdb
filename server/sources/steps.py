"""Rows of a series from its stamps: ends found, doubles and overlaps put right."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import isfinite, nan
from typing import NamedTuple

from server.sources.rows import Row, Rows

_HOLE = 1.5
"""A gap this many times longer than those beside it is a hole, as a night or a missing row."""

_NONE, _MINUTE, _HOUR = timedelta(0), timedelta(minutes=1), timedelta(hours=1)
_LONG_ENOUGH = timedelta(minutes=15)
"""Of a period at sunrise or sunset: in a shorter one there is no whole watt-hour anyway."""


class Cell(NamedTuple):
    """One value as its source gives it; not a number where it gives none."""

    start: datetime
    end: datetime | None
    value: float


def rows_of_prices(cells: Sequence[Cell], notes: list[str]) -> Rows:
    """Return prices as steps: each holds until its end, or else until the next stamp."""
    cells = _in_order(cells, notes)
    gaps = _gaps(cells)
    return _rows(cells, [*gaps, _usual(gaps)], notes)


def rows_of_powers(cells: Sequence[Cell], notes: list[str], *, are_energies: bool) -> Rows:
    """Return mean powers, each over its own period; energies are divided by it. [W]

    Without an end, a period ends at the next stamp, but does not stretch over a hole.
    """
    cells = _in_order(cells, notes)
    gaps = _gaps(cells)
    widths = [*_widths(gaps), _usual(gaps)]
    if are_energies:
        cells = [
            cell._replace(value=cell.value / (_length(cell, width) / _HOUR))
            for cell, width in zip(cells, widths, strict=True)
        ]
    return _rows(cells, widths, notes)


def cells_from_ends(cells: Sequence[Cell]) -> list[Cell]:
    """Return cells whose `start` is the end of their period, with start and end."""
    cells = sorted(cells, key=lambda cell: cell.start)
    gaps = _gaps(cells)
    widths = _widths(gaps)
    before = [_usual(gaps), *widths]
    for place, (gap, width) in enumerate(zip(gaps, widths, strict=True)):
        if width < gap and place + 1 < len(widths):  # the first period after a hole
            before[place + 1] = widths[place + 1]
    return [
        Cell(cell.start - width, cell.start, cell.value)
        for cell, width in zip(cells, before, strict=True)
    ]


def has_stamps_at_ends(cells: Sequence[Cell]) -> bool:
    """Return whether energies by day, from sunrise to sunset, stand at the ends of their periods.

    Forecast.Solar's do: the first of a day, at sunrise, is then nothing, and the last, at sunset,
    is what the last minutes yield.
    """
    cells = sorted(cells, key=lambda cell: cell.start)
    votes = 0
    for day in _days(cells):
        gaps = _gaps(day)
        for gap, cell, at_start in ((gaps[0], day[0], True), (gaps[-1], day[-1], False)):
            if gap == max(gaps):
                continue  # as long as the others: it tells nothing
            if cell.value != 0.0:
                votes += -1 if at_start else 1
            elif gap >= _LONG_ENOUGH:
                votes += 1 if at_start else -1
    return votes > 0


def _days(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Return the runs between holes that have at least three cells."""
    runs: list[list[Cell]] = [list(cells[:1])]
    gaps = _gaps(cells)
    for cell, gap, width in zip(cells[1:], gaps, _widths(gaps), strict=True):
        if width < gap:
            runs.append([])
        runs[-1].append(cell)
    shortest = 3
    return [run for run in runs if len(run) >= shortest]


def _in_order(cells: Sequence[Cell], notes: list[str]) -> list[Cell]:
    """Return cells by start, each start once: the last one that has a value counts."""
    by_start: dict[datetime, Cell] = {}
    doubles = 0
    for cell in cells:
        known = by_start.get(cell.start)
        if known is not None and isfinite(known.value):
            if not isfinite(cell.value):
                continue
            doubles += cell.value != known.value
        by_start[cell.start] = cell
    if doubles:
        notes.append(f"{doubles} stamps came twice with different values: the last was taken")
    return _without_slits([by_start[start] for start in sorted(by_start)])


def _without_slits(cells: Sequence[Cell]) -> list[Cell]:
    """Return cells whose ends reach the next start where they are a minute short: ``00:59``."""
    closed = [
        cell._replace(end=after.start)
        if cell.end is not None and _NONE < after.start - cell.end <= _MINUTE
        else cell
        for cell, after in pairwise(cells)
    ]
    return [*closed, *cells[-1:]]


def _gaps(cells: Sequence[Cell]) -> list[timedelta]:
    return [after.start - before.start for before, after in pairwise(cells)]


def _widths(gaps: Sequence[timedelta]) -> list[timedelta]:
    """Return the gaps, and where there is a hole the longer of the gaps beside it."""
    result = []
    for place, gap in enumerate(gaps):
        beside = max([*gaps[max(place - 1, 0) : place], *gaps[place + 1 : place + 2]], default=gap)
        result.append(beside if gap > _HOLE * beside else gap)
    return result


def _usual(gaps: Sequence[timedelta]) -> timedelta:
    """Return how long a last row lasts: as those before it, or an hour where it is alone."""
    last = sorted(_widths(gaps)[-3:])
    return last[(len(last) - 1) // 2] if last else _HOUR


def _length(cell: Cell, width: timedelta) -> timedelta:
    return width if cell.end is None else cell.end - cell.start


def _rows(cells: Sequence[Cell], widths: Sequence[timedelta], notes: list[str]) -> Rows:
    """Return the rows of cells that have a value; where some overlap, the latest start holds."""
    result: Rows = []
    covering: list[Row] = []  # rows that began before `at`, the latest start last
    at, overlaps = cells[0].start, False
    last = cells[-1].start + timedelta(days=400)
    stop = Cell(last, None, nan)
    for cell, width in zip([*cells, stop], [*widths, _HOUR], strict=True):
        while covering and at < cell.start:
            row = covering[-1]
            until = min(row.end or row.start, cell.start)
            if until > at:
                result.append(Row(at, until, row.value))
                at = until
            if row.end is not None and row.end > cell.start:
                overlaps |= cell is not stop
                break
            covering.pop()
        at = cell.start
        if isfinite(cell.value):
            covering.append(Row(cell.start, cell.start + _length(cell, width), cell.value))
    if overlaps:
        notes.append("some rows overlap: the one that starts later was taken")
    return result
