"""Who fed whom: accounting, derived after the solve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.model.arrays import Permissions
from optimiser.model.dispatch import Dispatch
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyFlows:
    """The flows of a site; arrays of shape (T,), or (V, T) per vehicle. [kWh per interval]

    Solar serves the load first, then what may take nothing else, then batteries and vehicles in
    the order of their priority, then the grid.  Batteries and vehicles serve the load before the
    grid; those that may not feed in come first.
    """

    solar_to_load: Vector
    solar_to_battery: Vector
    solar_to_vehicle: Vector
    solar_to_grid: Vector
    battery_to_load: Vector
    battery_to_vehicle: Vector
    battery_to_grid: Vector
    vehicle_to_load: Vector
    vehicle_to_battery: Vector
    vehicle_to_vehicle: Vector
    vehicle_to_grid: Vector
    grid_to_load: Vector
    grid_to_battery: Vector
    grid_to_vehicle: Vector


def flows_of(site: Site, dispatch: Dispatch, permissions: Permissions | None = None) -> EnergyFlows:
    """Split a dispatch into its flows.

    Parameters
    ----------
    site : Site
        Load, solar and the storages of the dispatch.
    dispatch : Dispatch
        A physical dispatch.
    permissions : Permissions, optional
        Who may trade with the grid; everyone where absent.

    Returns
    -------
    EnergyFlows
        All non-negative; each source and each sink adds up.
    """
    n, shape = len(site.batteries), dispatch.charge.shape
    may = permissions or Permissions.all(shape)
    whole = np.zeros((_N_WHOLE, shape[1]))
    each = np.zeros((_N_EACH, *shape))
    split(
        n,
        _passed_on(site),
        site.horizon.hours,
        site.forecast.load,
        site.forecast.solar,
        dispatch.curtailed,
        dispatch.charge,
        dispatch.discharge,
        may.charge_from_grid,
        may.feed_in,
        np.array([1] * n + [_TURN[v.priority] for v in site.vehicles], dtype=np.int64),
        whole,
        each,
    )
    solar_to, from_battery, from_vehicle, from_grid = each[:, n:]
    return EnergyFlows(
        solar_to_load=whole[_SOLAR_TO_LOAD],
        solar_to_battery=whole[_SOLAR_TO_BATTERY],
        solar_to_vehicle=solar_to,
        solar_to_grid=whole[_SOLAR_TO_GRID],
        battery_to_load=whole[_BATTERY_TO_LOAD],
        battery_to_vehicle=from_battery,
        battery_to_grid=whole[_BATTERY_TO_GRID],
        vehicle_to_load=whole[_VEHICLE_TO_LOAD],
        vehicle_to_battery=whole[_VEHICLE_TO_BATTERY],
        vehicle_to_vehicle=from_vehicle,
        vehicle_to_grid=whole[_VEHICLE_TO_GRID],
        grid_to_load=whole[_GRID_TO_LOAD],
        grid_to_battery=whole[_GRID_TO_BATTERY],
        grid_to_vehicle=from_grid,
    )


_TURN = {Priority.EV_FIRST: 0, Priority.EQUAL: 1, Priority.BATTERY_FIRST: 2}
"""Turn of a vehicle in the queue for solar; batteries have the middle one."""

_N_TURNS = 3

# Rows of the flows of the whole site, then of those of each storage.  What batteries and vehicles
# give follows the same order.
_SOLAR_TO_LOAD, _SOLAR_TO_GRID, _GRID_TO_LOAD = range(3)
_BATTERY_TO_LOAD, _VEHICLE_TO_LOAD, _BATTERY_TO_GRID, _VEHICLE_TO_GRID = range(3, 7)
_SOLAR_TO_BATTERY, _VEHICLE_TO_BATTERY, _GRID_TO_BATTERY = range(7, 10)
_N_WHOLE = 10
_SOLAR, _BATTERY, _VEHICLE, _GRID = range(4)
_N_EACH = 4


def _passed_on(site: Site) -> float:
    """Solar power that can leave the inverter; the rest charges the batteries beside it. [kW]"""
    if site.inverter is None or not site.inverter.dc_coupled_solar:
        return np.inf
    return site.inverter.ac_limit


@kernel("f8(f8, f8[:, :, ::1], i8, i8, b1[::1])", inlined=True)
def share(supply: float, each: Vector, t: int, source: int, chosen: NDArray[np.bool_]) -> float:
    """Share a supply among the open charges of those chosen, by their size; return what is left."""
    total = 0.0
    for k in range(chosen.size):
        if chosen[k]:
            total += each[_GRID, k, t]
    part = supply / total if total > supply else 1.0
    left = supply
    for k in range(chosen.size):
        if chosen[k]:
            given = each[_GRID, k, t] * part
            each[source, k, t] += given
            each[_GRID, k, t] = max(each[_GRID, k, t] - given, 0.0)
            left -= given
    return max(left, 0.0)


@kernel(
    "void(i8, f8, Array(f8, 1, 'C', readonly=True), Array(f8, 1, 'C', readonly=True),"
    " Array(f8, 1, 'C', readonly=True), f8[::1], f8[:, ::1], f8[:, ::1], b1[:, ::1],"
    " b1[:, ::1], i8[::1], f8[:, ::1], f8[:, :, ::1])"
)
def split(
    n_batteries: int,
    passed_on: float,
    hours: Vector,
    load: Vector,
    solar: Vector,
    curtailed: Vector,
    charge: Vector,
    discharge: Vector,
    may_charge_from_grid: NDArray[np.bool_],
    may_feed_in: NDArray[np.bool_],
    turn: NDArray[np.int64],
    whole: Vector,
    each: Vector,
) -> None:
    """Split the energy of every interval into flows.

    Parameters
    ----------
    n_batteries : int
        Storages that are batteries; vehicles come after them.
    passed_on : float
        Solar power that can leave the inverter; infinite where the panels are not behind it. [kW]
    hours : float64 array, shape (T,)
        Length of each interval. [h]
    load, solar, curtailed : float64 array, shape (T,)
        What the house uses, what the panels offer, and what of that is left unused.
        [kWh per interval]
    charge, discharge : float64 array, shape (K, T)
        What goes into and out of each storage. [kWh per interval]
    may_charge_from_grid, may_feed_in : bool array, shape (K, T)
        Who may trade with the grid.
    turn : int64 array, shape (K,)
        Turn of each storage in the queue for solar.
    whole : float64 array, shape (10, T)
        Zeros; modified in place: flows of the whole site.  What is left of the load is the grid's.
    each : float64 array, shape (4, K, T)
        Zeros; modified in place: what each storage takes.  What is still open is the grid's.
    """
    n = turn.size
    chosen = np.zeros(n, dtype=np.bool_)
    for t in range(whole.shape[1]):
        wanted = 0.0
        given = 0.0
        for k in range(n):
            each[_GRID, k, t] = charge[k, t]
            wanted += charge[k, t]
            given += discharge[k, t]
        left = solar[t] - curtailed[t]
        kept = max(left - hours[t] * passed_on, 0.0)
        if kept > 0.0:
            for k in range(n):
                chosen[k] = k < n_batteries
            left = left - kept + share(kept, each, t, _SOLAR, chosen)
        to_load = min(load[t], left)
        whole[_SOLAR_TO_LOAD, t] = to_load
        needed = load[t] - to_load
        left = max(left - to_load, 0.0)
        if left > 0.0 and wanted > 0.0:
            for k in range(n):
                chosen[k] = not may_charge_from_grid[k, t]
            left = share(left, each, t, _SOLAR, chosen)
            for now in range(_N_TURNS):
                for k in range(n):
                    chosen[k] = turn[k] == now
                left = share(left, each, t, _SOLAR, chosen)
        whole[_SOLAR_TO_GRID, t] = left
        if given > 0.0:
            for feeds_in in (False, True):
                for source in (_BATTERY, _VEHICLE):
                    supply = 0.0
                    for k in range(n):
                        is_battery = k < n_batteries
                        if may_feed_in[k, t] == feeds_in and is_battery == (source == _BATTERY):
                            supply += discharge[k, t]
                        chosen[k] = not (is_battery and source == _BATTERY)  # none charges another
                    to_load = min(needed, supply)
                    needed -= to_load
                    supply -= to_load
                    whole[_BATTERY_TO_LOAD + source - _BATTERY, t] += to_load
                    if supply > 0.0 and wanted > 0.0:
                        supply = share(supply, each, t, source, chosen)
                    whole[_BATTERY_TO_GRID + source - _BATTERY, t] += supply
        whole[_GRID_TO_LOAD, t] = needed
        for k in range(n_batteries):
            whole[_SOLAR_TO_BATTERY, t] += each[_SOLAR, k, t]
            whole[_VEHICLE_TO_BATTERY, t] += each[_VEHICLE, k, t]
            whole[_GRID_TO_BATTERY, t] += each[_GRID, k, t]
