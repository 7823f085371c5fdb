"""The load to expect: mean week of the last eight, corrected by the last readings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from matrix_builders import Vector
from server.home.history.meters import (
    FIVE_MINUTES,
    Span,
    energy_with_pauses,
    hour_of_week,
    means_by,
    total_of,
    without_spikes,
)
from server.home_assistant.statistics import Change
from server.settings.home import Settings
from server.sources.rows import Row, Rows

WEEKS = 8
"""Of history that the mean week is of."""

RECENT_HOURS = 2
"""Of readings that correct it."""

_DAYS, _DAY = 7, 24
_WORKDAYS = 5
_WATTS = 1000.0  # per kW
_HALF_HOUR = 1800  # s

# Share of an excess that is left half an hour later.  On a year of two homes the mean error of the
# next half hour is 355 and 102 W with 0.7, 362 and 105 W with 0.5, 520 and 168 W with nothing.
_PERSISTENCE = 0.7

# Weight of readings that are half an hour older: with 0.6 the first error above is 407 W, with the
# last half hour alone 355 W.
_AGEING = 0.25
_FEWEST_RECENT = 6  # five-minute rows; fewer are no sign of anything
_CLIP_TOLERANCE = 0.02  # of the energy; less is rounding of meters that are read apart


@dataclass(frozen=True, slots=True)
class LoadMeters:
    """Statistics that the load is computed of: all of `plus` less all of `minus`.

    `pausing` are of solar, which an inverter may leave out at night, and `planned` those of what
    the plan itself decides; they are no part of the load.
    """

    plus: list[str]
    pausing: list[str]
    minus: list[str]
    planned: list[str]

    @property
    def all(self) -> list[str]:
        """Every statistic, once."""
        return list(dict.fromkeys(self.plus + self.pausing + self.minus + self.planned))


def load_meters(settings: Settings) -> list[LoadMeters]:
    """Return the ways to compute the load, the better first: the house's meter, the balance."""
    planned = settings.meters_of_planned
    ways = []
    if settings.home_energy:
        ways.append(LoadMeters(settings.home_energy, [], [], planned))
    if not missing_meters(settings):
        into = [meter for battery in settings.batteries for meter in battery.energy_in]
        out_of = [meter for battery in settings.batteries for meter in battery.energy_out]
        plus, minus = settings.meter.energy_in + out_of, settings.meter.energy_out + into
        ways.append(LoadMeters(plus, settings.solar.energy, minus, planned))
    return ways


def missing_meters(settings: Settings) -> list[str]:
    """Return what the balance of the house lacks, in plain words.

    Without the sun or a battery it would be the load of another house, with none at night where
    the battery feeds it.
    """
    missing = [] if settings.meter.energy_in else ["the grid"]
    if settings.solar.forecasts and not settings.solar.energy:
        missing.append("solar")
    missing += [
        battery.name
        for battery in settings.batteries
        if not (battery.energy_in and battery.energy_out)
    ]
    return missing


def balance_of(changes: Mapping[str, Sequence[Change]], meters: LoadMeters, span: Span) -> Vector:
    """Return the load of each period, NaN where unknown. [kWh]

    Meters that are read apart can give a sum below zero.
    """
    load = total_of(changes, meters.plus, span)
    load += total_of(changes, meters.pausing, span, energy_with_pauses)
    load -= total_of(changes, meters.minus, span)
    for meter in meters.planned:
        load -= np.nan_to_num(energy_with_pauses(changes.get(meter, ()), span))
    return without_spikes(load, span)


def without_negatives(load: Vector) -> tuple[Vector, float]:
    """Return loads of which none is below zero, and the energy that was. [kWh]"""
    return np.maximum(load, 0.0), -float(np.minimum(load, 0.0)[~np.isnan(load)].sum())


def is_clipped_much(load: Vector, clipped: float) -> bool:
    """Return whether more was clipped than rounding explains."""
    return clipped > _CLIP_TOLERANCE * max(float(np.nansum(load)), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class MeanWeek:
    """Mean power of the house by hour of the local week.

    Attributes
    ----------
    power : float64 array, shape (168,)
        From Monday 0 h on. [W]
    highest : float
        Of any hour in the history. [W]
    known, missing : int
        Hours of history known, and those unknown since the first of them.
    """

    power: Vector
    highest: float
    known: int
    missing: int = 0


def mean_week(load: Vector, span: Span, zone: tzinfo) -> MeanWeek | None:
    """Return the mean week of hourly loads, or None where no hour is known.

    An hour of the week that is never known takes the same hour of other workdays, or of the other
    day of the weekend; then of any day; then the mean of all.
    """
    known = load[~np.isnan(load)]
    if not known.size:
        return None
    week = means_by(span.hours_of_week(zone), load, _DAYS * _DAY).reshape(_DAYS, _DAY)
    for days in (slice(0, _WORKDAYS), slice(_WORKDAYS, None), slice(None)):
        week[days] = _with_means(week[days])
    week[np.isnan(week)] = known.mean()
    missing = int(np.isnan(load[int(np.argmin(np.isnan(load))) :]).sum())
    return MeanWeek(_WATTS * week.ravel(), _WATTS * float(known.max()), known.size, missing)


def _with_means(days: Vector) -> Vector:
    """Return days whose unknown hours take the mean of the same hour of the others."""
    hours = np.broadcast_to(np.arange(_DAY), days.shape)
    means = means_by(hours.ravel(), days.ravel(), _DAY)
    return np.where(np.isnan(days), means, days)


def excess_of(recent: Vector, span: Span, week: MeanWeek, now: datetime, zone: tzinfo) -> float:
    """Return by how much the house now draws more than the mean week. [W]

    The mean of the differences of the last two hours' five-minute readings, of which later ones
    weigh more; 0 where few are known.  Bounded by no load, and by the highest hour of the history.
    """
    known = ~np.isnan(recent)
    if np.count_nonzero(known) < _FEWEST_RECENT:
        return 0.0
    at = span.hours_of_week(zone)
    power = _WATTS * 3600.0 / FIVE_MINUTES * recent
    ages = now.timestamp() - FIVE_MINUTES * (span.first + np.arange(span.count) + 1.0)
    weights = _AGEING ** (np.maximum(ages, 0.0) / _HALF_HOUR)
    excess = np.average((power - week.power[at])[known], weights=weights[known])
    usual = week.power[hour_of_week(now.timestamp(), zone)]
    return float(np.clip(excess, -usual, max(week.highest - usual, 0.0)))


def load_rows(week: MeanWeek, excess: float, now: datetime, end: datetime, zone: tzinfo) -> Rows:
    """Return the load to expect in half hours, from the running one until `end`. [W]"""
    epoch = int(now.timestamp())
    rows: Rows = []
    for start in range(epoch - epoch % _HALF_HOUR, int(end.timestamp()), _HALF_HOUR):
        begins = datetime.fromtimestamp(start, UTC)
        later = max(0.0, start + _HALF_HOUR / 2 - epoch) / _HALF_HOUR
        power = week.power[hour_of_week(start, zone)] + excess * _PERSISTENCE**later
        ends = begins + timedelta(seconds=_HALF_HOUR)
        rows.append(Row(begins, ends, float(max(power, 0.0))))
    return rows
