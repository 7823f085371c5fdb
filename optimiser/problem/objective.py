"""The three cost functions, stated as prices, permissions and a terminal value."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from matrix_builders import Vector
from optimiser.problem.provider import PlanningTariff
from optimiser.problem.site import Site
from optimiser.problem.windows import Mask


class CostFunction(StrEnum):
    """The cost function that a plan minimises.

    `COST`: the bill plus wear, with the energy left at the end valued as if tomorrow were like
    the last day of the horizon.  `PROFIT`: the bill plus wear inside the horizon only; what is
    left is worth nothing.  `SELF_CONSUMPTION`: first the energy imported at a positive price,
    then the bill; no battery export, grid charging of batteries only at a price of at most zero.
    """

    COST = "cost"
    PROFIT = "profit"
    SELF_CONSUMPTION = "self_consumption"


@dataclass(frozen=True, kw_only=True, eq=False)
class Objective:
    """Prices and permissions that one plan is optimised against.

    Attributes
    ----------
    import_price, export_price : float64 array, shape (T,)
        Planning prices, in money. [$/kWh]
    import_surcharge : float
        Virtual price on top of every positive import price, so large that avoiding the import
        always comes first; never part of a bill. [$/kWh]
    price_margin : float
        What a kWh through the meter counts as dearer, either way; never part of a bill. [$/kWh]
    carbon_cost : float64 array, shape (T,), or float
        Part of both prices that emissions count for; never part of a bill. [$/kWh]
    may_export : bool array, shape (T,)
        False where nothing should be exported, solar included.
    may_feed_in : bool array, shape (K, T)
        False where a storage may serve the house only.
    may_charge_from_grid : bool array, shape (K, T)
        False where a storage may take surplus solar only.
    buys_least : bool array, shape (K, T)
        True where one that could take surplus solar only may also buy what it wants at least.
    values_end : bool
        Whether energy left at the end is worth something.
    """

    import_price: Vector
    export_price: Vector
    import_surcharge: float
    price_margin: float
    carbon_cost: Vector | float
    may_export: Mask
    may_feed_in: Mask
    may_charge_from_grid: Mask
    buys_least: Mask
    values_end: bool

    @cached_property
    def import_price_with_surcharge(self) -> Vector:
        """Import prices with their surcharge; shape (T,). [$/kWh]"""
        return self.import_price + self.import_surcharge * (self.import_price > 0)


# How much avoiding an import outweighs any exchange of money in `SELF_CONSUMPTION`.  With one
# storage the best exchange moves the bill by a few times the dearest price; at 100 the order is
# strict while the cost vector stays within five decades, where HiGHS' 1e-7 tolerances still hold.
_PRECEDENCE = 100.0


def build_objective(site: Site, tariff: PlanningTariff, cost_function: CostFunction) -> Objective:
    """State one cost function for one site and the prices to plan against."""
    consumes_itself = cost_function is CostFunction.SELF_CONSUMPTION
    may_charge = _permissions(site, "may_charge_from_grid") & tariff.may_charge_from_grid
    if consumes_itself:  # a vehicle is a consumer: what it needs is bought in every mode
        may_charge[: len(site.batteries)] &= tariff.import_price <= 0
    for v, vehicle in enumerate(site.vehicles, len(site.batteries)):
        is_due = vehicle.is_due(site.horizon) or (vehicle.goals and vehicle.has_goals(site.horizon))
        if vehicle.must_reach_target and is_due:  # no spike starves it
            may_charge[v] = vehicle.may_charge_from_grid
        if vehicle.takes_only_free_energy:
            may_charge[v] &= tariff.import_price <= 0
    buys_least = ~may_charge & _wants_charge(site)
    may_feed_in = _permissions(site, "may_export") & tariff.may_export & (not consumes_itself)
    return Objective(
        import_price=tariff.import_price,
        export_price=tariff.export_price,
        import_surcharge=_surcharge(site, tariff) if consumes_itself else 0.0,
        price_margin=tariff.price_margin,
        carbon_cost=tariff.carbon_cost,
        may_export=tariff.may_export,
        may_feed_in=may_feed_in,
        may_charge_from_grid=may_charge | buys_least,
        buys_least=buys_least,
        values_end=cost_function is not CostFunction.PROFIT,
    )


def _permissions(site: Site, name: str) -> Mask:
    """Return a permission of every storage in every interval; shape (K, T)."""
    flags = [site.horizon.spread(getattr(storage, name)) for storage in site.storages]
    return np.array(flags, dtype=np.bool_).reshape(len(flags), site.horizon.n_intervals)


def _wants_charge(site: Site) -> Mask:
    """Return where each storage wants some charge at least; shape (K, T)."""
    wants = np.zeros((len(site.storages), site.horizon.n_intervals), dtype=np.bool_)
    for v, vehicle in enumerate(site.vehicles, len(site.batteries)):
        wants[v] = np.asarray(vehicle.wanted_charge) > 0.0
    return wants


def _surcharge(site: Site, tariff: PlanningTariff) -> float:
    dearest = max(
        float(np.abs(tariff.import_price).max()),
        float(np.abs(tariff.export_price).max()),
        0.01,  # all prices zero: any positive number keeps the order
        *(battery.cycle_cost for battery in site.batteries),
        *(abs(storage.end_value or 0.0) for storage in site.storages),
    )
    return _PRECEDENCE * dearest
