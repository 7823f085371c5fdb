"""One site: a horizon, a tariff, a forecast, the grid, and what stores energy."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from operator import attrgetter

import numpy as np
from numpy.typing import ArrayLike

from matrix_builders import Vector
from optimiser.errors import ProblemError
from optimiser.problem.battery import BY_INTERVAL, Battery, is_pinned_from
from optimiser.problem.checks import (
    excerpt,
    freeze_vector,
    require_kinds,
    require_sequence,
    set_fields,
    starts_of,
)
from optimiser.problem.flexible.heat import BY_INTERVAL as HEAT_BY_INTERVAL
from optimiser.problem.flexible.heat import HeatStore
from optimiser.problem.flexible.load import Load
from optimiser.problem.grid import GRID_SERIES, Grid, Inverter
from optimiser.problem.horizon import Horizon
from optimiser.problem.tariff import Tariff, price_scale_of
from optimiser.problem.vehicle import VEHICLE_BY_INTERVAL, Vehicle
from optimiser.problem.windows import Mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forecast:
    """Forecast of load and solar; lists and series of pandas will do.

    Attributes
    ----------
    load : float64 array, shape (T,)
        Energy drawn by the home; not negative. [kWh per interval]
    solar : float64 array, shape (T,)
        Energy offered by the panels; not negative. [kWh per interval]
    starts : float64 array, shape (T,), or None
        Their index, where they have one of time: a `Site` requires it to hold the starts of its
        horizon. [s since 1970]
    """

    load: Vector
    solar: Vector
    starts: Vector | None = field(default=None, repr=False)

    def __init__(self, *, load: ArrayLike, solar: ArrayLike, starts: Vector | None = None) -> None:
        index, rule = starts_of(load=load, solar=solar), "must not be negative"
        drawn = freeze_vector("load", load, least=0.0, rule=rule)
        set_fields(
            self,
            load=drawn,
            solar=freeze_vector("solar", solar, drawn.size, least=0.0, rule=rule),
            starts=starts if index is None else index,
        )

    @classmethod
    def from_power(cls, load: ArrayLike, solar: ArrayLike, horizon: Horizon) -> "Forecast":
        """Return the forecast of mean powers.

        Parameters
        ----------
        load, solar : array_like, shape (T,)
            Mean power of each interval. [kW]
        horizon : Horizon
            The intervals.

        Returns
        -------
        Forecast
            The same as energies. [kWh per interval]
        """
        require_kinds(horizon=(horizon, Horizon))
        powers, hours = cls(load=load, solar=solar), horizon.hours
        if powers.load.size != hours.size:
            rule = f"must hold {hours.size} values, one for each interval, got {powers.load.size}"
            raise ProblemError("load", rule)
        return cls(load=powers.load * hours, solar=powers.solar * hours, starts=powers.starts)


@dataclass(frozen=True, kw_only=True, eq=False)
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
        Home batteries, in order.
    vehicles : tuple of Vehicle
        Vehicles, in order; storages are numbered through both.
    flexible : tuple of Load and HeatStore
        Consumption beside the forecast whose time the plan chooses.
    grid : Grid
        The connection.
    inverter : Inverter, optional
        What the batteries share, and perhaps the panels.
    """

    horizon: Horizon
    tariff: Tariff
    forecast: Forecast
    batteries: tuple[Battery, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    flexible: tuple[Load | HeatStore, ...] = ()
    grid: Grid = Grid()
    inverter: Inverter | None = None

    def __init__(
        self,
        *,
        horizon: Horizon,
        tariff: Tariff,
        forecast: Forecast,
        batteries: Iterable[Battery] = (),
        vehicles: Iterable[Vehicle] = (),
        flexible: Iterable[Load | HeatStore] = (),
        grid: Grid = Grid(),
        inverter: Inverter | None = None,
    ) -> None:
        require_kinds(
            horizon=(horizon, Horizon),
            tariff=(tariff, Tariff),
            forecast=(forecast, Forecast),
            grid=(grid, Grid),
        )
        if inverter is not None:
            require_kinds(inverter=(inverter, Inverter))
        set_fields(
            self,
            horizon=horizon,
            tariff=tariff,
            forecast=forecast,
            batteries=require_sequence("batteries", batteries, Battery),
            vehicles=require_sequence("vehicles", vehicles, Vehicle),
            flexible=require_sequence("flexible", flexible, (Load, HeatStore)) if flexible else (),
            grid=grid,
            inverter=inverter,
        )
        self._require_sizes()
        if self.flexible:
            self._require_flexible()
        for name in ("tariff", "forecast", "grid"):
            starts = getattr(self, name).starts
            if starts is not None:
                horizon.require_starts(name, starts)

    def _require_sizes(self) -> None:
        """Require series that cover the horizon."""
        n = self.horizon.n_intervals
        for name, size in (
            ("tariff", self.tariff.import_price.size),
            ("forecast", self.forecast.load.size),
        ):
            if size != n:
                rule = f"must cover the {n} intervals of the horizon, got {size}"
                raise ProblemError(name, rule)
        for name in GRID_SERIES:
            limit = getattr(self.grid, name)
            if isinstance(limit, np.ndarray) and limit.size not in {1, n}:
                raise ProblemError(f"grid.{name}", f"must hold one value or {n}, got {limit.size}")
        for v, vehicle in enumerate(self.vehicles):
            _require_series(f"vehicles[{v}]", vehicle, VEHICLE_BY_INTERVAL, n)
        for k, battery in enumerate(self.batteries):
            _require_series(f"batteries[{k}]", battery, BY_INTERVAL, n)
            if battery.pinned and not is_pinned_from(battery.pinned, self.horizon.start):
                rule = "must begin with the horizon or where another ends, or idle"
                text = f"{rule}, got {excerpt(battery.pinned)}"
                raise ProblemError(f"batteries[{k}].pinned", text)

    def _require_flexible(self) -> None:
        """Require loads that wait for others, in no circle, and series that cover the horizon."""
        n, waits = self.horizon.n_intervals, {one.id: one.after for one in self.loads}
        ids = [one.id for one in self.flexible]
        for k, one in enumerate(self.flexible):
            if ids.index(one.id) != k:
                raise ProblemError(f"flexible[{k}].id", f"must be used once, got {one.id!r}")
            for name in HEAT_BY_INTERVAL if isinstance(one, HeatStore) else ():
                values = getattr(one, name)
                if isinstance(values, tuple) and len(values) != n:
                    rule = f"must hold one value or {n}, got {len(values)}"
                    raise ProblemError(f"flexible[{k}].{name}", rule)
            after = waits.get(one.id)
            if after is not None and after not in waits:
                rule = f"must be the id of another load, got {excerpt(after)}"
                raise ProblemError(f"flexible[{k}].after", rule)
        try:
            TopologicalSorter({one: {after} - {None} for one, after in waits.items()}).prepare()
        except CycleError as error:
            k = ids.index(error.args[1][0])
            rule = f"must be no circle, got {excerpt(waits[ids[k]])}"
            raise ProblemError(f"flexible[{k}].after", rule) from None

    @property
    def loads(self) -> tuple[Load, ...]:
        """Flexible loads, in order."""
        return tuple([one for one in self.flexible if isinstance(one, Load)])

    @property
    def heat_stores(self) -> tuple[HeatStore, ...]:
        """Stores of heat, in order."""
        return tuple([one for one in self.flexible if isinstance(one, HeatStore)])

    @cached_property
    def price_scale(self) -> float:
        """Scale of the prices; see `price_scale_of`. [-]"""
        tariff = self.tariff
        if tariff.import_price.any() or tariff.export_price.any():
            prices = tariff.import_price, tariff.export_price
            return price_scale_of(*prices, hours=self.horizon.hours)
        others = [charge.price for charge in tariff.demand_charges]
        others += [allowance.price for allowance in tariff.allowances]
        others += [tier.extra_price for tier in tariff.tiers]
        others += np.ravel(self.grid.excess_import_price).tolist()
        others += [storage.cycle_cost for storage in self.storages]
        others += [storage.end_value or 0.0 for storage in (*self.storages, *self.heat_stores)]
        return price_scale_of(np.array(others))

    @cached_property
    def has_import_steps(self) -> bool:
        """True where imports cost more above a threshold, or beyond a tier."""
        return bool(self.tariff.tiers or np.any(self.grid.excess_import_price))

    @cached_property
    def net_load(self) -> Vector:
        """Load less solar; shape (T,). [kWh per interval]"""
        return self.forecast.load - self.forecast.solar

    @cached_property
    def clipping(self) -> Vector:
        """Solar that must be stored behind the inverter, or is lost; shape (T,). [kWh]"""
        if self.inverter is None or not self.inverter.dc_coupled_solar:
            return np.zeros(self.horizon.n_intervals)
        passed = self.horizon.hours * self.inverter.ac_limit
        return np.maximum(self.forecast.solar - passed, 0.0)

    @cached_property
    def are_within_solar(self) -> Mask:
        """Storages that take no more than all solar of an interval; shape (K,)."""
        return np.array([*map(attrgetter("within_solar"), self.storages)], dtype=np.bool_)

    @cached_property
    def storages(self) -> tuple[Battery | Vehicle, ...]:
        """All K storages: batteries, then vehicles."""
        return (*self.batteries, *self.vehicles)


def _require_series(path: str, storage: Battery | Vehicle, fields: tuple[str, ...], n: int) -> None:
    """Require fields of one value, or of one for each of the `n` intervals."""
    for name in fields:
        values = getattr(storage, name)
        if isinstance(values, tuple) and len(values) != n:
            raise ProblemError(f"{path}.{name}", f"must hold one value or {n}, got {len(values)}")
