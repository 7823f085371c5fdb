"""Rules of the numbers of a request, and warnings of what they repair."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

import msgspec

from optimiser import ProblemError
from server.wire.price_unit import PriceUnit, price_unit_from_text
from server.wire.replies import WarningOut
from server.wire.wording import format_value

Number = float | str | None
"""A number, also as text, "13.5 kWh" too; text without one gives the default, with a warning."""

SHARE, EFFICIENCY, PRICE, PER_KW = "share", "efficiency", "price", "price per kW"

_PRICES = {PRICE, PER_KW}

_SIZES = {
    "w": ("W", 1.0),
    "kw": ("W", 1e3),
    "mw": ("W", 1e6),
    "wh": ("Wh", 1.0),
    "kwh": ("Wh", 1e3),
    "mwh": ("Wh", 1e6),
    SHARE: (SHARE, 1.0),
    EFFICIENCY: (SHARE, 1.0),
    "%": (SHARE, 1e-2),
}
"""Dimension and size of each unit, in small letters."""

_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(\D*)", re.IGNORECASE)


class Repairs:
    """Warnings of one request, in the order in which they arose.

    Attributes
    ----------
    warnings : list of WarningOut
        Everything recorded so far.
    prices : PriceUnit
        Unit of its prices, which rules of prices go by.
    """

    def __init__(self) -> None:
        self.warnings: list[WarningOut] = []
        self.prices = PriceUnit()

    def note(self, code: str, field: str, message: str) -> None:
        """Record that `field` was mended."""
        self.warnings.append(WarningOut(code, field, message))

    @contextmanager
    def skip_on_error(self, field: str, name: str = "") -> Iterator[None]:
        """Leave out a rule of `field` that cannot be read, with a warning."""
        try:
            yield
        except ValueError as error:
            self.note("rule_ignored", field, f"{name} ignored: {error}".lstrip())


@dataclass(frozen=True, slots=True)
class Evidence:
    """A number elsewhere in the object that shows what a slip is.

    Attributes
    ----------
    unit : str
        Unit of the fields to look at.
    above, below : float
        Range that one of them lies in, both ends excluded.
    """

    unit: str
    above: float
    below: float = math.inf


@dataclass(frozen=True, slots=True)
class Slip:
    """A mistake that shows in the size of a number, and its repair.

    Attributes
    ----------
    above, below : float
        Range of the numbers that are mistaken, both ends excluded; of prices, in units of the
        dearest one of the request, or of its money where that is more.
    code, text : str
        Warning; the text may name the `value`, and `kilo`, a thousandth of it.
    factor, divisor : float
        What such a number is multiplied and divided by.
    replacement : float or None
        What is assumed in its place.
    beside : Evidence or None
        What else must be in the object.
    """

    above: float
    code: str
    text: str
    below: float = math.inf
    factor: float = 1.0
    divisor: float = 1.0
    replacement: float | None = None
    beside: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """The default, the range and the slips of one number of a request.

    Attributes
    ----------
    default : float
        Assumed where there is no number; NaN stands for none.
    low, high : float
        Range that a number is clamped to, with a warning; prices as in `Slip`.
    slips : tuple of Slip
        The first that fits is repaired.
    is_required : bool
        Whether a missing number is noted.
    is_signed : bool
        Whether a negative number has a sane reading; it is refused where not.
    default_text : str
        Name of the default in warnings, where that is no number.
    unit : str
        ``W``, ``Wh``, ``kW``, ``kWh``, `SHARE`, `EFFICIENCY`, `PRICE` or `PER_KW`; text may name
        another of its kind.
    is_strict : bool
        Whether what is no number or out of range is a ValueError.
    """

    default: float = 0.0
    low: float = 0.0
    high: float = math.inf
    slips: tuple[Slip, ...] = ()
    is_required: bool = False
    is_signed: bool = False
    default_text: str = ""
    unit: str = ""
    is_strict: bool = False


class FieldReader:
    """Reads the numbers of one object of a request by their rules.

    Parameters
    ----------
    wire : Struct
        The object; annotations of its fields hold their rules.
    path : str
        Its place in the request.
    repairs : Repairs
        Takes note of everything mended.
    """

    def __init__(self, wire: msgspec.Struct, path: str, repairs: Repairs) -> None:
        self.wire, self.path, self.repairs = wire, path, repairs
        self._rules = rules_of(type(wire))

    def number(self, name: str, rule: Rule | None = None, value: Number = None) -> float:
        """Read a field by its own rule or another one; `value` stands for the one sent."""
        rule, value = rule or self._rules[name], value or getattr(self.wire, name)
        if value is None and not rule.is_required:
            return rule.default
        result = value if type(value) is float else number_from_json(value)
        if math.isnan(result):
            result = self._quantity(name, value, rule.unit)
        if not math.isfinite(result):
            return self._default(name, rule, value)
        scale, slips, prices = 1.0, rule.slips, self.repairs.prices
        if rule.unit in _PRICES:
            result *= prices.factor if rule.unit == PRICE else prices.money
            scale = prices.dearest
            slips = () if prices.is_said else slips
        if result < 0 and not (rule.is_signed or rule.is_strict):
            raise ProblemError(f"{self.path}.{name}", f"must not be negative, got {result!r}")
        for slip in slips:
            if slip.above * scale < result < slip.below * scale and self._fits(slip):
                self.note(slip.code, name, slip.text.format(value=result, kilo=result / 1000.0))
                mended = result * slip.factor / slip.divisor
                result = mended if slip.replacement is None else slip.replacement
                break
        if not rule.low * scale <= result <= rule.high * scale:
            result = self._clamp(name, rule, result, scale)
        return result + 0.0  # no negative zero

    def _default(self, name: str, rule: Rule, value: Number) -> float:
        """Return what is assumed where there is no number."""
        if rule.default == math.inf == number_from_json(value):
            return rule.default
        if rule.is_strict:
            is_open = rule.is_signed or math.isinf(rule.high)
            span = "" if is_open else f" from {rule.low:g} to {rule.high:g}"
            raise ValueError(f"{name} must be a number{span}, got {format_value(value)}")
        why = "missing" if value is None else f"must be a number, got {format_value(value)}"
        self.note("default", name, f"{why}; {rule.default_text or f'{rule.default:g} assumed'}")
        return rule.default

    def _clamp(self, name: str, rule: Rule, value: float, scale: float) -> float:
        """Return the number of the range that is nearest to one outside it."""
        low, high = rule.low * scale, rule.high * scale
        if rule.is_strict:
            raise ValueError(f"{name} must be a number from {low:g} to {high:g}, got {value:g}")
        clamped = min(high, max(low, value))
        text = f"must lie in [{low:g}, {high:g}], got {value:g}; {clamped:g} assumed"
        self.note("clamped", name, text)
        return clamped

    def _quantity(self, name: str, value: Number, unit: str) -> float:
        """Return the number of text that names its unit, in that of the field; NaN where none."""
        match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return math.nan
        number, of_text = float(match[1]), match[2].strip()
        if unit in _PRICES:
            prices = self.repairs.prices
            of_price = price_unit_from_text(of_text, prices.currency) or PriceUnit(factor=math.nan)
            result = number * of_price.factor / (prices.factor if unit == PRICE else prices.money)
        else:
            kind, size = _SIZES.get(unit.lower(), ("", 1.0))
            kind_of_text, size_of_text = _SIZES.get(of_text.lower(), ("none", 1.0))
            result = number * size_of_text / size if kind == kind_of_text else math.nan
        if not math.isnan(result):
            shown = f" {unit}" if unit in {"W", "Wh", "kW", "kWh"} else ""
            code = "percent" if unit in {SHARE, EFFICIENCY} else "unit"
            self.note(code, name, f"{format_value(value)} read as {result:g}{shown}")
        return result

    def _fits(self, slip: Slip) -> bool:
        """Return whether a slip is one beside the other fields of the object."""
        if slip.beside is None:
            return True
        sent = [
            number_from_json(getattr(self.wire, name))
            for name, rule in self._rules.items()
            if rule.unit == slip.beside.unit
        ]
        return any(slip.beside.above < number < slip.beside.below for number in sent)

    def optional(self, name: str) -> float | None:
        """Read a field that may be absent."""
        if getattr(self.wire, name) is None:
            return None
        result = self.number(name)
        return None if math.isnan(result) else result

    def is_signed(self, name: str) -> bool:
        """Return whether a negative number of a field has a sane reading."""
        return self._rules[name].is_signed

    def note(self, code: str, name: str, message: str) -> None:
        """Record that a field was mended."""
        self.repairs.note(code, f"{self.path}.{name}", message)


def number_from_json(value: object) -> float:
    """Return a JSON value as a number, also out of text; NaN where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


@cache
def rules_of(kind: type[msgspec.Struct]) -> dict[str, Rule]:
    """Return the rules in the annotations of a struct, by field."""
    hints: dict[str, Any] = get_type_hints(kind, include_extras=True)
    notes = {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}
    return {name: rule for name, rules in notes.items() for rule in rules if isinstance(rule, Rule)}
