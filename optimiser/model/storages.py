"""Batteries and vehicles as the arrays that every solver of ours takes."""

import math
from collections.abc import Iterable, Iterator
from operator import attrgetter

import numpy as np

from matrix_builders import StorageArrays, Vector, tables
from matrix_builders.storage import most_charge
from optimiser.problem.battery import Battery, Goal, Pin, PinnedAction, highest_power
from optimiser.problem.horizon import Horizon
from optimiser.problem.objective import Objective
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Priority, Vehicle
from optimiser.problem.windows import Mask

REGAIN_HOURS = 24.0
"""A state outside its band is to be back within this time, at least cost. [h]"""

_NEVER = 1e-9  # h; rounding of times
_ROUNDING = 1e-6  # kWh, or charges

_CHARGE, _DISCHARGE = PinnedAction.CHARGE, PinnedAction.DISCHARGE

BATTERIES = 0
"""Group of the home batteries; each vehicle is a group of its own."""

# A target that need not be reached is valued a little above the mean price: on a flat tariff it is
# reached.  One that is not due within the horizon is valued a little below it: on a flat tariff
# nothing is bought before that is needed.
_ABOVE_MEAN = 1.05
_BELOW_MEAN = 0.01

# What a target is worth at least, and energy that nobody asked for where it is free: above what
# second thoughts of a cent may take away, below what a home battery makes of the same energy.
_FREE_SHARE = 0.1  # of the mean price
_FREE_VALUE = 0.01  # $/kWh, where all prices are zero

# Who yields where not every target can be met: shares of the penalty.
_RANK = {Priority.EV_FIRST: 2.0, Priority.EQUAL: 1.0, Priority.BATTERY_FIRST: 0.5}


def present_at_charger(vehicle: Vehicle, horizon: Horizon) -> Mask:
    """Return the intervals that lie wholly within a stay at the charger; shape (T,)."""
    here = horizon.intervals_within(vehicle.arrival, vehicle.departure)
    if vehicle.plugged:
        stays = [horizon.intervals_within(stay.begin, stay.end) for stay in vehicle.plugged]
        here &= np.any(stays, axis=0)
    return here


def leaves_after(vehicle: Vehicle, horizon: Horizon) -> int:
    """Return the last interval that ends at or before the departure; the first if none does."""
    if vehicle.departure is None:
        return horizon.n_intervals - 1
    return horizon.index_at(horizon.hours_until(vehicle.departure))


def goals_within(goals: Iterable[Goal], horizon: Horizon) -> Iterator[tuple[int, Goal]]:
    """Yield the goals of a horizon, and the interval at whose end each is due."""
    for goal in goals:
        hours = horizon.hours_until(goal.at)
        if _NEVER < hours <= float(horizon.elapsed[-1]) + _NEVER:
            yield horizon.index_at(hours), goal


def energy_wanted(site: Site) -> Vector:
    """Return what each storage is to charge at least; shape (K, T). [kWh per interval]

    No more than its charger can, and no less than it takes while it is on.
    """
    hours = site.horizon.hours
    wanted = np.zeros((len(site.storages), hours.size))
    for v, vehicle in enumerate(site.vehicles, len(site.batteries)):
        asked = hours * site.horizon.spread(vehicle.wanted_charge)
        if asked.any():
            most = hours * site.horizon.spread(vehicle.charge_limit)
            runs = present_at_charger(vehicle, site.horizon) & (
                most >= hours * vehicle.least_charge
            )
            least = vehicle.least_charge * np.minimum(hours, vehicle.least_time)
            asked = np.where(runs & (asked > 0.0), np.maximum(asked, least), 0.0)
            wanted[v] = np.minimum(asked, most)
    return wanted


def target_energy(vehicle: Vehicle) -> float:
    """Return the stored energy wanted at departure; zero without a target. [kWh]"""
    if vehicle.target_soc is None:
        return 0.0
    return min(vehicle.target_soc, max(vehicle.most_soc, vehicle.initial_soc)) * vehicle.capacity


def may_end_short(vehicle: Vehicle, hours: Vector, power: Vector) -> bool:
    """Return whether the last charge of a vehicle may be below the least power.

    So it is where its target is no sum of whole charges, in intervals of these lengths [h] and
    highest powers [kW].
    """
    missing = target_energy(vehicle) - vehicle.initial_soc * vehicle.capacity
    if vehicle.goals or missing <= 0.0 or hours.size == 0 or vehicle.discharge_limit > 0.0:
        return False
    needed, longest = missing / vehicle.charge_efficiency, float(hours.max())
    number = math.ceil(needed / max(float((power * hours).max()), _ROUNDING) - _ROUNDING)
    return number * vehicle.least_charge * min(longest, vehicle.least_time) > needed + _ROUNDING


def storage_arrays(site: Site, objective: Objective, penalty: float) -> StorageArrays:
    """Build the arrays of every storage; nothing left at their end has a value.

    Limits are tightened to what the site can physically do, so that every column is boxed; missing
    a target costs the penalty. [$/kWh]
    """
    storages, horizon, n = site.storages, site.horizon, len(site.batteries)
    here = np.ones((len(storages), horizon.n_intervals), dtype=np.bool_)
    for v, vehicle in enumerate(site.vehicles, n):
        here[v] = present_at_charger(vehicle, horizon)
    prices = _level_prices(site, objective, penalty, here)
    traits = np.empty((tables.N_TRAITS, len(storages)))  # of a site without storages too
    for k, (s, price) in enumerate(zip(storages, prices, strict=True)):
        traits[:, k] = (
            s.initial_soc * s.capacity,
            s.charge_efficiency,
            s.discharge_efficiency,
            s.cycle_cost,
            price,
            0.0,
        )
    for v, vehicle in enumerate(site.vehicles, n):
        power = horizon.spread(vehicle.charge_limit)[here[v]]
        traits[tables.ENDS_SHORT, v] = may_end_short(vehicle, horizon.hours[here[v]], power)
    limits = np.zeros((tables.N_LIMITS, *here.shape))
    write_levels(site, limits)
    write_powers(site, objective, here, traits, limits)
    taper = taper_table(site)
    for k, battery in enumerate(site.batteries):
        if battery.pinned:
            write_pins(battery, site.horizon, taper[:, k], limits[:, k])
    return StorageArrays(
        limits=limits,
        traits=traits,
        group=np.array([BATTERIES] * n + list(range(1, 1 + len(site.vehicles))), dtype=np.int64),
        end_of=np.arange(len(storages)),
        end_values=np.zeros((2, len(storages), 0)),
        taper=taper,
    )


def taper_table(site: Site) -> Vector:
    """Return the falling lines of all charge curves; shape (2, K, T, J). [kWh; -]"""
    lines = [*map(_falling_lines, site.batteries)]
    n_lines = max([line.shape[1] for line in lines], default=0)
    table = np.zeros((2, len(site.storages), site.horizon.n_intervals, n_lines))
    table[tables.TAPER_EMPTY] = np.inf
    for k, line in enumerate(lines):
        table[:, k, :, : line.shape[1]] = site.horizon.hours[:, None] * line[:, None, :]
    return table


def _falling_lines(battery: Battery) -> Vector:
    """Return the lines of a charge curve by stored energy; shape (2, J). [kW; kW/kWh]"""
    if not battery.charge_curve or battery.capacity == 0.0:
        return np.zeros((2, 0))
    soc, power = np.array(battery.charge_curve).T
    fall = -np.diff(power) / np.diff(soc)
    lines = np.array([power[1:] + fall * soc[1:], fall / battery.capacity])
    return np.asarray(lines[:, fall > 0.0])


def write_powers(
    site: Site, objective: Objective, here: Mask, traits: Vector, limits: Vector
) -> None:
    """Write the most and least energy in, and the most energy out, of every storage.

    What a storage gives serves the load, then what vehicles take beside it, but only where solar
    leaves something of the load: solar that is left over comes first.  The rest is fed in.

    Parameters
    ----------
    site : Site
        Powers and net load.
    objective : Objective
        Who may buy energy, and who may send it beyond the house.
    here : bool array, shape (K, T)
        Who can move energy.
    traits : float64 array, shape (6, K)
        As in `StorageArrays`.
    limits : float64 array, shape (7, K, T)
        With its levels; powers are modified in place: for no more energy than lies between the
        hard levels there is room. [kWh per interval]
    """
    hours, net_load, n = site.horizon.hours, site.net_load, len(site.batteries)
    charge, discharge = (
        hours * _by_interval(site, name) for name in ("charge_limit", "discharge_limit")
    )
    least, while_on = np.zeros((2, *charge.shape))
    for k, battery in enumerate(site.batteries):
        least[k] = while_on[k] = battery.least_charge * hours
    for v, vehicle in enumerate(site.vehicles, n):
        while_on[v] = vehicle.least_charge * hours
        least[v] = vehicle.least_charge * np.minimum(hours, vehicle.least_time)
    for k, battery in enumerate(site.batteries):
        if battery.charge_curve:
            charge[k] = np.minimum(charge[k], hours * highest_power(battery))
    charge = np.where(charge < while_on, 0.0, charge)
    room = limits[tables.STORED_UPPER] - limits[tables.STORED_LOWER]
    most = np.minimum(charge, room / traits[tables.CHARGE_EFFICIENCY, :, None])
    surplus = np.maximum(-net_load, 0.0)
    free = np.repeat(surplus[None, :], len(here), axis=0)
    for v, vehicle in enumerate(site.vehicles, n):
        if vehicle.takes_only_free_energy:  # solar that is paid for is none
            beyond = np.maximum(surplus - site.grid.export_limit * hours, 0.0)
            free[v] = np.where(objective.export_price > 0.0, beyond, surplus)
    # While it is on, a charger takes no less than its least power; solar alone must give that.
    free = np.where(surplus >= while_on, free, 0.0)
    wanted, solar = energy_wanted(site), site.forecast.solar
    is_capped = objective.buys_least | ~objective.may_charge_from_grid
    most = np.where(is_capped, np.minimum(most, np.maximum(free, wanted)), most)
    within = np.maximum(np.where(solar >= while_on, solar, 0.0), wanted)
    most = np.where(site.are_within_solar[:, None], np.minimum(most, within), most)
    ends_short = traits[tables.ENDS_SHORT, :, None] > 0.0
    runs = here & (most > 0.0) & (ends_short | (most >= least))
    limits[tables.CHARGE_LIMIT] = np.where(runs, most, 0.0)
    limits[tables.LEAST_CHARGE] = np.where(runs, least, 0.0)

    served = np.repeat(np.maximum(net_load, 0.0)[None, :], len(here), axis=0)
    by_vehicles = limits[tables.CHARGE_LIMIT, n:].sum(axis=0)
    beside = np.repeat(by_vehicles[None, :], len(here), axis=0)
    beside[n:] -= limits[tables.CHARGE_LIMIT, n:]
    served += np.where(net_load >= 0.0, beside, 0.0)
    most = np.minimum(discharge, room * traits[tables.DISCHARGE_EFFICIENCY, :, None])
    most = np.minimum(most, served + feed_in_limit(site, objective))
    limits[tables.DISCHARGE_LIMIT] = np.where(here, most, 0.0)


def _by_interval(site: Site, name: str) -> Vector:
    """Return a field of every storage in every interval; shape (K, T)."""
    values = [site.horizon.spread(getattr(storage, name)) for storage in site.storages]
    return np.array(values).reshape(len(values), site.horizon.n_intervals)


def feed_in_limit(site: Site, objective: Objective) -> Vector:
    """Return the most energy that each storage may send beyond the house; shape (K, T). [kWh]"""
    powers = [*map(attrgetter("export_limit"), site.batteries), *[np.inf] * len(site.vehicles)]
    return np.where(objective.may_feed_in, np.outer(powers, site.horizon.hours), 0.0)


def pins_of(battery: Battery, horizon: Horizon) -> list[Pin | None]:
    """Return the pin of a battery in each interval that lies wholly within one; length T."""
    pins: list[Pin | None] = [None] * horizon.n_intervals
    for pin in reversed([*battery.pinned]):
        for t in np.flatnonzero(horizon.intervals_within(pin.begin, pin.end)).tolist():
            pins[t] = pin
    return pins


def write_pins(battery: Battery, horizon: Horizon, taper: Vector, limits: Vector) -> None:
    """Write what a battery is made to do: one way, and the levels that this leads to.

    Those are soft, so that the rest of the site may keep the battery from them.

    Parameters
    ----------
    battery : Battery
        With pins.
    horizon : Horizon
        The intervals.
    taper : float64 array, shape (2, T, J)
        Of this battery. [kWh per interval; -]
    limits : float64 array, shape (7, T)
        Of this battery; modified in place. [kWh per interval; kWh]
    """
    level: float | None = battery.initial_soc * battery.capacity
    lower, upper = limits[tables.STORED_LOWER, 0], limits[tables.STORED_UPPER, 0]
    for t, pin in enumerate(pins_of(battery, horizon)):
        if pin is None:
            level = None
            continue
        energy = pin.power * float(horizon.hours[t])
        charges, gives = (pin.action is way for way in (_CHARGE, _DISCHARGE))
        in_and_out = limits[[tables.CHARGE_LIMIT, tables.DISCHARGE_LIMIT], t]
        most_in, most_out = np.minimum(in_and_out, [energy * charges, energy * gives])
        most_in = most_in if most_in >= limits[tables.LEAST_CHARGE, t] else 0.0
        limits[[tables.CHARGE_LIMIT, tables.DISCHARGE_LIMIT], t] = most_in, most_out
        if level is not None:
            most_in = most_charge(taper[:, t], battery.charge_efficiency, level, most_in)
            level += most_in * battery.charge_efficiency - most_out / battery.discharge_efficiency
            level = min(max(level, lower), upper)
            limits[[tables.SOFT_FLOOR, tables.SOFT_CEILING], t] = level


def soft_band(battery: Battery, horizon: Horizon) -> Vector:
    """Return the states of charge that a battery is to be kept between; shape (2, T). [-]

    A limit holds at both ends of its interval, which are those of its neighbours; where these
    contradict each other the floor counts.  What is outside the first limit at first may stay
    there for `REGAIN_HOURS`, but goes no further, and keeps to limits that become tighter.
    """
    is_late = np.arange(horizon.n_intervals) >= horizon.index_at(REGAIN_HOURS)
    reserve, most = horizon.spread(battery.reserve), horizon.spread(battery.max_soc)
    floor = np.maximum(reserve, np.append(reserve[1:], reserve[-1]))
    ceiling = np.minimum(most, np.append(most[1:], most[-1]))
    lowest, highest = (
        np.minimum(floor, battery.initial_soc),
        np.maximum(ceiling, battery.initial_soc),
    )
    floor = np.where(is_late | (floor > reserve[0]), floor, lowest)
    ceiling = np.where(is_late | (ceiling < most[0]), ceiling, highest)
    return np.array([floor, np.maximum(ceiling, floor)])


def write_levels(site: Site, limits: Vector) -> None:
    """Write hard levels that standing still satisfies, and soft ones to be regained or reached.

    Soft levels are written where they ask for more than the hard ones.

    Parameters
    ----------
    site : Site
        Batteries and vehicles.
    limits : float64 array, shape (7, K, T)
        Zeros; its levels are modified in place. [kWh]
    """
    limits[tables.SOFT_CEILING] = np.inf
    for k, b in enumerate(site.batteries):
        floor, ceiling = soft_band(b, site.horizon)
        limits[tables.STORED_LOWER, k] = min(np.min(b.reserve), b.initial_soc) * b.capacity
        limits[tables.STORED_UPPER, k] = max(np.max(b.max_soc), b.initial_soc) * b.capacity
        if b.target_end_soc is not None:
            floor[-1] = max(floor[-1], min(b.target_end_soc, ceiling[-1]))
        for t, goal in goals_within(b.soc_at, site.horizon):
            floor[t] = max(floor[t], min(goal.soc, ceiling[t]))
        lower, upper = limits[tables.STORED_LOWER : tables.STORED_UPPER + 1, k]
        floor, ceiling = floor * b.capacity, ceiling * b.capacity
        limits[tables.SOFT_FLOOR, k] = np.where(floor > lower, floor, 0.0)
        limits[tables.SOFT_CEILING, k] = np.where(ceiling < upper, ceiling, np.inf)
    for k, v in enumerate(site.vehicles, len(site.batteries)):
        least = min(v.least_soc, v.initial_soc) if v.discharge_limit > 0 else v.initial_soc
        limits[tables.STORED_LOWER, k] = least * v.capacity
        limits[tables.STORED_UPPER, k] = max(v.most_soc, v.initial_soc) * v.capacity
        if not v.is_away(site.horizon):
            wanted = v.most_soc * v.capacity if v.takes_only_free_energy else target_energy(v)
            limits[tables.SOFT_FLOOR, k, leaves_after(v, site.horizon)] = wanted
        if v.goals:
            limits[tables.SOFT_FLOOR, k] = _floor_of_goals(v, site.horizon)


def _is_due_later(vehicle: Vehicle, horizon: Horizon) -> bool:
    """Return whether all that is wanted of a vehicle is due after the horizon."""
    is_later = vehicle.departure is not None and vehicle.stays(horizon)
    return is_later and not (vehicle.goals and vehicle.has_goals(horizon))


def _floor_of_goals(vehicle: Vehicle, horizon: Horizon) -> Vector:
    """Return the energy that goals, and a target that is due, want of a vehicle; shape (T,)."""
    most, floor = max(vehicle.most_soc, vehicle.initial_soc), np.zeros(horizon.n_intervals)
    for t, goal in goals_within(vehicle.goals, horizon):
        floor[t] = max(floor[t], min(goal.soc, most) * vehicle.capacity)
    if vehicle.is_due(horizon) or not vehicle.has_goals(horizon):
        t = leaves_after(vehicle, horizon)
        floor[t] = max(floor[t], target_energy(vehicle))
    return floor


def _level_prices(site: Site, objective: Objective, penalty: float, here: Mask) -> list[float]:
    """Return what a missed soft level of each storage costs. [$/kWh]"""
    prices = [penalty] * len(site.batteries)
    if not site.vehicles:
        return prices
    horizon, import_price = site.horizon, objective.import_price
    free = _FREE_SHARE * mean_price(np.abs(import_price), horizon.hours) or _FREE_VALUE
    for v, vehicle in enumerate(site.vehicles, len(site.batteries)):
        if vehicle.takes_only_free_energy:
            price = free
        elif _is_due_later(vehicle, horizon):
            planned = objective.import_price_with_surcharge  # it will be bought in every mode
            price = mean_price(planned - _BELOW_MEAN * np.abs(import_price), horizon.hours)
        elif vehicle.must_reach_target:
            prices.append(_RANK[vehicle.priority] * penalty)
            continue
        else:
            among = here[v] if here[v].any() else np.ones_like(here[v])
            price = _ABOVE_MEAN * mean_price(import_price[among], horizon.hours[among])
        prices.append(max(price, free) / vehicle.charge_efficiency)
    return prices


def mean_price(prices: Vector, hours: Vector) -> float:
    """Return the mean price over time of intervals of these lengths [h]. [$/kWh]"""
    return float(prices @ hours / hours.sum())
