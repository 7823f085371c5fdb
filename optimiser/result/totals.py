"""Energy of a whole plan, added up."""

from typing import NamedTuple

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
    energies = (
        dispatch.grid_import,
        dispatch.grid_export,
        dispatch.curtailed,
        dispatch.charge[:n_batteries],
        dispatch.discharge[:n_batteries],
        flows.solar_to_load,
        flows.solar_to_battery,
        flows.solar_to_grid,
        flows.solar_to_vehicle,
        flows.battery_to_load,
        flows.battery_to_grid,
        flows.battery_to_vehicle,
    )
    return Totals(*[float(energy.sum()) for energy in energies])
