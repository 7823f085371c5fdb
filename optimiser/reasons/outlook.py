"""Storages of a plan over the horizon, and the marginal value of a kWh at the meter."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser.problem.battery import Battery
from optimiser.problem.horizon import Horizon
from optimiser.problem.tariff import Direction
from optimiser.problem.vehicle import Vehicle
from optimiser.problem.windows import Mask
from optimiser.reasons.codes import Quote
from optimiser.reasons.wording import Wording, wording_of
from optimiser.result.plan import COMMAND_THRESHOLD, Action, Plan, VehicleAction, hours_on, mean_soc

NOISE = 1e-3
"""Power that counts as none. [kW]"""

PART = 0.05
"""Power from which a part of another is worth a word. [kW]"""

STEADY = 0.02
"""Share of a mean power by which a steady one differs from it. [-]"""

BUYING = "power costs {}", "the grid pays {}"
SELLING = "selling earns {}", "selling costs {}"
"""What a kWh costs or earns, and the same where the price is negative."""

ALLOWANCE = Quote("a daily allowance sets the price")
STEP = Quote("the energy bought sets the price")
"""The price of a kWh where that is not known: of an allowance, of a threshold or a tier."""

_AT_THRESHOLD = 1e-6  # kWh; rounding
_CENT = 0.005
"""Difference of prices that counts as none, where the price scale is 1: their rounding. [$/kWh]"""

Value = TypeVar("Value")


class Flows(NamedTuple, Generic[Value]):
    """A value for each flow of energy: its power in every interval, or a number of a run.

    Attributes
    ----------
    charge, discharge : object
        Of the storages.
    from_grid, from_solar, to_grid, to_home : object
        Parts of these.
    grid_import, grid_export, curtailed : object
        Of the site.
    """

    charge: Value
    discharge: Value
    from_grid: Value
    from_solar: Value
    to_grid: Value
    to_home: Value
    grid_import: Value
    grid_export: Value
    curtailed: Value


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
    mean : Flows of float
        Mean powers. [kW]
    is_steady : Flows of bool
        Whether the powers stay near these.
    """

    action: Action | VehicleAction
    first: int
    after: int
    span: slice
    when: str
    mean: Flows[float]
    is_steady: Flows[bool]


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
    cent : float
        Difference of prices that counts as none. [$/kWh]
    hours, hours_on : float64 array
        Length of each interval, and the time for which a charger is on; the whole time of a
        battery. [h]
    power : Flows of float64 array
        Powers. [kW]
    soc : float64 array, shape (T + 1,)
        State of charge at every instant. [-]
    charges, discharges, buys, sells : bool array
        Intervals in which they charge, discharge, and take from or give to the grid.
    next_empty, next_full : int64 array, shape (T + 1,)
        First instant, from each on, at which no more is stored than is kept, or as much as is
        wanted; T + 1 where there is none.
    import_price, export_price : float64 array
        Prices; not a number where an allowance or a step has another. [$/kWh]
    cost_of_more : float64 array
        Cost of one kWh more: bought, not sold, or free; not a number where unknown. [$/kWh]
    value_of_more : float64 array
        Value of one kWh given: sold, else not bought; not a number where unknown, as where it
        charges storages of another kind. [$/kWh]
    feeds_others : bool array
        Intervals in which they do that.
    reserve : float64 array
        State of charge that they are kept above. [-]
    pinned : bool array
        Intervals in which each of them is set by hand for some time.
    trip, wear : float
        Least round-trip efficiency [-], and highest wear price each way. [$/kWh]
    """

    plan: Plan
    storages: tuple[Battery | Vehicle, ...]
    wording: Wording
    cent: float
    hours: Vector
    hours_on: Vector
    power: Flows[Vector]
    soc: Vector
    charges: Mask
    discharges: Mask
    buys: Mask
    sells: Mask
    next_empty: Places
    next_full: Places
    import_price: Vector
    export_price: Vector
    cost_of_more: Vector
    value_of_more: Vector
    feeds_others: Mask
    reserve: Vector
    pinned: Mask
    trip: float
    wear: float

    def next_use(self, run: Run) -> int | None:
        """Return where energy stored in a run does the least: a discharge before it is empty."""
        span = slice(run.after, self.next_empty[run.after])
        if not self.discharges[span].any():
            return None
        value = np.where(self.discharges[span], self.value_of_more[span], np.inf)
        return run.after + int(value.argmin())  # an unknown one first

    def next_refill(self, run: Run) -> int | None:
        """Return where energy given in a run is put back at most: a charge before it is full."""
        span = slice(run.after, self.next_full[run.after])
        if not self.charges[span].any():
            return None
        cost = np.where(self.charges[span], self.cost_of_more[span], -np.inf)
        return run.after + int(cost.argmax())  # an unknown one first

    def first(self, moves: Mask, run: Run) -> int | None:
        """Return the first interval after a run in which the storages move."""
        later = moves[run.after :]
        return run.after + int(later.argmax()) if later.any() else None


def quote(look: Outlook, price: Vector, where: Mask, run: Run, texts: tuple[str, str]) -> Quote:
    """Return the prices of those intervals of a run that are in a mask.

    The second of the texts is for prices that are all negative.
    """
    prices = price[run.span][where[run.span]]
    low, high = float(prices.min()), float(prices.max())
    if math.isnan(low):
        return STEP if texts == BUYING and look.plan.site.has_import_steps else ALLOWANCE
    if high < 0:
        return Quote(f"{texts[1]} {run.when}", ((-high, -low),), low, high)
    return Quote(f"{texts[0]} {run.when}", ((low, high),), low, high)


def runs_of(look: Outlook, actions: Sequence[Action | VehicleAction], most: int) -> list[Run]:
    """Return the first runs of intervals with one action."""
    n, runs, power = len(actions), [], np.array(look.power)
    ends = [0, *[t for t in range(1, n) if actions[t] is not actions[t - 1]], n][: most + 1]
    for first, after in pairwise(ends):
        span, when = slice(first, after), "then" if first else "now"
        mean = power[:, span] @ look.hours[span] / look.hours[span].sum()
        apart = np.abs(power[:, span] - mean[:, np.newaxis]).max(axis=1)
        means = Flows(*mean.tolist())
        is_steady = Flows(*(apart <= np.maximum(PART, STEADY * mean)).tolist())
        runs.append(Run(actions[first], first, after, span, when, means, is_steady))
    return runs


def outlook_of(plan: Plan, storages: slice, currency: str = "$") -> Outlook:
    """Read some storages of a plan as served, all batteries or one of them, or one vehicle."""
    site, hours, chosen = plan.site, plan.site.horizon.hours, plan.site.storages[storages]
    v = (storages.start or 0) - len(site.batteries)  # negative where it is about batteries
    power = _power_of(plan, storages, v)
    buys, sells = power.from_grid > NOISE, power.to_grid > NOISE
    given = plan.flows.vehicle_to_battery + plan.flows.vehicle_to_vehicle.sum(axis=0)
    feeds_others = (v >= 0) & (power.discharge > 0) & (given > NOISE * hours)
    import_price, export_price = _prices_of(plan)
    limit = np.asarray(site.grid.export_limit) - NOISE
    is_lost = (power.curtailed > NOISE) | (power.grid_export >= limit)
    unsold = np.where(is_lost, 0.0, np.maximum(export_price, 0.0))
    unsold = np.where(power.from_solar > NOISE, unsold, np.nan)
    stored, capacity = plan.dispatch.stored[storages].sum(axis=0), sum([s.capacity for s in chosen])
    floor, ceiling = np.array([_band(s, site.horizon) for s in chosen]).sum(axis=0)
    slack = 1e-3 + 2e-3 * ceiling
    return Outlook(
        plan=plan,
        storages=chosen,
        wording=wording_of(site, currency),
        cent=_CENT * site.price_scale,
        hours=hours,
        hours_on=hours if v < 0 else hours_on(plan, v),
        power=power,
        soc=mean_soc(plan, storages),
        charges=power.charge > COMMAND_THRESHOLD,
        discharges=power.discharge > COMMAND_THRESHOLD,
        buys=buys,
        sells=sells,
        next_empty=_next(stored <= floor + slack),
        next_full=_next(stored >= ceiling - slack),
        import_price=import_price,
        export_price=export_price,
        cost_of_more=np.where(buys, import_price, unsold),
        value_of_more=np.where(feeds_others, np.nan, np.where(sells, export_price, import_price)),
        feeds_others=feeds_others,
        reserve=floor / capacity if capacity > 0 else np.zeros(hours.size),
        pinned=_pin_mask(chosen, site.horizon),
        trip=min([s.charge_efficiency * s.discharge_efficiency for s in chosen]),
        wear=max([s.cycle_cost for s in chosen]),
    )


def _band(storage: Battery | Vehicle, horizon: Horizon) -> Vector:
    """Return the energy that a storage is kept above and below; shape (2, T). [kWh]"""
    if isinstance(storage, Battery):
        band = horizon.spread(storage.reserve), horizon.spread(storage.max_soc)
    else:
        band = horizon.spread(storage.least_soc), horizon.spread(storage.most_soc)
    return storage.capacity * np.array(band)


def _pin_mask(storages: Sequence[Battery | Vehicle], horizon: Horizon) -> Mask:
    """Return the intervals in which an override of each storage holds for some time."""
    pinned = np.ones(horizon.n_intervals, dtype=np.bool_)
    for storage in storages:
        own = np.zeros(horizon.n_intervals, dtype=np.bool_)
        for pin in storage.pinned if isinstance(storage, Battery) else ():
            begins = horizon.elapsed - horizon.hours
            own |= (horizon.elapsed > horizon.hours_until(pin.begin)) & (
                begins < horizon.hours_until(pin.end)
            )
        pinned &= own
    return pinned


def _next(ends: Mask) -> Places:
    """Return the first instant, from each on, at which an interval of a mask ends; else T + 1."""
    none = ends.size + 1
    instants = np.where(np.append(False, ends), np.arange(none), none)
    return np.minimum.accumulate(instants[::-1])[::-1]


def _prices_of(plan: Plan) -> tuple[Vector, Vector]:
    """Return import and export prices; not a number where an allowance or a step has another."""
    tariff, pieces = plan.site.tariff, plan.pieces
    prices = {Direction.IMPORT: tariff.import_price, Direction.EXPORT: tariff.export_price}
    for allowance in tariff.allowances:
        if allowance.daily_energy > 0:
            covered = pieces.total(allowance.window.covers(pieces.site.horizon).astype(np.float64))
            price = prices[allowance.direction]
            prices[allowance.direction] = np.where(covered > 0, np.nan, price)
    if plan.site.has_import_steps:
        grid, hours = plan.site.grid, plan.site.horizon.hours
        reached = plan.dispatch.grid_import >= hours * grid.import_threshold - _AT_THRESHOLD
        dearer = reached & (np.asarray(grid.excess_import_price) > 0.0) | bool(tariff.tiers)
        prices[Direction.IMPORT] = np.where(dearer, np.nan, prices[Direction.IMPORT])
    return prices[Direction.IMPORT], prices[Direction.EXPORT]


def _power_of(plan: Plan, storages: slice, v: int) -> Flows[Vector]:
    dispatch, hours = plan.dispatch, plan.site.horizon.hours
    charge = dispatch.charge[storages].sum(axis=0) / hours
    discharge = dispatch.discharge[storages].sum(axis=0) / hours
    parts = _parts_of_batteries(plan, storages) if v < 0 else _parts_of_vehicle(plan, v)
    to_grid = parts[2] / hours
    return Flows(
        charge=charge,
        discharge=discharge,
        from_grid=parts[0] / hours,
        from_solar=parts[1] / hours,
        to_grid=to_grid,
        to_home=np.maximum(discharge - to_grid, 0.0),
        grid_import=dispatch.grid_import / hours,
        grid_export=dispatch.grid_export / hours,
        curtailed=dispatch.curtailed / hours,
    )


def _parts_of_batteries(plan: Plan, storages: slice) -> tuple[Vector, Vector, Vector]:
    """Return what of batteries' energy comes from the grid, from solar, and goes to the grid."""
    flows, batteries = plan.flows, plan.site.batteries
    parts = flows.grid_to_battery, flows.solar_to_battery, flows.battery_to_grid
    if len(batteries[storages]) == len(batteries):
        return parts
    # Those that may trade with the grid share what is traded; solar is shared by the rest.
    n = len(batteries)
    charge, discharge = plan.dispatch.charge[:n], plan.dispatch.discharge[:n]
    spread = plan.site.horizon.spread
    may_buy = np.array([spread(battery.may_charge_from_grid) for battery in batteries])
    may_sell = np.array([spread(battery.may_export) for battery in batteries])
    bought = parts[0] * _shares(charge * may_buy)
    rest = np.maximum(charge - bought, 0.0)
    sold = parts[2] * _shares(discharge * may_sell)
    return bought[storages][0], (parts[1] * _shares(rest))[storages][0], sold[storages][0]


def _shares(energy: Vector) -> Vector:
    """Return the share of each storage in the energy of all, where there is any. [-]"""
    total = energy.sum(axis=0)
    none = np.zeros(energy.shape)
    return np.asarray(np.divide(energy, total, out=none, where=total > 0))


def _parts_of_vehicle(plan: Plan, v: int) -> tuple[Vector, Vector, Vector]:
    """Return what of a vehicle's energy comes from the grid, from solar, and goes to the grid."""
    flows, discharge = plan.flows, plan.dispatch.discharge[len(plan.site.batteries) :]
    may_sell = np.array([[vehicle.may_export] for vehicle in plan.site.vehicles])
    sold = flows.vehicle_to_grid * _shares(discharge * may_sell)[v]
    return flows.grid_to_vehicle[v], flows.solar_to_vehicle[v], sold
