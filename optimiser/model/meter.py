"""The meter of a site as the arrays that every solver of ours takes."""

import numpy as np

from matrix_builders import SiteArrays, StorageArrays, Vector
from matrix_builders.compiled import kernel
from matrix_builders.tables import (
    CURTAIL_LIMIT,
    EXPORT_EXCESS,
    EXPORT_LIMIT,
    EXPORT_PRICE,
    IMPORT_EXCESS,
    IMPORT_LIMIT,
    IMPORT_PRICE,
    N_METER,
    NET_LOAD,
)
from optimiser.model.storages import feed_in_powers
from optimiser.problem.objective import Terms
from optimiser.problem.site import Site
from optimiser.problem.windows import Mask

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
    hours = np.array(site.horizon.hours)
    meter = np.empty((N_METER, hours.size))
    box_meter(
        site.net_load,
        most_curtailed(site),
        clipped(site),
        hours,
        hours * site.grid.import_limit,
        hours * site.grid.export_limit,
        np.array(terms.import_price),
        np.array(terms.export_price),
        terms.import_surcharge,
        terms.price_margin,
        terms.may_export,
        terms.may_feed_in,
        terms.may_charge_from_grid,
        feed_in_powers(site),
        storages.charge_limit,
        storages.discharge_limit,
        site.inverter is None and not site.tariff.allowances,
        meter,
    )
    return SiteArrays(
        net_load=meter[NET_LOAD],
        import_price=meter[IMPORT_PRICE],
        export_price=meter[EXPORT_PRICE],
        import_limit=meter[IMPORT_LIMIT],
        export_limit=meter[EXPORT_LIMIT],
        import_excess=meter[IMPORT_EXCESS],
        export_excess=meter[EXPORT_EXCESS],
        curtail_limit=meter[CURTAIL_LIMIT],
        penalty=penalty,
    )


@kernel(
    "void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8, f8,"
    " b1[::1], b1[:, ::1], b1[:, ::1], f8[::1], f8[:, ::1], f8[:, ::1], b1, f8[:, ::1])"
)
def box_meter(
    net_load: Vector,
    curtailable: Vector,
    lost: Vector,
    hours: Vector,
    most_import: Vector,
    most_export: Vector,
    import_price: Vector,
    export_price: Vector,
    surcharge: float,
    margin: float,
    may_export: Mask,
    may_feed_in: Mask,
    may_charge_from_grid: Mask,
    feed_in_power: Vector,
    charge_limit: Vector,
    discharge_limit: Vector,
    sells_all: bool,
    meter: Vector,
) -> None:
    """Planning prices and limits of the meter, by what the site can reach.

    Parameters
    ----------
    net_load, curtailable, lost : float64 array, shape (T,)
        Load less solar, solar that may be left unused, and what an inverter cannot pass on.
        [kWh per interval]
    hours, most_import, most_export : float64 array, shape (T,)
        Length of each interval [h] and limits of the grid [kWh per interval].
    import_price, export_price : float64 array, shape (T,)
        Without surcharge and margin. [$/kWh]
    surcharge, margin : float
        On positive import prices, and on energy either way. [$/kWh]
    may_export : bool array, shape (T,)
        False where nothing should be exported.
    may_feed_in, may_charge_from_grid : bool array, shape (K, T)
        Permissions of the storages.
    feed_in_power : float64 array, shape (K,)
        Highest power of each storage beyond the house. [kW]
    charge_limit, discharge_limit : float64 array, shape (K, T)
        What the storages can do. [kWh per interval]
    sells_all : bool
        Whether solar that can all be exported, and at no loss, is not curtailed: nothing is won
        by that, but for an inverter or an allowance.
    meter : float64 array, shape (8, T)
        Modified in place; rows as in `interval_cost`.
    """
    for t in range(hours.size):
        charged = 0.0
        discharged = 0.0
        fed_in = 0.0
        can_charge = False
        may_charge = False
        for k in range(charge_limit.shape[0]):
            charged += charge_limit[k, t]
            discharged += discharge_limit[k, t]
            if may_feed_in[k, t]:
                fed_in += min(feed_in_power[k] * hours[t], discharge_limit[k, t])
            if charge_limit[k, t] > 0.0:
                can_charge = True
                may_charge = may_charge or may_charge_from_grid[k, t]
        import_limit = min(most_import[t], max(net_load[t] + curtailable[t] + charged, 0.0))
        if can_charge and not may_charge:
            # Where nothing could be charged, curtailing solar to be paid to import is no charging.
            import_limit = min(import_limit, max(net_load[t] + lost[t], 0.0))
        reachable = max(discharged - net_load[t], 0.0)
        export_limit = min(most_export[t], reachable, max(-net_load[t], 0.0) + fed_in)
        if not may_export[t]:
            export_limit = 0.0
        planned = import_price[t] + (surcharge if import_price[t] > 0.0 else 0.0) + margin
        earned = export_price[t] - margin
        is_bound = export_limit < reachable - _ROUNDING
        pays = is_bound or planned < 0.0 or earned < 0.0
        curtail_limit = curtailable[t] if pays or not sells_all else 0.0
        meter[IMPORT_PRICE, t] = planned
        meter[EXPORT_PRICE, t] = earned
        meter[IMPORT_LIMIT, t] = import_limit
        meter[EXPORT_LIMIT, t] = export_limit
        meter[IMPORT_EXCESS, t] = max(net_load[t] + lost[t] - import_limit, 0.0)
        meter[EXPORT_EXCESS, t] = max(-net_load[t] - curtail_limit - export_limit, 0.0)
        meter[CURTAIL_LIMIT, t] = curtail_limit
        meter[NET_LOAD, t] = net_load[t]


@kernel("f8(f8[::1], f8[::1], f8)")
def dearest_prices(import_price: Vector, export_price: Vector, surcharge: float) -> float:
    """Largest size of a planned import price, and that of an export price, together. [$/kWh]"""
    dearest = np.zeros(2)
    for t in range(import_price.size):
        planned = import_price[t] + (surcharge if import_price[t] > 0.0 else 0.0)
        dearest[0] = max(dearest[0], abs(planned))
        dearest[1] = max(dearest[1], abs(export_price[t]))
    return float(dearest[0] + dearest[1])


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
