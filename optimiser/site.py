"""One site: a horizon, a tariff, a forecast, the grid and its batteries."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from matrix_builders import Vector
from optimiser.checks import (
    frozen_vector,
    require,
    require_between,
    require_finite,
    require_not_negative,
)

# The dataclasses below with array fields set them once more, as read-only copies, while they are
# being made; nothing changes afterwards.


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """The span planned: T half-open intervals, T + 1 instants.

    Attributes
    ----------
    start : datetime
        Beginning of the first interval, time-zone aware; its zone is the site's.
    hours : float64 array, shape (T,)
        Length of each interval; they may differ. [h]
    """

    start: datetime
    hours: Vector

    def __post_init__(self) -> None:
        require(self.start.tzinfo is not None, "start", "must be time-zone aware", self.start)
        hours = frozen_vector("hours", self.hours)
        require(hours.size > 0, "hours", "must hold at least one interval", hours.size)
        require(bool((hours > 0).all()), "hours", "must be positive", float(hours.min()))
        object.__setattr__(self, "hours", hours)

    @property
    def n_intervals(self) -> int:
        """Number of intervals, T."""
        return int(self.hours.size)

    @cached_property
    def elapsed(self) -> Vector:
        """Hours from `start` to the end of each interval; shape (T,). [h]"""
        return np.cumsum(self.hours)

    @cached_property
    def instants(self) -> tuple[datetime, ...]:
        """The T + 1 ends of intervals in the site's zone; steps are of absolute time."""
        zone = self.start.tzinfo
        origin = self.start.astimezone(UTC)
        seconds = np.round(self.elapsed * 3600.0, 3)
        later = ((origin + timedelta(seconds=s)).astimezone(zone) for s in seconds.tolist())
        return (self.start, *later)

    @property
    def starts(self) -> tuple[datetime, ...]:
        """Beginning of each interval in the site's zone; length T."""
        return self.instants[:-1]

    def index_at(self, hours: float) -> int:
        """Last interval that ends at most `hours` after the start; the first if none does."""
        return max(0, int(np.searchsorted(self.elapsed, hours + 1e-9, side="right")) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What energy costs and earns.

    Attributes
    ----------
    import_price : float64 array, shape (T,)
        Cost of a kWh from the grid. [$/kWh]
    export_price : float64 array, shape (T,)
        Reward for a kWh into the grid. [$/kWh]
    """

    import_price: Vector
    export_price: Vector

    def __post_init__(self) -> None:
        price = frozen_vector("import_price", self.import_price)
        object.__setattr__(self, "import_price", price)
        export = frozen_vector("export_price", self.export_price, price.size)
        object.__setattr__(self, "export_price", export)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the home draws and what the panels give.

    Attributes
    ----------
    load : float64 array, shape (T,)
        Energy drawn by the home; not negative. [kWh per interval]
    solar : float64 array, shape (T,)
        Energy offered by the panels; not negative. [kWh per interval]
    """

    load: Vector
    solar: Vector

    def __post_init__(self) -> None:
        load = frozen_vector("load", self.load)
        solar = frozen_vector("solar", self.solar, load.size)
        for name, values in (("load", load), ("solar", solar)):
            require(bool((values >= 0).all()), name, "must not be negative", float(values.min()))
            object.__setattr__(self, name, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The connection to the grid.

    Attributes
    ----------
    import_limit, export_limit : float
        Highest power through the meter; infinite where the site sets none. [kW]
    curtailment : bool
        Whether solar may be left unused.
    """

    import_limit: float = math.inf
    export_limit: float = math.inf
    curtailment: bool = True

    def __post_init__(self) -> None:
        for name in ("import_limit", "export_limit"):
            value = getattr(self, name)
            require(value >= 0, name, "must not be negative", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A home battery, as seen from the grid side of its inverter.

    Attributes
    ----------
    capacity : float
        Stored energy at a state of charge of one; zero is a battery that does nothing. [kWh]
    charge_limit, discharge_limit : float
        Highest power in and out. [kW]
    charge_efficiency, discharge_efficiency : float
        One-way; their product is the round-trip efficiency. [-]
    initial_soc : float
        State of charge now, in [0, 1]. [-]
    reserve : float
        State of charge kept for an outage: a floor that never makes a plan impossible. [-]
    max_soc : float
        Highest state of charge wanted. [-]
    target_end_soc : float, optional
        State of charge wanted at the end of the horizon. [-]
    cycle_cost : float
        Wear price of energy through the battery, each way. [$/kWh]
    end_value : float, optional
        Value of a stored kWh at the end of the horizon; the planner's own where absent. [$/kWh]
    may_charge_from_grid, may_export : bool
        Permissions.
    """

    capacity: float
    charge_limit: float
    discharge_limit: float
    initial_soc: float
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    reserve: float = 0.0
    max_soc: float = 1.0
    target_end_soc: float | None = None
    cycle_cost: float = 0.0
    end_value: float | None = None
    may_charge_from_grid: bool = True
    may_export: bool = True

    def __post_init__(self) -> None:
        for name in ("capacity", "charge_limit", "discharge_limit", "cycle_cost"):
            require_not_negative(name, getattr(self, name))
        for name in ("charge_efficiency", "discharge_efficiency"):
            value = getattr(self, name)
            require(0 < value <= 1, name, "must lie in (0, 1]", value)
        for name in ("initial_soc", "reserve", "max_soc"):
            require_between(name, getattr(self, name), 0, 1)
        require(self.reserve <= self.max_soc, "reserve", "must not exceed max_soc", self.reserve)
        if self.target_end_soc is not None:
            require_between("target_end_soc", self.target_end_soc, 0, 1)
        if self.end_value is not None:
            require_finite("end_value", self.end_value)

    @property
    def round_trip_efficiency(self) -> float:
        """Share of the energy taken in that comes back out. [-]"""
        return self.charge_efficiency * self.discharge_efficiency


@dataclass(frozen=True, kw_only=True)
class Site:
    """Everything that one plan is about.

    Attributes
    ----------
    horizon : Horizon
        The span planned.
    tariff : Tariff
        True prices; every bill is made at these.
    forecast : Forecast
        Load and solar.
    batteries : tuple of Battery
        Storages, in order.
    grid : Grid
        The connection.
    """

    horizon: Horizon
    tariff: Tariff
    forecast: Forecast
    batteries: tuple[Battery, ...]
    grid: Grid = Grid()

    def __post_init__(self) -> None:
        object.__setattr__(self, "batteries", _as_tuple(self.batteries))
        n = self.horizon.n_intervals
        for name, size in (
            ("tariff", self.tariff.import_price.size),
            ("forecast", self.forecast.load.size),
        ):
            require(size == n, name, f"must cover the {n} intervals of the horizon", size)

    @cached_property
    def net_load(self) -> Vector:
        """Load less solar; shape (T,). [kWh per interval]"""
        return self.forecast.load - self.forecast.solar


def _as_tuple(batteries: Iterable[Battery]) -> tuple[Battery, ...]:
    return tuple(batteries)
