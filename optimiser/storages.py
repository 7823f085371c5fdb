"""Batteries and vehicles as the arrays that every solver of ours takes."""

from datetime import datetime

import numpy as np

from matrix_builders import StorageArrays, Vector
from matrix_builders.compiled import kernel
from optimiser.battery import Battery
from optimiser.horizon import Horizon
from optimiser.objective import Terms
from optimiser.site import Site
from optimiser.vehicle import Priority, Vehicle
from optimiser.window import Mask

REGAIN_HOURS = 24.0
"""A state outside its band is to be back within this time, at least cost. [h]"""

_NEVER = 1e-9  # h; rounding of times

BATTERIES = 0
"""Group of the home batteries; each vehicle is a group of its own."""

# A target that need not be reached is worth a little more than the mean price: on a flat tariff it
# is reached.
_WORTH = 1.05

# Who yields where not every wish can be met: shares of the penalty.
_RANK = {Priority.EV_FIRST: 2.0, Priority.EQUAL: 1.0, Priority.BATTERY_FIRST: 0.5}


def present_at_charger(vehicle: Vehicle, horizon: Horizon) -> Mask:
    """Intervals that lie wholly between arrival and departure; shape (T,)."""
    ends, starts = horizon.elapsed, horizon.elapsed - horizon.hours
    here = np.ones(horizon.n_intervals, dtype=np.bool_)
    if vehicle.arrival is not None:
        here &= starts >= _hours_until(vehicle.arrival, horizon) - _NEVER
    if vehicle.departure is not None:
        here &= ends <= _hours_until(vehicle.departure, horizon) + _NEVER
    return here


def leaves_after(vehicle: Vehicle, horizon: Horizon) -> int:
    """Last interval that ends at or before the departure; the first if none does."""
    if vehicle.departure is None:
        return horizon.n_intervals - 1
    return horizon.index_at(_hours_until(vehicle.departure, horizon))


def stays(vehicle: Vehicle, horizon: Horizon) -> bool:
    """Whether the vehicle is still at its charger when the horizon ends."""
    return leaves_after(vehicle, horizon) == horizon.n_intervals - 1


def energy_wanted(vehicle: Vehicle) -> float:
    """Stored energy wanted at departure; zero without a target. [kWh]"""
    if vehicle.target_soc is None:
        return 0.0
    return min(vehicle.target_soc, max(vehicle.most_soc, vehicle.initial_soc)) * vehicle.capacity


def storage_arrays(site: Site, terms: Terms, penalty: float) -> StorageArrays:
    """Arrays of every storage; nothing left at their end is worth anything.

    Parameters
    ----------
    site : Site
        Batteries and vehicles.
    terms : Terms
        Permissions and prices.
    penalty : float
        Price of missing a wish by one kWh. [$/kWh]

    Returns
    -------
    StorageArrays
        Limits tightened to what the site can physically do, so that every column is boxed.
    """
    horizon, each = site.horizon, site.storages
    n_batteries, shape = len(site.batteries), (len(each), horizon.n_intervals)
    here = np.ones(shape, dtype=np.bool_)
    for v, vehicle in enumerate(site.vehicles, n_batteries):
        here[v] = present_at_charger(vehicle, horizon)
    numbers = np.array([_numbers(storage) for storage in each], dtype=np.float64)
    (
        lower,
        upper,
        initial,
        charge_efficiency,
        discharge_efficiency,
        charge_power,
        discharge_power,
        least_power,
        wear,
    ) = np.ascontiguousarray(numbers.reshape(-1, _N_NUMBERS).T)
    charge_limit, discharge_limit, least_charge, stored_lower, stored_upper = np.zeros((5, *shape))
    limit_energies(
        n_batteries,
        np.array(horizon.hours),
        site.net_load,
        here,
        terms.may_charge_from_grid,
        terms.may_feed_in,
        (upper - lower) / charge_efficiency,
        (upper - lower) * discharge_efficiency,
        charge_power,
        discharge_power,
        least_power,
        feed_in_powers(site),
        charge_limit,
        discharge_limit,
        least_charge,
    )
    stored_lower += lower[:, None]
    stored_upper += upper[:, None]
    soft_floor, soft_ceiling = _soft_levels(site)
    return StorageArrays(
        charge_limit=charge_limit,
        discharge_limit=discharge_limit,
        stored_lower=stored_lower,
        stored_upper=stored_upper,
        soft_floor=soft_floor,
        soft_ceiling=soft_ceiling,
        initial=initial,
        charge_efficiency=charge_efficiency,
        discharge_efficiency=discharge_efficiency,
        wear=wear,
        level_price=_level_prices(site, terms, penalty, here),
        least_charge=least_charge,
        group=_groups(site),
        end_of=np.arange(len(each)),
        end_width=np.zeros((len(each), 0)),
        end_price=np.zeros((len(each), 0)),
    )


_N_NUMBERS = 9


def _numbers(storage: Battery | Vehicle) -> tuple[float, ...]:
    """Hard band and energy now [kWh], efficiencies [-], powers [kW], wear [$/kWh]."""
    initial = storage.initial_soc
    if isinstance(storage, Battery):  # bounds that standing still satisfies
        least, most = min(storage.reserve, initial), max(storage.max_soc, initial)
        least_power = 0.0
    else:
        gives = storage.discharge_limit > 0
        least = min(storage.least_soc, initial) if gives else initial
        most, least_power = max(storage.most_soc, initial), storage.least_charge
    return (
        least * storage.capacity,
        most * storage.capacity,
        initial * storage.capacity,
        storage.charge_efficiency,
        storage.discharge_efficiency,
        storage.charge_limit,
        storage.discharge_limit,
        least_power,
        storage.cycle_cost,
    )


def feed_in_powers(site: Site) -> Vector:
    """Highest power of each storage beyond the house; shape (K,). [kW]"""
    return np.array([b.export_limit for b in site.batteries] + [np.inf for _ in site.vehicles])


def feed_in_limit(site: Site, terms: Terms) -> Vector:
    """Most energy that each storage may send beyond the house; shape (K, T)."""
    return np.where(terms.may_feed_in, np.outer(feed_in_powers(site), site.horizon.hours), 0.0)


@kernel(
    "void(i8, f8[::1], f8[::1], b1[:, ::1], b1[:, ::1], b1[:, ::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])"
)
def limit_energies(
    n_batteries: int,
    hours: Vector,
    net_load: Vector,
    here: Mask,
    may_charge_from_grid: Mask,
    may_feed_in: Mask,
    most_in: Vector,
    most_out: Vector,
    charge_power: Vector,
    discharge_power: Vector,
    least_power: Vector,
    feed_in_power: Vector,
    charge_limit: Vector,
    discharge_limit: Vector,
    least_charge: Vector,
) -> None:
    """Most and least energy in, and most energy out, of every storage in every interval.

    What a storage gives serves the load, then what vehicles take beside it, but only where solar
    leaves something of the load: solar that is left over comes first.  The rest is fed in.

    Parameters
    ----------
    n_batteries : int
        Storages that are batteries; vehicles come after them.
    hours, net_load : float64 array, shape (T,)
        Length of each interval [h], and load less solar [kWh].
    here, may_charge_from_grid, may_feed_in : bool array, shape (K, T)
        Who can move energy, who may buy it, and who may send it beyond the house.
    most_in, most_out : float64 array, shape (K,)
        Energy for which the band of the storage has room, outside its losses. [kWh]
    charge_power, discharge_power, least_power, feed_in_power : float64 array, shape (K,)
        Limits, the last one beyond the house. [kW]
    charge_limit, discharge_limit, least_charge : float64 array, shape (K, T)
        Zeros; modified in place. [kWh]
    """
    n = here.shape[0]
    for t in range(hours.size):
        by_vehicles = 0.0
        for k in range(n):
            if not here[k, t]:
                continue
            most = min(charge_power[k] * hours[t], most_in[k])
            if not may_charge_from_grid[k, t]:
                most = min(most, max(-net_load[t], 0.0))
            least = least_power[k] * hours[t]
            if most >= least and most > 0.0:
                charge_limit[k, t] = most
                least_charge[k, t] = least
                if k >= n_batteries:
                    by_vehicles += most
        for k in range(n):
            if here[k, t]:
                served = max(net_load[t], 0.0)
                if net_load[t] >= 0.0:
                    served += by_vehicles - (charge_limit[k, t] if k >= n_batteries else 0.0)
                most = min(discharge_power[k] * hours[t], most_out[k])
                fed_in = feed_in_power[k] * hours[t] if may_feed_in[k, t] else 0.0
                discharge_limit[k, t] = min(most, served + fed_in)


def _hours_until(when: datetime, horizon: Horizon) -> float:
    return (when - horizon.start).total_seconds() / 3600.0


def _soft_levels(site: Site) -> Vector:
    """Floors and ceilings that may be missed at a price; shape (2, K, T). [kWh]"""
    horizon, n_batteries = site.horizon, len(site.batteries)
    levels = np.zeros((2, len(site.storages), horizon.n_intervals))
    floor, ceiling = levels
    ceiling.fill(np.inf)
    regained = horizon.index_at(REGAIN_HOURS)
    for k, battery in enumerate(site.batteries):
        floor[k, regained:] = battery.reserve * battery.capacity
        ceiling[k, regained:] = battery.max_soc * battery.capacity
        if battery.target_end_soc is not None:
            wanted = min(battery.target_end_soc, battery.max_soc)
            floor[k, -1] = max(wanted, battery.reserve) * battery.capacity
    for v, vehicle in enumerate(site.vehicles, n_batteries):
        floor[v, leaves_after(vehicle, horizon)] = energy_wanted(vehicle)
    return levels


def _level_prices(site: Site, terms: Terms, penalty: float, here: Mask) -> Vector:
    """What a missed wish of each storage costs; a middling price where it is only a wish."""
    prices = [penalty] * len(site.batteries)
    for v, vehicle in enumerate(site.vehicles, len(site.batteries)):
        middling = terms.import_price[here[v]] if here[v].any() else terms.import_price
        worth = _WORTH * max(float(np.mean(middling)), 0.0) / vehicle.charge_efficiency
        prices.append(_RANK[vehicle.priority] * penalty if vehicle.must_reach_target else worth)
    return np.array(prices, dtype=np.float64)


def _groups(site: Site) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """One for all batteries, one for each vehicle: a car may be charged out of the battery."""
    vehicles = range(1, 1 + len(site.vehicles))
    return np.array([BATTERIES] * len(site.batteries) + list(vehicles), dtype=np.int64)
