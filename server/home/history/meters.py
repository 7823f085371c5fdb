"""Energy by hour or by five minutes, from the statistics of meters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from server.home_assistant.statistics import Change

Places: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

HOUR, FIVE_MINUTES = 3600, 300  # s

_DAY = 24  # h

# A meter that is replaced or set right counts thousands of kWh at once.  No home draws 50 kW; one
# that does draws a tenth of it often.
_HIGHEST_POWER = 50.0  # kW
_USUAL = 0.95  # quantile
_SPIKE = 10.0


@dataclass(frozen=True, slots=True)
class Span:
    """Periods of equal length that follow each other, on the clock of UTC.

    Attributes
    ----------
    first : int
        Number of the first, counted from 1970.
    count : int
        Number of periods, N.
    length : int
        Of each. [s]
    """

    first: int
    count: int
    length: int = HOUR

    @property
    def start(self) -> datetime:
        """Beginning of the first."""
        return datetime.fromtimestamp(self.first * self.length, UTC)

    @property
    def end(self) -> datetime:
        """End of the last."""
        return datetime.fromtimestamp((self.first + self.count) * self.length, UTC)

    def hours_of_week(self, zone: tzinfo) -> Places:
        """Return the hour of the local week that each belongs to, 0 on Monday; shape (N,)."""
        epochs = self.length * (self.first + np.arange(self.count))
        return np.array([hour_of_week(epoch, zone) for epoch in epochs.tolist()], dtype=np.int64)


def hour_of_week(epoch: float, zone: tzinfo) -> int:
    """Return the hour of the local week of an instant, 0 to 167. [s since 1970]

    Hours begin where those of the statistics do, with an hour of UTC: in India at half past.
    """
    local = datetime.fromtimestamp(epoch - epoch % HOUR, UTC).astimezone(zone)
    return _DAY * local.weekday() + local.hour


def span_between(start: datetime, end: datetime, length: int = HOUR) -> Span:
    """Return the whole periods between two instants, the first of which may begin earlier."""
    first = int(start.timestamp() // length)
    return Span(first, max(0, int(end.timestamp() // length) - first), length)


def energy_of(rows: Sequence[Change], span: Span) -> Vector:
    """Return the energy of each period; float64, shape (N,), NaN where unknown. [kWh]

    The row after a gap may hold the energy of the whole gap, and is unknown.
    """
    energy, follows_gap = _read(rows, span)
    energy[follows_gap] = np.nan
    return energy


def energy_with_pauses(rows: Sequence[Change], span: Span) -> Vector:
    """Return the energy of each period of a meter that pauses while there is none. [kWh]

    So do inverters at night and cars that are away: between its rows, and for a day after them, it
    has taken nothing, and rows after a gap count unless no other period holds so much.
    """
    energy, follows_gap = _read(rows, span)
    known = np.flatnonzero(~np.isnan(energy))
    if not known.size:
        return energy
    usual = energy[~follows_gap & ~np.isnan(energy)].max(initial=0.0)
    energy[follows_gap & (energy > usual)] = np.nan
    within = slice(int(known[0]), int(known[-1]) + 1 + _DAY * HOUR // span.length)
    energy[within] = np.nan_to_num(energy[within])
    return energy


def values_of(rows: Sequence[Change], span: Span) -> Vector:
    """Return the value of each period; float64, shape (N,), NaN where unknown."""
    return _read(rows, span)[0]


def _read(rows: Sequence[Change], span: Span) -> tuple[Vector, Mask]:
    """Return the energy of each period, and whether its row follows a gap; shapes (N,)."""
    energy = np.full(span.count, np.nan)
    follows_gap = np.zeros(span.count, dtype=np.bool_)
    before: datetime | None = None
    for row in rows:
        at = int(row.start.timestamp() // span.length) - span.first
        if 0 <= at < span.count and np.isfinite(row.value):
            energy[at] = row.value
            follows_gap[at] = before is not None and row.start > before
        before = row.end
    return energy, follows_gap


def total_of(
    changes: Mapping[str, Sequence[Change]],
    ids: Sequence[str],
    span: Span,
    read: Callable[[Sequence[Change], Span], Vector] = energy_of,
) -> Vector:
    """Return the energy of several meters in each period; unknown where one of them is. [kWh]"""
    total = np.zeros(span.count)
    for meter in ids:
        total += read(changes.get(meter, ()), span)
    return total


def without_spikes(energy: Vector, span: Span) -> Vector:
    """Return energies of which those that no home has are unknown; shape (N,). [kWh]"""
    known = energy[~np.isnan(energy)]
    if not known.size:
        return energy
    highest = max(_HIGHEST_POWER * span.length / HOUR, _SPIKE * float(np.quantile(known, _USUAL)))
    return np.where(energy > highest, np.nan, energy)


def means_by(keys: Places, values: Vector, count: int) -> Vector:
    """Return the mean of the known values of each key; shape (count,), NaN where none is known."""
    known = ~np.isnan(values)
    sums = np.bincount(keys[known], values[known], count)
    sizes = np.bincount(keys[known], minlength=count)
    means = np.full(count, np.nan)
    np.divide(sums, sizes, out=means, where=sizes > 0)
    return means
