"""A site under its terms, as the arrays that every solver of ours takes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matrix_builders import SiteArrays, StorageArrays, Vector
from optimiser.objective import Terms
from optimiser.site import Battery, Site

REGAIN_HOURS = 24.0
"""A state outside its band is to be back within this time, at least cost. [h]"""

# A missed limit costs this many times the dearest way of keeping it: safely above any gain, and
# small enough for prices and penalties to share one cost vector.
_PENALTY_FACTOR = 10.0


@dataclass(frozen=True, slots=True)
class Programme:
    """One problem in kWh per interval, ready for any solver.

    Attributes
    ----------
    hours : float64 array, shape (T,)
        Length of each interval. [h]
    site : SiteArrays
        The meter.
    storages : StorageArrays
        The batteries.
    """

    hours: Vector
    site: SiteArrays
    storages: StorageArrays


def programme_from_site(site: Site, terms: Terms) -> Programme:
    """State the programme of `site` under `terms`; nothing left at its end is worth anything.

    Parameters
    ----------
    site : Site
        The problem.
    terms : Terms
        Prices and permissions.

    Returns
    -------
    Programme
        Limits tightened to what the site can physically do, so that every column is boxed.
    """
    hours = site.horizon.hours
    stored_lower, stored_upper = _hard_levels(site)
    soft_floor, soft_ceiling = _soft_levels(site)
    band = stored_upper - stored_lower
    each = site.batteries
    charge_efficiency = np.array([b.charge_efficiency for b in each])
    discharge_efficiency = np.array([b.discharge_efficiency for b in each])
    # Bounds on the meter alone could be met by curtailing solar and using the battery in its
    # place, or by another battery that has the permission.
    charge_limit = _permitted(
        np.outer([b.charge_limit for b in each], hours),
        np.logical_and.outer([b.may_charge_from_grid for b in each], terms.may_charge_from_grid),
        np.maximum(-site.net_load, 0.0),
    )
    discharge_limit = _permitted(
        np.outer([b.discharge_limit for b in each], hours),
        np.logical_and.outer([b.may_export for b in each], terms.may_export_battery),
        np.maximum(site.net_load, 0.0),
    )
    storages = StorageArrays(
        charge_limit=np.minimum(charge_limit, band / charge_efficiency[:, None]),
        discharge_limit=np.minimum(discharge_limit, band * discharge_efficiency[:, None]),
        stored_lower=stored_lower,
        stored_upper=stored_upper,
        soft_floor=soft_floor,
        soft_ceiling=soft_ceiling,
        initial=np.array([b.initial_soc * b.capacity for b in each]),
        charge_efficiency=charge_efficiency,
        discharge_efficiency=discharge_efficiency,
        wear=np.array([b.cycle_cost for b in each]),
        end_width=np.zeros((len(each), 0)),
        end_price=np.zeros((len(each), 0)),
    )
    return Programme(hours, _site_arrays(site, terms, storages), storages)


def _permitted(limit: Vector, may: NDArray[np.bool_], at_home: Vector) -> Vector:
    """Limits of storages that may not trade with the grid: at most what is at home.

    Where no storage may, the bound of the meter keeps their sum; where some may, those that may
    not share equally.

    Parameters
    ----------
    limit : float64 array, shape (K, T)
        Most energy by power. [kWh per interval]
    may : bool array, shape (K, T)
        Permission to trade.
    at_home : float64 array, shape (T,)
        Surplus to be stored, or load to be served. [kWh per interval]

    Returns
    -------
    float64 array, shape (K, T)
        Unchanged where permitted.
    """
    sharing = np.where(may.any(axis=0), np.maximum((~may).sum(axis=0), 1), 1)
    return np.where(may, limit, np.minimum(limit, at_home / sharing))


def _hard_levels(site: Site) -> tuple[Vector, Vector]:
    """Bounds that standing still satisfies, whatever the state of charge now."""
    n = site.horizon.n_intervals
    lower = [min(b.reserve, b.initial_soc) * b.capacity for b in site.batteries]
    upper = [max(b.max_soc, b.initial_soc) * b.capacity for b in site.batteries]
    return np.outer(lower, np.ones(n)), np.outer(upper, np.ones(n))


def _soft_levels(site: Site) -> tuple[Vector, Vector]:
    """Levels to be regained within `REGAIN_HOURS`, and the target at the end."""
    n = site.horizon.n_intervals
    regained = site.horizon.index_at(REGAIN_HOURS)
    floor = np.zeros((len(site.batteries), n))
    ceiling = np.full((len(site.batteries), n), np.inf)
    for k, battery in enumerate(site.batteries):
        floor[k, regained:] = battery.reserve * battery.capacity
        ceiling[k, regained:] = battery.max_soc * battery.capacity
        if battery.target_end_soc is not None:
            wanted = min(battery.target_end_soc, battery.max_soc)
            floor[k, -1] = max(wanted, battery.reserve) * battery.capacity
    return floor, ceiling


def _site_arrays(site: Site, terms: Terms, storages: StorageArrays) -> SiteArrays:
    hours, net_load = site.horizon.hours, site.net_load
    curtail_limit = site.forecast.solar if site.grid.curtailment else np.zeros(hours.size)
    reachable_import = np.maximum(net_load + curtail_limit + storages.charge_limit.sum(axis=0), 0.0)
    reachable_export = np.maximum(storages.discharge_limit.sum(axis=0) - net_load, 0.0)

    import_limit = np.minimum(hours * site.grid.import_limit, reachable_import)
    shortage = np.maximum(net_load, 0.0)
    # Where nothing could be charged, curtailing solar to be paid for imports is no charging.
    serves_load_only = ~terms.may_charge_from_grid & storages.charge_limit.any(axis=0)
    import_limit = np.where(serves_load_only, np.minimum(import_limit, shortage), import_limit)
    export_limit = np.minimum(hours * site.grid.export_limit, reachable_export)
    surplus = np.maximum(-net_load, 0.0)
    export_limit = np.where(
        terms.may_export_battery, export_limit, np.minimum(export_limit, surplus)
    )
    export_limit = np.where(terms.may_export, export_limit, 0.0)
    surcharged = terms.import_price + terms.import_surcharge * (terms.import_price > 0)
    return SiteArrays(
        net_load=net_load,
        import_price=surcharged,
        export_price=np.array(terms.export_price),
        import_limit=import_limit,
        export_limit=export_limit,
        import_excess=np.maximum(net_load - import_limit, 0.0),
        export_excess=np.maximum(-net_load - curtail_limit - export_limit, 0.0),
        curtail_limit=np.array(curtail_limit),
        penalty=_penalty(surcharged, terms.export_price, site.batteries),
    )


def _penalty(import_price: Vector, export_price: Vector, batteries: tuple[Battery, ...]) -> float:
    dearest = float(np.abs(import_price).max()) + float(np.abs(export_price).max()) + 0.01
    wear = max((b.cycle_cost + abs(b.end_value or 0.0) for b in batteries), default=0.0)
    efficiency = min((b.round_trip_efficiency for b in batteries), default=1.0)
    return _PENALTY_FACTOR * (dearest + wear) / efficiency
