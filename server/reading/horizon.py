"""The span of a request, and its steps."""

import math

import numpy as np
from msgspec import UNSET

from matrix_builders import Vector
from optimiser import ProblemError
from server.options import Options
from server.reading.series import MAX_INTERVALS
from server.wire.repairs import Repairs
from server.wire.requests import SiteRequest
from server.wire.wording import format_value

_LONGEST_INTERVAL = 24 * 60.0  # min
_SHORTEST_INTERVAL = 0.5  # min
_TINY = 1e-9  # h and intervals; rounding of sums
_RULE = f"must lie in [{_SHORTEST_INTERVAL:g}, {_LONGEST_INTERVAL:g}] minutes"


def hours_from_wire(request: SiteRequest, options: Options, repairs: Repairs) -> Vector:
    """Return the lengths of the intervals that the import prices span; shape (T,). [h]

    There is one for each price; of a single price, a flat tariff, as many as the horizon holds.
    """
    prices, minutes = request.prices_import, request.interval_minutes
    if prices is None or prices == []:
        raise ProblemError("prices_import", "must hold one price per interval, got none")
    for field, values in (("prices_import", prices), ("interval_minutes", minutes)):
        if isinstance(values, list) and len(values) > MAX_INTERVALS:
            rule = f"must hold at most {MAX_INTERVALS} values, got {len(values)}"
            raise ProblemError(field, rule)
    lengths = _minutes(request, options, repairs) / 60.0
    if isinstance(prices, list):
        count = len(prices)
        if lengths.ndim and lengths.size != count:
            rule = f"must hold one length for each of the {count} prices, got {lengths.size}"
            raise ProblemError("interval_minutes", rule)
    else:
        count = _count_within(_horizon_hours(request) or options.horizon_hours, lengths)
    return lengths if lengths.ndim else np.full(count, lengths)


def intervals_within(request: SiteRequest, hours: Vector) -> int:
    """Return the number of intervals that the wanted horizon holds; at least the first."""
    wanted = _horizon_hours(request)
    if wanted is None:
        return hours.size
    return max(1, int(np.searchsorted(np.cumsum(hours), wanted + _TINY, side="right")))


def _minutes(request: SiteRequest, options: Options, repairs: Repairs) -> Vector:
    """Return the lengths as sent: one for all intervals, shape (), or one for each."""
    wire = request.interval_minutes
    if wire is UNSET:
        default = float(options.optimization_interval)
        repairs.note("default", "interval_minutes", f"missing; {default:g} minutes assumed")
        return np.array(default)
    if wire is None or wire == []:
        raise ProblemError("interval_minutes", f"{_RULE}, got {format_value(wire)}")
    for length in wire if isinstance(wire, list) else [wire]:
        if not _SHORTEST_INTERVAL <= length <= _LONGEST_INTERVAL:
            raise ProblemError("interval_minutes", f"{_RULE}, got {format_value(length)}")
    return np.array(wire)


def _count_within(horizon: float, lengths: Vector) -> int:
    """Return how many equal intervals fill a horizon; of unequal ones there are as many as sent."""
    if lengths.ndim:
        return lengths.size
    count = horizon / float(lengths)
    if count > MAX_INTERVALS:
        rule = f"must hold at most {MAX_INTERVALS} intervals, got {count:g}"
        raise ProblemError("horizon_hours", rule)
    return max(1, int(count + _TINY))


def _horizon_hours(request: SiteRequest) -> float | None:
    wanted = request.horizon_hours
    if wanted is not None and not 0 < wanted < math.inf:
        rule = f"must be a positive number, got {format_value(wanted)}"
        raise ProblemError("horizon_hours", rule)
    return wanted
