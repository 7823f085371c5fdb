"""Plain self-consumption: what a battery does that nobody plans for.

It keeps surplus solar and serves the house, and charges from the grid only as late as its reserve
or its target leave it; vehicles charge as they come.  No forecast and no price is used but for the
price of what a vehicle may go without.  It is the baseline of savings, a start of the search, and
the plan where every solver failed.
"""

import numpy as np

from matrix_builders import Vector, tables
from matrix_builders.compiled import kernel
from matrix_builders.storage import most_charge
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Trajectory
from optimiser.model.storages import BATTERIES
from optimiser.problem.windows import Mask

_NOTHING = 1e-9  # kWh


def self_consumption(problem: ProblemArrays) -> Trajectory:
    """Return the stored energy of plain self-consumption, within every level and permission."""
    storages = problem.storages
    may_charge = np.ones(storages.limits.shape[1:], dtype=np.bool_)
    if problem.permissions is not None:
        may_charge = may_charge & problem.permissions.charge_from_grid
    is_battery = storages.group == BATTERIES
    limits = storages.limits
    if problem.couplings.phase_room is not None:
        limits = limits.copy()
        most = limits[tables.CHARGE_LIMIT]
        limits[tables.CHARGE_LIMIT] = np.minimum(most, problem.couplings.phase_room)
    arrays = limits, storages.traits, storages.taper
    band = level_band(problem.meter, *arrays, is_battery, may_charge)
    levels = follow_rules(
        problem.meter,
        *arrays,
        is_battery,
        may_charge,
        band,
        _inverter_limits(problem),
    )
    if problem.couplings.is_empty:
        return Trajectory(levels)
    # To leave solar unused and be paid to import may cost far more in a peak, and where a battery
    # takes solar only: surplus that would be sold at a loss is left unused, and no more.
    price, limit = problem.meter[tables.EXPORT_PRICE], problem.meter[tables.EXPORT_LIMIT]
    return Trajectory(levels, np.where(price < 0.0, 0.0, -limit))


def _inverter_limits(problem: ProblemArrays) -> Vector:
    """Return the most energy that batteries may give and take through it; shape (2, T). [kWh]"""
    inverter = problem.couplings.inverter
    if inverter is None:
        return np.full((2, problem.hours.size), np.inf)
    out = np.maximum(inverter.limit - inverter.solar, 0.0)
    return np.array([out, inverter.limit_in + inverter.solar])


@kernel(
    "f8[:, :, ::1](f8[:, ::1], f8[:, :, ::1], f8[:, ::1], f8[:, :, :, ::1], b1[::1], b1[:, ::1])"
)
def level_band(
    meter: Vector,
    limits: Vector,
    traits: Vector,
    taper: Vector,
    is_battery: Mask,
    may_charge: Mask,
) -> Vector:
    """Return the levels from which every later soft level is still reached; shape (2, K, T).

    A battery charges and discharges at its most beside the house; a vehicle wants its target at
    once. [kWh]
    """
    band: Vector = limits[tables.SOFT_FLOOR : tables.SOFT_CEILING + 1].copy()
    least, most = band[0], band[1]
    for k in range(least.shape[0]):
        for t in range(least.shape[1] - 2, -1, -1):
            gain, loss = 0.0, 0.0
            if is_battery[k]:
                room = -meter[tables.NET_LOAD, t + 1]
                if may_charge[k, t + 1]:
                    room += meter[tables.IMPORT_LIMIT, t + 1]
                gain = min(room, limits[tables.CHARGE_LIMIT, k, t + 1])
                for j in range(taper.shape[3]):
                    fall = taper[tables.TAPER_FALL, k, t + 1, j] * least[k, t + 1]
                    gain = min(gain, taper[tables.TAPER_EMPTY, k, t + 1, j] - fall)
                gain = max(gain, 0.0) * traits[tables.CHARGE_EFFICIENCY, k]
                loss = limits[tables.DISCHARGE_LIMIT, k, t + 1]
                loss /= traits[tables.DISCHARGE_EFFICIENCY, k]
            least[k, t] = max(least[k, t], least[k, t + 1] - gain)
            most[k, t] = min(most[k, t], most[k, t + 1] + loss)
    return band


@kernel("f8(f8[:], f8[:], f8[:], f8, f8)")
def vehicle_charge(
    meter: Vector, limits: Vector, traits: Vector, missing: float, drawn: float
) -> float:
    """Return the energy of one vehicle beside what is `drawn`: all that it can, or none. [kWh]

    It is bought where that is worth its price.  The tables are those of one interval and vehicle.
    """
    into = traits[tables.CHARGE_EFFICIENCY]
    buys = traits[tables.LEVEL_PRICE] * into >= meter[tables.IMPORT_PRICE]
    room = max((meter[tables.IMPORT_LIMIT] if buys else 0.0) - drawn, 0.0)
    taken = min(limits[tables.CHARGE_LIMIT], missing / into, room)
    is_last = traits[tables.ENDS_SHORT] > 0.0 and taken * into >= missing
    return taken if is_last or taken >= limits[tables.LEAST_CHARGE] else 0.0


@kernel(
    "f8[:, ::1](f8[:, ::1], f8[:, :, ::1], f8[:, ::1], f8[:, :, :, ::1], b1[::1], b1[:, ::1],"
    " f8[:, :, ::1], f8[:, ::1])"
)
def follow_rules(
    meter: Vector,
    limits: Vector,
    traits: Vector,
    taper: Vector,
    is_battery: Mask,
    may_charge: Mask,
    band: Vector,
    passes: Vector,
) -> Vector:
    """Return the levels of vehicles that charge at once, and of batteries that serve the house.

    Parameters
    ----------
    meter : float64 array, shape (9, T)
        As in `MeterArrays`.
    limits, traits, taper : float64 array, shape (7, K, T), (6, K) and (2, K, T, J)
        As in `StorageArrays`.
    is_battery : bool array, shape (K,)
        False for vehicles.
    may_charge : bool array, shape (K, T)
        False where a storage must not be charged from the grid.
    band : float64 array, shape (2, K, T)
        Result of `level_band`. [kWh]
    passes : float64 array, shape (2, T)
        Most that batteries may give and take through their inverter. [kWh]

    Returns
    -------
    float64 array, shape (K, T)
        Energy at the end of each interval. [kWh]
    """
    n_storages, n = may_charge.shape
    into, out = traits[tables.CHARGE_EFFICIENCY], traits[tables.DISCHARGE_EFFICIENCY]
    levels = np.empty((n_storages, n))
    stored = traits[tables.INITIAL].copy()
    for t in range(n):
        drawn = meter[tables.NET_LOAD, t]
        missing, excess = np.maximum(band[0, :, t] - stored, 0.0), stored - band[1, :, t]
        is_short, is_over = False, False
        for k in range(n_storages):
            if is_battery[k]:
                is_short = is_short or (may_charge[k, t] and missing[k] > _NOTHING)
                is_over = is_over or excess[k] > _NOTHING
            else:
                taken = vehicle_charge(
                    meter[:, t], limits[:, k, t], traits[:, k], missing[k], drawn
                )
                stored[k] += taken * into[k]
                drawn += taken
        charges = is_short or (drawn < 0.0 and not is_over)  # one way for all batteries
        gives, takes = passes[0, t], passes[1, t]
        for k in range(n_storages):
            if is_battery[k] and charges:
                most = min(limits[tables.STORED_UPPER, k, t], band[1, k, t]) - stored[k]
                most = min(most / into[k], limits[tables.CHARGE_LIMIT, k, t], takes)
                most = most_charge(taper[:, k, t], into[k], stored[k], most)
                lacks = max(missing[k] / into[k], limits[tables.LEAST_CHARGE, k, t])
                lacks = lacks if missing[k] > _NOTHING else 0.0
                bought = min(lacks, meter[tables.IMPORT_LIMIT, t] - drawn)
                wanted = max(-drawn, bought if may_charge[k, t] else 0.0)
                taken = max(min(most, wanted), 0.0)
                if taken < limits[tables.LEAST_CHARGE, k, t] - _NOTHING:
                    taken = 0.0
                stored[k] += taken * into[k]
                drawn += taken
                takes -= taken
            elif is_battery[k]:
                least = max(limits[tables.STORED_LOWER, k, t], band[0, k, t])
                most = min(
                    (stored[k] - least) * out[k], limits[tables.DISCHARGE_LIMIT, k, t], gives
                )
                given = max(min(most, max(drawn, excess[k] * out[k])), 0.0)
                stored[k] -= given / out[k]
                drawn -= given
                gives -= given
        levels[:, t] = stored
    return levels
