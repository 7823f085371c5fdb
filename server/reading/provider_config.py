"""Provider rules of a request; a rule that cannot be read is left out, in the open."""

from collections.abc import Callable
from datetime import time
from typing import TypeVar

from optimiser import ChipMode, ExportBoost, ProviderRules, SpikeProtection, Window
from server.reading.series import number
from server.wire.repairs import Repairs
from server.wire.structs import ProviderConfigIn
from server.wire.wording import shown

Rule = TypeVar("Rule")

_SPIKE = 100.0  # cents; where the client names no threshold
_HIGHEST_PRICE = 100_000.0  # cents
_TRUE = (True, "true", "on", "yes", "1")
_FALSE = ("false", "off", "no", "0", "")


def rules_from_wire(wire: object, repairs: Repairs) -> ProviderRules:
    """Read the provider's rules; prices arrive in cents.

    Parameters
    ----------
    wire : ProviderConfigIn, None or any other JSON value
        As decoded.
    repairs : Repairs
        Takes note of rules left out.

    Returns
    -------
    ProviderRules
        Those that are enabled and can be read.
    """
    if wire is None:
        return ProviderRules()
    if not isinstance(wire, ProviderConfigIn):
        message = f"must be an object, got {shown(wire)}; no rule is applied"
        repairs.note("rule_ignored", "provider_config", message)
        return ProviderRules()

    return ProviderRules(
        export_boost=_read(wire, wire.export_boost_enabled, "export boost", _boost, repairs),
        chip_mode=_read(wire, wire.chip_mode_enabled, "chip mode", _chip, repairs),
        spike_protection=_read(
            wire, wire.spike_protection_enabled, "spike protection", _spike, repairs
        ),
    )


def _read(
    wire: ProviderConfigIn,
    enabled: object,
    name: str,
    build: Callable[[ProviderConfigIn], Rule],
    repairs: Repairs,
) -> Rule | None:
    if enabled in (None, False):
        return None
    try:
        return build(wire) if _is_true(enabled) else None
    except ValueError as error:
        repairs.note("rule_ignored", "provider_config", f"{name} ignored: {error}")
        return None


def _boost(wire: ProviderConfigIn) -> ExportBoost:
    return ExportBoost(
        window=_window(wire.export_boost_start, wire.export_boost_end, "export_boost"),
        offset=_dollars(wire.export_price_offset, "export_price_offset"),
        minimum=_dollars(wire.export_min_price, "export_min_price"),
    )


def _chip(wire: ProviderConfigIn) -> ChipMode:
    return ChipMode(
        window=_window(wire.chip_mode_start, wire.chip_mode_end, "chip_mode"),
        threshold=_dollars(wire.chip_mode_threshold, "chip_mode_threshold"),
    )


def _spike(wire: ProviderConfigIn) -> SpikeProtection:
    threshold = wire.spike_protection_threshold
    cents = _SPIKE if threshold is None else threshold
    dollars = _dollars(cents, "spike_protection_threshold")
    if dollars <= 0:
        raise ValueError(f"spike_protection_threshold must be positive, got {shown(threshold)}")
    return SpikeProtection(threshold=dollars)


def _is_true(value: object) -> bool:
    if isinstance(value, bool):
        return value
    name = value.strip().lower() if isinstance(value, str) else value
    if name not in _TRUE + _FALSE:
        raise ValueError(f"its switch must be true or false, got {shown(value)}")
    return name in _TRUE


def _dollars(value: object, name: str) -> float:
    cents = number(value)
    if not abs(cents) <= _HIGHEST_PRICE:
        rule = f"must be a number of cents between ±{_HIGHEST_PRICE:g}"
        raise ValueError(f"{name} {rule}, got {shown(value)}")
    return cents / 100.0


def _window(start: object, end: object, name: str) -> Window:
    return Window(time_from_wire(start, f"{name}_start"), time_from_wire(end, f"{name}_end"))


def time_from_wire(value: object, name: str) -> time:
    """A time of day such as ``17:30``; ``24:00`` is midnight.

    Raises
    ------
    ValueError
        Where it is none.
    """
    text = value.strip() if isinstance(value, str) else ""
    try:
        hours, colon, rest = text.partition(":")
        padded = f"{hours.zfill(2)}{colon}{rest}" if hours and colon else "none"
        return time.fromisoformat("00:00" if text in {"24:00", "24:00:00"} else padded)
    except ValueError:
        raise ValueError(f"{name} must be a time like 17:30, got {shown(value)}") from None
