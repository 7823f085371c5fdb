"""Demand charges, steps and allowances over the intervals of one horizon."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser.problem.horizon import Horizon
from optimiser.problem.site import Site
from optimiser.problem.tariff import Allowance, DemandCharge, Direction
from optimiser.problem.windows import Mask

OUTSIDE = -1
"""Block or day of an interval that a charge does not concern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredPeak:
    """One demand charge in one billing period, block by block.

    The mean of the `n` highest peaks of its days is ``theta + sum over days of max(peak - theta, 0)
    / n`` at the best ``theta``, the nth highest peak.  Beside `floor`, which that is at least,
    columns are its rise and, of several peaks, by how much each day is further above it than
    before.

    Attributes
    ----------
    price : float
        Cost of each kW of the mean above that so far. [$/kW]
    n : int
        Number of peaks in the mean.
    reached : float64 array, shape (n_days,)
        Peak already reached on each day, n of them at least. [kW]
    block : int64 array, shape (T,)
        Metering block of each interval, or `OUTSIDE`.
    block_hours : float64 array, shape (n_blocks,)
        Length of each block, as far as it lies in horizon and window, and what of the running one
        is over. [h]
    block_before : float64 array, shape (n_blocks,)
        Import of each block before the horizon. [kWh]
    block_day : int64 array, shape (n_blocks,)
        Day of each block.
    """

    price: float
    n: int
    reached: Vector
    block: Places
    block_hours: Vector
    block_before: Vector
    block_day: Places

    @property
    def floor(self) -> float:
        """Highest peak already reached, of several the nth highest. [kW]"""
        return float(np.sort(self.reached)[-self.n])

    @property
    def above(self) -> Vector:
        """Peaks already reached as far as they are above the floor; empty for one peak. [kW]"""
        return np.maximum(self.reached - self.floor, 0.0) if self.n > 1 else np.zeros(0)

    @property
    def so_far(self) -> float:
        """Mean of the highest peaks already reached. [kW]"""
        return _mean_of_highest(self.reached, self.n)

    @property
    def prices(self) -> Vector:
        """Cost of each column. [$/kW]"""
        return np.append(self.price, np.full(self.above.size, self.price / self.n))

    @property
    def lowest(self) -> Vector:
        """Lower bound of each column. [kW]"""
        return np.append(0.0, -self.above)

    def peaks(self, grid_import: Vector) -> Vector:
        """Return the highest mean power of each day, at least what is reached. [kW]"""
        inside, peaks = self.block != OUTSIDE, self.reached.copy()
        energy = np.bincount(self.block[inside], grid_import[inside], self.block_hours.size)
        np.maximum.at(peaks, self.block_day, (energy + self.block_before) / self.block_hours)
        return peaks

    def height(self, grid_import: Vector) -> float:
        """Return the mean of the highest peaks. [kW]"""
        return _mean_of_highest(self.peaks(grid_import), self.n)

    def rises(self, grid_import: Vector) -> Vector:
        """Return every column. [kW]"""
        peaks = self.peaks(grid_import)
        theta = np.sort(peaks)[-self.n]
        further = np.maximum(peaks - theta, 0.0) - self.above if self.n > 1 else self.above
        return np.append(theta - self.floor, further)

    def most_rise(self, power: float) -> float:
        """Return a rise that no plan exceeds that imports at most at some power. [kW]"""
        before = float((self.block_before / self.block_hours).max(initial=0.0))
        return max(power + before - self.floor, 0.0)

    def cap(self, grid_import: Vector, hours: Vector) -> Vector:
        """Return the most import of an interval, of some length [h], at no more cost; shape (T,).

        Infinite outside the window. [kWh]
        """
        inside, peaks = self.block != OUTSIDE, self.peaks(grid_import)
        planned = np.bincount(self.block[inside], hours[inside], self.block_hours.size)
        height = np.maximum(peaks, np.sort(peaks)[-self.n])[self.block_day]
        power = (height * self.block_hours - self.block_before) / planned
        cap = np.full(hours.size, np.inf)
        cap[inside] = power[self.block[inside]] * hours[inside]
        return cap

    def cost(self, grid_import: Vector) -> float:
        """Return the cost of the rise of the mean. [$]"""
        return self.price * (self.height(grid_import) - self.so_far)


def _mean_of_highest(peaks: Vector, n: int) -> float:
    return float(peaks.max()) if n == 1 else float(np.sort(peaks)[-n:].mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSteps:
    """Import that costs more beyond a limit, each of some groups of intervals by itself.

    Attributes
    ----------
    prices : float64 array, shape (n_groups,)
        What a kWh beyond costs on top. [$/kWh]
    limit : float64 array, shape (n_groups,)
        Energy of the group from which on it does. [kWh]
    group : int64 array, shape (T,)
        Group of each interval.
    """

    prices: Vector
    limit: Vector
    group: Places

    @property
    def lowest(self) -> Vector:
        """Lower bound of each column. [kWh]"""
        return np.zeros(self.limit.size)

    def energy(self, grid_import: Vector) -> Vector:
        """Return the energy of every group; shape (n_groups,). [kWh]"""
        return np.asarray(np.bincount(self.group, grid_import, self.limit.size), dtype=np.float64)

    def excess(self, grid_import: Vector) -> Vector:
        """Return the energy of every group beyond its limit; shape (n_groups,). [kWh]"""
        return np.maximum(self.energy(grid_import) - self.limit, 0.0)

    def cost(self, grid_import: Vector) -> float:
        """Return what the energy beyond costs on top. [$]"""
        return float(self.prices @ self.excess(grid_import))

    def cap(self, grid_import: Vector) -> Vector:
        """Return the most import of an interval with no more beyond; shape (T,). [kWh]"""
        return np.maximum(self.limit, self.energy(grid_import))[self.group]


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyAllowance:
    """One allowance, day by day.

    Attributes
    ----------
    direction : Direction
        Import or export.
    gain : float64 array, shape (T,)
        Gain of each kWh in it over the tariff; not positive where it does not help. [$/kWh]
    day : int64 array, shape (T,)
        Local day of each interval, or `OUTSIDE`.
    left : float64 array, shape (n_days,)
        Energy that each day still holds. [kWh]
    """

    direction: Direction
    gain: Vector
    day: Places
    left: Vector


def metered_peaks(
    horizon: Horizon, charges: tuple[DemandCharge, ...]
) -> tuple[tuple[MeteredPeak, ...], ...]:
    """Return the peaks of every demand charge: one for each billing period of the horizon.

    A block is counted by the clock from local midnight, and one that the clocks repeat is another
    one; an interval belongs to the block that it begins in.
    """
    return tuple(_peaks_of(horizon, charge) for charge in charges)


def _peaks_of(horizon: Horizon, charge: DemandCharge) -> tuple[MeteredPeak, ...]:
    inside = charge.window.covers(horizon)
    periods = np.array([charge.billing_period(start.date()) for start in horizon.starts])
    keys = [block_key(start, charge.average_hours) for start in horizon.starts]
    return tuple(
        _metered_peak(horizon, charge, keys, inside & (periods == period), is_first=i == 0)
        for i, period in enumerate(sorted(set(periods.tolist())))
    )


BlockKey: TypeAlias = tuple[date, int, int]


def block_key(start: datetime, length: float) -> BlockKey:
    """Return the metering block that an interval begins in; its length is `length`. [h]"""
    into_day = start.hour + start.minute / 60.0 + start.second / 3600.0
    # A longer block than an hour is of the clock alone: a day of 25 hours is one day.
    return start.date(), int(into_day / length + 1e-9), start.fold if length <= 1.0 else 0


def _metered_peak(
    horizon: Horizon, charge: DemandCharge, keys: list[BlockKey], inside: Mask, *, is_first: bool
) -> MeteredPeak:
    block = np.full(horizon.n_intervals, OUTSIDE)
    number: dict[BlockKey, int] = {}
    for t in np.flatnonzero(inside).tolist():
        block[t] = number.setdefault(keys[t], len(number))
    hours = np.bincount(block[inside], horizon.hours[inside], len(number)).astype(np.float64)
    before = np.zeros(hours.size)
    if charge.block_so_far is not None and inside[0]:
        hours[0] += charge.hours_metered(horizon.start)
        before[0] = charge.block_so_far
    days = {horizon.start.date(): 0} if is_first else {}
    block_day = [days.setdefault(day, len(days)) for day, *_ in number]
    reached = np.zeros(max(len(days), 1) + len(charge.peaks_so_far) * is_first + charge.n_peaks - 1)
    if is_first:
        reached[0] = charge.peak_so_far
        reached[len(days) : len(days) + len(charge.peaks_so_far)] = charge.peaks_so_far
    return MeteredPeak(
        price=charge.price,
        n=charge.n_peaks,
        reached=reached,
        block=block,
        block_hours=hours,
        block_before=before,
        block_day=np.array(block_day, dtype=np.int64),
    )


def import_steps(site: Site) -> tuple[ImportSteps, ...]:
    """Return the steps of a site: its threshold in every interval, and its tiers by period."""
    horizon, grid = site.horizon, site.grid
    steps = []
    if np.any(grid.excess_import_price) and np.isfinite(grid.import_threshold).any():
        price, group = horizon.spread(grid.excess_import_price), np.arange(horizon.n_intervals)
        limit = horizon.hours * grid.import_threshold
        steps.append(ImportSteps(prices=price, limit=limit, group=group))
    for tier in site.tariff.tiers:
        periods = [tier.billing_period(start.date()) for start in horizon.starts]
        number = {period: i for i, period in enumerate(dict.fromkeys(periods))}
        limit = np.full(len(number), float(tier.above))
        limit[0] = max(limit[0] - tier.used, 0.0)
        group = np.array([number[period] for period in periods])
        steps.append(
            ImportSteps(prices=np.full(limit.size, tier.extra_price), limit=limit, group=group)
        )
    return tuple(steps)


def daily_allowances(
    horizon: Horizon,
    allowances: tuple[Allowance, ...],
    import_price: Vector,
    export_price: Vector,
) -> tuple[DailyAllowance, ...]:
    """Return days and gains of every allowance over the prices given; shape (T,). [$/kWh]"""
    if not allowances:
        return ()  # the dates of two days of five minutes take longer than any kernel
    found = []
    dates = [start.date() for start in horizon.starts]
    number = {day: i for i, day in enumerate(dict.fromkeys(dates))}
    for allowance in allowances:
        day = np.where(allowance.window.covers(horizon), [number[d] for d in dates], OUTSIDE)
        left = np.full(len(number), float(allowance.daily_energy))
        left[0] = max(left[0] - allowance.used_today, 0.0)
        is_import = allowance.direction is Direction.IMPORT
        gain = import_price - allowance.price if is_import else allowance.price - export_price
        found.append(DailyAllowance(direction=allowance.direction, gain=gain, day=day, left=left))
    return tuple(found)


def allot(
    allowances: tuple[DailyAllowance, ...], grid_import: Vector, grid_export: Vector
) -> Vector:
    """Allot energy within each allowance: where it gains most first, and each kWh once.

    Parameters
    ----------
    allowances : tuple of DailyAllowance
        Perhaps overlapping.
    grid_import, grid_export : float64 array, shape (T,)
        Energy through the meter. [kWh per interval]

    Returns
    -------
    float64 array, shape (A, T)
        [kWh per interval]
    """
    traded = {Direction.IMPORT: grid_import.copy(), Direction.EXPORT: grid_export.copy()}
    left = [allowance.left.copy() for allowance in allowances]
    offers = [
        (-float(allowance.gain[t]), a, int(t))
        for a, allowance in enumerate(allowances)
        for t in np.flatnonzero((allowance.day != OUTSIDE) & (allowance.gain > 0))
    ]
    allotted = np.zeros((len(allowances), grid_import.size))
    for _, a, t in sorted(offers):
        allowance = allowances[a]
        day = int(allowance.day[t])
        energy = min(float(traded[allowance.direction][t]), float(left[a][day]))
        traded[allowance.direction][t] -= energy
        left[a][day] -= energy
        allotted[a, t] = energy
    return allotted


def credit(
    allowances: tuple[DailyAllowance, ...], grid_import: Vector, grid_export: Vector
) -> float:
    """Return the gain of all allowances over the tariff. [$]"""
    allotted = allot(allowances, grid_import, grid_export)
    return float(sum(a.gain @ energy for a, energy in zip(allowances, allotted, strict=True)))
