"""The true bill, at the true prices."""

from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

import numpy as np

from matrix_builders import Vector
from optimiser.model.demand_charges import (
    MeteredPeak,
    credit,
    daily_allowances,
    import_steps,
    metered_peaks,
)
from optimiser.model.dispatch import Dispatch
from optimiser.problem.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The peak of one demand charge; where it is on several peaks, their mean.

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
    excess_cost : float
        What imports above the threshold, and of the tiers, cost on top of those.
    allowance_credit : float
        Gain of the energy within allowances over those prices.
    peaks : tuple of Peak
        One for each demand charge.
    carbon : float
        Emission of the imports less what the exports save; not part of the total. [kg]
    """

    import_cost: float
    export_revenue: float
    excess_cost: float
    allowance_credit: float
    peaks: tuple[Peak, ...]
    carbon: float

    @cached_property
    def demand_cost(self) -> float:
        """Cost of power. [$]"""
        return sum(map(attrgetter("cost"), self.peaks), 0.0)

    @cached_property
    def total(self) -> float:
        """The sum to pay. [$]"""
        energy = self.import_cost - self.export_revenue - self.allowance_credit
        return energy + self.excess_cost + (self.demand_cost if self.peaks else 0.0)


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
    self_consumption_cost, self_consumption_wear_cost, self_consumption_end_value : float
        The bill of equal service, wear and terminal value of plain self-consumption.
    baseline_carbon, self_consumption_carbon : float
        Emissions of the baseline and of plain self-consumption, of what each imports and exports.
        [kg]
    """

    bill: Bill
    baseline_cost: float
    wear_cost: float
    end_value: float
    self_consumption_cost: float
    self_consumption_wear_cost: float
    self_consumption_end_value: float
    baseline_carbon: float
    self_consumption_carbon: float

    @cached_property
    def total_cost(self) -> float:
        """The bill of the horizon. [$]"""
        return self.bill.total

    @cached_property
    def savings(self) -> float:
        """Cost of the baseline less that of the plan. [$]"""
        return self.baseline_cost - self.total_cost

    @cached_property
    def savings_vs_self_consumption(self) -> float:
        """Savings against plain self-consumption, wear and what is left at the end counted. [$]"""
        usual = self.self_consumption_cost + self.self_consumption_wear_cost
        usual -= self.self_consumption_end_value
        return usual - (self.total_cost + self.wear_cost - self.end_value)


def bill_of(site: Site, grid_import: Vector, grid_export: Vector) -> Bill:
    """Return the bill of the energy through the meter, shape (T,) each. [kWh per interval]"""
    tariff = site.tariff
    prices, intensity = (tariff.import_price, tariff.export_price), tariff.carbon_intensity
    allowances = (
        daily_allowances(site.horizon, tariff.allowances, *prices) if tariff.allowances else ()
    )
    return Bill(
        import_cost=float(grid_import @ tariff.import_price),
        export_revenue=float(grid_export @ tariff.export_price),
        excess_cost=_excess_cost(site, grid_import) if site.has_import_steps else 0.0,
        allowance_credit=credit(allowances, grid_import, grid_export) if allowances else 0.0,
        peaks=_peaks(site, grid_import) if tariff.demand_charges else (),
        carbon=0.0 if intensity is None else float(intensity @ (grid_import - grid_export)),
    )


def _excess_cost(site: Site, grid_import: Vector) -> float:
    """Return what imports above the threshold, and of the tiers, cost on top. [$]"""
    return sum([step.cost(grid_import) for step in import_steps(site)])


def _peaks(site: Site, grid_import: Vector) -> tuple[Peak, ...]:
    """Return the peak of every demand charge."""
    charges = metered_peaks(site.horizon, site.tariff.demand_charges)
    return tuple(_peak_of(periods, grid_import) for periods in charges)


def _peak_of(periods: tuple[MeteredPeak, ...], grid_import: Vector) -> Peak:
    """Return the peak of one demand charge over its billing periods."""
    return Peak(
        reached=max(period.height(grid_import) for period in periods),
        so_far=periods[0].so_far,
        cost=sum([period.cost(grid_import) for period in periods]),
    )


def wear_of(site: Site, dispatch: Dispatch) -> float:
    """Return the cycle cost of a dispatch of the storages of a site. [$]"""
    moved = (dispatch.charge + dispatch.discharge).sum(axis=1)
    return float(np.array([*map(attrgetter("cycle_cost"), site.storages)]) @ moved)
