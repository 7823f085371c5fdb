"""The home of a request as arrays."""

from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector
from optimiser.problem.windows import Mask

SOC_PENALTY = 1000.0
"""Of a kWh outside `s_min` and `s_max`, in each step, over the highest price."""

LIMIT_PENALTY = 100.0
"""Of a kWh beyond a limit of the meter or short of a goal or a demand, over the highest price."""

LATER_EXPORT = 1e-5
"""Part by which the penalty of the export limit falls with each step, so that late ones exceed."""

LOWEST_UNIT = 0.1
"""Least price that penalties are multiples of. [currency/kWh]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storages:
    """Batteries and cars; K storages, T steps, energies in kWh.

    Attributes
    ----------
    least, most, most_out : float64 array, shape (K, T)
        Least and most energy charged, most discharged, in each step.
    low, high, capacity, initial : float64 array, shape (K, 1)
        Levels that are asked for, the most it can hold, and its content at first.
    eta_in, eta_out : float64 array, shape (K, 1)
        Efficiency of charging and of discharging.
    end_value : float64 array, shape (K, 1)
        Value of a kWh at the end. [unit price]
    goal : float64 array, shape (K, T)
        Content that is asked for after each step; 0 for none.
    demand : float64 array, shape (K, T)
        Charge that is asked for in each step, until it is full; 0 for none.
    from_grid, to_grid : bool array, shape (K,)
        Whether it may charge while the home imports, and discharge while it exports.
    priority : float64 array, shape (K, 1)
        Preference among the storages.
    """

    least: Vector
    most: Vector
    most_out: Vector
    low: Vector
    high: Vector
    capacity: Vector
    initial: Vector
    eta_in: Vector
    eta_out: Vector
    end_value: Vector
    goal: Vector
    demand: Vector
    from_grid: Mask
    to_grid: Mask
    priority: Vector

    @property
    def only_charges(self) -> Mask:
        """Return which cannot discharge; shape (K,)."""
        return np.asarray(self.most_out.max(axis=1) == 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A home; energies in kWh, prices in parts of the highest price, called the unit.

    Attributes
    ----------
    hours : float64 array, shape (T,)
        Length of each step.
    net : float64 array, shape (T,)
        Demand less solar.
    buy, sell : float64 array, shape (T,)
        Prices of import and export. [unit price]
    import_limit, export_limit : float64 array, shape (T,), or None
        Energy at the limits of the meter.
    peak_price : float or None
        Price of each kW by which the highest import passes its limit; a penalty where None.
    unit : float
        Highest price. [currency/kWh]
    storages : Storages
        Batteries and cars.
    charging, discharging : str
        Strategies.
    """

    hours: Vector
    net: Vector
    buy: Vector
    sell: Vector
    import_limit: Vector | None
    export_limit: Vector | None
    peak_price: float | None
    unit: float
    storages: Storages
    charging: str
    discharging: str

    @property
    def most_import(self) -> Vector:
        """Return the most that the home can import while it does not export; shape (T,). [kWh]"""
        most = self.storages.most[self.storages.from_grid].sum(axis=0)
        return np.asarray(np.maximum(self.net + most, 0.0))

    @property
    def most_export(self) -> Vector:
        """Return the most that it can export while it does not import; shape (T,). [kWh]"""
        most = self.storages.most_out[self.storages.to_grid].sum(axis=0)
        return np.asarray(np.maximum(most - self.net, 0.0))

    @property
    def export_penalty(self) -> Vector:
        """Return the penalty of each kWh beyond the export limit; shape (T,). [unit price]"""
        return np.asarray(LIMIT_PENALTY * (1.0 - LATER_EXPORT * np.arange(self.net.size)))

    @property
    def demand_penalty(self) -> Vector:
        """Return the penalty of each kWh short of a demand; shape (T,). [unit price]

        Early steps weigh up to twice as much as the last.
        """
        n = self.net.size
        return np.asarray(LIMIT_PENALTY * (2.0 - np.arange(n) / n))
