"""Batteries and vehicles as the arrays that every solver of ours takes."""

from datetime import datetime
from typing import NamedTuple

import numpy as np

from matrix_builders import StorageArrays, Vector
from matrix_builders.compiled import kernel
from optimiser.problem.battery import Battery
from optimiser.problem.horizon import Horizon
from optimiser.problem.objective import Terms
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Priority, Vehicle
from optimiser.problem.windows import Mask

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


class Band(NamedTuple):
    """Where the energy of one storage may and should be.

    Attributes
    ----------
    lower, upper : float
        Hard bounds. [kWh]
    first, last : int
        Intervals from which on there are soft levels, and at which the floor is the last one.
    floor, last_floor, ceiling : float
        Soft levels from `first` on, up to `last`, at `last`, and to the end. [kWh]
    """

    lower: float
    upper: float
    first: int
    last: int
    floor: float
    last_floor: float
    ceiling: float


LOWER, UPPER, FIRST, LAST, FLOOR, LAST_FLOOR, CEILING = range(7)
"""Places in a `Band`."""

_N_CONSTANTS = 7


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
    bands = np.array(_bands(site), dtype=np.float64).reshape(-1, len(Band._fields))
    (
        initial,
        charge_efficiency,
        discharge_efficiency,
        wear,
        charge_power,
        discharge_power,
        least_power,
    ) = np.array([_constants(s) for s in each], dtype=np.float64).reshape(-1, _N_CONSTANTS).T.copy()
    charge_limit, discharge_limit, least_charge = np.zeros((3, *shape))
    stored_lower, stored_upper, soft_floor, soft_ceiling = levels = np.empty((4, *shape))
    limit_energies(
        n_batteries,
        np.array(horizon.hours),
        site.net_load,
        here,
        terms.may_charge_from_grid,
        terms.may_feed_in,
        bands,
        charge_efficiency,
        discharge_efficiency,
        charge_power,
        discharge_power,
        least_power,
        feed_in_powers(site),
        charge_limit,
        discharge_limit,
        least_charge,
    )
    write_bands(bands, levels)
    nothing = np.zeros((len(each), 0))
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
        end_width=nothing,
        end_price=nothing,
    )


def _constants(storage: Battery | Vehicle) -> tuple[float, ...]:
    """Energy, efficiencies, price of throughput and powers of a storage."""
    return (
        storage.initial_soc * storage.capacity,
        storage.charge_efficiency,
        storage.discharge_efficiency,
        storage.cycle_cost,
        storage.charge_limit,
        storage.discharge_limit,
        storage.least_charge if isinstance(storage, Vehicle) else 0.0,
    )


def feed_in_powers(site: Site) -> Vector:
    """Highest power of each storage beyond the house; shape (K,). [kW]"""
    return np.array([b.export_limit for b in site.batteries] + [np.inf for _ in site.vehicles])


def feed_in_limit(site: Site, terms: Terms) -> Vector:
    """Most energy that each storage may send beyond the house; shape (K, T)."""
    return np.where(terms.may_feed_in, np.outer(feed_in_powers(site), site.horizon.hours), 0.0)


@kernel(
    "void(i8, f8[::1], f8[::1], b1[:, ::1], b1[:, ::1], b1[:, ::1], f8[:, ::1], f8[::1],"
    " f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])"
)
def limit_energies(
    n_batteries: int,
    hours: Vector,
    net_load: Vector,
    here: Mask,
    may_charge_from_grid: Mask,
    may_feed_in: Mask,
    bands: Vector,
    charge_efficiency: Vector,
    discharge_efficiency: Vector,
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
    bands : float64 array, shape (K, 7)
        A `Band` of each storage: for no more energy than lies between its bounds there is room.
    charge_efficiency, discharge_efficiency : float64 array, shape (K,)
        One-way. [-]
    charge_power, discharge_power, least_power, feed_in_power : float64 array, shape (K,)
        Limits, the last one beyond the house. [kW]
    charge_limit, discharge_limit, least_charge : float64 array, shape (K, T)
        Zeros; modified in place. [kWh]
    """
    n = here.shape[0]
    most_in = np.empty(n)
    most_out = np.empty(n)
    for k in range(n):
        most_in[k] = (bands[k, UPPER] - bands[k, LOWER]) / charge_efficiency[k]
        most_out[k] = (bands[k, UPPER] - bands[k, LOWER]) * discharge_efficiency[k]
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


@kernel("void(f8[:, ::1], f8[:, :, ::1])")
def write_bands(bands: Vector, levels: Vector) -> None:
    """Bounds and wishes of every interval.

    Parameters
    ----------
    bands : float64 array, shape (K, 7)
        A `Band` of each storage. [kWh]
    levels : float64 array, shape (4, K, T)
        Lower and upper bounds, soft floors and soft ceilings; modified in place. [kWh]
    """
    for k in range(bands.shape[0]):
        for t in range(levels.shape[2]):
            levels[0, k, t] = bands[k, LOWER]
            levels[1, k, t] = bands[k, UPPER]
            is_wished = bands[k, FIRST] <= t < bands[k, LAST]
            levels[2, k, t] = bands[k, FLOOR] if is_wished else 0.0
            levels[3, k, t] = bands[k, CEILING] if t >= bands[k, FIRST] else np.inf
        levels[2, k, int(bands[k, LAST])] = bands[k, LAST_FLOOR]


def _bands(site: Site) -> list[Band]:
    """Bounds that standing still satisfies, and levels to be regained or reached."""
    horizon = site.horizon
    bands = []
    if site.batteries:
        regained = horizon.index_at(REGAIN_HOURS)
    for b in site.batteries:
        floor = b.reserve * b.capacity
        wanted = None if b.target_end_soc is None else min(b.target_end_soc, b.max_soc)
        bands.append(
            Band(
                lower=min(b.reserve, b.initial_soc) * b.capacity,
                upper=max(b.max_soc, b.initial_soc) * b.capacity,
                first=regained,
                last=horizon.n_intervals - 1,
                floor=floor,
                last_floor=floor if wanted is None else max(wanted, b.reserve) * b.capacity,
                ceiling=b.max_soc * b.capacity,
            )
        )
    for v in site.vehicles:
        leaves = leaves_after(v, horizon)
        least = min(v.least_soc, v.initial_soc) if v.discharge_limit > 0 else v.initial_soc
        bands.append(
            Band(
                lower=least * v.capacity,
                upper=max(v.most_soc, v.initial_soc) * v.capacity,
                first=leaves,
                last=leaves,
                floor=0.0,
                last_floor=energy_wanted(v),
                ceiling=np.inf,
            )
        )
    return bands


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
