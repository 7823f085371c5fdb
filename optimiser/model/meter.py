"""The meter of a site as the table that every solver of ours takes."""

import numpy as np

from matrix_builders import MeterArrays, StorageArrays, Vector, tables
from optimiser.model.storages import feed_in_limit
from optimiser.problem.objective import Objective
from optimiser.problem.site import Site

_ROUNDING = 1e-9  # kWh; of sums of limits


def meter_arrays(
    site: Site, objective: Objective, storages: StorageArrays, penalty: float
) -> MeterArrays:
    """Build the table of the meter, boxed by what the site can reach.

    A limit that the house alone must break may be exceeded by just that, at the penalty. [$/kWh]
    """
    net_load, clipped = site.net_load, site.clipping
    reachable = np.maximum(storages.limits[tables.DISCHARGE_LIMIT].sum(axis=0) - net_load, 0.0)
    curtailable = _curtailable(site)
    meter = np.empty((tables.N_METER, net_load.size))
    meter[tables.NET_LOAD] = net_load
    meter[tables.MAY_CURTAIL] = site.grid.curtailment
    meter[tables.IMPORT_PRICE] = objective.import_price_with_surcharge + objective.price_margin
    meter[tables.EXPORT_PRICE] = objective.export_price - objective.price_margin
    meter[tables.IMPORT_LIMIT] = _import_limit(site, objective, storages, curtailable)
    meter[tables.EXPORT_LIMIT] = _export_limit(site, objective, storages, reachable)
    meter[tables.IMPORT_EXCESS] = np.maximum(net_load + clipped - meter[tables.IMPORT_LIMIT], 0.0)
    # Solar that can all be exported, and at no loss, is not curtailed: nothing is won by that, but
    # for an inverter or an allowance.
    is_bound = meter[tables.EXPORT_LIMIT] < reachable - _ROUNDING
    pays = is_bound | (meter[tables.IMPORT_PRICE] < 0.0) | (meter[tables.EXPORT_PRICE] < 0.0)
    curtails = pays | (site.inverter is not None or bool(site.tariff.allowances))
    meter[tables.CURTAIL_LIMIT] = np.where(curtails, curtailable, 0.0)
    surplus = -net_load - meter[tables.CURTAIL_LIMIT]
    meter[tables.EXPORT_EXCESS] = np.maximum(surplus - meter[tables.EXPORT_LIMIT], 0.0)
    return MeterArrays(meter, penalty)


def _curtailable(site: Site) -> Vector:
    """Return the most solar that is left unused: any, or what a limit cuts; shape (T,). [kWh]"""
    if site.grid.curtailment:
        return np.array(site.forecast.solar)
    beyond = -site.net_load - site.horizon.hours * site.grid.export_limit
    return np.maximum(site.clipping, beyond)


def _import_limit(
    site: Site, objective: Objective, storages: StorageArrays, curtailable: Vector
) -> Vector:
    """Return the most energy that the site may import; shape (T,). [kWh per interval]"""
    most_charge = storages.limits[tables.CHARGE_LIMIT]
    most = np.maximum(site.net_load + curtailable + most_charge.sum(axis=0), 0.0)
    limit = np.minimum(site.horizon.hours * site.grid.most_import, most)
    # Where nothing could be charged, curtailing solar to be paid to import is no charging.
    can_charge = most_charge > 0.0
    is_barred = can_charge.any(axis=0) & ~(can_charge & objective.may_charge_from_grid).any(axis=0)
    return np.asarray(np.where(is_barred, np.minimum(limit, shortage_of(site)), limit))


def _export_limit(
    site: Site, objective: Objective, storages: StorageArrays, reachable: Vector
) -> Vector:
    """Return the most energy that the site may export; shape (T,). [kWh per interval]"""
    most_discharge = storages.limits[tables.DISCHARGE_LIMIT]
    fed_in = np.minimum(feed_in_limit(site, objective), most_discharge).sum(axis=0)
    limit = np.minimum(site.horizon.hours * site.grid.export_limit, reachable)
    limit = np.minimum(limit, np.maximum(-site.net_load, 0.0) + fed_in)
    return np.where(objective.may_export, limit, 0.0)


def dearest_prices(objective: Objective) -> float:
    """Return the sum of the largest planned import price and export price, by size. [$/kWh]"""
    dearest_import = np.abs(objective.import_price_with_surcharge).max(initial=0.0)
    return float(dearest_import + np.abs(objective.export_price).max(initial=0.0))


def shortage_of(site: Site) -> Vector:
    """Return what solar leaves of the load, the inverter's limit considered; shape (T,). [kWh]"""
    return np.maximum(site.net_load + site.clipping, 0.0)
