"""A site under its terms, as the arrays that every solver of ours takes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matrix_builders import SiteArrays, StorageArrays, Vector
from optimiser.model.couplings import Couplings, couplings_of
from optimiser.model.meter import dearest_prices, site_arrays
from optimiser.model.storages import storage_arrays
from optimiser.problem.objective import Terms
from optimiser.problem.site import Site
from optimiser.problem.windows import Mask

# A missed limit costs this many times the dearest way of keeping it: safely above any gain, and
# small enough for prices and penalties to share one cost vector.
_PENALTY_FACTOR = 10.0


@dataclass(frozen=True, slots=True)
class Permissions:
    """Who may trade with the grid.

    Attributes
    ----------
    charge_from_grid : bool array, shape (K, T)
        False where a storage may take surplus solar only.
    feed_in : bool array, shape (K, T)
        False where a storage may serve the house only.
    """

    charge_from_grid: Mask
    feed_in: Mask

    @classmethod
    def all(cls, shape: tuple[int, ...]) -> "Permissions":
        """Everyone may do everything."""
        return cls(np.ones(shape, dtype=np.bool_), np.ones(shape, dtype=np.bool_))


@dataclass(frozen=True)
class Programme:
    """One problem in kWh per interval, ready for any solver.

    Attributes
    ----------
    hours : float64 array, shape (T,)
        Length of each interval. [h]
    site : SiteArrays
        The meter.
    storages : StorageArrays
        Batteries, then vehicles.
    couplings : Couplings
        What ties them together.
    permissions : Permissions, optional
        Already among the limits; for the accounts.
    """

    hours: Vector
    site: SiteArrays
    storages: StorageArrays
    couplings: Couplings = Couplings()
    permissions: Permissions | None = None

    @cached_property
    def meter(self) -> Vector:
        """The meter as one table for kernels; shape (8, T), rows as in `interval_cost`."""
        site = self.site
        return np.array(
            [
                site.import_price,
                site.export_price,
                site.import_limit,
                site.export_limit,
                site.import_excess,
                site.export_excess,
                site.curtail_limit,
                site.net_load,
            ]
        )


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
    penalty = _penalty(site, terms)
    storages = storage_arrays(site, terms, penalty)
    meter = site_arrays(site, terms, storages, penalty)
    return Programme(
        site.horizon.hours,
        meter,
        storages,
        couplings_of(site, terms, meter, storages),
        Permissions(terms.may_charge_from_grid, terms.may_feed_in),
    )


def _penalty(site: Site, terms: Terms) -> float:
    """Price of missing a limit or a wish by one kWh. [$/kWh]"""
    prices = np.array(terms.import_price), np.array(terms.export_price)
    dearest = dearest_prices(*prices, terms.import_surcharge) + 2.0 * terms.price_margin + 0.01
    for charge in site.tariff.demand_charges:
        dearest += charge.price / charge.average_hours
    for allowance in site.tariff.allowances:
        dearest += abs(allowance.price)
    wear, efficiency = 0.0, 1.0
    for storage in site.storages:
        wear = max(wear, storage.cycle_cost)
        efficiency = min(efficiency, storage.charge_efficiency * storage.discharge_efficiency)
    worth = max((abs(b.end_value or 0.0) for b in site.batteries), default=0.0)
    return _PENALTY_FACTOR * (dearest + wear + worth) / efficiency
