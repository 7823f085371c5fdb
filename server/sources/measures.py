"""Quantity and unit of a column, from its name, the entity's unit and the words around it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from server.wire.price_unit import price_unit_from_text

Quantity: TypeAlias = Literal["price", "power"]

_POWERS = {"w": 1.0, "watt": 1.0, "watts": 1.0, "kw": 1e3, "mw": 1e6}
_ENERGIES = {"wh": 1.0, "kwh": 1e3, "mwh": 1e6}
_SIGNS = {"kw": "kW", "mw": "MW", "wh": "Wh", "kwh": "kWh", "mwh": "MWh"}
_PER_KWH = {"wh": 1e3, "kwh": 1.0, "mwh": 1e-3}

_WHOLE_MONEY = frozenset(
    {
        "eur", "euro", "euros", "dollar", "dollars", "gbp", "usd", "aud", "nzd", "cad", "sek",
        "nok", "dkk", "czk", "pln", "huf", "chf", "ron",
    }
)  # fmt: skip

_PRICE_WORD = re.compile(
    r"(market|spot|unit|energy|electricity)?(price|rate|tariff|cost|pris|preis|prijs|precio|prix)e?s?|earnings?"
)
_WITH_TAX = re.compile(r"_incl?(luding)?_(vat|tax)$")
_PLACES_OF_PRICES = frozenset({"raw_today", "raw_tomorrow", "forecast_dict"})
_POWER_WORDS = frozenset({"power", "solar", "pv", "production", "generation", "watts"})
_SOLCAST = re.compile(r"pv_estimate(_?[19]0)?")  # in kW, whatever the unit of its entity

_NEVER = frozenset(
    {
        "min", "max", "avg", "average", "mean", "median", "rank", "quantile", "percentile", "level",
        "volume", "consumption", "percent", "percentage", "pct", "share", "renewables", "gas",
        "temperature", "index", "score", "duration", "count", "position", "difference", "fraction",
        "confidence", "days", "day", "id", "standing", "savings", "yield",
    }
)  # fmt: skip
"""Words of columns that are neither a price nor a power of the whole series."""

_CUMULATIVE = ["watt", "hours"]
"""Forecast.Solar's energy since sunrise, beside `watt_hours_period`."""

_LESS = frozenset(
    {
        "spot", "market", "excl", "exc", "ex", "without", "net", "base", "wholesale", "tax", "vat",
        "fee", "low", "high", "predicted", "raw", "advanced", "earnings", "estimate10",
        "estimate90", "10", "90", "p10", "p90",
    }
)  # fmt: skip
"""Words of columns that are taken only where no other is there: parts of a price, its bounds."""

_WHOLE_PRICES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(price_)?per_kwh",
        r"total(_price|_cost)?|(price|rate)_total|.*_incl?(luding)?_(vat|tax)|.*all_in",
        r"((electricity|energy|import|export|buy|sell|unit)_)?(price|rate|tariff|value)",
        r".*",
    )
)
_LESSER = 10

_LONGEST_UNIT = 40

_LARGEST = 1e12
"""No price, power or energy of a home is larger, in any unit; sums of such numbers are finite."""

_AREA = re.compile(r"[A-Z]{2,4}\d?(-[A-Z]{2})?")
"""A bidding zone of Nord Pool, whose action answers prices per MWh by zone and names no unit."""

_FIXED_POINT = 1e-7
_LEAST_FIXED_POINT = 1e5
"""Zonneplan counts in ten-millionths; a kilowatt-hour costs that much in no money."""


class Unit(NamedTuple):
    """A unit as found; `money` and `energy` are factors, None where the text names none.

    Of a price, money/kWh is the value times both; of a power or an energy, W or Wh is the value
    times `energy`.
    """

    quantity: Quantity
    text: str
    money: float | None
    energy: float | None
    is_energy: bool = False


class Units(NamedTuple):
    """Units around a table, the nearest first.

    `is_other` where the entity has a unit of neither a price nor a power, as %; `is_rate_of_other`
    where it is one by something else than energy, as €/m³ of gas or W/m² of sunshine.
    """

    known: Sequence[Unit]
    is_other: bool
    is_rate_of_other: bool


@dataclass(frozen=True)
class Measure:
    """Quantity and size of a column.

    Attributes
    ----------
    rank : int
        Place among the columns of its quantity, the best first.
    factor : float
        To money/kWh, W or Wh.
    is_energy : bool
        Whether the values are energies of their periods.
    unit : str or None
        As found; None where nothing says it.
    """

    quantity: Quantity
    rank: int
    factor: float
    is_energy: bool
    unit: str | None


def words_of(key: str) -> list[str]:
    """Return the words of a key, in small letters: `valueIncVat` and `value_inc_vat` alike."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
    return [word for word in re.split(r"[\W_]+", parted) if word]


def units_near(places: Sequence[Mapping[str, object]], unit: str | None) -> Units:
    """Return the units that mappings around a table name, the entity's own being the last."""
    currency = next((c for place in places if isinstance(c := place.get("currency"), str)), "")[:3]
    entity, own = unit or places[-1].get("unit_of_measurement"), places[-1].get("unit")
    if isinstance(own, str) and not entity and own.lower() in _PER_KWH:
        own = f"{currency}/{own}"  # of prices, as Nord Pool's; that of energies has another name
    nearer = [place.get("unit") for place in places[:-1] if place is not places[-1]]
    texts = [*nearer, entity, own]
    in_cents = any(map(_says_hundredths, places))
    found = [
        _unit(text.strip(), currency.strip(), in_cents=in_cents)
        for text in texts
        if isinstance(text, str) and text.strip()
    ]
    known = [unit for unit in found if unit is not None]
    if currency or in_cents:
        known.append(Unit("price", currency, 0.01 if in_cents else 1.0, None))
    is_other = isinstance(entity, str) and bool(entity.strip()) and not known
    _, per, energy = str(entity).lower().partition("/")
    return Units(known, is_other, is_other and bool(per) and energy.strip() not in _PER_KWH)


def measure_of(key: str, path: Sequence[str], units: Units) -> Measure | None:
    """Return what a column of this name holds, None where nothing says it.

    The name itself counts most, then the units around it, the nearest first, then the names of the
    places that it is in.
    """
    words = words_of(key)
    if units.is_rate_of_other or _NEVER.intersection(words) or words == _CUMULATIVE:
        return None
    own = _unit_of_name(words)
    quantity = _quantity(own, path, units)
    if quantity is None:
        return None
    near = next((unit for unit in units.known if unit.quantity == quantity), None)
    if quantity == "price":
        return _price(words, own, near, path)
    return _power(words, own, near)


def number_from(value: object) -> float:
    """Return a finite number, of a text too; not a number for all else."""
    if isinstance(value, str):
        value = value.strip().replace(",", ".")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return math.nan
    return number if abs(number) < _LARGEST else math.nan


def numbers_from(values: Sequence[object]) -> list[float] | None:
    """Return the numbers of a column; None where it holds something else, or nothing."""
    numbers = [number_from(value) for value in values]
    known = sum(map(math.isfinite, numbers))
    others = sum(isinstance(value, str | list | Mapping | bool) for value in values)
    return numbers if known and 2 * known >= others else None


def size_of_units(values: Sequence[float]) -> float:
    """Return the size of one unit of prices that are whole numbers beyond any price, else one."""
    known = sorted(abs(value) for value in values if math.isfinite(value))
    is_far = bool(known) and known[len(known) // 2] > _LEAST_FIXED_POINT
    return _FIXED_POINT if is_far else 1.0


def _quantity(own: Unit | None, path: Sequence[str], units: Units) -> Quantity | None:
    if own is not None:
        return own.quantity
    if units.known:
        return units.known[0].quantity
    return None if units.is_other else _quantity_of_place(path)


def _quantity_of_place(path: Sequence[str]) -> Quantity | None:
    if _PLACES_OF_PRICES.intersection(path):
        return "price"
    for word in (word for name in path for word in words_of(name)):
        if _PRICE_WORD.fullmatch(word):
            return "price"
        if word in _POWER_WORDS or word in _POWERS or word in _ENERGIES:
            return "power"
    return None


def _unit_of_name(words: Sequence[str]) -> Unit | None:
    """Return the unit that a name itself says, as `price_ct_per_kwh`, `power_w` or `wh_period`."""
    return _price_of_name(words) or _power_of_name(words)


def _price_of_name(words: Sequence[str]) -> Unit | None:
    name = "_".join(words)
    per = re.search(r"(?:([^_]+)_)?per_([km]?wh)$", name)
    if per:
        money = None if per[1] is None else _money(per[1])
        return Unit("price", f"per {per[2]}", money, _PER_KWH[per[2]])
    if any(map(_PRICE_WORD.fullmatch, words)) or _WITH_TAX.search(name):
        energy = next((_PER_KWH[word] for word in words if word in _PER_KWH), None)
        return Unit("price", words[-1], _money(words[-1]), energy)
    return None


def _power_of_name(words: Sequence[str]) -> Unit | None:
    if _SOLCAST.fullmatch("_".join(words)):
        return Unit("power", "kW", None, 1e3)
    if words[:2] == ["watt", "hours"]:
        return Unit("power", "Wh", None, 1.0, is_energy=True)
    for word in words:
        if word in _ENERGIES:
            return Unit("power", _SIGNS[word], None, _ENERGIES[word], is_energy=True)
        if word in _POWERS:
            return Unit("power", _SIGNS.get(word, "W"), None, _POWERS[word])
    return Unit("power", "", None, None) if _POWER_WORDS.intersection(words) else None


def _money(word: str) -> float | None:
    """Return the size of a unit of money that a word names for certain."""
    if word in _WHOLE_MONEY:
        return 1.0
    unit = price_unit_from_text(f"{word}/kWh", "")
    return unit.money if unit is not None and unit.money != 1.0 else None


def _unit(text: str, currency: str, *, in_cents: bool) -> Unit | None:
    """Return the unit of a text such as ``ct/kWh``, ``EUR / MWh``, ``kW`` or ``Wh``."""
    if len(text) > _LONGEST_UNIT:
        return None
    bare = text.lower()
    if bare.startswith("/") and bare[1:] in _PER_KWH:  # of whatever money
        return Unit("price", text, 0.01 if in_cents else None, _PER_KWH[bare[1:]])
    if bare in _ENERGIES and (currency or in_cents):  # of a price, as Nord Pool's `unit: kWh`
        text = f"{currency}/{text}"
    elif bare in _ENERGIES:
        return Unit("power", text, None, _ENERGIES[bare], is_energy=True)
    elif bare in _POWERS:
        return Unit("power", text, None, _POWERS[bare])
    price = price_unit_from_text(text, currency)
    if price is None or not ("/" in text or " per " in text):
        return None
    money = 0.01 if in_cents else price.money
    return Unit("price", text, money, price.factor / price.money)


def _says_hundredths(place: Mapping[str, object]) -> bool:
    """Return whether a flag as `price_in_cents` is set, or a unit for display is cents."""
    if place.get("display_unit") == "cents":
        return True
    return any(
        value is True and {"cent", "cents", "subunit"}.intersection(words_of(key))
        for key, value in place.items()
    )


def _price(
    words: Sequence[str], own: Unit | None, near: Unit | None, path: Sequence[str]
) -> Measure:
    money = (own and own.money) or (near and near.money) or 1.0
    is_by_area = near is None and any(map(_AREA.fullmatch, path))
    default = _PER_KWH["mwh"] if is_by_area else 1.0
    energy = (own and own.energy) or (near and near.energy) or default
    name = "_".join(words)
    rank = next(place for place, whole in enumerate(_WHOLE_PRICES) if whole.fullmatch(name))
    is_part = bool(_LESS.intersection(words)) and rank != 1  # "value_inc_vat" is whole
    text = near.text if near is not None else "per MWh" if is_by_area else None
    if own is not None and own.energy is not None:
        text = f"{name} ({text})" if text else name
    return Measure("price", rank + _LESSER * is_part, money * energy, is_energy=False, unit=text)


def _power(words: Sequence[str], own: Unit | None, near: Unit | None) -> Measure:
    chosen = own if own is not None and own.energy is not None else near
    is_part = bool(_LESS.intersection(words))
    rank = _LESSER * is_part
    if chosen is None:
        return Measure("power", rank + 3, 1.0, is_energy=False, unit=None)
    is_known = bool(_SOLCAST.fullmatch("_".join(words))) or chosen.is_energy
    rank += 0 if is_known and chosen is own else 1 if chosen is own else 2
    return Measure("power", rank, chosen.energy or 1.0, chosen.is_energy, chosen.text)
