"""Plans as made: first commands, forecasts, and what they expect of each interval."""

import math
import sqlite3
import zlib
from array import array
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import msgspec

from server.books.entries import (
    INTERVAL,
    Expected,
    ForecastEntry,
    PlanEntry,
    bounds_of,
    instant_of,
    seconds_of,
)

_LATE = 60.0  # s; a plan that is made so much after the beginning of an interval is still before it
_ROUNDING = 1.0  # s
_HOUR = 3600
_REACH = 30 * _HOUR  # s; from 18:00 on that is the end of the next day
_PER_HOUR = _HOUR // INTERVAL
_LAST, _DAY_AHEAD = 0, 1  # values of is_day_ahead


class Slot(NamedTuple):
    """Expectation for one interval of the books; fields as in `Expected`."""

    grid_in: float
    grid_out: float
    load: float
    solar: float
    soc: float | None
    import_price: float
    export_price: float


Slots = dict[int, Slot]
"""Expectations by the beginning of their interval."""


class LastPlan(NamedTuple):
    """The plan that was written last."""

    made: float
    day: date
    slots: Slots


def write_plan(connection: sqlite3.Connection, entry: PlanEntry) -> None:
    """Write a plan, and what the one before it expected of the time up to now.

    The first plan of a day writes down what is claimed for it: by the plan before, and where that
    did not reach by itself.
    """
    made, slots = entry.made.timestamp(), slots_of(entry.expected)
    day, before = entry.made.date(), last_plan(connection)
    if before is not None:
        since, until = before.made - _LATE, made - _LATE
        past = {start: slot for start, slot in before.slots.items() if since <= start < until}
        _write_expected(connection, _LAST, past)
    if (before is None or before.day != day) and entry.made.tzinfo is not None:
        first, last = bounds_of(day, entry.made.tzinfo)
        for known in (before.slots if before else {}, slots):
            of_day = {start: slot for start, slot in known.items() if first <= start < last}
            _write_expected(connection, _DAY_AHEAD, of_day)
    near = {start: slot for start, slot in slots.items() if start < made + _REACH}
    connection.execute(
        "INSERT OR REPLACE INTO last_plan VALUES (0, ?, ?, ?)", (made, str(day), _pack(near))
    )
    command = (entry.action, entry.power_w, seconds_of(entry.until), entry.target_soc)
    connection.execute(
        "INSERT OR REPLACE INTO plan VALUES (?, ?, ?, ?, ?, ?)",
        (seconds_of(entry.made), *command, entry.reason_code),
    )
    _write_forecast(connection, made, slots)


def slots_of(expected: Iterable[Expected]) -> Slots:
    """Return the expectations of a plan for whole intervals of the books.

    A longer interval is shared out evenly.  The running one counts where nearly all of it is left.
    """
    slots: Slots = {}
    for one in expected:
        begin, end = one.start.timestamp(), one.start.timestamp() + one.seconds
        start = math.ceil((begin - _LATE) / INTERVAL) * INTERVAL
        while start + INTERVAL <= end + _ROUNDING:
            share = INTERVAL / one.seconds
            slots[start] = Slot(
                grid_in=share * one.grid_in,
                grid_out=share * one.grid_out,
                load=share * one.load,
                solar=share * one.solar,
                soc=one.soc,
                import_price=one.import_price,
                export_price=one.export_price,
            )
            start += INTERVAL
    return slots


def _write_expected(connection: sqlite3.Connection, is_day_ahead: int, slots: Slots) -> None:
    """Write expectations; those of a day that are there stay."""
    how = "IGNORE" if is_day_ahead else "REPLACE"
    connection.executemany(
        f"INSERT OR {how} INTO expected VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(is_day_ahead, start, *slot) for start, slot in slots.items()],
    )


def last_plan(connection: sqlite3.Connection) -> LastPlan | None:
    """Return the plan that was written last."""
    row = connection.execute("SELECT made, day, slots FROM last_plan").fetchone()
    return None if row is None else LastPlan(row[0], date.fromisoformat(row[1]), _unpack(row[2]))


def _pack(slots: Slots) -> bytes:
    """Compress the slots of a plan: 360 of them take up to 12 kB."""
    return zlib.compress(msgspec.msgpack.encode([(start, *slot) for start, slot in slots.items()]))


def _unpack(packed: bytes) -> Slots:
    rows = msgspec.msgpack.decode(zlib.decompress(packed))
    return {start: Slot(*values) for start, *values in rows}


def _write_forecast(connection: sqlite3.Connection, made: float, slots: Slots) -> None:
    """Write the forecast of the first plan of an hour: means of whole hours."""
    starts = [start for start in slots if start % _HOUR == 0]
    whole = [start for start in starts if all(s in slots for s in _intervals_of(start))]
    if not whole or whole[-1] - whole[0] != _HOUR * (len(whole) - 1):
        return
    # Energies of an hour are its mean power.
    load = [sum(slots[s].load for s in _intervals_of(start)) for start in whole]
    solar = [sum(slots[s].solar for s in _intervals_of(start)) for start in whole]
    connection.execute(
        "INSERT OR IGNORE INTO forecast VALUES (?, ?, ?, ?, ?)",
        (int(made // _HOUR), int(made), whole[0], _floats(load), _floats(solar)),
    )


def _intervals_of(hour: int) -> range:
    return range(hour, hour + _HOUR, INTERVAL)


def _floats(values: list[float]) -> bytes:
    return array("f", values).tobytes()


def forecasts(connection: sqlite3.Connection, first: int, last: int) -> list[ForecastEntry]:
    """Return the forecasts that were made from `first` until before `last`."""
    rows = connection.execute(
        "SELECT made, start, load, solar FROM forecast WHERE hour >= ? AND hour < ? ORDER BY hour",
        (first // _HOUR, -(-last // _HOUR)),
    )
    return [
        ForecastEntry(
            made=instant_of(made),
            start=instant_of(start),
            load=array("f", load).tolist(),
            solar=array("f", solar).tolist(),
        )
        for made, start, load, solar in rows
    ]
