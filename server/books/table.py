"""The books as CSV."""

import csv
import io
import sqlite3
from collections.abc import Iterable
from datetime import date, tzinfo

from server.books.entries import bounds_of, instant_of

_COLUMNS = {
    "grid_in_kwh": "interval.grid_in",
    "grid_out_kwh": "interval.grid_out",
    "solar_kwh": "interval.solar",
    "load_kwh": "interval.load",
    "car_kwh": "interval.car",
    "import_price": "interval.import_price",
    "export_price": "interval.export_price",
    "prices_published": "interval.is_published",
}
_OF_PLANS = ("grid_in", "grid_out", "load", "solar", "soc", "import_price", "export_price")
_COLUMNS |= {f"last_plan_{name}": f"last.{name}" for name in _OF_PLANS}
_COLUMNS |= {f"claimed_{name}": f"claimed.{name}" for name in _OF_PLANS}

# The last command before the end of the interval, while it held.
_COMMAND = """
    (SELECT {} FROM command WHERE command.at < interval.start + 300
     AND command.until > interval.start ORDER BY command.at DESC LIMIT 1)
"""
_COLUMNS |= {
    name: _COMMAND.format(name) for name in ("action", "power_w", "reason_code", "mode", "is_acted")
}

_OF_VIRTUAL = ("grid_in", "grid_out", "battery_in", "battery_out")
_COLUMNS |= {f"watched_{name}_kwh": f"watched.{name}" for name in _OF_VIRTUAL}
_COLUMNS["watched_soc"] = "watched.soc"

_SELECT = f"""
    SELECT interval.start, 5, {", ".join(_COLUMNS.values())} FROM interval
    LEFT JOIN expected AS last ON last.is_day_ahead = 0 AND last.start = interval.start
    LEFT JOIN expected AS claimed ON claimed.is_day_ahead = 1 AND claimed.start = interval.start
    LEFT JOIN watched ON watched.start = interval.start
    WHERE interval.start >= ? AND interval.start < ? ORDER BY interval.start
"""

# Old intervals are sums of half hours; the price is their mean.
_SELECT_OLD = """
    SELECT start, 30, grid_in, grid_out, solar, load, car, import_prices / measured
    FROM half_hour WHERE start >= ? AND start < ? AND measured > 0 ORDER BY start
"""
_OF_BATTERY = ("in_kwh", "out_kwh", "soc")


def heading(connection: sqlite3.Connection) -> tuple[str, int]:
    """Return the first line, and how many batteries have columns in it.

    No text of the owner is in it or below, so nothing there is a formula.
    """
    (last,) = connection.execute("SELECT max(number) FROM battery").fetchone()
    count = 0 if last is None else last + 1
    batteries = [f"battery_{n + 1}_{name}" for n in range(count) for name in _OF_BATTERY]
    return _text([["start", "minutes", *_COLUMNS, *batteries]]), count


def rows_of_day(connection: sqlite3.Connection, day: date, zone: tzinfo, count: int) -> str:
    """Return the lines of a local day, one for each interval or old half hour."""
    first, last = bounds_of(day, zone)
    batteries: dict[int, list[object]] = {}
    for start, number, *values in connection.execute(
        "SELECT * FROM battery WHERE start >= ? AND start < ?", (first, last)
    ):
        cells = batteries.setdefault(start, [None] * (len(_OF_BATTERY) * count))
        cells[len(_OF_BATTERY) * number : len(_OF_BATTERY) * (number + 1)] = values
    rows = [
        [instant_of(start).astimezone(zone).isoformat(), *values, *batteries.get(start, ())]
        for select in (_SELECT_OLD, _SELECT)
        for start, *values in connection.execute(select, (first, last))
    ]
    return _text(rows)


def _text(rows: Iterable[Iterable[object]]) -> str:
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    return table.getvalue()
