"""A tariff typed as a table: prices by time of day, day of the week and month."""

import msgspec


class Rate(msgspec.Struct, kw_only=True):
    """One price and when it holds; the first of a table that holds is taken.

    `start` and `end` are HH:MM on the local clock, over midnight where `end` is not later; 0 is
    Monday; None is always.
    """

    price: float
    name: str | None = None
    start: str | None = None
    end: str | None = None
    weekdays: list[int] | None = None
    months: list[int] | None = None


class Tariff(msgspec.Struct, kw_only=True):
    """Rates in order of precedence, and the price where none holds [money/kWh].

    `holidays` are dates, YYYY-MM-DD or MM-DD for each year, that count as Sundays.
    """

    otherwise: float
    rates: list[Rate] = []
    holidays: list[str] = []
