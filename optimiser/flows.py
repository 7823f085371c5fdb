"""Who fed whom: accounting, derived after the solve."""

from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector
from optimiser.dispatch import Dispatch
from optimiser.programme import Permissions
from optimiser.site import Site
from optimiser.vehicle import Priority
from optimiser.window import Mask


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
    n = len(site.batteries)
    may = permissions or Permissions.all(dispatch.charge.shape)
    ledger = _Ledger(site, dispatch)
    # Place of every storage in the queue for solar.
    place = np.array([1] * n + [_PLACE[v.priority] for v in site.vehicles])[:, None]
    ledger.give_solar(~may.charge_from_grid)
    for turn in np.unique(place):
        ledger.give_solar(np.broadcast_to(place == turn, dispatch.charge.shape))
    for chosen in (~may.feed_in, may.feed_in):
        ledger.give_stored(chosen)
    return ledger.closed()


_PLACE = {Priority.EV_FIRST: 0, Priority.EQUAL: 1, Priority.BATTERY_FIRST: 2}


class _Ledger:
    """Needs that are still open, and what was given to them."""

    def __init__(self, site: Site, dispatch: Dispatch) -> None:
        self._n = len(site.batteries)
        self._discharge = dispatch.discharge
        self._solar = site.forecast.solar - dispatch.curtailed
        self._charge = dispatch.charge.copy()
        zeros, each = np.zeros(self._solar.size), np.zeros(dispatch.charge.shape)
        self._solar_to = each.copy()
        self._keep_behind_inverter(site)
        self._solar_to_load = np.minimum(site.forecast.load, self._solar)
        self._solar = self._solar - self._solar_to_load
        self._load = site.forecast.load - self._solar_to_load
        self._from_battery, self._from_vehicle = each.copy(), each.copy()
        self._to_load = {True: zeros.copy(), False: zeros.copy()}
        self._to_grid = {True: zeros.copy(), False: zeros.copy()}

    def _keep_behind_inverter(self, site: Site) -> None:
        """What an inverter cannot pass on charges the batteries beside the panels."""
        if site.inverter is None or not site.inverter.dc_coupled_solar:
            return
        kept = np.maximum(self._solar - site.horizon.hours * site.inverter.ac_limit, 0.0)
        behind = self._charge.copy()
        behind[self._n :] = 0.0
        self._take(_shared(kept, behind))

    def give_solar(self, chosen: Mask) -> None:
        """Share what is left of solar among the charges chosen, by their size."""
        self._take(_shared(self._solar, np.where(chosen, self._charge, 0.0)))

    def _take(self, given: Vector) -> None:
        self._solar_to += given
        self._charge = np.maximum(self._charge - given, 0.0)
        self._solar = np.maximum(self._solar - given.sum(axis=0), 0.0)

    def give_stored(self, chosen: Mask) -> None:
        """Let the discharges chosen serve the load, then what charges, then the grid."""
        out = np.where(chosen, self._discharge, 0.0)
        for is_battery, supply in (
            (True, out[: self._n].sum(axis=0)),
            (False, out[self._n :].sum(axis=0)),
        ):
            to_load = np.minimum(self._load, supply)
            self._load = self._load - to_load
            self._to_load[is_battery] += to_load
            left = supply - to_load
            open_charge = self._charge.copy()
            if is_battery:  # no battery charges another
                open_charge[: self._n] = 0.0
            given = _shared(left, open_charge)
            self._charge = np.maximum(self._charge - given, 0.0)
            kept = self._from_battery if is_battery else self._from_vehicle
            kept += given
            self._to_grid[is_battery] += np.maximum(left - given.sum(axis=0), 0.0)

    def closed(self) -> EnergyFlows:
        """The grid gives the rest, and takes what is left of solar."""
        n = self._n
        return EnergyFlows(
            solar_to_load=self._solar_to_load,
            solar_to_battery=self._solar_to[:n].sum(axis=0),
            solar_to_vehicle=self._solar_to[n:],
            solar_to_grid=self._solar,
            battery_to_load=self._to_load[True],
            battery_to_vehicle=self._from_battery[n:],
            battery_to_grid=self._to_grid[True],
            vehicle_to_load=self._to_load[False],
            vehicle_to_battery=self._from_vehicle[:n].sum(axis=0),
            vehicle_to_vehicle=self._from_vehicle[n:],
            vehicle_to_grid=self._to_grid[False],
            grid_to_load=self._load,
            grid_to_battery=self._charge[:n].sum(axis=0),
            grid_to_vehicle=self._charge[n:],
        )


def _shared(supply: Vector, needs: Vector) -> Vector:
    """What each of the `needs`, shape (K, T), gets of a supply, shape (T,): its share of it."""
    total = needs.sum(axis=0)
    part = np.divide(supply, total, out=np.ones(supply.size), where=total > supply)
    shares: Vector = needs * np.minimum(part, 1.0)
    return shares
