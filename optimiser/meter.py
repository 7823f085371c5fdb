"""The meter of a site as the arrays that every solver of ours takes."""

import numpy as np

from matrix_builders import SiteArrays, StorageArrays, Vector
from optimiser.objective import Terms
from optimiser.site import Site
from optimiser.storages import feed_in_limit

_ROUNDING = 1e-9  # kWh; of sums of limits


def site_arrays(site: Site, terms: Terms, storages: StorageArrays, penalty: float) -> SiteArrays:
    """Arrays of the meter, boxed by what the site can reach.

    Parameters
    ----------
    site : Site
        Forecast and limits.
    terms : Terms
        Planning prices and permissions.
    storages : StorageArrays
        What the storages can do.
    penalty : float
        Price of going beyond a limit by one kWh. [$/kWh]

    Returns
    -------
    SiteArrays
        A limit that the house alone must break may be exceeded by just that.
    """
    hours, net_load = site.horizon.hours, site.net_load
    curtail_limit = most_curtailed(site)
    reachable_import = np.maximum(net_load + curtail_limit + storages.charge_limit.sum(axis=0), 0.0)
    reachable_export = np.maximum(storages.discharge_limit.sum(axis=0) - net_load, 0.0)

    import_limit = np.minimum(hours * site.grid.import_limit, reachable_import)
    shortage = shortage_of(site)
    # Where nothing could be charged, curtailing solar to be paid for imports is no charging.
    can_charge = storages.charge_limit > 0
    may_charge = (can_charge & terms.may_charge_from_grid).any(axis=0)
    serves_load_only = can_charge.any(axis=0) & ~may_charge
    import_limit = np.where(serves_load_only, np.minimum(import_limit, shortage), import_limit)
    export_limit = np.minimum(hours * site.grid.export_limit, reachable_export)
    surplus = np.maximum(-net_load, 0.0)
    fed_in = np.minimum(feed_in_limit(site, terms), storages.discharge_limit).sum(axis=0)
    export_limit = np.minimum(export_limit, surplus + fed_in)
    export_limit = np.where(terms.may_export, export_limit, 0.0)
    import_price = planned_import_price(terms) + terms.price_margin
    export_price = terms.export_price - terms.price_margin
    if site.inverter is None and not site.tariff.allowances:
        # What can all be exported, and at no loss, is not curtailed: nothing is won by that.
        is_bound = export_limit < reachable_export - _ROUNDING
        pays = is_bound | (import_price < 0.0) | (export_price < 0.0)
        curtail_limit = np.where(pays, curtail_limit, 0.0)
    return SiteArrays(
        net_load=net_load,
        import_price=import_price,
        export_price=export_price,
        import_limit=import_limit,
        export_limit=export_limit,
        import_excess=np.maximum(net_load + clipped(site) - import_limit, 0.0),
        export_excess=np.maximum(-net_load - curtail_limit - export_limit, 0.0),
        curtail_limit=curtail_limit,
        penalty=penalty,
    )


def shortage_of(site: Site) -> Vector:
    """What solar leaves of the load, the inverter's limit considered; shape (T,). [kWh]"""
    return np.maximum(site.net_load + clipped(site), 0.0)


def planned_import_price(terms: Terms) -> Vector:
    """Import prices with their surcharge; shape (T,). [$/kWh]"""
    return terms.import_price + terms.import_surcharge * (terms.import_price > 0)


def most_curtailed(site: Site) -> Vector:
    """Solar that may be left unused; what an inverter cannot pass on is lost in any case."""
    return np.array(site.forecast.solar) if site.grid.curtailment else clipped(site)


def clipped(site: Site) -> Vector:
    """Solar that must be stored behind the inverter, or is lost; shape (T,). [kWh]"""
    if site.inverter is None or not site.inverter.dc_coupled_solar:
        return np.zeros(site.horizon.n_intervals)
    passed = site.horizon.hours * site.inverter.ac_limit
    return np.maximum(site.forecast.solar - passed, 0.0)
