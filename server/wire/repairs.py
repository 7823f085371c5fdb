"""Rules of the numbers of a request, and warnings of what they repair."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

import msgspec

from optimiser import ProblemError
from server.wire.replies import WarningOut
from server.wire.wording import format_value

Number = float | str | None
"""A number, also as text; text without a number ("unknown") gives the default, with a warning."""


class Repairs:
    """Warnings of one request, in the order in which they arose."""

    def __init__(self) -> None:
        self._warnings: list[WarningOut] = []

    def note(self, code: str, field: str, message: str) -> None:
        """Record that `field` was mended."""
        self._warnings.append(WarningOut(code, field, message))

    @contextmanager
    def skip_on_error(self, field: str, name: str = "") -> Iterator[None]:
        """Leave out a rule of `field` that cannot be read, with a warning."""
        try:
            yield
        except ValueError as error:
            self.note("rule_ignored", field, f"{name} ignored: {error}".lstrip())

    def as_list(self) -> list[WarningOut]:
        """Return everything recorded so far."""
        return list(self._warnings)


@dataclass(frozen=True, slots=True)
class Slip:
    """A mistake that shows in the size of a number, and its repair.

    Attributes
    ----------
    above, below : float
        Range of the numbers that are mistaken, both ends excluded.
    code, text : str
        Warning; the text may name the `value`, and `kilo`, a thousandth of it.
    factor, divisor : float
        What such a number is multiplied and divided by.
    replacement : float or None
        What is assumed in its place.
    """

    above: float
    code: str
    text: str
    below: float = math.inf
    factor: float = 1.0
    divisor: float = 1.0
    replacement: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """The default, the range and the slips of one number of a request.

    Attributes
    ----------
    default : float
        Assumed where there is no number; NaN stands for none.
    low, high : float
        Range that a number is clamped to, with a warning.
    slips : tuple of Slip
        The first that fits is repaired.
    is_required : bool
        Whether a missing number is noted.
    is_signed : bool
        Whether a negative number has a sane reading; it is refused where not.
    default_text : str
        Name of the default in warnings, where that is no number.
    """

    default: float = 0.0
    low: float = 0.0
    high: float = math.inf
    slips: tuple[Slip, ...] = ()
    is_required: bool = False
    is_signed: bool = False
    default_text: str = ""


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
        self._wire, self._path, self._repairs = wire, path, repairs
        self._rules = rules_of(type(wire))

    def number(self, name: str, rule: Rule | None = None) -> float:
        """Read a field by its own rule or another one."""
        rule, value = rule or self._rules[name], getattr(self._wire, name)
        if value is None and not rule.is_required:
            return rule.default
        result = value if type(value) is float else number_from_json(value)
        if not math.isfinite(result):
            why = "missing" if value is None else f"must be a number, got {format_value(value)}"
            self.note("default", name, f"{why}; {rule.default_text or f'{rule.default:g} assumed'}")
            return rule.default
        if result < 0 and not rule.is_signed:
            raise ProblemError(f"{self._path}.{name}", f"must not be negative, got {result!r}")
        for slip in rule.slips:
            if slip.above < result < slip.below:
                self.note(slip.code, name, slip.text.format(value=result, kilo=result / 1000.0))
                mended = result * slip.factor / slip.divisor
                result = mended if slip.replacement is None else slip.replacement
                break
        if not rule.low <= result <= rule.high:
            clamped = min(rule.high, max(rule.low, result))
            text = f"must lie in [{rule.low:g}, {rule.high:g}], got {result:g}; {clamped:g} assumed"
            self.note("clamped", name, text)
            result = clamped
        return result + 0.0  # no negative zero

    def optional(self, name: str) -> float | None:
        """Read a field that may be absent."""
        if getattr(self._wire, name) is None:
            return None
        result = self.number(name)
        return None if math.isnan(result) else result

    def note(self, code: str, name: str, message: str) -> None:
        """Record that a field was mended."""
        self._repairs.note(code, f"{self._path}.{name}", message)


def number_in_range(wire: msgspec.Struct, name: str) -> float:
    """Return the number of a field whose rule allows no repair; anything else is a ValueError."""
    rule, value = rules_of(type(wire))[name], getattr(wire, name)
    if value is None and not rule.is_required:
        return rule.default
    result = number_from_json(value)
    if not rule.low <= result <= rule.high:
        text = f"must be a number from {rule.low:g} to {rule.high:g}, got {format_value(value)}"
        raise ValueError(f"{name} {text}")
    return result


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
