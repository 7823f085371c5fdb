"""Who fed whom: accounting, derived after the solve."""

from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector
from optimiser.dispatch import Dispatch
from optimiser.site import Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyFlows:
    """The seven flows of a site; every array of shape (T,). [kWh per interval]

    Solar serves the load first, then the battery, then the grid; the battery serves the load
    before the grid.
    """

    solar_to_load: Vector
    solar_to_battery: Vector
    solar_to_grid: Vector
    battery_to_load: Vector
    battery_to_grid: Vector
    grid_to_load: Vector
    grid_to_battery: Vector


def flows_of(forecast: Forecast, dispatch: Dispatch) -> EnergyFlows:
    """Split a dispatch into its flows.

    Parameters
    ----------
    forecast : Forecast
        Load and solar of the same intervals.
    dispatch : Dispatch
        A physical dispatch.

    Returns
    -------
    EnergyFlows
        All non-negative; each source and each sink adds up.
    """
    charge, discharge = dispatch.charge.sum(axis=0), dispatch.discharge.sum(axis=0)
    solar_to_load, spare = _serve(forecast.load, forecast.solar - dispatch.curtailed)
    solar_to_battery, solar_to_grid = _serve(charge, spare)
    battery_to_load, battery_to_grid = _serve(forecast.load - solar_to_load, discharge)
    return EnergyFlows(
        solar_to_load=solar_to_load,
        solar_to_battery=solar_to_battery,
        solar_to_grid=solar_to_grid,
        battery_to_load=battery_to_load,
        battery_to_grid=battery_to_grid,
        grid_to_load=forecast.load - solar_to_load - battery_to_load,
        grid_to_battery=charge - solar_to_battery,
    )


def _serve(need: Vector, supply: Vector) -> tuple[Vector, Vector]:
    """Energy that meets `need`, and what is left of `supply`."""
    served = np.minimum(need, supply)
    return served, supply - served
