"""Tables of stamps and numbers in attributes or answers, found by their shape."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from itertools import islice
from typing import NamedTuple

from server.sources.days import Day, tables_by_the_clock
from server.sources.measures import numbers_from, words_of
from server.sources.stamps import StampReader, is_stamp, minutes_from
from server.sources.table import MOST_ROWS, Table

_MOST_PLACES = 2000
_MOST_CELLS = 200_000  # in all places; half a second's work
_LONGEST_NAME = 100
_MOST_CHILDREN = 200
_DEEPEST = 6
_MOST_COLUMNS = 40
_SAMPLE = 20  # rows that show the columns and the stamps of a table

_STARTS = (
    "start_time", "start", "starts_at", "start_at", "from", "valid_from", "period_start",
    "interval_start", "time_start", "start_timestamp", "begin", "begins_at", "datetime",
    "date_time", "timestamp", "time", "hour", "ts", "unix_seconds", "timestamps", "date",
)  # fmt: skip
_ENDS = (
    "end_time", "end", "ends_at", "end_at", "till", "until", "to", "valid_to", "period_end",
    "interval_end", "time_end", "end_timestamp", "stop",
)  # fmt: skip
_OTHER_STAMPS = frozenset({"nem", "updated", "update", "created", "changed", "fetched"})
_DURATIONS = ("duration", "period", "interval_minutes")


class Place(NamedTuple):
    """One value inside the attributes: keys to it, and the mapping that holds it."""

    path: tuple[str, ...]
    value: object
    parent: Mapping[str, object]


def tables_in(value: object, zone: tzinfo, now: datetime) -> Iterator[Table]:
    """Yield all tables within attributes or an answer, the outer ones first; work is bounded."""
    waiting = deque([Place((), value, {})])
    places, cells = _MOST_PLACES, _MOST_CELLS
    while waiting and places > 0 and cells > 0:
        place = waiting.popleft()
        found = [table for table in _tables_at(place, zone, now) if table.columns]
        yield from found
        places -= 1
        cells -= _size(place.value)
        if not any(table.path == place.path for table in found) and len(place.path) < _DEEPEST:
            waiting.extend(_children(place))


def _size(value: object) -> int:
    """Return how many values a place holds, as far as they are looked at."""
    if not isinstance(value, Mapping | list):
        return 0
    first = value[0] if isinstance(value, list) and value else None
    width = len(first) if isinstance(first, Mapping | list) else 1
    return min(len(value), MOST_ROWS) * min(width, _MOST_COLUMNS)


def _children(place: Place) -> Iterator[Place]:
    path, value, parent = place
    if isinstance(value, Mapping):
        for key, child in islice(value.items(), _MOST_CHILDREN):
            if _is_name(key) and isinstance(child, Mapping | list):
                yield Place((*path, key), child, value)
    elif isinstance(value, list):
        for child in value[:_SAMPLE]:
            if isinstance(child, Mapping | list):
                yield Place((*path, ""), child, parent)


def _tables_at(place: Place, zone: tzinfo, now: datetime) -> Iterator[Table]:
    path, value, parent = place
    day = Day(path, parent, zone, now)
    if isinstance(value, Mapping):
        if by_stamp := _rows_by_stamp(path, value):
            yield from _table_of_rows(path, by_stamp, parent, zone)
        else:
            yield from _tables_of_lists(path, value, zone)
            yield from tables_by_the_clock(day, value)
    elif isinstance(value, list) and value:
        rows = [row for row in value[:MOST_ROWS] if isinstance(row, Mapping)]
        if rows and 2 * len(rows) >= len(value[:MOST_ROWS]):
            found = [*_table_of_rows(path, rows, parent, zone, is_cut=len(value) > MOST_ROWS)]
            yield from found or tables_by_the_clock(day, rows)
        elif pairs := _pairs(path, value):
            yield from _table_of_rows(path, pairs, parent, zone)
        else:
            yield from tables_by_the_clock(day, value)


def _is_name(key: object) -> bool:
    return isinstance(key, str) and len(key) <= _LONGEST_NAME


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row with the values of the mappings in it: `{"price": {"total": 1}}`."""
    flat: dict[str, object] = {}
    for key, value in islice(row.items(), _MOST_COLUMNS):
        if isinstance(value, Mapping):
            inner = islice(value.items(), _MOST_COLUMNS)
            flat.update({f"{key}_{name}": item for name, item in inner})
        else:
            flat[key] = value
    return flat


def _rows_by_stamp(path: Sequence[str], value: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return the rows of a mapping that holds more stamps than other keys, else none.

    Other keys are the rest of the attributes, where the stamps stand among them.
    """
    name = path[-1] if path else "value"
    stamps = [key for key in islice(value, MOST_ROWS) if isinstance(key, str) and is_stamp(key)]
    if 2 * len(stamps) <= min(len(value), MOST_ROWS):
        return []
    items = [(key, value[key]) for key in stamps]
    return [
        {**item, "start": key} if isinstance(item, Mapping) else {"start": key, name: item}
        for key, item in items
    ]


def _pairs(path: Sequence[str], value: Sequence[object]) -> list[Mapping[str, object]]:
    """Return rows of pairs of a stamp and a number, in either order."""
    name = path[-1] if path else "value"
    rows: list[Mapping[str, object]] = []
    width = 2
    for pair in value[:MOST_ROWS]:
        if not isinstance(pair, list) or len(pair) != width:
            return []
        stamp, number = pair if is_stamp(pair[0]) else reversed(pair)
        if not is_stamp(stamp):
            return []
        rows.append({"start": stamp, name: number})
    return rows


def _tables_of_lists(
    path: tuple[str, ...], value: Mapping[str, object], zone: tzinfo
) -> Iterator[Table]:
    """Yield the table of a list of stamps and lists as long as it, side by side."""
    lists = {
        key: item
        for key, item in islice(value.items(), _MOST_CHILDREN)
        if _is_name(key) and isinstance(item, list) and item
    }
    for name, stamps in lists.items():
        if isinstance(stamps[0], str | int) and all(map(is_stamp, stamps[:_SAMPLE])):
            beside = {
                key: item
                for key, item in lists.items()
                if len(item) == len(stamps) and not isinstance(item[0], Mapping | list)
            }
            columns = zip(*(item[:MOST_ROWS] for item in beside.values()), strict=True)
            rows = [dict(zip(beside, row, strict=True)) for row in columns]
            for table in _table_of_rows((*path, name), rows, value, zone):
                yield table._replace(kind="lists")
            return


def _table_of_rows(
    path: tuple[str, ...],
    rows: Sequence[Mapping[str, object]],
    parent: Mapping[str, object],
    zone: tzinfo,
    *,
    is_cut: bool = False,
) -> Iterator[Table]:
    """Yield the table of rows that are mappings, nothing where they have no stamps."""
    if any(isinstance(value, Mapping) for value in islice(rows[0].values(), _MOST_COLUMNS)):
        rows = [_flat(row) for row in rows]
    sample = (islice(row, _MOST_COLUMNS) for row in rows[:_SAMPLE])
    names = [*dict.fromkeys(key for keys in sample for key in keys if _is_name(key))]
    names = names[:_MOST_COLUMNS]
    start, end = _stamp_column(rows, names, _STARTS), _stamp_column(rows, names, _ENDS)
    if start is None and end is None:
        start = _any_stamps(rows, names)
    if start is None and end is None:
        return
    columns = {
        name: numbers
        for name in names
        if name not in {start, end}
        if (numbers := numbers_from([row.get(name) for row in rows])) is not None
    }
    notes = [f"only the first {MOST_ROWS} rows were read"] if is_cut else []
    duration = next((name for name in names if "_".join(words_of(name)) in _DURATIONS), None)
    periods = _periods(rows, (start, end, duration), StampReader(zone, notes))
    yield Table(
        path, columns, periods, (rows[0], parent), start is None and duration is None, notes
    )


def _periods(
    rows: Sequence[Mapping[str, object]],
    columns: tuple[str | None, str | None, str | None],
    reader: StampReader,
) -> list[tuple[datetime, datetime | None] | None]:
    """Return start and end of each row, None of those without a stamp.

    Where a row has no start, its end, less its duration where it has one, stands in its place.
    """
    start_name, end_name, duration_name = columns
    periods: list[tuple[datetime, datetime | None] | None] = []
    for row in rows:
        lasts = minutes_from(row.get(duration_name)) if duration_name else None
        start = reader.start(row.get(start_name or end_name or ""))
        end = reader.after(row.get(end_name), start) if start_name and end_name else None
        if start is not None and lasts is not None and end is None:
            start, end = (start, start + lasts) if start_name else (start - lasts, start)
        if end is not None and start is not None and end <= start:
            end = None
        periods.append(None if start is None else (start, end))
    return periods


def _stamp_column(
    rows: Sequence[Mapping[str, object]], names: Sequence[str], known: Sequence[str]
) -> str | None:
    """Return the column of a known name that holds stamps, else one whose last word is known."""
    own = {name: words for name in names if not _OTHER_STAMPS & {*(words := words_of(name))}}
    whole = {"_".join(words): name for name, words in reversed(own.items())}
    last = {words[-1]: name for name, words in reversed(own.items()) if words}
    candidates = (by[name] for by in (whole, last) for name in known if name in by)
    return next((name for name in candidates if _holds_stamps(rows, name)), None)


def _any_stamps(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> str | None:
    """Return the first column of texts that are stamps, whatever its name."""
    return next(
        (
            name
            for name in names
            if not _OTHER_STAMPS.intersection(words_of(name))
            and all(isinstance(row.get(name), str) for row in rows[:_SAMPLE])
            and _holds_stamps(rows, name)
        ),
        None,
    )


def _holds_stamps(rows: Sequence[Mapping[str, object]], name: str) -> bool:
    values = [value for row in rows[:_SAMPLE] if (value := row.get(name)) is not None]
    return bool(values) and 2 * sum(map(is_stamp, values)) > len(values)
