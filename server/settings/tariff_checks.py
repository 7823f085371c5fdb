"""Checks of a typed tariff."""

import re
from datetime import date

from server.settings.errors import SettingsError
from server.settings.ranges import (
    Range,
    require_clock,
    require_numbers,
    require_text,
    require_weekdays,
)
from server.settings.tariff import Rate, Tariff
from server.wire.wording import quote

_MOST_RATES, _MOST_HOLIDAYS = 100, 400
_DAY = re.compile(r"(?:(\d{4})-)?(\d\d)-(\d\d)")
_LEAP_YEAR = 2000


def check_tariff(tariff: Tariff, field: str, prices: Range) -> None:
    """Refuse a tariff whose rates cannot be read.

    Raises
    ------
    SettingsError
        With the first rule that is broken; `field` is the place of the tariff.
    """
    prices.require(f"{field}.otherwise", tariff.otherwise)
    _require_few(f"{field}.rates", len(tariff.rates), _MOST_RATES)
    for i, rate in enumerate(tariff.rates):
        _check_rate(rate, f"{field}.rates[{i}]", prices)
    _require_few(f"{field}.holidays", len(tariff.holidays), _MOST_HOLIDAYS)
    for i, day in enumerate(tariff.holidays):
        _require_day(f"{field}.holidays[{i}]", day)


def _check_rate(rate: Rate, field: str, prices: Range) -> None:
    prices.require(f"{field}.price", rate.price)
    require_text(f"{field}.name", rate.name or "")
    require_clock(f"{field}.start", rate.start)
    require_clock(f"{field}.end", rate.end)
    require_weekdays(f"{field}.weekdays", rate.weekdays)
    require_numbers(f"{field}.months", rate.months, range(1, 13), "1 to 12")


def _require_few(field: str, count: int, most: int) -> None:
    if count > most:
        raise SettingsError(field, f"must hold at most {most}, got {count}")


def _require_day(field: str, text: str) -> None:
    """Refuse what is no day of a year, or of every year."""
    match = _DAY.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        date(int(match[1] or _LEAP_YEAR), int(match[2]), int(match[3]))
    except ValueError:
        rule = f"must be a date like 2026-12-25 or 12-25, got {quote(text)}"
        raise SettingsError(field, rule) from None
