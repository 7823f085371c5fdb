"""Energy of a whole plan, added up."""

from typing import NamedTuple

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.model.dispatch import Dispatch
from optimiser.result.flows import EnergyFlows


class Totals(NamedTuple):
    """Energy over the horizon. [kWh]

    Attributes
    ----------
    grid_import, grid_export : float
        Through the meter.
    curtailed : float
        Solar left unused.
    charge, discharge : float
        Into and out of the batteries.
    solar_to_load, solar_to_battery, solar_to_grid, solar_to_vehicle : float
        Where solar goes.
    battery_to_load, battery_to_grid, battery_to_vehicle : float
        Where the energy of the batteries goes.
    """

    grid_import: float
    grid_export: float
    curtailed: float
    charge: float
    discharge: float
    solar_to_load: float
    solar_to_battery: float
    solar_to_grid: float
    solar_to_vehicle: float
    battery_to_load: float
    battery_to_grid: float
    battery_to_vehicle: float


def totals_of(n_batteries: int, dispatch: Dispatch, flows: EnergyFlows) -> Totals:
    """Add up what a plan does; its storages are batteries first, then vehicles."""
    sums = add_up(
        n_batteries,
        dispatch.grid_import,
        dispatch.grid_export,
        dispatch.curtailed,
        dispatch.charge,
        dispatch.discharge,
        flows.solar_to_load,
        flows.solar_to_battery,
        flows.solar_to_grid,
        flows.solar_to_vehicle,
        flows.battery_to_load,
        flows.battery_to_grid,
        flows.battery_to_vehicle,
    )
    return Totals(*map(float, sums))


@kernel(
    "UniTuple(f8, 12)(i8, f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[::1],"
    " f8[::1], f8[:, ::1], f8[::1], f8[::1], f8[:, ::1])"
)
def add_up(
    n_batteries: int,
    grid_import: Vector,
    grid_export: Vector,
    curtailed: Vector,
    charge: Vector,
    discharge: Vector,
    solar_to_load: Vector,
    solar_to_battery: Vector,
    solar_to_grid: Vector,
    solar_to_vehicle: Vector,
    battery_to_load: Vector,
    battery_to_grid: Vector,
    battery_to_vehicle: Vector,
) -> tuple[float, ...]:
    """Add up energies over the intervals, and over storages.

    Parameters
    ----------
    n_batteries : int
        Storages that are batteries; of `charge` and `discharge` only they count.
    charge, discharge : float64 array, shape (K, T)
        What goes into and out of each storage. [kWh per interval]
    solar_to_vehicle, battery_to_vehicle : float64 array, shape (V, T)
        What each vehicle takes. [kWh per interval]
    others : float64 array, shape (T,)
        Of the whole site. [kWh per interval]

    Returns
    -------
    tuple of float
        As the fields of `Totals`. [kWh]
    """
    drawn, given, lost, charged, discharged = 0.0, 0.0, 0.0, 0.0, 0.0
    by_solar, stored, sold, driven = 0.0, 0.0, 0.0, 0.0
    by_battery, battery_sold, battery_driven = 0.0, 0.0, 0.0
    for t in range(grid_import.size):
        drawn += grid_import[t]
        given += grid_export[t]
        lost += curtailed[t]
        for k in range(n_batteries):
            charged += charge[k, t]
            discharged += discharge[k, t]
        by_solar += solar_to_load[t]
        stored += solar_to_battery[t]
        sold += solar_to_grid[t]
        by_battery += battery_to_load[t]
        battery_sold += battery_to_grid[t]
        for v in range(solar_to_vehicle.shape[0]):
            driven += solar_to_vehicle[v, t]
            battery_driven += battery_to_vehicle[v, t]
    return (
        *(drawn, given, lost, charged, discharged),
        *(by_solar, stored, sold, driven),
        *(by_battery, battery_sold, battery_driven),
    )
