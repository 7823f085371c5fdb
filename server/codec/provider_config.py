"""Provider rules of a request; a rule that cannot be read is left out, in the open."""

import math
from collections.abc import Callable
from datetime import time
from typing import TypeVar

from optimiser import ChipMode, ExportBoost, ProviderRules, SpikeProtection, Window
from server.codec.repairs import Repairs
from server.wire import ProviderConfigIn

Rule = TypeVar("Rule")

_SPIKE = 100.0  # cents; where the client names no threshold
_TRUE = {"true", "on", "yes", "1"}


def rules_from_wire(wire: ProviderConfigIn | None, repairs: Repairs) -> ProviderRules:
    """Read the provider's rules; prices arrive in cents.

    Parameters
    ----------
    wire : ProviderConfigIn or None
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

    def read(enabled: object, name: str, build: Callable[[], Rule]) -> Rule | None:
        if not _is_true(enabled):
            return None
        try:
            return build()
        except ValueError as error:
            repairs.note("rule_ignored", "provider_config", f"{name} ignored: {error}")
            return None

    return ProviderRules(
        export_boost=read(wire.export_boost_enabled, "export boost", lambda: _boost(wire)),
        chip_mode=read(wire.chip_mode_enabled, "chip mode", lambda: _chip(wire)),
        spike_protection=read(
            wire.spike_protection_enabled, "spike protection", lambda: _spike(wire)
        ),
    )


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
        raise ValueError(f"spike_protection_threshold must be positive, got {threshold!r}")
    return SpikeProtection(threshold=dollars)


def _is_true(value: object) -> bool:
    return value.strip().lower() in _TRUE if isinstance(value, str) else bool(value)


def _dollars(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{name} must be a number of cents, got {value!r}")
    try:
        cents = float(value)
    except (ValueError, OverflowError):
        cents = math.nan
    if not math.isfinite(cents):
        raise ValueError(f"{name} must be a number of cents, got {value!r}")
    return cents / 100.0


def _window(start: object, end: object, name: str) -> Window:
    return Window(_time(start, f"{name}_start"), _time(end, f"{name}_end"))


def _time(value: object, name: str) -> time:
    text = value.strip() if isinstance(value, str) else ""
    try:
        return time.fromisoformat("00:00" if text in {"24:00", "24:00:00"} else text.zfill(5))
    except ValueError:
        raise ValueError(f"{name} must be a time like 17:30, got {value!r}") from None
