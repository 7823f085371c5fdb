"""One storage of a plan over the horizon, and the marginal value of a kWh at the meter."""

from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector
from optimiser.problem.horizon import Horizon
from optimiser.problem.windows import Mask
from optimiser.result.plan import COMMAND_THRESHOLD, Plan

_METER_NOISE = 1e-3
"""Power through the meter that counts as none. [kW]"""

_CENT = 0.005
"""Difference of prices that counts as none, where the price scale is 1: their rounding. [$/kWh]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One storage of a plan, read for its reasons; arrays of shape (T,).

    Attributes
    ----------
    horizon : Horizon
        The span planned.
    charge, discharge : float64 array
        Power of the storage. [kW]
    stored : float64 array
        Energy at the end of each interval. [kWh]
    floor, ceiling : float
        Energy that it is kept above and below. [kWh]
    importing, exporting, curtailing : bool array
        What the meter and the panels do.
    import_price, export_price : float64 array
        True prices. [$/kWh]
    cent : float
        Difference of prices that counts as none. [$/kWh]
    """

    horizon: Horizon
    charge: Vector
    discharge: Vector
    stored: Vector
    floor: float
    ceiling: float
    importing: Mask
    exporting: Mask
    curtailing: Mask
    import_price: Vector
    export_price: Vector
    cent: float

    @property
    def charges(self) -> Mask:
        """Intervals in which it charges."""
        return self.charge > COMMAND_THRESHOLD

    @property
    def discharges(self) -> Mask:
        """Intervals in which it discharges."""
        return self.discharge > COMMAND_THRESHOLD

    def cost_of_more(self) -> Vector:
        """Return the cost of one kWh more: bought, not sold, or free. [$/kWh]"""
        kept = np.where(self.importing, self.import_price, self.export_price)
        # A surplus that is lost costs nothing to take; nor does it cost to leave unsold at a loss.
        return np.where(self.curtailing & ~self.importing, 0.0, kept)

    def value_of_more(self) -> Vector:
        """Return the value of one kWh given: sold, else not bought. [$/kWh]"""
        return np.where(self.exporting, self.export_price, self.import_price)

    def next_use(self) -> int | None:
        """Return where energy stored now does the least: a discharge before it is next empty."""
        return _least(self.value_of_more(), self.discharges, self._until(self.stored, self.floor))

    def next_refill(self) -> int | None:
        """Return where energy given now is put back at most: a charge before it is next full."""
        last = self._until(-self.stored, -self.ceiling)
        return _least(-self.cost_of_more(), self.charges, last)

    def first(self, moves: Mask) -> int | None:
        """Return the first interval in which it moves."""
        return int(np.argmax(moves)) if moves.any() else None

    @property
    def slack(self) -> float:
        """Energy that counts as none. [kWh]"""
        return 1e-3 + 2e-3 * self.ceiling

    def _until(self, level: Vector, limit: float) -> int:
        """Return the first interval that ends with `level` at its limit; else the last."""
        there = level <= limit + self.slack
        return int(np.argmax(there)) if there.any() else level.size - 1


def _least(value: Vector, where: Mask, last: int) -> int | None:
    """Return the interval after the first, up to `last`, of least value in the mask."""
    allowed = where.copy()
    allowed[0] = False
    allowed[last + 1 :] = False
    return int(np.argmin(np.where(allowed, value, np.inf))) if allowed.any() else None


def outlook_of(plan: Plan, k: int) -> Outlook:
    """Read storage `k` of a plan as served: batteries first, then vehicles."""
    site, dispatch, hours = plan.site, plan.dispatch, plan.site.horizon.hours
    n = len(site.batteries)
    if k < n:
        battery = site.batteries[k]
        floor, ceiling = battery.reserve * battery.capacity, battery.max_soc * battery.capacity
    else:
        vehicle = site.vehicles[k - n]
        floor, ceiling = vehicle.least_soc * vehicle.capacity, vehicle.most_soc * vehicle.capacity
    return Outlook(
        horizon=site.horizon,
        charge=dispatch.charge[k] / hours,
        discharge=dispatch.discharge[k] / hours,
        stored=dispatch.stored[k],
        floor=floor,
        ceiling=ceiling,
        importing=dispatch.grid_import / hours > _METER_NOISE,
        exporting=dispatch.grid_export / hours > _METER_NOISE,
        curtailing=dispatch.curtailed / hours > _METER_NOISE,
        import_price=site.tariff.import_price,
        export_price=site.tariff.export_price,
        cent=_CENT * site.price_scale,
    )
