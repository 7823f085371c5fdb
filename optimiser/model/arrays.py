"""A site under its objective, as the arrays that every solver of ours takes."""

from dataclasses import dataclass

import numpy as np

from matrix_builders import StorageArrays, Vector
from optimiser.model.couplings import Couplings, couplings_of
from optimiser.model.meter import dearest_prices, meter_arrays
from optimiser.model.storages import storage_arrays
from optimiser.problem.objective import Objective
from optimiser.problem.site import Site
from optimiser.problem.windows import Mask

# A missed limit costs this many times the dearest way of keeping it: safely above any gain, and
# small enough for prices and penalties to share one cost vector.
_PENALTY_FACTOR = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Permissions:
    """Permissions to trade with the grid.

    Attributes
    ----------
    charge_from_grid : bool array, shape (K, T)
        False where a storage may take surplus solar only.
    feed_in : bool array, shape (K, T)
        False where a storage may serve the house only.
    """

    charge_from_grid: Mask
    feed_in: Mask


@dataclass(frozen=True, slots=True, eq=False)
class ProblemArrays:
    """One problem in kWh per interval, ready for any solver.

    Attributes
    ----------
    hours : float64 array, shape (T,)
        Length of each interval. [h]
    meter : float64 array, shape (9, T)
        As in `MeterArrays`. [$/kWh; kWh per interval]
    penalty : float
        Price of going beyond a limit of the meter. [$/kWh]
    storages : StorageArrays
        Batteries, then vehicles.
    couplings : Couplings
        What ties intervals or storages together.
    permissions : Permissions, optional
        Already among the limits; for the accounts.
    """

    hours: Vector
    meter: Vector
    penalty: float
    storages: StorageArrays
    couplings: Couplings = Couplings()
    permissions: Permissions | None = None


def arrays_from_site(site: Site, objective: Objective) -> ProblemArrays:
    """Build the arrays of a site; nothing left at its end has a value.

    Limits are tightened to what the site can physically do, so that every column is boxed.
    """
    penalty = _penalty(site, objective)
    storages = storage_arrays(site, objective, penalty)
    meter = meter_arrays(site, objective, storages, penalty)
    return ProblemArrays(
        np.array(site.horizon.hours),
        *meter,
        storages,
        couplings_of(site, objective, meter, storages),
        Permissions(objective.may_charge_from_grid, objective.may_feed_in),
    )


def _penalty(site: Site, objective: Objective) -> float:
    """Return the price of missing a limit by one kWh. [$/kWh]"""
    dearest = dearest_prices(objective) + 2.0 * objective.price_margin + 0.01
    for charge in site.tariff.demand_charges:
        dearest += charge.price / charge.average_hours
    for allowance in site.tariff.allowances:
        dearest += abs(allowance.price)
    for tier in site.tariff.tiers:
        dearest += tier.extra_price
    dearest += float(np.max(site.grid.excess_import_price))
    wear, efficiency, end_value = 0.0, 1.0, 0.0
    for storage in site.storages:
        wear = max(wear, storage.cycle_cost)
        end_value = max(end_value, abs(storage.end_value or 0.0))
        efficiency = min(efficiency, storage.charge_efficiency * storage.discharge_efficiency)
    return _PENALTY_FACTOR * (dearest + wear + end_value) / efficiency
