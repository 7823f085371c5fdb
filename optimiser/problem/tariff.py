"""The tariff: prices, demand charges, daily allowances and steps by consumption."""

import math
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from matrix_builders import Vector
from optimiser.errors import ProblemError
from optimiser.problem.checks import (
    freeze_vector,
    require_finite,
    require_flags,
    require_kinds,
    require_member,
    require_not_negative,
    require_sequence,
    set_fields,
    starts_of,
)
from optimiser.problem.windows import Window

_NO_PEAKS: tuple[float, ...] = ()


class Direction(StrEnum):
    """Which way energy goes through the meter."""

    IMPORT = "import"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandCharge:
    """A price on the highest power drawn from the grid: a maximum, not a price of energy.

    Attributes
    ----------
    price : float
        Cost of each kW by which the peak rises. [$/kW]
    window : Window
        When the peak is metered.
    peak_so_far : float
        Peak already reached in the billing period: what stays below it costs nothing. [kW]
    average_hours : float
        Power is metered as its mean over blocks of the clock of this length. [h]
    billing_day : int
        Day of the month, 1 to 31, with which a billing period begins, or its last where it has
        fewer; `peak_so_far` is that of the period in which the horizon starts, later ones have a
        peak of their own.
    block_so_far : float or None
        Import of the block in which the horizon starts, from its beginning on; unused where the
        window does not cover the start.  None counts what is left of that block as a block. [kWh]
    n_peaks : int
        The mean of so many peaks is charged: the highest ones, each of another local day.
        `peak_so_far` is then that of the day in which the horizon starts.
    peaks_so_far : tuple of float
        Peaks of other days of that billing period, the highest ones at least. [kW]
    """

    price: float
    window: Window = Window()
    peak_so_far: float = 0.0
    average_hours: float = 0.5
    billing_day: int = 1
    block_so_far: float | None = None
    n_peaks: int = 1
    peaks_so_far: tuple[float, ...] = _NO_PEAKS

    def __post_init__(self) -> None:
        require_not_negative(self, "price", "peak_so_far", "average_hours", "billing_day")
        if self.block_so_far is not None:
            require_not_negative(self, "block_so_far")
        if type(self.n_peaks) is not int or not 1 <= self.n_peaks <= _LONGEST_MONTH:
            rule = f"must be a whole number from 1 to 31, got {self.n_peaks!r}"
            raise ProblemError("n_peaks", rule)
        if self.peaks_so_far is not _NO_PEAKS:
            rule = "must not be negative"
            peaks = freeze_vector("peaks_so_far", self.peaks_so_far, least=0.0, rule=rule)
            set_fields(self, peaks_so_far=tuple(peaks.tolist()))
        require_kinds(window=(self.window, Window))
        if not 0 < self.average_hours <= _DAY:
            rule = f"must be positive and at most a day, got {self.average_hours!r}"
            raise ProblemError("average_hours", rule)
        require_billing_day(self.billing_day)

    def billing_period(self, day: date) -> int:
        """Return the number of the billing period of a local day; the next has the next number."""
        return _month_of_billing(day, self.billing_day)

    def hours_metered(self, start: datetime) -> float:
        """Return how long the block at a local time has been metered, by the clock. [h]"""
        into_block = self.hours_into_block(start)
        if self.window.start == self.window.end:
            return into_block
        return min(into_block, (_hours_of(start) - _hours_of(self.window.start)) % _DAY)

    def hours_into_block(self, start: datetime) -> float:
        """Return how long ago the block at a local time began, by the clock. [h]"""
        into_day = _hours_of(start)
        into_block = into_day - self.average_hours * int(into_day / self.average_hours + 1e-9)
        return max(into_block, 0.0)


def _hours_of(clock: datetime | time) -> float:
    return clock.hour + clock.minute / 60.0 + clock.second / 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTier:
    """A step of a tariff by consumption: beyond so much energy, imports cost more.

    Attributes
    ----------
    extra_price : float
        What a kWh beyond costs on top of the import price, and of other tiers; not negative.
        [$/kWh]
    above : float
        Import of a period from which on it does. [kWh]
    used : float
        What the period of the horizon's start has imported already. [kWh]
    is_daily : bool
        Whether a period is a local day, not a billing period.
    billing_day : int
        Day of the month with which a billing period begins, as of a `DemandCharge`.
    """

    extra_price: float
    above: float
    used: float = 0.0
    is_daily: bool = False
    billing_day: int = 1

    def __post_init__(self) -> None:
        require_not_negative(self, "extra_price", "above", "used", "billing_day")
        require_flags(self, "is_daily")
        require_billing_day(self.billing_day)

    def billing_period(self, day: date) -> int:
        """Return the number of the period of a local day."""
        return day.toordinal() if self.is_daily else _month_of_billing(day, self.billing_day)


def _month_of_billing(day: date, billing_day: int) -> int:
    begins = min(billing_day, monthrange(day.year, day.month)[1])
    return 12 * day.year + day.month - (day.day < begins)


def require_billing_day(day: int) -> None:
    """Require a day of the month."""
    if not 1 <= day <= _LONGEST_MONTH:
        raise ProblemError("billing_day", f"must lie in 1 to 31, got {day!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Energy of each local day that is traded at a price of its own.

    It applies where it helps: to the intervals whose tariff it betters most.

    Attributes
    ----------
    direction : Direction
        Import, as with free power, or export, as with a bonus on the first kWh.
    price : float
        Price within the allowance. [$/kWh]
    daily_energy : float
        How much of it a local day holds. [kWh]
    window : Window
        When it applies.
    used_today : float
        What the day of the horizon's start has used up already. [kWh]
    """

    direction: Direction
    price: float
    daily_energy: float
    window: Window = Window()
    used_today: float = 0.0

    def __post_init__(self) -> None:
        direction = require_member("direction", self.direction, Direction)
        object.__setattr__(self, "direction", direction)
        require_finite(price=self.price)
        require_not_negative(self, "daily_energy", "used_today")
        require_kinds(window=(self.window, Window))


_DAY = 24.0  # h
_LONGEST_MONTH = 31


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tariff:
    """Prices of energy and power, all in the same money; lists and series of pandas will do.

    Attributes
    ----------
    import_price : float64 array, shape (T,)
        Cost of a kWh from the grid. [$/kWh]
    export_price : float64 array, shape (T,)
        Reward for a kWh into the grid. [$/kWh]
    demand_charges : tuple of DemandCharge
        Prices of power.
    allowances : tuple of Allowance
        Energy at prices of its own.
    tiers : tuple of ImportTier
        Steps by consumption; where several hold, they add up.
    carbon_intensity : float64 array, shape (T,), or None
        Emission of a kWh from the grid, which a kWh into it saves; not negative. [kg/kWh]
    starts : float64 array, shape (T,), or None
        Index of the prices, where they have one of time: a `Site` requires it to hold the starts
        of its horizon. [s since 1970]
    """

    import_price: Vector
    export_price: Vector
    demand_charges: tuple[DemandCharge, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    tiers: tuple[ImportTier, ...] = ()
    carbon_intensity: Vector | None = None
    starts: Vector | None = field(default=None, repr=False)

    def __init__(
        self,
        *,
        import_price: ArrayLike,
        export_price: ArrayLike,
        demand_charges: Iterable[DemandCharge] = (),
        allowances: Iterable[Allowance] = (),
        tiers: Iterable[ImportTier] = (),
        carbon_intensity: ArrayLike | None = None,
        starts: Vector | None = None,
    ) -> None:
        series = {"import_price": import_price, "export_price": export_price}
        if carbon_intensity is not None:
            series["carbon_intensity"] = carbon_intensity
        index = starts_of(**series)
        price = freeze_vector("import_price", import_price)
        if carbon_intensity is not None:
            rule = "must not be negative"
            carbon_intensity = freeze_vector(
                "carbon_intensity", carbon_intensity, price.size, least=0.0, rule=rule
            )
        set_fields(
            self,
            import_price=price,
            export_price=freeze_vector("export_price", export_price, price.size),
            demand_charges=require_sequence("demand_charges", demand_charges, DemandCharge),
            allowances=require_sequence("allowances", allowances, Allowance),
            tiers=require_sequence("tiers", tiers, ImportTier),
            carbon_intensity=carbon_intensity,
            starts=starts if index is None else index,
        )


_MOST_DECADES = 12
"""Prices beyond 1e12 or under 1e-12 are no money; powers of ten are exact up to 1e22."""

_ROUNDING = 1e-9  # decades; a price of 99.99999999999 is one of 100


def median_of(values: Vector) -> float:
    """Return the median; numpy's own loads its masked arrays, which take 1.7 MiB."""
    middle = np.sort(values)[(values.size - 1) // 2 : values.size // 2 + 1]
    return float(middle.mean())


def price_scale_of(*prices: Vector, hours: Vector | None = None) -> float:
    """Return the power of ten that brings the usual price into [0.1, 1), by division.

    The usual price is the median, over time where there are `hours` [h], of the first series that
    holds any price, zeros left out; spikes do not move it.
    """
    for series in prices:
        usual, weights = np.abs(series), np.ones(series.size) if hours is None else hours
        order = np.argsort(usual)
        passed = np.cumsum(np.where(usual > 0.0, weights, 0.0)[order])
        if passed.size and passed[-1] > 0.0:
            median = float(usual[order][np.searchsorted(passed, 0.5 * passed[-1])])
            decades = math.floor(math.log10(median) + 1.0 + _ROUNDING)
            return 10.0 ** max(-_MOST_DECADES, min(decades, _MOST_DECADES))
    return 1.0
