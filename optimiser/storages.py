"""Batteries and vehicles as the arrays that every solver of ours takes."""

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Where the energy of one storage may and should be; arrays of shape (T,). [kWh]"""

    lower: float
    upper: float
    soft_floor: Vector
    soft_ceiling: Vector


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
    hours, horizon = site.horizon.hours, site.horizon
    each = site.storages
    here = np.ones((len(each), hours.size), dtype=np.bool_)
    for v, vehicle in enumerate(site.vehicles, len(site.batteries)):
        here[v] = present_at_charger(vehicle, horizon)
    bands = [
        *(_band_of_battery(battery, horizon) for battery in site.batteries),
        *(_band_of_vehicle(vehicle, horizon) for vehicle in site.vehicles),
    ]
    lower, upper = (_numbers(getattr(b, name) for b in bands) for name in ("lower", "upper"))
    charge_efficiency = _numbers(s.charge_efficiency for s in each)
    discharge_efficiency = _numbers(s.discharge_efficiency for s in each)
    charge_limit, discharge_limit, least_charge = np.zeros((3, *here.shape))
    limit_energies(
        len(site.batteries),
        np.array(hours),
        np.array(site.net_load),
        here,
        terms.may_charge_from_grid,
        (upper - lower) / charge_efficiency,
        (upper - lower) * discharge_efficiency,
        _numbers(s.charge_limit for s in each),
        _numbers(s.discharge_limit for s in each),
        _numbers(getattr(s, "least_charge", 0.0) for s in each),
        feed_in_limit(site, terms),
        charge_limit,
        discharge_limit,
        least_charge,
    )
    ones = np.ones(hours.size)
    return StorageArrays(
        charge_limit=charge_limit,
        discharge_limit=discharge_limit,
        stored_lower=np.outer(lower, ones),
        stored_upper=np.outer(upper, ones),
        soft_floor=_stacked([b.soft_floor for b in bands], hours.size),
        soft_ceiling=_stacked([b.soft_ceiling for b in bands], hours.size),
        initial=_numbers(s.initial_soc * s.capacity for s in each),
        charge_efficiency=charge_efficiency,
        discharge_efficiency=discharge_efficiency,
        wear=_numbers(s.cycle_cost for s in each),
        level_price=_level_prices(site, terms, penalty, here),
        least_charge=least_charge,
        group=_groups(site),
        end_of=np.arange(len(each)),
        end_width=np.zeros((len(each), 0)),
        end_price=np.zeros((len(each), 0)),
    )


def _numbers(values: Iterable[float]) -> Vector:
    return np.array(list(values), dtype=np.float64)


def feed_in_limit(site: Site, terms: Terms) -> Vector:
    """Most energy that each storage may send beyond the house; shape (K, T)."""
    limits = [b.export_limit for b in site.batteries] + [np.inf for _ in site.vehicles]
    return np.where(terms.may_feed_in, np.outer(limits, site.horizon.hours), 0.0)


@kernel(
    "void(i8, f8[::1], f8[::1], b1[:, ::1], b1[:, ::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])"
)
def limit_energies(
    n_batteries: int,
    hours: Vector,
    net_load: Vector,
    here: Mask,
    may_charge_from_grid: Mask,
    most_in: Vector,
    most_out: Vector,
    charge_power: Vector,
    discharge_power: Vector,
    least_power: Vector,
    feed_in: Vector,
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
    here, may_charge_from_grid : bool array, shape (K, T)
        Who can move energy, and who may buy it.
    most_in, most_out : float64 array, shape (K,)
        Energy for which the band of the storage has room, outside its losses. [kWh]
    charge_power, discharge_power, least_power : float64 array, shape (K,)
        Limits. [kW]
    feed_in : float64 array, shape (K, T)
        Most energy beyond the house. [kWh]
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
                discharge_limit[k, t] = min(most, served + feed_in[k, t])


def _hours_until(when: datetime, horizon: Horizon) -> float:
    return (when - horizon.start).total_seconds() / 3600.0


def _band_of_battery(battery: Battery, horizon: Horizon) -> Band:
    """Hard bounds that standing still satisfies, and levels to be regained."""
    n, capacity = horizon.n_intervals, battery.capacity
    regained = horizon.index_at(REGAIN_HOURS)
    floor, ceiling = np.zeros(n), np.full(n, np.inf)
    floor[regained:] = battery.reserve * capacity
    ceiling[regained:] = battery.max_soc * capacity
    if battery.target_end_soc is not None:
        wanted = min(battery.target_end_soc, battery.max_soc)
        floor[-1] = max(wanted, battery.reserve) * capacity
    return Band(
        lower=min(battery.reserve, battery.initial_soc) * capacity,
        upper=max(battery.max_soc, battery.initial_soc) * capacity,
        soft_floor=floor,
        soft_ceiling=ceiling,
    )


def _band_of_vehicle(vehicle: Vehicle, horizon: Horizon) -> Band:
    n = horizon.n_intervals
    floor = np.zeros(n)
    floor[leaves_after(vehicle, horizon)] = energy_wanted(vehicle)
    gives = vehicle.discharge_limit > 0
    least = min(vehicle.least_soc, vehicle.initial_soc) if gives else vehicle.initial_soc
    return Band(
        lower=least * vehicle.capacity,
        upper=max(vehicle.most_soc, vehicle.initial_soc) * vehicle.capacity,
        soft_floor=floor,
        soft_ceiling=np.full(n, np.inf),
    )


def _stacked(rows: list[Vector], n: int) -> Vector:
    return np.array(rows, dtype=np.float64).reshape(len(rows), n)


def _level_prices(site: Site, terms: Terms, penalty: float, here: Mask) -> Vector:
    """What a missed wish of each storage costs; a middling price where it is only a wish."""
    prices = [penalty] * len(site.batteries)
    for v, vehicle in enumerate(site.vehicles, len(site.batteries)):
        middling = terms.import_price[here[v]] if here[v].any() else terms.import_price
        worth = _WORTH * max(float(np.mean(middling)), 0.0) / vehicle.charge_efficiency
        prices.append(_RANK[vehicle.priority] * penalty if vehicle.must_reach_target else worth)
    return _numbers(prices)


def _groups(site: Site) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """One for all batteries, one for each vehicle: a car may be charged out of the battery."""
    vehicles = range(1, 1 + len(site.vehicles))
    return np.array([BATTERIES] * len(site.batteries) + list(vehicles), dtype=np.int64)
