"""The true bill, at the true prices."""

from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector
from optimiser.dispatch import Dispatch
from optimiser.site import Site, Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What a plan costs; planning prices, penalties and end values never enter. [$]

    Attributes
    ----------
    total_cost : float
        The bill of the horizon.
    baseline_cost : float
        The bill with the battery idle.
    import_cost, export_revenue : float
        Its two sides.
    wear_cost : float
        Cycle cost of the plan; not part of the bill.
    end_value : float
        Worth that the plan gave to the energy left at the end; not part of the bill.
    """

    total_cost: float
    baseline_cost: float
    import_cost: float
    export_revenue: float
    wear_cost: float
    end_value: float

    @property
    def savings(self) -> float:
        """How much less the plan costs than the idle battery. [$]"""
        return self.baseline_cost - self.total_cost


def bill(tariff: Tariff, grid_import: Vector, grid_export: Vector) -> float:
    """Cost of the energy through the meter. [$]"""
    return float(grid_import @ tariff.import_price - grid_export @ tariff.export_price)


def money_of(site: Site, dispatch: Dispatch, end_value: float) -> Money:
    """Bill of a dispatch, beside that of the same site with the battery idle.

    Parameters
    ----------
    site : Site
        True prices.
    dispatch : Dispatch
        What is done.
    end_value : float
        Worth of the energy left at the end. [$]

    Returns
    -------
    Money
        Amounts over the horizon.
    """
    moved = (dispatch.charge + dispatch.discharge).sum(axis=1)
    import_cost = float(dispatch.grid_import @ site.tariff.import_price)
    export_revenue = float(dispatch.grid_export @ site.tariff.export_price)
    return Money(
        total_cost=import_cost - export_revenue,
        baseline_cost=baseline_cost(site),
        import_cost=import_cost,
        export_revenue=export_revenue,
        wear_cost=float(moved @ np.array([b.cycle_cost for b in site.batteries])),
        end_value=end_value,
    )


def baseline_cost(site: Site) -> float:
    """Bill with the battery idle: the net load at the meter, nothing else controlled. [$]

    Surplus beyond the export limit is lost where solar can be curtailed.
    """
    surplus = np.maximum(-site.net_load, 0.0)
    if site.grid.curtailment:
        surplus = np.minimum(surplus, site.horizon.hours * site.grid.export_limit)
    return bill(site.tariff, np.maximum(site.net_load, 0.0), surplus)
