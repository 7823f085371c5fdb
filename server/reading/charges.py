"""Charges, allowances and tiers of a request; one that cannot be read is left out, in the open."""

import math
import re
from collections.abc import Sequence

from optimiser import Allowance, DemandCharge, Direction, ImportTier, ProblemError, Window
from optimiser.problem.windows import EVERY_DAY, EVERY_MONTH
from server.reading.provider_config import time_from_wire
from server.wire.repairs import FieldReader, Repairs, number_from_json
from server.wire.requests import AllowanceIn, Days, DemandChargeIn, ImportTierIn
from server.wire.wording import format_value

MOST_CHARGES = 20
"""More of a kind are refused."""

MOST_DAYS = 31
"""Of a billing period; more peaks are refused."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_SHORTEST_NAME = 3
_WHOLE = {"weekday": {0, 1, 2, 3, 4}, "weekend": {5, 6}}
_WHOLE |= {f"{name}s": days for name, days in _WHOLE.items()}


def demand_charges_from_wire(
    wires: Sequence[DemandChargeIn], repairs: Repairs
) -> tuple[DemandCharge, ...]:
    """Read the demand charges that can be read."""
    _require_few("demand_charges", len(wires))
    charges: list[DemandCharge] = []
    for i, wire in enumerate(wires):
        path = f"demand_charges[{i}]"
        with repairs.skip_on_error(path):
            charges.append(_demand_charge(wire, FieldReader(wire, path, repairs)))
    return tuple(charges)


def allowances_from_wire(wires: Sequence[AllowanceIn], repairs: Repairs) -> tuple[Allowance, ...]:
    """Read the allowances that can be read."""
    _require_few("allowances", len(wires))
    allowances: list[Allowance] = []
    for i, wire in enumerate(wires):
        path = f"allowances[{i}]"
        with repairs.skip_on_error(path):
            allowances.append(_allowance(wire, FieldReader(wire, path, repairs)))
    return tuple(allowances)


def tiers_from_wire(wires: Sequence[ImportTierIn], repairs: Repairs) -> tuple[ImportTier, ...]:
    """Read the tiers that can be read."""
    _require_few("import_tiers", len(wires))
    tiers: list[ImportTier] = []
    for i, wire in enumerate(wires):
        path = f"import_tiers[{i}]"
        with repairs.skip_on_error(path):
            tiers.append(_tier(wire, FieldReader(wire, path, repairs)))
    return tuple(tiers)


def _require_few(field: str, count: int, most: int = MOST_CHARGES) -> None:
    if count > most:
        raise ProblemError(field, f"must hold at most {most}, got {count}")


def _demand_charge(wire: DemandChargeIn, reader: FieldReader) -> DemandCharge:
    peaks, n_peaks = wire.peaks_so_far_kw or [], reader.number("n_peaks")
    _require_few(f"{reader.path}.peaks_so_far_kw", len(peaks), MOST_DAYS)
    block_so_far = reader.number("block_so_far_kwh")
    return DemandCharge(
        price=reader.number("price_per_kw"),
        window=_window(wire),
        peak_so_far=reader.number("peak_so_far_kw"),
        average_hours=reader.number("average_minutes") / 60.0,
        billing_day=round(reader.number("billing_day")),
        block_so_far=None if math.isnan(block_so_far) else block_so_far,
        n_peaks=round(n_peaks),
        peaks_so_far=tuple([reader.number("peaks_so_far_kw", value=str(peak)) for peak in peaks]),
    )


def _allowance(wire: AllowanceIn, reader: FieldReader) -> Allowance:
    name = (wire.direction or "").strip().lower()
    if name not in set(Direction):
        got = format_value(wire.direction)
        raise ValueError(f"direction must be import or export, got {got}")
    return Allowance(
        direction=Direction(name),
        price=reader.number("bonus_price"),
        daily_energy=reader.number("daily_quota_kwh"),
        window=_window(wire),
        used_today=reader.number("used_today_kwh"),
    )


def _tier(wire: ImportTierIn, reader: FieldReader) -> ImportTier:
    period = (wire.period or "month").strip().lower()
    if period not in {"day", "month"}:
        raise ValueError(f"period must be day or month, got {format_value(wire.period)}")
    return ImportTier(
        extra_price=reader.number("extra_price"),
        above=reader.number("above_kwh"),
        used=reader.number("used_kwh"),
        is_daily=period == "day",
        billing_day=round(reader.number("billing_day")),
    )


def _window(wire: DemandChargeIn | AllowanceIn) -> Window:
    return Window(
        start=time_from_wire(wire.start or "00:00", "start"),
        end=time_from_wire(wire.end or "00:00", "end"),
        weekdays=weekdays_from_wire(wire.weekdays) or EVERY_DAY,
        months=_days("months", wire.months, _MONTHS, 1) or EVERY_MONTH,
    )


def weekdays_from_wire(value: Days) -> frozenset[int]:
    """Return days of the week by number, 0 is Monday; none where absent."""
    return _days("weekdays", value, _WEEKDAYS, 0)


def _days(name: str, value: Days, names: Sequence[str], first: int) -> frozenset[int]:
    """Return numbers of days or months, sent as such, by name, or as spans; none where absent."""
    if value is None:
        return frozenset()
    entries: list[object] = []
    for entry in value if isinstance(value, list) else [value]:
        entries += entry.split(",") if isinstance(entry, str) else [entry]
    if not entries:
        raise ValueError(f"{name} must not be empty")
    return frozenset().union(*[_span(name, entry, names, first) for entry in entries])


def _span(name: str, entry: object, names: Sequence[str], first: int) -> set[int]:
    """Return the numbers of one day, of a span such as ``fri-mon``, or of the whole weekend."""
    text = entry.strip().lower() if isinstance(entry, str) else ""
    if name == "weekdays" and text in _WHOLE:
        return _WHOLE[text]
    ends = re.split(r"\s*(?:-|\u2013|\bto\b)\s*", text) if text else [entry]
    numbers = [_day(name, end, names, first) for end in ends]
    if len(numbers) > 2:  # noqa: PLR2004 - a span has two ends
        raise ValueError(f"{name} must hold names, numbers or spans, got {format_value(entry)}")
    length = (numbers[-1] - numbers[0]) % len(names)
    return {(numbers[0] - first + i) % len(names) + first for i in range(length + 1)}


def _day(name: str, entry: object, names: Sequence[str], first: int) -> int:
    """Return the number of one day or month; its name may be cut to three letters."""
    number = number_from_json(entry)
    if number.is_integer() and first <= number < first + len(names):
        return int(number)
    text = entry.strip() if isinstance(entry, str) else ""
    start = text if text in names else text.rstrip("s")
    for i, whole in enumerate(names):
        if len(text) >= _SHORTEST_NAME and whole.startswith(start):
            return i + first
    last = first + len(names) - 1
    rule = f"must hold names or numbers {first} to {last}, got {format_value(entry)}"
    raise ValueError(f"{name} {rule}")
