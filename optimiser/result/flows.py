"""The flows of a dispatch: accounting, derived after the solve."""

from dataclasses import dataclass, fields
from operator import attrgetter

import numpy as np

from matrix_builders import Vector
from optimiser.model.arrays import Permissions
from optimiser.model.dispatch import Dispatch
from optimiser.model.pieces import Pieces
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Priority
from optimiser.problem.windows import Mask

# Turn of a vehicle in the queue for solar; batteries have the middle one.
_TURN = {Priority.EV_FIRST: 0, Priority.EQUAL: 1, Priority.BATTERY_FIRST: 2}
_BATTERY_TURN = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnergyFlows:
    """The flows of a site; arrays of shape (T,), or (V, T) per vehicle. [kWh per interval]

    Solar serves the load first, then what may take nothing else, then batteries and vehicles in
    the order of their priority, then the grid; where some keep within solar, what may take nothing
    else and they come before the load.  Batteries and vehicles serve the load before the grid;
    those that may not feed in come first.
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

    def merge(self, pieces: Pieces) -> "EnergyFlows":
        """Return the same flows on the intervals that the pieces are parts of."""
        names = (field.name for field in fields(self))
        return EnergyFlows(**{name: pieces.total(getattr(self, name)) for name in names})


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
    anyone = np.ones(shape, dtype=np.bool_)
    may = permissions or Permissions(anyone, anyone)
    missing = dispatch.charge.copy()  # what no source has filled yet; the rest is the grid's
    solar_to_load, solar_to_grid = _split_solar(site, dispatch, may, missing)
    from_solar = dispatch.charge - missing
    needed = np.maximum(site.forecast.load - solar_to_load, 0.0)
    from_battery, from_vehicle = np.zeros((2, *shape))
    to_load, to_grid = np.zeros((2, 2, shape[1]))
    is_battery = np.arange(shape[0]) < n
    for feeds_in in (False, True):
        for source, (own, taken) in enumerate(
            ((is_battery, from_battery), (~is_battery, from_vehicle))
        ):
            gives = own[:, None] & (may.feed_in == feeds_in)
            supply = np.where(gives, dispatch.discharge, 0.0).sum(axis=0)
            if not supply.any():
                continue
            serves = np.minimum(needed, supply)
            needed = needed - serves
            to_load[source] += serves
            takers = ~is_battery if source == 0 else np.ones_like(is_battery)
            before = missing.copy()
            to_grid[source] += _share(supply - serves, missing, takers[:, None])
            np.add(taken, before - missing, out=taken)
    return EnergyFlows(
        solar_to_load=solar_to_load,
        solar_to_battery=from_solar[:n].sum(axis=0),
        solar_to_vehicle=from_solar[n:],
        solar_to_grid=solar_to_grid,
        battery_to_load=to_load[0],
        battery_to_vehicle=from_battery[n:],
        battery_to_grid=to_grid[0],
        vehicle_to_load=to_load[1],
        vehicle_to_battery=from_vehicle[:n].sum(axis=0),
        vehicle_to_vehicle=from_vehicle[n:],
        vehicle_to_grid=to_grid[1],
        grid_to_load=needed,
        grid_to_battery=missing[:n].sum(axis=0),
        grid_to_vehicle=missing[n:],
    )


def _split_solar(
    site: Site, dispatch: Dispatch, may: Permissions, missing: Vector
) -> tuple[Vector, Vector]:
    """Share solar among load, storages and grid; return what the load and the grid take.

    `missing`, shape (K, T), is what storages still lack; modified in place. [kWh per interval]
    """
    is_battery = np.arange(missing.shape[0]) < len(site.batteries)
    left = site.forecast.solar - dispatch.curtailed
    # Solar that the inverter cannot pass on charges the batteries beside it.
    behind = np.maximum(site.clipping - dispatch.curtailed, 0.0)
    if behind.any():
        left = left - behind + _share(behind, missing, is_battery[:, None])
    if site.are_within_solar.any():
        left = _share(left, missing, ~may.charge_from_grid)
        left = _share(left, missing, site.are_within_solar[:, None])
    to_load = np.minimum(site.forecast.load, left)
    left = np.maximum(left - to_load, 0.0)
    if missing.any():
        left = _share(left, missing, ~may.charge_from_grid)
        vehicles = map(_TURN.__getitem__, map(attrgetter("priority"), site.vehicles))
        turns = np.array([_BATTERY_TURN] * len(site.batteries) + [*vehicles])
        for turn in sorted(set(turns.tolist())):
            left = _share(left, missing, (turns == turn)[:, None])
    return to_load, left


def _share(supply: Vector, missing: Vector, takers: Mask) -> Vector:
    """Share a supply among the takers, by what each lacks; return what is left, shape (T,).

    `missing`, shape (K, T), is modified in place. [kWh per interval]
    """
    asked = np.where(takers, missing, 0.0)
    total = asked.sum(axis=0)
    part = np.divide(supply, total, out=np.ones_like(total), where=total > supply)
    given = asked * part
    np.maximum(missing - given, 0.0, out=missing)
    return np.asarray(np.maximum(supply - given.sum(axis=0), 0.0))
