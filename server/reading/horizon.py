"""The intervals of a request."""

import math
from datetime import datetime

import numpy as np
from msgspec import UNSET

from matrix_builders import Vector
from optimiser import ProblemError
from server.options import Options
from server.reading.clock import hours_into_interval
from server.reading.series.lists import MAX_INTERVALS, Series
from server.reading.series.rows import LONGEST_STEP, SHORTEST_STEP
from server.reading.series.steps import DAY, Steps, Timeline, edges_from_now
from server.wire.repairs import Repairs
from server.wire.requests import SiteRequest
from server.wire.wording import format_value

_TINY = 1e-9  # h and intervals; rounding of sums


def timeline_from_wire(
    request: SiteRequest, prices: Series, start: datetime, options: Options, repairs: Repairs
) -> Timeline:
    """Return the intervals that the import prices span.

    There is one for each price of a list; of a single price, a flat tariff, as many as the horizon
    holds; of prices in time, as many as reach their end.  The first is what `start` leaves of it.
    """
    minutes, wanted = _minutes(request), request.horizon_hours
    if wanted is not None and not 0 < wanted < math.inf:
        rule = f"must be a positive number, got {format_value(wanted)}"
        raise ProblemError("horizon_hours", rule)
    if isinstance(minutes, list):
        hours, passed = np.array(minutes) / 60.0, 0.0
        if isinstance(prices, np.ndarray) and prices.size != hours.size:
            rule = f"must hold one length for each of the {prices.size} prices, got {hours.size}"
            raise ProblemError("interval_minutes", rule)
    elif isinstance(prices, Steps):
        edges = _edges_until_end(prices, minutes, start)
        hours, passed = np.diff(np.maximum(edges, 0.0)) / 3600.0, -float(edges[0]) / 3600.0
    else:
        if minutes is None:
            minutes = float(options.optimization_interval)
            repairs.note("default", "interval_minutes", f"missing; {minutes:g} minutes assumed")
        passed = hours_into_interval(start, minutes)
        count = (
            prices.size
            if isinstance(prices, np.ndarray)
            else _count_within(wanted or options.horizon_hours, minutes)
        )
        hours = np.full(count, minutes / 60.0)
        hours[0] -= passed
    n = hours.size
    if n > MAX_INTERVALS:
        rule = f"must hold at most {MAX_INTERVALS} values, got {n}"
        raise ProblemError("prices_import", rule)
    if isinstance(prices, np.ndarray) and np.isnan(prices[-1]):
        n = _count_with_prices(prices, hours, passed, repairs)
    if wanted is not None:
        n = min(n, max(1, int(np.searchsorted(hours.cumsum(), wanted + _TINY, side="right"))))
    return Timeline(start, hours, passed, n)


def _minutes(request: SiteRequest) -> float | list[float] | None:
    """Return the lengths as sent: one for all intervals, one for each, or none."""
    wire = request.interval_minutes
    if wire is UNSET:
        return None
    if isinstance(wire, list):
        _require_few("interval_minutes", len(wire), "values")
    for length in wire if isinstance(wire, list) and wire else [wire]:
        if not isinstance(length, float) or not SHORTEST_STEP <= length <= LONGEST_STEP:
            rule = f"must lie in [{SHORTEST_STEP:g}, {LONGEST_STEP:g}] minutes"
            raise ProblemError("interval_minutes", f"{rule}, got {format_value(length)}")
    return wire


def _count_within(horizon: float, minutes: float) -> int:
    """Return how many intervals a horizon [h] holds."""
    count = 60.0 * horizon / minutes
    _require_few("horizon_hours", count, "intervals")
    return max(1, int(count + _TINY))


def _edges_until_end(prices: Steps, minutes: float | None, start: datetime) -> Vector:
    """Return the ends of the intervals that reach the end of prices in time. [s]

    Without a length, they are the steps of the prices, which before a later beginning continue in
    the shortest one.  The first is the running one.
    """
    end, edges = float(prices.edges[-1]), prices.edges
    if end <= 0:
        rule = f"must reach beyond the start of the plan, ended {-end / 3600.0:.4g} h before it"
        raise ProblemError("prices_import", rule)
    if minutes is None:
        step = float(np.diff(edges).min())
        count = math.ceil(max(edges[0], 0.0) / step)
        _require_few("prices_import", count, "intervals")
        edges = np.concatenate((edges[0] - step * np.arange(count, 0, -1), edges))
        edges = edges[np.searchsorted(edges, 0.0, side="right") - 1 :]
    else:
        count = math.ceil(end / (60.0 * minutes) + 1.0)
        _require_few("prices_import", count, "intervals")
        edges = edges_from_now(start, minutes, count)
        edges = np.append(edges[edges < end], end)
    return edges


def _count_with_prices(prices: Vector, hours: Vector, passed: float, repairs: Repairs) -> int:
    """Return how many intervals have a price, of a list without the last; all, given a day."""
    n_known = int(np.flatnonzero(~np.isnan(prices))[-1]) + 1
    if hours[:n_known].sum() + passed >= DAY / 3600.0 - _TINY:
        return hours.size
    text = f"no price from index {n_known} on, and no day before to repeat; planned until there"
    repairs.note("truncated", "prices_import", text)
    return n_known


def _require_few(field: str, count: float, what: str) -> None:
    if count > MAX_INTERVALS:
        raise ProblemError(field, f"must hold at most {MAX_INTERVALS} {what}, got {count:g}")
