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
    """One demand charge, block by block.

    Attributes
    ----------
    price : float
        Cost of each kW above `floor`. [$/kW]
    floor : float
        Peak already reached. [kW]
    block : int64 array, shape (T,)
        Metering block of each interval, or `OUTSIDE`.
    block_hours : float64 array, shape (n_blocks,)
        Length of each block, as far as it lies in horizon and window, and what of the running one
        is over. [h]
    block_before : float64 array, shape (n_blocks,)
        Import of each block before the horizon. [kWh]
    """

    price: float
    floor: float
    block: Places
    block_hours: Vector
    block_before: Vector

    def height(self, grid_import: Vector) -> float:
        """Return the highest mean power of a block, at least the peak already reached. [kW]"""
        inside = self.block != OUTSIDE
        energy = np.bincount(self.block[inside], grid_import[inside], self.block_hours.size)
        means = (energy + self.block_before) / self.block_hours
        return max(self.floor, float(means.max(initial=0.0)))

    def most_rise(self, power: float) -> float:
        """Return a rise that no plan exceeds that imports at most at some power. [kW]"""
        before = float((self.block_before / self.block_hours).max(initial=0.0))
        return max(power + before - self.floor, 0.0)

    def cap(self, grid_import: Vector, hours: Vector) -> Vector:
        """Return the most import of an interval, of some length [h], at its height; shape (T,).

        Infinite outside the window. [kWh]
        """
        inside = self.block != OUTSIDE
        planned = np.bincount(self.block[inside], hours[inside], self.block_hours.size)
        power = (self.height(grid_import) * self.block_hours - self.block_before) / planned
        cap = np.full(hours.size, np.inf)
        cap[inside] = power[self.block[inside]] * hours[inside]
        return cap

    def cost(self, grid_import: Vector) -> float:
        """Return the cost of the rise of the peak. [$]"""
        return self.price * (self.height(grid_import) - self.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSteps:
    """Import that costs more beyond a limit, each of some groups of intervals by itself.

    Attributes
    ----------
    price : float64 array, shape (n_groups,)
        What a kWh beyond costs on top. [$/kWh]
    limit : float64 array, shape (n_groups,)
        Energy of the group from which on it does. [kWh]
    group : int64 array, shape (T,)
        Group of each interval.
    """

    price: Vector
    limit: Vector
    group: Places

    def energy(self, grid_import: Vector) -> Vector:
        """Return the energy of every group; shape (n_groups,). [kWh]"""
        return np.asarray(np.bincount(self.group, grid_import, self.limit.size), dtype=np.float64)

    def excess(self, grid_import: Vector) -> Vector:
        """Return the energy of every group beyond its limit; shape (n_groups,). [kWh]"""
        return np.maximum(self.energy(grid_import) - self.limit, 0.0)

    def cost(self, grid_import: Vector) -> float:
        """Return what the energy beyond costs on top. [$]"""
        return float(self.price @ self.excess(grid_import))

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
    floor = charge.peak_so_far if is_first else 0.0
    return MeteredPeak(
        price=charge.price, floor=floor, block=block, block_hours=hours, block_before=before
    )


def import_steps(site: Site) -> tuple[ImportSteps, ...]:
    """Return the steps of a site: its threshold in every interval, and its tiers by period."""
    horizon, grid = site.horizon, site.grid
    steps = []
    if np.any(grid.excess_import_price) and np.isfinite(grid.import_threshold).any():
        price, group = horizon.spread(grid.excess_import_price), np.arange(horizon.n_intervals)
        limit = horizon.hours * grid.import_threshold
        steps.append(ImportSteps(price=price, limit=limit, group=group))
    for tier in site.tariff.tiers:
        periods = [tier.billing_period(start.date()) for start in horizon.starts]
        number = {period: i for i, period in enumerate(dict.fromkeys(periods))}
        limit = np.full(len(number), float(tier.above))
        limit[0] = max(limit[0] - tier.used, 0.0)
        group = np.array([number[period] for period in periods])
        steps.append(
            ImportSteps(price=np.full(limit.size, tier.extra_price), limit=limit, group=group)
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
