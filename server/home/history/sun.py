"""Solar power to expect: the forecast, and the mean sun of a fortnight where there is none."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

import numpy as np

from matrix_builders import Vector
from server.home.history.meters import (
    HOUR,
    Span,
    energy_with_pauses,
    hour_of_week,
    means_by,
    total_of,
    without_spikes,
)
from server.home_assistant.statistics import Change
from server.sources.rows import Row, Rows

DAYS = 14
"""Of history that the mean sun is of."""

_DAY = 24  # h
_WATTS = 1000.0  # per kW
_NOON = 12  # h


def mean_sun(
    changes: Mapping[str, Sequence[Change]], meters: Sequence[str], span: Span, zone: tzinfo
) -> Vector | None:
    """Return the mean solar power by local hour; shape (24,), or None where none is known. [W]

    Hours at which no meter ever reports are of the night.
    """
    energy = without_spikes(total_of(changes, meters, span, energy_with_pauses), span)
    if not meters or np.isnan(energy).all():
        return None
    means = means_by(span.hours_of_week(zone) % _DAY, energy, _DAY)
    return _WATTS * np.nan_to_num(means)


def end_of(rows: Rows) -> datetime:
    """Return the end of the last row."""
    return rows[-1].end or rows[-1].start


def reaches_tomorrow(rows: Rows, now: datetime, zone: tzinfo) -> bool:
    """Return whether a forecast goes on until the afternoon of tomorrow.

    Many end with the last light, in winter soon after three.
    """
    tomorrow = now.astimezone(zone) + timedelta(days=1)
    return bool(rows) and end_of(rows) >= tomorrow.replace(hour=_NOON, minute=0, second=0)


def with_mean_sun(
    forecast: Rows, sun: Vector | None, now: datetime, end: datetime, zone: tzinfo
) -> Rows:
    """Return solar power from now until `end`: the forecast, the mean sun before and after it. [W]

    Without a mean sun there are rows only where the forecast has some.
    """
    rows = [row for row in forecast if end_of([row]) > now and row.start < end]
    if sun is None:
        return _without_gaps(rows)
    if not rows:
        return _sun_between(sun, now, end, zone)
    before = _sun_between(sun, now, min(rows[0].start, end), zone)
    return before + _without_gaps(rows) + _sun_between(sun, max(now, end_of(rows)), end, zone)


def _without_gaps(rows: Rows) -> Rows:
    """Return rows that meet, with nothing in between."""
    met: Rows = []
    for row in rows:
        if met and (last := end_of(met)) < row.start:
            met.append(Row(last, row.start, 0.0))
        met.append(row)
    return met


def _sun_between(sun: Vector, start: datetime, end: datetime, zone: tzinfo) -> Rows:
    """Return the mean sun by the hour between two instants."""
    first, last = start.timestamp(), end.timestamp()
    edges = [first, *np.arange(first - first % HOUR + HOUR, last, HOUR).tolist(), last]
    return [
        Row(
            datetime.fromtimestamp(a, UTC),
            datetime.fromtimestamp(b, UTC),
            float(sun[hour_of_week(a, zone) % _DAY]),
        )
        for a, b in pairwise(edges)
        if b > a
    ]
