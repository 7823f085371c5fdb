"""Readings, prices, commands and virtual batteries in the tables."""

import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from server.books.entries import (
    INTERVAL,
    BatteryReading,
    CommandEntry,
    PriceSpan,
    Reading,
    VirtualEntry,
    finite,
    instant_of,
    seconds_of,
)
from server.settings.home import Mode

_MEASURED = ("grid_in", "grid_out", "solar", "load", "car")
_PRICED = ("import_price", "export_price")
_OF_BATTERY = ("energy_in", "energy_out", "soc")
_OF_VIRTUAL = ("grid_in", "grid_out", "battery_in", "battery_out", "gained", "soc")


def _upsert(table: str, keys: tuple[str, ...], values: tuple[str, ...]) -> str:
    """Return a statement that adds a row, or what is known to the one of the same keys.

    A row that would stay the same is left alone: to write it would fill the log.
    """
    columns = (*keys, *values)
    known = ", ".join(f"{name} = coalesce(excluded.{name}, {name})" for name in values)
    changed = " OR ".join(f"coalesce(excluded.{name}, {name}) IS NOT {name}" for name in values)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT DO UPDATE SET {known} WHERE {changed}"
    )


_ADD_INTERVAL = _upsert("interval", ("start",), (*_MEASURED, *_PRICED, "is_published"))
_ADD_BATTERY = _upsert("battery", ("start", "number"), _OF_BATTERY)
_ADD_VIRTUAL = _upsert("watched", ("start",), (*_OF_VIRTUAL, "socs"))


def write_readings(connection: sqlite3.Connection, readings: Iterable[Reading]) -> None:
    """Write readings; those of an interval that is there complete it."""
    for reading in readings:
        start = seconds_of(reading.start)
        if start % INTERVAL:
            raise ValueError(f"an interval begins at a multiple of 5 minutes, got {reading.start}")
        energies = [_energy(getattr(reading, name)) for name in _MEASURED]
        prices = [finite(getattr(reading, name)) for name in _PRICED]
        connection.execute(_ADD_INTERVAL, (start, *energies, *prices, reading.is_published))
        for number, one in enumerate(reading.batteries):
            energies = [_energy(one.energy_in), _energy(one.energy_out)]
            connection.execute(_ADD_BATTERY, (start, number, *energies, finite(one.soc)))


def _energy(value: float | None) -> float | None:
    """Return an energy, which is never negative; None for what is none. [kWh]"""
    known = finite(value)
    return known if known is not None and known >= 0.0 else None


def last_reading(connection: sqlite3.Connection) -> Reading | None:
    """Return the last reading with energy from the grid."""
    row = connection.execute(
        f"SELECT start, {', '.join((*_MEASURED, *_PRICED, 'is_published'))} FROM interval"
        " WHERE grid_in IS NOT NULL ORDER BY start DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    start, *numbers, is_published = row
    batteries = connection.execute(
        f"SELECT {', '.join(_OF_BATTERY)} FROM battery WHERE start = ? ORDER BY number", (start,)
    )
    return Reading(
        start=instant_of(start),
        **dict(zip((*_MEASURED, *_PRICED), numbers, strict=True)),
        batteries=[
            BatteryReading(energy_in=given, energy_out=taken, soc=soc)
            for given, taken, soc in batteries
        ],
        is_published=None if is_published is None else bool(is_published),
    )


def span(connection: sqlite3.Connection) -> tuple[datetime, datetime] | None:
    """Return the beginnings of the oldest and of the newest interval or old half hour."""
    ends = [
        connection.execute(f"SELECT min(start), max(start) FROM {name}").fetchone()
        for name in ("half_hour", "interval")
    ]
    known = [start for both in ends for start in both if start is not None]
    return (instant_of(min(known)), instant_of(max(known))) if known else None


def price_spans(connection: sqlite3.Connection, since: int) -> list[PriceSpan]:
    """Return the prices in force, equal ones in a row as one."""
    spans: list[PriceSpan] = []
    rows = connection.execute(
        "SELECT start, import_price, export_price, coalesce(is_published, 0) FROM interval WHERE"
        " start >= ? AND (import_price IS NOT NULL OR export_price IS NOT NULL) ORDER BY start",
        (since,),
    )
    for start, bought, sold, is_published in rows:
        ends = instant_of(start), instant_of(start + INTERVAL)
        span = PriceSpan(*ends, bought, sold, bool(is_published))
        if spans and spans[-1].end == span.start and spans[-1][2:] == span[2:]:
            spans[-1] = spans[-1]._replace(end=span.end)
        else:
            spans.append(span)
    return spans


def write_command(connection: sqlite3.Connection, entry: CommandEntry) -> None:
    """Write a command that was told."""
    values = {
        name: getattr(entry, name)
        for name in ("action", "power_w", "target_soc", "reason_code", "mode", "is_acted")
    }
    connection.execute(
        "INSERT OR REPLACE INTO command VALUES (:at, :action, :power_w, :until, :target_soc,"
        " :reason_code, :mode, :is_acted)",
        {**values, "at": seconds_of(entry.at), "until": seconds_of(entry.until)},
    )


class Interval(NamedTuple):
    """One interval whose meter, batteries and prices are known. [kWh, money/kWh]

    `battery_in` and `battery_out` are sums of all batteries.  `moved` is what storages were to
    take by the last plan before the interval, `claimed` the bill by the last one before its day,
    and `claimed_at_prices` the same energies at the real prices; all None without such plans.
    """

    start: int
    grid_in: float
    grid_out: float
    solar: float | None
    load: float | None
    car: float | None
    import_price: float
    export_price: float
    battery_in: float
    battery_out: float
    moved: float | None
    claimed: float | None
    claimed_at_prices: float | None


def _of_batteries(name: str) -> str:
    """Return the sum over all batteries; null where that of one is unknown."""
    return (
        f"(SELECT CASE WHEN count(*) = count({name}) THEN total({name}) END FROM battery"
        " WHERE battery.start = interval.start)"
    )


_SELECT = f"""
    SELECT interval.start, interval.grid_in, interval.grid_out, interval.solar, interval.load,
        interval.car, interval.import_price, interval.export_price,
        {_of_batteries("energy_in")} AS battery_in, {_of_batteries("energy_out")} AS battery_out,
        last.grid_in - last.grid_out - last.load + last.solar,
        claimed.grid_in * claimed.import_price - claimed.grid_out * claimed.export_price,
        claimed.grid_in * interval.import_price - claimed.grid_out * interval.export_price
    FROM interval
    LEFT JOIN expected AS last ON last.is_day_ahead = 0 AND last.start = interval.start
    LEFT JOIN expected AS claimed ON claimed.is_day_ahead = 1 AND claimed.start = interval.start
    WHERE interval.start >= ? AND interval.start < ?
        AND interval.grid_in IS NOT NULL AND interval.grid_out IS NOT NULL
        AND interval.import_price IS NOT NULL AND interval.export_price IS NOT NULL
        AND battery_in IS NOT NULL AND battery_out IS NOT NULL
    ORDER BY interval.start
"""


def intervals(connection: sqlite3.Connection, first: int, last: int) -> Iterator[Interval]:
    """Yield the measured intervals that begin from `first` until before `last`."""
    for row in connection.execute(_SELECT, (first, last)):
        yield Interval._make(row)


def battery_rows(
    connection: sqlite3.Connection, first: int, last: int
) -> dict[int, list[BatteryReading]]:
    """Return the batteries of intervals from `first` until before `last`, by their beginning."""
    found: dict[int, list[BatteryReading]] = {}
    rows = connection.execute(
        f"SELECT start, {', '.join(_OF_BATTERY)} FROM battery"
        " WHERE start >= ? AND start < ? ORDER BY start, number",
        (first, last),
    )
    for start, given, taken, soc in rows:
        one = BatteryReading(energy_in=given, energy_out=taken, soc=soc)
        found.setdefault(start, []).append(one)
    return found


def commands(
    connection: sqlite3.Connection, first: int, last: int, mode: Mode
) -> list[CommandEntry]:
    """Return the commands of a mode that were told from `first` until before `last`."""
    rows = connection.execute(
        "SELECT at, action, power_w, until, target_soc, reason_code, is_acted FROM command"
        " WHERE at >= ? AND at < ? AND mode = ? ORDER BY at",
        (first, last, mode),
    )
    return [
        CommandEntry(
            at=instant_of(at),
            action=action,
            power_w=power,
            until=instant_of(until),
            target_soc=soc,
            reason_code=code,
            mode=mode,
            is_acted=bool(is_acted),
        )
        for at, action, power, until, soc, code, is_acted in rows
    ]


def write_virtual(connection: sqlite3.Connection, entries: Iterable[VirtualEntry]) -> None:
    """Write what virtual batteries did, or where watching begins or ended: nothing is after that.

    The end of what is not watched is left out.
    """
    for entry in entries:
        start = seconds_of(entry.start)
        if entry.grid_in is None:
            before = last_virtual(connection)
            if not entry.socs and not (before and before.socs):
                continue
            connection.execute("DELETE FROM watched WHERE start >= ?", (start,))
        values = [getattr(entry, name) for name in _OF_VIRTUAL]
        packed = array("d", entry.socs).tobytes() if entry.socs else None
        connection.execute(_ADD_VIRTUAL, (start, *values, packed))


def last_virtual(connection: sqlite3.Connection) -> VirtualEntry | None:
    """Return the last entry of virtual batteries."""
    (last,) = connection.execute("SELECT max(start) FROM watched").fetchone()
    return None if last is None else virtual_rows(connection, last, last + 1)[0]


def virtual_since(connection: sqlite3.Connection, late: int) -> VirtualEntry | None:
    """Return the entry that virtual batteries are moved on from; None where nothing is watched.

    It is the last one but for those of the time up to which readings may be completed [s], or where
    watching begins.
    """
    last = last_virtual(connection)
    if last is None or not last.socs:
        return None
    (began,) = connection.execute(
        "SELECT coalesce(max(start), 0) FROM watched WHERE grid_in IS NULL"
    ).fetchone()
    end = seconds_of(last.end)
    return virtual_rows(connection, max(began, seconds_of(last.start) - late), end)[0]


def virtual_rows(connection: sqlite3.Connection, first: int, last: int) -> list[VirtualEntry]:
    """Return the entries of virtual batteries from `first` until before `last`."""
    rows = connection.execute(
        f"SELECT start, socs, {', '.join(_OF_VIRTUAL)} FROM watched"
        " WHERE start >= ? AND start < ? ORDER BY start",
        (first, last),
    )
    return [
        VirtualEntry(
            start=instant_of(start),
            socs=array("d", socs or b"").tolist(),
            **dict(zip(_OF_VIRTUAL, values, strict=True)),
        )
        for start, socs, *values in rows
    ]
