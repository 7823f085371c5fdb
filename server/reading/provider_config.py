"""Provider rules of a request; a rule that cannot be read is left out, in the open."""

from datetime import time

import numpy as np

from matrix_builders import Vector
from optimiser import ChipMode, ExportBoost, ProviderRules, SpikeProtection, Window
from server.wire.repairs import Repairs, number_from_json
from server.wire.requests import ProviderConfigIn
from server.wire.wording import format_value

_SPIKE = 100.0  # cents; where the client names no threshold
_HIGHEST_PRICE = 1e11  # cents; in the money with the smallest unit
_OFF = (None, False)
_TRUE = (True, "true", "on", "yes", "1")
_FALSE = ("false", "off", "no", "0", "")


def rules_from_wire(wire: object, repairs: Repairs) -> ProviderRules:
    """Read the provider's rules that are enabled; prices arrive in cents."""
    if not isinstance(wire, ProviderConfigIn):
        if wire is not None:
            message = f"must be an object, got {format_value(wire)}; no rule is applied"
            repairs.note("rule_ignored", "provider_config", message)
        return ProviderRules()
    boost, chip, spike = None, None, None
    if wire.export_boost_enabled not in _OFF:
        with repairs.skip_on_error("provider_config", "export boost"):
            boost = _boost(wire)
    if wire.chip_mode_enabled not in _OFF:
        with repairs.skip_on_error("provider_config", "chip mode"):
            chip = _chip(wire)
    if wire.spike_protection_enabled not in _OFF:
        with repairs.skip_on_error("provider_config", "spike protection"):
            spike = _spike(wire)
    return ProviderRules(export_boost=boost, chip_mode=chip, spike_protection=spike)


def _boost(wire: ProviderConfigIn) -> ExportBoost | None:
    if not _is_true(wire.export_boost_enabled):
        return None
    return ExportBoost(
        window=_window(wire.export_boost_start, wire.export_boost_end, "export_boost"),
        offset=_dollars(wire.export_price_offset, "export_price_offset"),
        minimum=_dollars(wire.export_min_price, "export_min_price"),
    )


def _chip(wire: ProviderConfigIn) -> ChipMode | None:
    if not _is_true(wire.chip_mode_enabled):
        return None
    return ChipMode(
        window=_window(wire.chip_mode_start, wire.chip_mode_end, "chip_mode"),
        threshold=_dollars(wire.chip_mode_threshold, "chip_mode_threshold"),
    )


def _spike(wire: ProviderConfigIn) -> SpikeProtection | None:
    if not _is_true(wire.spike_protection_enabled):
        return None
    threshold = wire.spike_protection_threshold
    dollars = _dollars(_SPIKE if threshold is None else threshold, "spike_protection_threshold")
    if dollars <= 0:
        got = format_value(threshold)
        raise ValueError(f"spike_protection_threshold must be positive, got {got}")
    return SpikeProtection(threshold=dollars)


def warn_of_low_threshold(spike: SpikeProtection, prices: Vector, repairs: Repairs) -> None:
    """Say where the usual price, in money per kWh, counts as a spike."""
    usual = float(np.median(prices))
    if usual >= spike.threshold:
        repairs.note(
            "implausible",
            "provider_config",
            f"spike protection: its threshold of {100.0 * spike.threshold:g} cents is not above "
            f"the usual price of {100.0 * usual:g}; there it never lets the battery charge from "
            "the grid",
        )


def _is_true(value: object) -> bool:
    name = value.strip().lower() if isinstance(value, str) else value
    if name not in _TRUE + _FALSE:
        raise ValueError(f"its switch must be true or false, got {format_value(value)}")
    return name in _TRUE


def _dollars(value: object, name: str) -> float:
    cents = number_from_json(value)
    if not abs(cents) <= _HIGHEST_PRICE:
        rule = f"must be a number of cents between ±{_HIGHEST_PRICE:g}"
        raise ValueError(f"{name} {rule}, got {format_value(value)}")
    return cents / 100.0


def _window(start: object, end: object, name: str) -> Window:
    return Window(time_from_wire(start, f"{name}_start"), time_from_wire(end, f"{name}_end"))


def time_from_wire(value: object, name: str) -> time:
    """Return a time of day such as ``17:30``; ``24:00`` is midnight, anything else a ValueError."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        hours, colon, rest = text.partition(":")
        padded = f"{hours.zfill(2)}{colon}{rest}" if hours and colon else "none"
        return time.fromisoformat("00:00" if text in {"24:00", "24:00:00"} else padded)
    except ValueError:
        rule = f"must be a time like 17:30, got {format_value(value)}"
        raise ValueError(f"{name} {rule}") from None
