"""Storages of a plan over the horizon, and the marginal value of a kWh at the meter."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from matrix_builders import Vector
from optimiser.problem.battery import Battery
from optimiser.problem.tariff import Direction
from optimiser.problem.vehicle import Vehicle
from optimiser.problem.windows import Mask
from optimiser.reasons.codes import Reason, ReasonCode
from optimiser.reasons.wording import PriceRange, Wording, kilowatts, wording_of
from optimiser.result.plan import COMMAND_THRESHOLD, Action, Plan, VehicleAction, hours_on, mean_soc

NOISE = 1e-3
"""Power that counts as none. [kW]"""

PART = 0.05
"""Power from which a part of another is worth a word. [kW]"""

_CENT = 0.005
"""Difference of prices that counts as none, where the price scale is 1: their rounding. [$/kWh]"""

_STEADY = 0.02  # share of a mean power by which a steady one differs from it


class Run(NamedTuple):
    """Intervals in which storages have one action.

    Attributes
    ----------
    action : Action or VehicleAction
        The action.
    first, after : int
        The first of the intervals, and the one after the last.
    span : slice
        The intervals.
    when : str
        The time of the run, as its sentence says it.
    """

    action: Action | VehicleAction
    first: int
    after: int
    span: slice
    when: str


class Quote(NamedTuple):
    """Cost or value of a kWh in some intervals, in words and in numbers.

    Attributes
    ----------
    text : str
        In words, with a slot for each price range.
    ranges : tuple of (float, float)
        Prices that fill the slots. [$/kWh]
    low, high : float
        Lowest and highest cost or value; not a number where no price says it. [$/kWh]
    """

    text: str
    ranges: tuple[PriceRange, ...] = ()
    low: float = math.nan
    high: float = math.nan


_FROM_ANOTHER = "it comes from another battery"
_UNKNOWN = Quote("a daily allowance sets the price")


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """Storages of a plan, taken together and read for their reasons; arrays of shape (T,).

    Attributes
    ----------
    plan : Plan
        As served.
    storages : tuple of Battery or Vehicle
        Those that it is about.
    wording : Wording
        Numbers and times in sentences.
    charge, discharge : float64 array
        Power of the storages. [kW]
    from_grid, from_solar, to_grid : float64 array
        Parts of these. [kW]
    feeds_others : bool array
        Intervals in which they charge storages of another kind.
    hours_on : float64 array
        Time for which a charger is on; the whole time of a battery. [h]
    soc : float64 array, shape (T + 1,)
        State of charge at every instant. [-]
    stored : float64 array
        Energy at the end of each interval. [kWh]
    floor, ceiling : float
        Energy that they are kept above and below. [kWh]
    """

    plan: Plan
    storages: tuple[Battery | Vehicle, ...]
    wording: Wording
    charge: Vector
    discharge: Vector
    from_grid: Vector
    from_solar: Vector
    to_grid: Vector
    feeds_others: Mask
    hours_on: Vector
    soc: Vector
    stored: Vector
    floor: float
    ceiling: float

    @cached_property
    def hours(self) -> Vector:
        """Length of each interval. [h]"""
        return self.plan.site.horizon.hours

    @cached_property
    def cent(self) -> float:
        """Difference of prices that counts as none. [$/kWh]"""
        return _CENT * self.plan.site.price_scale

    @cached_property
    def charges(self) -> Mask:
        """Intervals in which they charge."""
        return self.charge > COMMAND_THRESHOLD

    @cached_property
    def discharges(self) -> Mask:
        """Intervals in which they discharge."""
        return self.discharge > COMMAND_THRESHOLD

    @cached_property
    def buys(self) -> Mask:
        """Intervals in which they take energy from the grid."""
        return self.from_grid > NOISE

    @cached_property
    def sells(self) -> Mask:
        """Intervals in which they give energy to the grid."""
        return self.to_grid > NOISE

    @cached_property
    def grid_import(self) -> Vector:
        """Power from the grid. [kW]"""
        return np.asarray(self.plan.dispatch.grid_import / self.hours)

    @cached_property
    def grid_export(self) -> Vector:
        """Power into the grid. [kW]"""
        return np.asarray(self.plan.dispatch.grid_export / self.hours)

    @cached_property
    def curtailed(self) -> Vector:
        """Solar left unused. [kW]"""
        return np.asarray(self.plan.dispatch.curtailed / self.hours)

    @cached_property
    def import_price(self) -> Vector:
        """Import price; not a number where a daily allowance has another. [$/kWh]"""
        return _price_of(self.plan, Direction.IMPORT)

    @cached_property
    def export_price(self) -> Vector:
        """Export price; not a number where a daily allowance has another. [$/kWh]"""
        return _price_of(self.plan, Direction.EXPORT)

    @cached_property
    def cost_of_more(self) -> Vector:
        """Cost of one kWh more: bought, not sold, or free; not a number where unknown. [$/kWh]"""
        limit = np.asarray(self.plan.site.grid.export_limit) - NOISE
        is_lost = (self.curtailed > NOISE) | (self.grid_export >= limit)
        unsold = np.where(is_lost, 0.0, np.maximum(self.export_price, 0.0))
        unsold = np.where(self.from_solar > NOISE, unsold, np.nan)
        return np.where(self.buys, self.import_price, unsold)

    @cached_property
    def value_of_more(self) -> Vector:
        """Value of one kWh given: sold, else not bought; not a number where unknown. [$/kWh]"""
        value = np.where(self.sells, self.export_price, self.import_price)
        return np.where(self.feeds_others, np.nan, value)

    @cached_property
    def trip(self) -> float:
        """Least round-trip efficiency. [-]"""
        return min([s.charge_efficiency * s.discharge_efficiency for s in self.storages])

    @cached_property
    def wear(self) -> float:
        """Highest wear price, each way. [$/kWh]"""
        return max([storage.cycle_cost for storage in self.storages])

    @cached_property
    def slack(self) -> float:
        """Energy that counts as none. [kWh]"""
        return 1e-3 + 2e-3 * self.ceiling

    def mean(self, power: Vector, run: Run) -> float:
        """Return the mean of a power over a run. [kW]"""
        hours = self.hours[run.span]
        return float(power[run.span] @ hours / hours.sum())

    def power(self, power: Vector, run: Run, mean: float) -> str:
        """Return a power over a run in words, by its mean. [kW]"""
        apart = float(np.abs(power[run.span] - mean).max())
        is_steady = apart <= max(PART, _STEADY * mean)
        return kilowatts(mean) if is_steady else f"{kilowatts(mean)} on average"

    @cached_property
    def is_empty(self) -> Mask:
        """Intervals that end with no more stored than is kept."""
        return self.stored <= self.floor + self.slack

    @cached_property
    def is_full(self) -> Mask:
        """Intervals that end with as much stored as is wanted."""
        return self.stored >= self.ceiling - self.slack

    def next_use(self, run: Run) -> int | None:
        """Return where energy stored in a run does the least: a discharge before it is empty."""
        return _least(self.value_of_more, self.discharges, self.is_empty, run.after)

    def next_refill(self, run: Run) -> int | None:
        """Return where energy given in a run is put back at most: a charge before it is full."""
        return _least(-self.cost_of_more, self.charges, self.is_full, run.after)

    def first(self, moves: Mask, run: Run) -> int | None:
        """Return the first interval after a run in which the storages move."""
        later = moves[run.after :]
        return run.after + int(later.argmax()) if later.any() else None

    def charging_cost(self, run: Run) -> Quote:
        """Return what a kWh costs that is charged in a run."""
        taken, bought = self.charge[run.span] > 0, self.buys[run.span]
        costs = self.cost_of_more[run.span]
        high = float(costs[taken].max())
        some_solar = self.mean(self.from_solar, run) >= PART
        prices = costs[taken & ~bought]
        is_solar = some_solar and prices.size > 0 and self.mean(self.from_grid, run) < PART
        if bought.any() and not is_solar:
            return self.grid_price(run, self.buys)._replace(high=high)
        if math.isnan(prices.max()):
            has_allowance = np.isnan(self.export_price[run.span]).any()
            return _UNKNOWN if some_solar and has_allowance else Quote(_FROM_ANOTHER)
        if not prices.any():
            return Quote(f"it is solar that would earn nothing {run.when}", (), 0.0, high)
        low = float(prices[prices > 0].min())
        return Quote(
            f"it is solar that would earn {{}} {run.when}", ((low, float(prices.max())),), low, high
        )

    def grid_price(self, run: Run, where: Mask) -> Quote:
        """Return the import prices of those intervals of a run that are in a mask."""
        texts = f"power costs {{}} {run.when}", f"the grid pays {{}} {run.when}"
        return _quote(self.import_price[run.span][where[run.span]], texts)

    def sale_price(self, run: Run, where: Mask) -> Quote:
        """Return the export prices of those intervals of a run that are in a mask."""
        texts = f"selling earns {{}} {run.when}", f"selling costs {{}} {run.when}"
        return _quote(self.export_price[run.span][where[run.span]], texts)

    def reason(self, code: ReasonCode, head: str, *quotes: Quote) -> Reason:
        """Return a reason that says what happens, then what its prices are."""
        template, colon = head, ": "
        ranges: list[PriceRange] = []
        for quote in quotes:
            template, colon = f"{template}{colon}{quote.text}", ", and "
            ranges += quote.ranges
        return Reason(code, self.wording.fill(template, ranges))

    def share_of(self, energy: float) -> float:
        """Return an energy as a state of charge. [-]"""
        capacity = sum([storage.capacity for storage in self.storages])
        return energy / capacity if capacity > 0 else 0.0


def _quote(prices: Vector, texts: tuple[str, str]) -> Quote:
    """Return the range of some prices, in the second text where all are negative."""
    low, high = float(prices.min()), float(prices.max())
    if math.isnan(low):
        return _UNKNOWN
    if high < 0:
        return Quote(texts[1], ((-high, -low),), low, high)
    return Quote(texts[0], ((low, high),), low, high)


def _least(value: Vector, where: Mask, ends: Mask, after: int) -> int | None:
    """Return the interval of least value in a mask, from the end of a run up to where it ends.

    `ends` holds where the search stops, perhaps already with the last interval of the run.
    """
    stops = ends[after - 1 :]
    last = after - 1 + int(stops.argmax()) if stops.any() else ends.size - 1
    allowed = where[after : last + 1]
    if not allowed.any():
        return None
    return after + int(np.argmin(np.where(allowed, value[after : last + 1], np.inf)))  # nan first


def _price_of(plan: Plan, direction: Direction) -> Vector:
    """Return the prices of a direction; not a number where a daily allowance has another."""
    tariff, pieces = plan.site.tariff, plan.pieces
    price = tariff.import_price if direction is Direction.IMPORT else tariff.export_price
    for allowance in tariff.allowances:
        if allowance.direction is direction and allowance.daily_energy > 0:
            covered = pieces.total(allowance.window.covers(pieces.site.horizon).astype(np.float64))
            price = np.where(covered > 0, np.nan, price)
    return price


def outlook_of(plan: Plan, storages: slice, currency: str = "$") -> Outlook:
    """Read some storages of a plan as served, all batteries or one of them, or one vehicle."""
    site, dispatch, hours = plan.site, plan.dispatch, plan.site.horizon.hours
    chosen, v = site.storages[storages], (storages.start or 0) - len(site.batteries)
    parts = _parts_of_batteries(plan, storages) if v < 0 else _parts_of_vehicle(plan, v)
    bands = np.array([*map(_band, chosen)]).sum(axis=0)
    return Outlook(
        plan=plan,
        storages=chosen,
        wording=wording_of(site, currency),
        charge=dispatch.charge[storages].sum(axis=0) / hours,
        discharge=dispatch.discharge[storages].sum(axis=0) / hours,
        from_grid=parts[0] / hours,
        from_solar=parts[1] / hours,
        to_grid=parts[2] / hours,
        feeds_others=_feeds_others(plan, v) > NOISE * hours,
        hours_on=hours if v < 0 else hours_on(plan, v),
        soc=mean_soc(plan, storages),
        stored=dispatch.stored[storages].sum(axis=0),
        floor=float(bands[0]),
        ceiling=float(bands[1]),
    )


def _band(storage: Battery | Vehicle) -> tuple[float, float]:
    """Return the energy that a storage is kept above and below. [kWh]"""
    if isinstance(storage, Battery):
        return storage.reserve * storage.capacity, storage.max_soc * storage.capacity
    return storage.least_soc * storage.capacity, storage.most_soc * storage.capacity


def _parts_of_batteries(plan: Plan, storages: slice) -> tuple[Vector, Vector, Vector]:
    """Return what of batteries' energy comes from the grid, from solar, and goes to the grid."""
    flows, batteries = plan.flows, plan.site.batteries
    parts = flows.grid_to_battery, flows.solar_to_battery, flows.battery_to_grid
    if len(batteries[storages]) == len(batteries):
        return parts
    # Those that may trade with the grid share what is traded; solar is shared by the rest.
    n = len(batteries)
    charge, discharge = plan.dispatch.charge[:n], plan.dispatch.discharge[:n]
    may_buy = np.array([[battery.may_charge_from_grid] for battery in batteries])
    may_sell = np.array([[battery.may_export] for battery in batteries])
    bought = parts[0] * _shares(charge * may_buy)
    rest = np.maximum(charge - bought, 0.0)
    sold = parts[2] * _shares(discharge * may_sell)
    return bought[storages][0], (parts[1] * _shares(rest))[storages][0], sold[storages][0]


def _shares(energy: Vector) -> Vector:
    """Return the share of each storage in the energy of all, where there is any. [-]"""
    total = energy.sum(axis=0)
    none = np.zeros(energy.shape)
    return np.asarray(np.divide(energy, total, out=none, where=total > 0))


def _feeds_others(plan: Plan, v: int) -> Vector:
    """Return what vehicles give to other storages, where it is about one of them. [kWh]"""
    flows = plan.flows
    if v < 0:
        return np.zeros(flows.battery_to_load.size)
    gives = plan.dispatch.discharge[len(plan.site.batteries) + v] > 0
    return np.asarray((flows.vehicle_to_battery + flows.vehicle_to_vehicle.sum(axis=0)) * gives)


def _parts_of_vehicle(plan: Plan, v: int) -> tuple[Vector, Vector, Vector]:
    """Return what of a vehicle's energy comes from the grid, from solar, and goes to the grid."""
    flows, discharge = plan.flows, plan.dispatch.discharge[len(plan.site.batteries) :]
    may_sell = np.array([[vehicle.may_export] for vehicle in plan.site.vehicles])
    sold = flows.vehicle_to_grid * _shares(discharge * may_sell)[v]
    return flows.grid_to_vehicle[v], flows.solar_to_vehicle[v], sold
