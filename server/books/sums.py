"""Sums over intervals: energies, bills, and what came of the claims of plans.

Every sum is of the intervals that were measured, those of claims of the ones that were expected as
well; what is not known never counts as zero.  Sums add up, so those of old half hours replace
their intervals.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from server.books.entries import INTERVAL
from server.books.records import Interval, intervals

DAY = 86_400  # s

FULL_DAYS = 400
"""Days for which every interval is kept; 115,000 of them with all plans take 32 MiB."""

_HALF_HOUR = 1800
_STEP = 2  # half hours; a later one of them follows in each transaction


class Sums(msgspec.Struct):
    """Sums over intervals.

    Attributes
    ----------
    measured : int
        Number of intervals whose meter, batteries and prices are known.
    grid_in, grid_out, battery_in, battery_out : float
        Energies. [kWh]
    solar, load, car : float or None
        Energies; None where nothing is known of them. [kWh]
    import_cost, export_income, idle_bill : float
        What was paid and earned, and the bill had the batteries been idle. [money]
    import_prices : float
        Sum of the import prices. [money/kWh]
    compared : int
        Number of measured intervals that a plan expected.
    claimed : float
        Bill that the plans made before their day claimed for those. [money]
    from_price, from_forecast, from_execution : float
        Parts of the real bill of those less what was claimed. [money]
    """

    measured: int = 0
    grid_in: float = 0.0
    grid_out: float = 0.0
    battery_in: float = 0.0
    battery_out: float = 0.0
    solar: float | None = None
    load: float | None = None
    car: float | None = None
    import_cost: float = 0.0
    export_income: float = 0.0
    idle_bill: float = 0.0
    import_prices: float = 0.0
    compared: int = 0
    claimed: float = 0.0
    from_price: float = 0.0
    from_forecast: float = 0.0
    from_execution: float = 0.0

    @property
    def bill(self) -> float:
        """Money paid less money earned. [money]"""
        return self.import_cost - self.export_income

    def __add__(self, other: "Sums") -> "Sums":
        both = (getattr(one, name) for name in _FIELDS for one in (self, other))
        values: Iterator[Any] = map(_sum, both, both)
        return Sums(*values)


_FIELDS = Sums.__struct_fields__
_COLUMNS = ", ".join(_FIELDS)


def _sum(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else a + b


def sums_of(rows: Iterable[Interval]) -> Sums:
    """Return the sums over some intervals."""
    return sum(map(_sums_of_one, rows), Sums())


def house_energy(one: Interval) -> float:
    """Return what house and cars drew less their solar: what idle batteries leave. [kWh]"""
    return one.grid_in - one.grid_out - one.battery_in + one.battery_out


def _sums_of_one(one: Interval) -> Sums:
    sums = Sums(
        measured=1,
        grid_in=one.grid_in,
        grid_out=one.grid_out,
        battery_in=one.battery_in,
        battery_out=one.battery_out,
        solar=one.solar,
        load=one.load,
        car=one.car,
        import_cost=one.grid_in * one.import_price,
        export_income=one.grid_out * one.export_price,
        idle_bill=_bill(house_energy(one), one),
        import_prices=one.import_price,
    )
    _compare(sums, one)
    return sums


def _compare(sums: Sums, one: Interval) -> None:
    """Add what was claimed for an interval, and where the difference came from.

    First the claimed energies at the real prices: that is the prices.  Then the real house and sun,
    with storages moved as the last plan before the interval had it: that is the forecasts, and what
    later plans made of better ones.  The rest is what was not done as planned.
    """
    if one.moved is None or one.claimed is None or one.claimed_at_prices is None:
        return
    as_planned = _bill(house_energy(one) - (one.car or 0.0) + one.moved, one)
    sums.compared = 1
    sums.claimed = one.claimed
    sums.from_price = one.claimed_at_prices - one.claimed
    sums.from_forecast = as_planned - one.claimed_at_prices
    sums.from_execution = sums.bill - as_planned


def _bill(energy: float, one: Interval) -> float:
    """Return the bill of energy through the meter at the prices of an interval. [money]"""
    return energy * (one.import_price if energy > 0.0 else one.export_price)


def read_sums(connection: sqlite3.Connection, first: int, last: int) -> Sums:
    """Return the sums of half hours that begin from `first` until before `last`."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM half_hour WHERE start >= ? AND start < ?", (first, last)
    )
    return sum((Sums(*row) for row in rows), Sums())


def condense(connection: sqlite3.Connection) -> None:
    """Replace the oldest intervals by the sums of their half hours, a few at a time.

    Plans, commands, forecasts and expectations of that age are removed.
    """
    oldest, newest = connection.execute("SELECT min(start), max(start) FROM interval").fetchone()
    for _ in range(_STEP):
        if oldest is None or oldest >= newest - FULL_DAYS * DAY:
            return
        start = oldest - oldest % _HALF_HOUR
        _condense_half_hour(connection, start)
        (oldest,) = connection.execute("SELECT min(start) FROM interval").fetchone()


def _condense_half_hour(connection: sqlite3.Connection, start: int) -> None:
    end = start + _HALF_HOUR
    sums = sums_of(intervals(connection, start, end)) + read_sums(connection, start, end)
    values = (start, *msgspec.structs.astuple(sums))
    connection.execute(
        f"INSERT OR REPLACE INTO half_hour (start, {_COLUMNS})"
        f" VALUES ({', '.join('?' * len(values))})",
        values,
    )
    for table, column, until in (
        ("interval", "start", end),
        ("battery", "start", end),
        ("plan", "made", end),
        ("command", "at", end),
        ("watched", "start", end),
        ("forecast", "hour", end // 3600),
    ):
        connection.execute(f"DELETE FROM {table} WHERE {column} < ?", (until,))
    connection.execute("DELETE FROM expected WHERE is_day_ahead IN (0, 1) AND start < ?", (end,))


def share_of(count: int, first: int, last: int) -> float:
    """Return the share of a span that a number of intervals is."""
    return count * INTERVAL / (last - first)
