"""Bills of a day: the real one, those without a plan, and what the plans had claimed."""

import sqlite3
from datetime import date, tzinfo

import msgspec

from server.books.baselines import Usual, Watched, usual_of, virtual_of
from server.books.entries import INTERVAL, VirtualEntry, bounds_of, seconds_of
from server.books.records import battery_rows, intervals, virtual_rows
from server.books.sums import Sums, read_sums, share_of, sums_of
from server.settings.home import Settings


class Energies(msgspec.Struct, kw_only=True):
    """Energies of the measured intervals; None is unknown. [kWh]"""

    grid_in: float
    grid_out: float
    battery_in: float
    battery_out: float
    solar: float | None
    load: float | None
    car: float | None


class Bills(msgspec.Struct, kw_only=True):
    """Bills of the same measured intervals, of energy alone: no demand charge, no fixed fee.

    `idle` is the bill had the batteries done nothing, `self_consumption` that of batteries which
    only follow the house, from the state of charge that they really had.  `more_stored_kwh` is
    what the real batteries held more at the end than those, as it comes out of them, and
    `more_stored` its value at the day's mean import price, which no bill contains.  `saved` is
    what the plans saved against self-consumption, `more_stored` counted, wear not.  None is
    unknown.

    `watched` is the bill had the commands of watch mode been given: of virtual batteries that obey
    them where the home was watched, the `watched_share` of the day, and of the real ones in the
    rest of it; cars charge as they really did.  `watched_more_stored` is the value of what those
    batteries gained more than the ones of self-consumption.  `watched_saved` is what they would
    have saved against self-consumption, and `watched_saved_more` what they would have saved against
    the real bill, each with that energy counted, wear not.  None where nothing was watched.
    """

    real: float
    import_cost: float
    export_income: float
    mean_import_price: float
    idle: float
    wear: float | None
    self_consumption: float | None = None
    self_consumption_wear: float | None = None
    more_stored_kwh: float | None = None
    more_stored: float | None = None
    saved: float | None = None
    watched: float | None = None
    watched_share: float | None = None
    watched_wear: float | None = None
    watched_more_stored_kwh: float | None = None
    watched_more_stored: float | None = None
    watched_saved: float | None = None
    watched_saved_more: float | None = None


class Claim(msgspec.Struct, kw_only=True):
    """Claim of the last plan before the day, and where the difference to it came from.

    Where that plan did not reach, as on a first day, the first one of the day claims the rest.
    All is of the intervals that were measured and claimed, the `share` of the day.  `real` less
    `claimed` is the sum of `from_price` (other prices than expected), `from_forecast` (another
    load and sun, and what later plans made of them) and `from_execution` (the batteries and cars
    did not do what the last plan said).
    """

    share: float
    claimed: float
    real: float
    from_price: float
    from_forecast: float
    from_execution: float


class DayBook(msgspec.Struct, kw_only=True):
    """One local day.

    `share` is the part of the day that was measured; where there is none, nothing is known.
    """

    date: date
    share: float
    currency: str | None
    energies: Energies | None
    bills: Bills | None
    claim: Claim | None


def day_book(
    connection: sqlite3.Connection, day: date, zone: tzinfo, settings: Settings | None
) -> DayBook:
    """Return the books of a local day.

    Without settings, and for days whose intervals are gone, plain self-consumption is unknown.
    """
    first, last = bounds_of(day, zone)
    rows = list(intervals(connection, first, last))
    old = read_sums(connection, first, last)
    sums = sums_of(rows) + old
    bills = _bills(sums, settings) if sums.measured else None
    if bills is not None and settings is not None and not old.measured:
        batteries = battery_rows(connection, first - INTERVAL, last)
        _compare(bills, usual_of(rows, batteries, settings))
        virtual = _virtual(connection, first, last)
        watched = virtual_of(rows, virtual, batteries, settings)
        if watched is not None:
            bills.watched_share = share_of(watched.measured, first, last)
            _watch(bills, watched, settings)
    return DayBook(
        date=day,
        share=share_of(sums.measured, first, last),
        currency=None if settings is None else settings.currency,
        energies=_energies(sums) if sums.measured else None,
        bills=bills,
        claim=_claim(sums, share_of(sums.compared, first, last)) if sums.compared else None,
    )


def _energies(sums: Sums) -> Energies:
    return Energies(**{name: getattr(sums, name) for name in Energies.__struct_fields__})


def _virtual(connection: sqlite3.Connection, first: int, last: int) -> dict[int, VirtualEntry]:
    """Return what virtual batteries did, by the beginning of the interval."""
    entries = virtual_rows(connection, first, last)
    return {seconds_of(one.start): one for one in entries if one.grid_in is not None}


def _bills(sums: Sums, settings: Settings | None) -> Bills:
    """Return the bills of what was measured, without any comparison that takes a simulation."""
    return Bills(
        real=sums.bill,
        import_cost=sums.import_cost,
        export_income=sums.export_income,
        mean_import_price=sums.import_prices / sums.measured,
        idle=sums.idle_bill,
        wear=_wear(sums.battery_in + sums.battery_out, settings),
    )


def _compare(bills: Bills, usual: Usual | None) -> None:
    """Write plain self-consumption into the bills."""
    if usual is None:
        return
    more = usual.more_stored * bills.mean_import_price
    bills.self_consumption, bills.self_consumption_wear = usual.bill, usual.wear
    bills.more_stored_kwh, bills.more_stored = usual.more_stored, more
    bills.saved = usual.bill - bills.real + more


def _watch(bills: Bills, watched: Watched, settings: Settings) -> None:
    """Write the outcome of virtual batteries into the bills, after plain self-consumption."""
    bills.watched = watched.bill
    bills.watched_wear = _wear(watched.moved, settings)
    if watched.more_stored is None:
        return
    price = bills.mean_import_price
    bills.watched_saved_more = bills.real - watched.bill + watched.more_stored * price
    if bills.saved is not None and bills.more_stored_kwh is not None:
        bills.watched_more_stored_kwh = bills.more_stored_kwh + watched.more_stored
        bills.watched_more_stored = bills.watched_more_stored_kwh * price
        bills.watched_saved = bills.saved + bills.watched_saved_more


def _wear(moved: float, settings: Settings | None) -> float | None:
    """Return the wear of energy into and out of all batteries; None where they differ. [money]"""
    prices = {battery.wear for battery in settings.batteries} if settings else set[float]()
    return prices.pop() * moved if len(prices) == 1 else None


def _claim(sums: Sums, share: float) -> Claim:
    parts = sums.from_price, sums.from_forecast, sums.from_execution
    return Claim(
        share=share,
        claimed=sums.claimed,
        real=sums.claimed + sum(parts),
        from_price=sums.from_price,
        from_forecast=sums.from_forecast,
        from_execution=sums.from_execution,
    )
