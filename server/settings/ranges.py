"""Ranges of the numbers of settings, and the slips of units outside them."""

import re
from typing import NamedTuple

from server.reading.forecasts import IN_SMALL_NUMBERS
from server.settings.errors import SettingsError
from server.wire.wording import format_value, quote

_ENTITY = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_STATISTIC = re.compile(r"[a-z0-9_]+[.:][a-z0-9_]+")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d|24:00")
_LONGEST_NAME = 60


class Range(NamedTuple):
    """Numbers from `low` to `high`, and a question that a larger one calls for."""

    low: float
    high: float
    unit: str = ""
    question: str = ""

    def require(self, field: str, value: float) -> None:
        """Refuse a number outside."""
        if self.low <= value <= self.high:  # false for NaN
            return
        rule = f"must be from {self.low:g} to {self.high:g} {self.unit}".rstrip()
        question = f"; {self.question}" if value > self.high and self.question else ""
        raise SettingsError(field, f"{rule}, got {format_value(value)}{question}")


# Beyond 100 kW, 1000 kWh and a car of 500 kWh there is no home, and none has a battery of 200 Wh:
# those are what a request reads in other units as well.
POWER = Range(0.05, 100.0, "kW", "is that in W?")
ENERGY = Range(0.2, 1000.0, "kWh", "is that in Wh?")
CAR_ENERGY = Range(1.0, 500.0, "kWh", "is that in Wh?")
RUN_ENERGY = Range(0.01, 200.0, "kWh", "is that in Wh?")
HEAT_POWER = Range(0.0, 100.0, "kW", "is that in W?")
HEAT_PER_ENERGY = Range(0.1, 20.0, "", "3 is meant for 300 %")
READING = Range(-100.0, 1000.0)  # per cent, or degrees of any scale
CAR_LEAST = Range(0.0, 100.0, "kW", "is that in W?")
CONNECTION = Range(0.2, 1000.0, "kW", "is that in W?")
SHARE = Range(0.0, 1.0, "", "a share is meant, 0.1 for 10 %")
SOME_SHARE = SHARE._replace(low=0.01)
EFFICIENCY = Range(0.5, 1.0, "", "a share is meant, 0.95 for 95 %")
SURCHARGE = Range(-0.99, 1.0, "", "a share is meant, 0.19 for 19 %")
HORIZON = Range(24, 72, "hours")


# No tariff of a home reaches three dollars, and where a hundredth of the money is in use, its name
# is the usual slip; of any other money, a million rials are plenty.
_HIGHEST = dict.fromkeys(IN_SMALL_NUMBERS, 3.0)
_HIGHEST |= {"DKK": 20.0, "ILS": 10.0, "NOK": 30.0, "PLN": 12.0, "SEK": 30.0, "ZAR": 60.0}
_HIGHEST_OF_OTHERS = 1e6


def price_range(currency: str) -> Range:
    """Return the range of typed prices per kWh in some money."""
    highest = _HIGHEST.get(currency.strip().upper(), _HIGHEST_OF_OTHERS)
    return Range(-highest, highest, "per kWh", "is that in hundredths (cents)?")


def wear_range(currency: str) -> Range:
    """Return the range of the wear per kWh: more than energy usually costs is no wear."""
    prices = price_range(currency)
    return prices._replace(low=0.0, high=prices.high / 3.0)


def require_entity(field: str, value: str) -> None:
    """Refuse what is no id of an entity, or of an action, which looks the same."""
    if not _ENTITY.fullmatch(value):
        raise SettingsError(field, f"must be a name like sensor.battery, got {quote(value)}")


def require_statistic(field: str, value: str) -> None:
    """Refuse what is no id of a statistic."""
    if not _STATISTIC.fullmatch(value):
        raise SettingsError(field, f"must be a name like sensor.energy, got {quote(value)}")


def is_clock(value: str) -> bool:
    """Return whether text is a time of day, HH:MM."""
    return _CLOCK.fullmatch(value) is not None


def require_clock(field: str, value: str | None) -> None:
    """Refuse what is neither a time of day nor absent."""
    if value is not None and not is_clock(value):
        raise SettingsError(field, f"must be a time like 17:30, got {quote(value)}")


def require_text(field: str, value: str, longest: int = _LONGEST_NAME) -> None:
    """Refuse text that is long, or no Unicode."""
    if len(value) > longest:
        raise SettingsError(field, f"must have at most {longest} letters, got {len(value)}")
    if re.search(r"[\ud800-\udfff]", value):
        raise SettingsError(field, "must be Unicode text, got half a surrogate pair")


def require_numbers(field: str, numbers: list[int] | None, known: range, names: str) -> None:
    """Refuse a list that is empty or holds another number, unless it is absent."""
    if numbers is None:
        return
    if not numbers:
        raise SettingsError(field, f"must hold numbers from {names}, or be absent, got none")
    for number in numbers:
        if number not in known:
            raise SettingsError(field, f"must be from {names}, got {format_value(number)}")


def require_weekdays(field: str, days: list[int] | None) -> None:
    """Refuse what are no days of the week."""
    require_numbers(field, days, range(7), "0 (Monday) to 6 (Sunday)")
