"""How far a request plans, and in which steps."""

import math

import numpy as np
from msgspec import UNSET

from matrix_builders import Vector
from optimiser import ProblemError
from server.options import Options
from server.reading.series import Intervals, count_of
from server.wire.repairs import Repairs
from server.wire.structs import SiteRequest
from server.wire.wording import shown

MAX_INTERVALS = 4_320
"""72 h of minutes; more is refused."""

_LONGEST_INTERVAL = 24 * 60.0  # min
_SHORTEST_INTERVAL = 0.5  # min
_TINY = 1e-9  # h and intervals; rounding of sums
_RULE = f"must lie in [{_SHORTEST_INTERVAL:g}, {_LONGEST_INTERVAL:g}] minutes"


def intervals_from_wire(request: SiteRequest, options: Options, repairs: Repairs) -> Intervals:
    """Intervals that the import prices span.

    Parameters
    ----------
    request : SiteRequest
        As decoded.
    options : Options
        Defaults for what it leaves out.
    repairs : Repairs
        Takes note of an assumed length.

    Returns
    -------
    Intervals
        One for each price; of a single price, a flat tariff, as many as the horizon holds.

    Raises
    ------
    ProblemError
        Where there are no prices, too many, or a length has no sane reading.
    """
    field, count = "prices_import", count_of(request.prices_import)
    if count == 0:
        raise ProblemError(field, "must hold one price per interval, got none")
    _require_few(field, count)
    if isinstance(request.interval_minutes, list):
        _require_few("interval_minutes", len(request.interval_minutes))
    hours = _minutes(request, options, repairs) / 60.0
    if count is not None:
        return Intervals(_for_each(count, hours))
    return Intervals(_filling(_horizon_hours(request) or options.horizon_hours, hours))


def intervals_within(request: SiteRequest, intervals: Intervals) -> int:
    """Number of intervals that the wanted horizon holds; at least the first."""
    wanted = _horizon_hours(request)
    if wanted is None:
        return intervals.size
    ends = np.cumsum(intervals.hours)
    return max(1, int(np.searchsorted(ends, wanted + _TINY, side="right")))


def _require_few(field: str, count: int | None) -> None:
    if count is not None and count > MAX_INTERVALS:
        raise ProblemError(field, f"must hold at most {MAX_INTERVALS} values, got {count}")


def _minutes(request: SiteRequest, options: Options, repairs: Repairs) -> float | Vector:
    """Lengths as sent; one of them where all are equal."""
    wire = request.interval_minutes
    if wire is UNSET:
        default = float(options.optimization_interval)
        repairs.note("default", "interval_minutes", f"missing; {default:g} minutes assumed")
        return default
    if wire is None:
        raise ProblemError("interval_minutes", f"{_RULE}, got null")
    each = wire if isinstance(wire, list) else (wire,)
    for one in each:
        if not _SHORTEST_INTERVAL <= one <= _LONGEST_INTERVAL:
            raise ProblemError("interval_minutes", f"{_RULE}, got {shown(one)}")
    if not each:
        raise ProblemError("interval_minutes", f"{_RULE}, got {shown(wire)}")
    return np.array(wire) if isinstance(wire, list) else wire


def _for_each(count: int, hours: float | Vector) -> Vector:
    if isinstance(hours, float):
        lengths = np.empty(count)
        lengths.fill(hours)
        return lengths
    if hours.size != count:
        raise ProblemError(
            "interval_minutes",
            f"must hold one length for each of the {count} prices, got {hours.size}",
        )
    return hours


def _filling(horizon: float, hours: float | Vector) -> Vector:
    """Lengths that fill a horizon."""
    if not isinstance(hours, float):
        return hours
    count = horizon / hours
    if count > MAX_INTERVALS:
        rule = f"must hold at most {MAX_INTERVALS} intervals, got {count:g}"
        raise ProblemError("horizon_hours", rule)
    return np.full(max(1, int(count + _TINY)), hours)


def _horizon_hours(request: SiteRequest) -> float | None:
    wanted = request.horizon_hours
    if wanted is not None and not 0 < wanted < math.inf:
        raise ProblemError("horizon_hours", f"must be a positive number, got {shown(wanted)}")
    return wanted
