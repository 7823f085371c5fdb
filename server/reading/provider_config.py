"""Provider rules of a request, and the true prices where the prices sent include the rules.

A rule that cannot be read is left out, in the open.  The PowerSync client applies its export boost
and chip mode to the prices *and* sends the rules: such prices are recognised, and the rules taken
out of them, so that they are applied once and the bill is at the true prices.
"""

import math
from dataclasses import replace
from datetime import time, timezone

import numpy as np

from matrix_builders import Vector
from optimiser import (
    ChipMode,
    ExportBoost,
    Horizon,
    ProviderRules,
    SpikeProtection,
    Tariff,
    Window,
)
from optimiser.problem.tariff import median_of
from optimiser.problem.windows import Mask
from server.wire.repairs import Repairs, number_from_json
from server.wire.requests import ProviderConfigIn
from server.wire.wording import format_value

_SPIKE = 100.0  # cents; where the client names no threshold
_HIGHEST_PRICE = 1e11  # cents; in the money with the smallest unit
_OFF = (None, False)
_TRUE = (True, "true", "on", "yes", "1")
_FALSE = (False, "false", "off", "no", "0", "")
_STATEMENT = "provider_config.prices_include_rules"

_MARKER = -1.0  # $/kWh; the export price that the client sends where chip mode bars exports
_ROUNDING = 1e-4  # $/kWh; feeds round to a hundredth of a cent
_MOST_LEFT = 1 / 3  # of the boost; a step at an edge that differs from it by more is another one
_EXACT = 1 / 20  # chance that a step of the true prices is the boost to a rounding
_UNLIKELY = 1 / 100  # chance below which the steps at the edges are not those of the true prices


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
    usual = median_of(prices)
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


def true_tariff(
    wire: ProviderConfigIn,
    rules: ProviderRules,
    tariff: Tariff,
    horizon: Horizon,
    repairs: Repairs,
) -> Tariff:
    """Return the tariff without the rules that its export prices include, as stated or seen."""
    boost, chip = rules.export_boost, rules.chip_mode
    is_stated = _prices_include_rules(wire, repairs)
    if is_stated is False:
        return tariff
    prices = tariff.export_price
    marked = np.zeros(prices.size, dtype=np.bool_)
    if chip is not None:
        marked = _markers(chip, prices, horizon, is_stated=is_stated is True)
    if boost is not None:
        window, chance = _most_telling_window(boost, tariff, marked, horizon)
        if is_stated is None:
            _note_boost(boost, chance, repairs)
        if is_stated or chance < _UNLIKELY:
            prices = _without_boost(boost, prices, window & ~marked, marked, repairs)
    if marked.any():
        message = f"{marked.sum()} prices of {_MARKER:g} in chip mode's window mark it; 0 assumed"
        repairs.note("rule_in_prices", "prices_export", message)
        prices = np.where(marked, 0.0, prices)
    return replace(tariff, export_price=prices)


def _prices_include_rules(wire: ProviderConfigIn, repairs: Repairs) -> bool | None:
    """Return what the request states; None where it does not."""
    if wire.prices_include_rules is None:
        return None
    try:
        return _is_true(wire.prices_include_rules)
    except ValueError as error:
        repairs.note("unknown_value", _STATEMENT, f"{error}; the prices show it or not")
        return None


def _clocks(horizon: Horizon) -> tuple[Horizon, ...]:
    """Return the horizon by the clock of its zone, and by one that never changes: the client's.

    The client adds intervals to the wall clock of its first one, and so misses a change.
    """
    if not horizon.changes_clocks():
        return (horizon,)
    offset = horizon.start.utcoffset()
    assert offset is not None
    fixed = horizon.start.replace(tzinfo=timezone(offset))
    return horizon, Horizon(start=fixed, hours=horizon.hours)


def _markers(chip: ChipMode, prices: Vector, horizon: Horizon, *, is_stated: bool) -> Mask:
    """Return where a price is the client's marker of chip mode; nowhere if one has another cause.

    In the window every price is the marker or reaches the threshold, outside there is none.  The
    client repeats its last price where its forecast is short: markers at the end may be that.
    """
    marked = np.abs(prices - _MARKER) < _ROUNDING
    last = int(np.flatnonzero(~marked).max(initial=-1)) + 1  # the first of the markers at the end
    for clock in _clocks(horizon):
        inside = chip.window.covers(clock)
        if is_stated:
            return marked & inside
        inside[last:] |= inside[last : last + 1]
        is_free = prices >= chip.threshold
        if (marked <= inside).all() and (inside <= marked ^ is_free).all():
            return marked
    return np.zeros_like(marked)


def _most_telling_window(
    boost: ExportBoost, tariff: Tariff, marked: Mask, horizon: Horizon
) -> tuple[Mask, float]:
    """Return the window by the clock at which its edges are least likely, and that chance."""
    windows = [boost.window.covers(clock) for clock in _clocks(horizon)]
    chances = [_chance_of_edges(boost, tariff, window, marked) for window in windows]
    least = int(np.argmin(chances))
    return windows[least], chances[least]


def _chance_of_edges(boost: ExportBoost, tariff: Tariff, inside: Mask, marked: Mask) -> float:
    """Return the chance of the steps at the edges of a window if the boost is not in the prices.

    Where it is, the price steps by just the boost at every edge, but for a step such as there are
    elsewhere; where it is not, what it steps is such a step.  How usual each of them is tells the
    one from the other.  The import price never has the boost: where both prices move together,
    the step of the export price is expected to be that of the import price.

    On eleven months of prices of New South Wales, windows at the evening peak and boosts of 3 to
    10 cents: prices without the boost are taken for boosted ones once in 1,000 requests at most,
    boosted ones of 48 h recognised in 9 of 10 where import and export follow one market price.

    Returns
    -------
    float
        In (0, 1]; 1 where there is no edge, infinite where the prices do not show the boost.
    """
    price = tariff.export_price
    seen = price[inside & ~marked]
    if seen.size == 0 or seen.min() < boost.minimum - _ROUNDING:
        return math.inf
    is_edge, is_hidden = inside[1:] != inside[:-1], marked[1:] | marked[:-1]
    steps, expected = np.diff(price), np.diff(tariff.import_price)
    usual = ~is_edge & ~is_hidden
    if np.abs(steps - expected)[usual].sum() >= np.abs(steps)[usual].sum():
        expected = np.zeros_like(steps)
    edges = np.flatnonzero(is_edge & ~is_hidden)
    entry = np.where(inside[edges + 1], 1, -1)
    inner, outer = price[edges + (entry > 0)], price[edges + (entry < 0)]
    true = outer + entry * expected[edges]
    raised = np.maximum(true + boost.offset, boost.minimum)
    lift, left = np.abs(raised - true), np.abs(inner - raised)
    if lift.max(initial=0.0 if edges.size else abs(boost.offset)) < _ROUNDING:
        return math.inf
    if (left > np.maximum(_MOST_LEFT * lift, _ROUNDING)).any():
        return math.inf
    others = np.abs(steps - expected)[usual]
    chances = _share_above(others, np.abs(inner - true)) / _share_above(others, left)
    return float(np.prod(np.where(left < _ROUNDING, _EXACT, 1.0) * chances))


def _share_above(steps: Vector, sizes: Vector) -> Vector:
    """Return the share of steps of at least each size, counting the one that is judged."""
    at_least = np.count_nonzero(steps >= sizes[:, None] - _ROUNDING, axis=1)
    share: Vector = (1.0 + at_least) / (1.0 + steps.size)
    return share


def _without_boost(
    boost: ExportBoost, prices: Vector, raised: Mask, marked: Mask, repairs: Repairs
) -> Vector:
    """Return prices less the boost; at its minimum, which hides them, those around the window."""
    true = np.where(raised, np.round(prices - boost.offset, 9), prices)  # flat prices stay flat
    lost = raised & (prices <= boost.minimum + _ROUNDING)
    if not lost.any():
        return true
    at, known = np.arange(prices.size), ~raised & ~marked
    around = np.interp(at, at[known], prices[known]) if known.any() else true
    message = f"{lost.sum()} prices at the export boost's minimum; those around it assumed"
    repairs.note("interpolated", "prices_export", message)
    return np.where(lost, np.minimum(around, true), true)


def _note_boost(boost: ExportBoost, chance: float, repairs: Repairs) -> None:
    if chance < _UNLIKELY:
        cents = f"{100 * boost.offset:g} ct"
        message = f"the export boost of {cents} is in them already; taken out again for the bill"
        repairs.note("rule_in_prices", "prices_export", message)
    elif chance <= 1.0:
        message = "missing, and the prices do not tell; they are taken as true, without the boost"
        repairs.note("default", _STATEMENT, message)
