"""Bills of a day: the real one, those without a plan, and what the plans had claimed."""

import sqlite3
from datetime import date, tzinfo

import msgspec

from server.books.baselines import Usual, usual_of
from server.books.entries import INTERVAL, bounds_of
from server.books.records import battery_rows, intervals
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
    """

    real: float
    import_cost: float
    export_income: float
    mean_import_price: float
    idle: float
    wear: float | None
    self_consumption: float | None
    self_consumption_wear: float | None
    more_stored_kwh: float | None
    more_stored: float | None
    saved: float | None


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
    usual = None
    if settings is not None and not old.measured:
        batteries = battery_rows(connection, first - INTERVAL, last)
        usual = usual_of(rows, batteries, settings)
    return DayBook(
        date=day,
        share=share_of(sums.measured, first, last),
        currency=None if settings is None else settings.currency,
        energies=_energies(sums) if sums.measured else None,
        bills=_bills(sums, usual, settings) if sums.measured else None,
        claim=_claim(sums, share_of(sums.compared, first, last)) if sums.compared else None,
    )


def _energies(sums: Sums) -> Energies:
    return Energies(**{name: getattr(sums, name) for name in Energies.__struct_fields__})


def _bills(sums: Sums, usual: Usual | None, settings: Settings | None) -> Bills:
    mean_price = sums.import_prices / sums.measured
    more = None if usual is None else usual.more_stored * mean_price
    return Bills(
        real=sums.bill,
        import_cost=sums.import_cost,
        export_income=sums.export_income,
        mean_import_price=mean_price,
        idle=sums.idle_bill,
        wear=_wear(sums, settings),
        self_consumption=usual and usual.bill,
        self_consumption_wear=usual and usual.wear,
        more_stored_kwh=usual and usual.more_stored,
        more_stored=more,
        saved=None if usual is None or more is None else usual.bill - sums.bill + more,
    )


def _wear(sums: Sums, settings: Settings | None) -> float | None:
    """Return the wear of all batteries; None where they differ in its price. [money]"""
    prices = {battery.wear for battery in settings.batteries} if settings else set[float]()
    moved = sums.battery_in + sums.battery_out
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
