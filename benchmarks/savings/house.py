"""The simulated house: what its battery really does, and what its meter really costs.

Written apart from the planner, so that an error there cannot hide here.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from benchmarks.days import Vector
from benchmarks.savings.record import HOURS, Record
from optimiser import Battery


class Execution(StrEnum):
    """How the command of the running half hour is carried out against what really comes.

    `POWER`: the battery power of the plan, whatever the house does.  `ACTION`: where the plan
    trades with the grid, its power; where it only serves the house or takes up surplus, the battery
    follows the meter to zero, as self-consumption modes do; where it rests, it rests.  `CLIENT`: as
    the PowerSync client reads a plan: grid charging and export at full power, everything else,
    rest included, follows the meter.
    """

    POWER = "power"
    ACTION = "action"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A battery behind a meter; solar is never curtailed, with a battery or without.

    Attributes
    ----------
    capacity : float
        [kWh]
    power : float
        Highest power in and out, grid side. [kW]
    efficiency : float
        One-way. [-]
    reserve, initial_soc : float
        Floor and beginning, shares of the capacity. [-]
    """

    capacity: float = 13.5
    power: float = 5.0
    efficiency: float = 0.95
    reserve: float = 0.1
    initial_soc: float = 0.5

    def battery(self, stored: float) -> Battery:
        """The battery as the planner is told of it, holding `stored` [kWh]."""
        return Battery(
            capacity=self.capacity,
            charge_limit=self.power,
            discharge_limit=self.power,
            charge_efficiency=self.efficiency,
            discharge_efficiency=self.efficiency,
            initial_soc=min(max(stored / self.capacity, 0.0), 1.0) if self.capacity else 0.0,
            reserve=self.reserve,
        )

    def moved(self, stored: float, wanted: float) -> tuple[float, float]:
        """What happens when the battery is to take `wanted`.

        Parameters
        ----------
        stored : float
            Energy at the beginning of the half hour. [kWh]
        wanted : float
            Energy to take, or to give where negative, grid side. [kWh]

        Returns
        -------
        taken, stored : float
            Energy really taken, or given, and held at the end. [kWh]
        """
        most = self.power * HOURS
        wanted = min(max(wanted, -most), most)
        if wanted >= 0:
            taken = min(wanted, (self.capacity - stored) / self.efficiency)
            return taken, min(stored + taken * self.efficiency, self.capacity)
        floor = self.reserve * self.capacity
        given = min(-wanted, max(stored - floor, 0.0) * self.efficiency)
        return -given, max(stored - given / self.efficiency, min(stored, floor))


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a plan says of the running half hour.

    Attributes
    ----------
    net : float
        Energy into the battery, or out of it where negative. [kWh]
    trades : bool
        Whether the battery trades with the grid: takes what is imported, or gives what is exported.
    shares : bool
        Whether it only does part of what the house offers, by intention.
    """

    net: float
    trades: bool
    shares: bool

    def wanted(self, house: House, net_load: float, execution: Execution) -> float:
        """Energy the battery is to take, once `net_load` [kWh] is there. [kWh]"""
        full = house.power * HOURS
        if execution is Execution.POWER:
            return self.net
        if execution is Execution.CLIENT:
            return full * float(np.sign(self.net)) if self.trades else -net_load
        follows = self.net != 0 and not self.trades and not self.shares
        return -net_load if follows else self.net


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Books:
    """What one strategy did and what it cost; arrays of shape (N,), the history left out.

    Attributes
    ----------
    name : str
        Of the strategy.
    taken : float64 array
        Energy into the battery, or out of it where negative, grid side. [kWh per interval]
    stored : float64 array
        Energy held at the end of each interval. [kWh]
    cost : float64 array
        Bill of each interval at the true prices. [$]
    months : tuple of str
        Month of each interval.
    seconds : float
        Processor time that it took. [s]
    """

    name: str
    taken: Vector
    stored: Vector
    cost: Vector
    months: tuple[str, ...]
    seconds: float = 0.0

    @property
    def bill(self) -> float:
        """Of all intervals. [$]"""
        return float(self.cost.sum())

    def cycles(self, house: House) -> float:
        """Energy drawn from the store over the capacity. [-]"""
        drawn = np.maximum(-self.taken, 0.0).sum() / house.efficiency
        return float(drawn / house.capacity) if house.capacity else 0.0

    def bill_of(self, month: str) -> float:
        """Of the intervals of one month. [$]"""
        return float(self.cost[np.array(self.months) == month].sum())


def metered_cost(record: Record, first: int, taken: Vector) -> Vector:
    """Bill of each half hour from `first` on, given what the battery took; shape (N,). [$]"""
    last = first + taken.size
    metered = record.net_load[first:last] + taken
    bought = np.maximum(metered, 0.0) * record.import_price[first:last]
    sold = np.maximum(-metered, 0.0) * record.export_price[first:last]
    return bought - sold
