"""The true bill, at the true prices."""

from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

import numpy as np

from matrix_builders import Vector
from optimiser.model.demand_charges import MeteredPeak, credit, daily_allowances, metered_peaks
from optimiser.model.dispatch import Dispatch
from optimiser.model.storages import (
    leaves_after,
    mean_price,
    present_at_charger,
    target_energy,
)
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Vehicle


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The peak of one demand charge.

    Attributes
    ----------
    reached : float
        Highest mean power of the horizon, at least the peak already reached. [kW]
    so_far : float
        Peak already reached in the billing period that the horizon starts in. [kW]
    cost : float
        Cost of its rise, and of the peaks of later billing periods. [$]
    """

    reached: float
    so_far: float
    cost: float


@dataclass(frozen=True, kw_only=True)
class Bill:
    """The cost of energy and power through a meter, line by line. [$]

    Attributes
    ----------
    import_cost, export_revenue : float
        Energy at the prices of the tariff.
    allowance_credit : float
        Gain of the energy within allowances over those prices.
    peaks : tuple of Peak
        One for each demand charge.
    """

    import_cost: float
    export_revenue: float
    allowance_credit: float
    peaks: tuple[Peak, ...]

    @cached_property
    def demand_cost(self) -> float:
        """Cost of power. [$]"""
        return sum(map(attrgetter("cost"), self.peaks), 0.0)

    @cached_property
    def total(self) -> float:
        """The sum to pay. [$]"""
        energy = self.import_cost - self.export_revenue - self.allowance_credit
        return energy + (self.demand_cost if self.peaks else 0.0)


@dataclass(frozen=True, kw_only=True)
class Money:
    """The cost of a plan at the true prices; planning prices and penalties never enter. [$]

    Attributes
    ----------
    bill : Bill
        Of the horizon.
    baseline_cost : float
        The bill of equal service with the batteries idle, and the vehicles charged as they come.
    wear_cost : float
        Cycle cost of the plan; not part of the bill.
    end_value : float
        Terminal value of the energy left at the end; not part of the bill.
    """

    bill: Bill
    baseline_cost: float
    wear_cost: float
    end_value: float

    @cached_property
    def total_cost(self) -> float:
        """The bill of the horizon. [$]"""
        return self.bill.total

    @cached_property
    def savings(self) -> float:
        """Cost of the baseline less that of the plan. [$]"""
        return self.baseline_cost - self.total_cost


def bill_of(site: Site, grid_import: Vector, grid_export: Vector) -> Bill:
    """Return the bill of the energy through the meter, shape (T,) each. [kWh per interval]"""
    tariff = site.tariff
    prices = tariff.import_price, tariff.export_price
    allowances = (
        daily_allowances(site.horizon, tariff.allowances, *prices) if tariff.allowances else ()
    )
    return Bill(
        import_cost=float(grid_import @ tariff.import_price),
        export_revenue=float(grid_export @ tariff.export_price),
        allowance_credit=credit(allowances, grid_import, grid_export) if allowances else 0.0,
        peaks=_peaks(site, grid_import) if tariff.demand_charges else (),
    )


def _peaks(site: Site, grid_import: Vector) -> tuple[Peak, ...]:
    """Return the peak of every demand charge."""
    charges = metered_peaks(site.horizon, site.tariff.demand_charges)
    return tuple(_peak_of(periods, grid_import) for periods in charges)


def _peak_of(periods: tuple[MeteredPeak, ...], grid_import: Vector) -> Peak:
    """Return the peak of one demand charge over its billing periods."""
    return Peak(
        reached=max(period.height(grid_import) for period in periods),
        so_far=periods[0].floor,
        cost=sum([period.cost(grid_import) for period in periods]),
    )


def money_of(site: Site, dispatch: Dispatch, end_value: float) -> Money:
    """Return the bill of a dispatch beside the baseline, with its terminal value. [$]"""
    moved = (dispatch.charge + dispatch.discharge).sum(axis=1)
    cycle_costs = np.array([*map(attrgetter("cycle_cost"), site.storages)])
    return Money(
        bill=bill_of(site, dispatch.grid_import, dispatch.grid_export),
        baseline_cost=baseline_cost(site, dispatch),
        wear_cost=float(cycle_costs @ moved),
        end_value=end_value,
    )


def baseline_cost(site: Site, dispatch: Dispatch) -> float:
    """Return the bill with nothing controlled: batteries idle, vehicles charged as they come. [$]

    What a limit of exports or the inverter cuts is lost; where solar may be curtailed, none is sold
    at a loss.  A vehicle gets what it has of its target in the dispatch;
    where it ends with less of it, or with more, the difference counts at the mean price.
    """
    drawn, owed = site.net_load + site.clipping, 0.0
    price = mean_price(site.tariff.import_price, site.horizon.hours) if site.vehicles else 0.0
    for k, vehicle in enumerate(site.vehicles, len(site.batteries)):
        wanted, initial = target_energy(vehicle), vehicle.initial_soc * vehicle.capacity
        given = float(dispatch.stored[k, leaves_after(vehicle, site.horizon)])
        needed = (min(given, wanted) - min(initial, wanted)) / vehicle.charge_efficiency
        charge = charge_at_once(vehicle, site, drawn, needed)
        drawn = drawn + charge
        owed += price * (needed - float(charge.sum()))
    sold = site.horizon.hours * site.grid.export_limit
    if site.grid.curtailment:
        sold = np.where(site.tariff.export_price < 0.0, 0.0, sold)
    surplus = np.minimum(np.maximum(-drawn, 0.0), sold)
    return bill_of(site, np.maximum(drawn, 0.0), surplus).total + owed


def charge_at_once(vehicle: Vehicle, site: Site, drawn: Vector, needed: float) -> Vector:
    """Return the charge of a vehicle as early as its charger can, until it has what it needs. [kWh]

    Beside what the site has drawn: off, or on at the least power for the shortest time at least,
    within the import limit or the surplus; the last charge may be shorter.
    """
    hours, here = site.horizon.hours, present_at_charger(vehicle, site.horizon)
    most = np.where(here, hours * vehicle.charge_limit, 0.0)
    if vehicle.may_charge_from_grid:
        free = hours * site.grid.import_limit - drawn
    else:
        free = np.where(-drawn >= hours * vehicle.least_charge, -drawn, 0.0)
    most = np.clip(free, 0.0, most)
    most[most < vehicle.least_charge * np.minimum(hours, vehicle.least_time)] = 0.0
    before = np.cumsum(most) - most
    return np.clip(needed - before, 0.0, most)
