"""Demand charges and allowances of a request; one that cannot be read is left out, in the open."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from optimiser import Allowance, DemandCharge, Direction, ProblemError, Window
from optimiser.problem.windows import EVERY_DAY, EVERY_MONTH
from server.reading.provider_config import time_from_wire
from server.reading.series import number
from server.wire.fields import HIGHEST_PRICE
from server.wire.repairs import Repairs
from server.wire.structs import AllowanceIn, Days, DemandChargeIn, Number
from server.wire.wording import clipped, shown

Rule = TypeVar("Rule")
Wire = TypeVar("Wire")

MOST_CHARGES = 20
"""More of a kind are refused."""

_DEFAULT_BLOCK = 30.0  # min
_DAY = 24 * 60.0  # min
_HIGHEST_DEMAND_PRICE = 10_000.0  # $/kW
_HIGHEST_ENERGY = 1e6  # kWh

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_NAMES = {
    "weekdays": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "months": (
        "january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december",
    ),
}  # fmt: skip
_WHOLE = {
    "weekdays": frozenset(range(5)),
    "weekday": frozenset(range(5)),
    "weekends": frozenset({5, 6}),
    "weekend": frozenset({5, 6}),
}


def demand_charges_from_wire(
    wires: Sequence[DemandChargeIn] | None, repairs: Repairs
) -> tuple[DemandCharge, ...]:
    """Demand charges that can be read.

    Raises
    ------
    ProblemError
        Where there are too many.
    """
    return _read_all("demand_charges", wires, _demand_charge, repairs)


def allowances_from_wire(
    wires: Sequence[AllowanceIn] | None, repairs: Repairs
) -> tuple[Allowance, ...]:
    """Allowances that can be read.

    Raises
    ------
    ProblemError
        Where there are too many.
    """
    return _read_all("allowances", wires, _allowance, repairs)


def _read_all(
    field: str,
    wires: Sequence[Wire] | None,
    read: Callable[[Wire], Rule],
    repairs: Repairs,
) -> tuple[Rule, ...]:
    if wires is not None and len(wires) > MOST_CHARGES:
        raise ProblemError(field, f"must hold at most {MOST_CHARGES}, got {len(wires)}")
    found = []
    for i, wire in enumerate(wires or ()):
        try:
            found.append(read(wire))
        except ValueError as error:
            repairs.note("rule_ignored", f"{field}[{i}]", f"ignored: {error}")
    return tuple(found)


def _demand_charge(wire: DemandChargeIn) -> DemandCharge:
    minutes = _between("average_minutes", wire.average_minutes, _DEFAULT_BLOCK, _DAY)
    if minutes <= 0:
        raise ValueError(f"average_minutes must be positive, got {shown(wire.average_minutes)}")
    return DemandCharge(
        price=_between("price_per_kw", wire.price_per_kw, None, _HIGHEST_DEMAND_PRICE),
        window=_window(wire),
        peak_so_far=_between("peak_so_far_kw", wire.peak_so_far_kw, 0.0, _HIGHEST_ENERGY),
        average_hours=minutes / 60.0,
    )


def _allowance(wire: AllowanceIn) -> Allowance:
    name = (wire.direction or "").strip().lower()
    if name not in set(Direction):
        raise ValueError(f"direction must be import or export, got {shown(wire.direction)}")
    price = number(wire.bonus_price)
    if not abs(price) <= HIGHEST_PRICE:
        raise ValueError(f"bonus_price must be a number, got {shown(wire.bonus_price)}")
    return Allowance(
        direction=Direction(name),
        price=price,
        daily_energy=_between("daily_quota_kwh", wire.daily_quota_kwh, None, _HIGHEST_ENERGY),
        window=_window(wire),
        used_today=_between("used_today_kwh", wire.used_today_kwh, 0.0, _HIGHEST_ENERGY),
    )


def _between(name: str, value: Number, default: float | None, most: float) -> float:
    if value is None and default is not None:
        return default
    read = number(value)
    if not 0 <= read <= most:
        raise ValueError(f"{name} must be a number from 0 to {most:g}, got {shown(value)}")
    return read


def _window(wire: DemandChargeIn | AllowanceIn) -> Window:
    return Window(
        start=time_from_wire(wire.start or "00:00", "start"),
        end=time_from_wire(wire.end or "00:00", "end"),
        weekdays=_days("weekdays", wire.weekdays, _WEEKDAYS, 0) or EVERY_DAY,
        months=_days("months", wire.months, _MONTHS, 1) or EVERY_MONTH,
    )


def _days(name: str, value: Days, names: Sequence[str], first: int) -> frozenset[int]:
    """Numbers of days or months: given as such, by name, or as spans; empty where none is given."""
    if value is None:
        return frozenset()
    entries: list[object] = []
    for entry in value if isinstance(value, list) else [value]:
        entries += entry.split(",") if isinstance(entry, str) else [entry]
    found: set[int] = set()
    for entry in entries:
        text = entry.strip().lower() if isinstance(entry, str) else ""
        if name == "weekdays" and text in _WHOLE:
            found |= _WHOLE[text]
            continue
        span = re.split(r"\s*(?:-|\u2013|\bto\b)\s*", text) if text else [entry]
        ends = [_day(name, end, names, first) for end in span]
        if len(ends) > 2:  # noqa: PLR2004 - a span has two ends
            raise ValueError(f"{name} must hold names, numbers or spans, got {shown(entry)}")
        length = (ends[-1] - ends[0]) % len(names)
        found |= {(ends[0] - first + i) % len(names) + first for i in range(length + 1)}
    if not found:
        raise ValueError(f"{name} must not be empty")
    return frozenset(found)


def _day(name: str, entry: object, names: Sequence[str], first: int) -> int:
    """Number of one day or month."""
    at = number(entry)
    if at.is_integer() and first <= at < first + len(names):
        return int(at)
    whole = _FULL_NAMES[name]
    text = entry.strip() if isinstance(entry, str) else ""
    for i, short in enumerate(names):
        if len(text) >= len(short) and whole[i].startswith(
            text.rstrip("s") if text not in whole else text
        ):
            return i + first
    last = first + len(names) - 1
    got = clipped(entry) if isinstance(entry, str) else shown(entry)
    raise ValueError(f"{name} must hold names or numbers {first} to {last}, got {got}")
