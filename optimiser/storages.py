"""Batteries and vehicles as the arrays that every solver of ours takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from matrix_builders import StorageArrays, Vector
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
    lower, upper = (np.array([getattr(b, name) for b in bands]) for name in ("lower", "upper"))
    room = (upper - lower)[:, None]
    charge_efficiency = _numbers(s.charge_efficiency for s in each)
    discharge_efficiency = _numbers(s.discharge_efficiency for s in each)

    least_charge = np.outer([getattr(s, "least_charge", 0.0) for s in each], hours) * here
    charge_limit = np.where(here, np.outer([s.charge_limit for s in each], hours), 0.0)
    surplus = np.maximum(-site.net_load, 0.0)
    charge_limit = np.where(
        terms.may_charge_from_grid, charge_limit, np.minimum(charge_limit, surplus)
    )
    charge_limit = np.minimum(charge_limit, room / charge_efficiency[:, None])
    charge_limit = np.where(charge_limit < least_charge, 0.0, charge_limit)
    discharge_limit = np.where(here, np.outer([s.discharge_limit for s in each], hours), 0.0)
    discharge_limit = np.minimum(discharge_limit, room * discharge_efficiency[:, None])
    served = np.maximum(site.net_load, 0.0) + _drawn_by_other_vehicles(site, charge_limit)
    discharge_limit = np.minimum(discharge_limit, served + feed_in_limit(site, terms))
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
        least_charge=np.where(charge_limit > 0, least_charge, 0.0),
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


def _drawn_by_other_vehicles(site: Site, charge: Vector) -> Vector:
    """What each storage may give to vehicles beside the load, of `charge`; shape (K, T).

    Only where solar leaves something of the load: solar that is left over comes first.
    """
    own = charge.copy()
    own[: len(site.batteries)] = 0.0
    return np.where(site.net_load >= 0, own.sum(axis=0) - own, 0.0)


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
