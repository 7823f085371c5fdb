"""Metered so far: the peaks of demand charges, and the day's use of allowances."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from matrix_builders import Vector
from optimiser import Allowance, DemandCharge, Horizon
from optimiser.model.demand_charges import block_key
from server.home.history.meters import HOUR, Span, energy_of, without_spikes
from server.home_assistant.statistics import Change

DETAIL_DAYS = 10
"""That Home Assistant keeps five-minute statistics."""


def period_start(charge: DemandCharge, now: datetime, zone: tzinfo) -> datetime:
    """Return the beginning of the running billing period, a local midnight."""
    day = now.astimezone(zone).date()
    number = charge.billing_period(day)
    while charge.billing_period(day - timedelta(days=1)) == number:
        day -= timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def is_hourly(charge: DemandCharge, now: datetime, zone: tzinfo) -> bool:
    """Return whether a part of the period is known by hours only, and blocks are shorter."""
    detail = now - timedelta(days=DETAIL_DAYS)
    return 3600.0 * charge.average_hours < HOUR and period_start(charge, now, zone) < detail


def energy_metered(
    changes: Mapping[str, Sequence[Change]], ids: Sequence[str], span: Span
) -> Vector:
    """Return the energy of meters in each period, at least; float64, shape (N,). [kWh]

    Unknown energy counts as none: a peak is never more than was metered.
    """
    rows = [
        np.nan_to_num(without_spikes(energy_of(changes.get(meter, ()), span), span))
        for meter in ids
    ]
    return np.sum(rows, axis=0, initial=0.0) if rows else np.zeros(span.count)


def peak_of(charge: DemandCharge, energy: Vector, span: Span, zone: tzinfo) -> float:
    """Return the highest mean power of the charge's blocks in its window. [kW]

    Periods longer than a block give their own mean, which is at most the peak.
    """
    if not span.count:
        return 0.0
    horizon = _horizon(span, zone)
    length = max(charge.average_hours, span.length / 3600.0)
    blocks: dict[object, float] = {}
    for t in np.flatnonzero(charge.window.covers(horizon)).tolist():
        key = block_key(horizon.starts[t], length)
        blocks[key] = blocks.get(key, 0.0) + float(energy[t])
    return max(blocks.values(), default=0.0) / length


def energy_used(allowance: Allowance, energy: Vector, span: Span, zone: tzinfo) -> float:
    """Return the energy within the window of an allowance. [kWh]"""
    if not span.count:
        return 0.0
    return float(energy[allowance.window.covers(_horizon(span, zone))].sum())


def midnight(now: datetime, zone: tzinfo) -> datetime:
    """Return the beginning of the local day, in UTC."""
    local = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return local.astimezone(UTC)


def _horizon(span: Span, zone: tzinfo) -> Horizon:
    return Horizon(
        start=span.start.astimezone(zone), hours=np.full(span.count, span.length / 3600.0)
    )
