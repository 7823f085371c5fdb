"""The plan before: what the next one should not change without need."""

from dataclasses import replace

import numpy as np

from matrix_builders import Vector
from optimiser import CostFunction, Plan, Site

_FRESH = 2 * 3600.0  # s; an older plan binds nobody
_NEAR_SOC = 0.03
_NEAR_PRICE = 0.1  # share of the mean price by which forecasts may have moved
_PENNY = 0.01  # $/kWh; and this much where prices are near zero


class History:
    """The last plan that was made, for the one thread that plans."""

    def __init__(self) -> None:
        self._last: Plan | None = None

    def record(self, plan: Plan) -> None:
        """Remember `plan` as the last one."""
        self._last = plan

    def before(self, site: Site, cost_function: CostFunction) -> Plan | None:
        """The last plan, where this is the same wish of the same house; else None."""
        last = self._last
        if last is None or last.cost_function is not cost_function:
            return None
        return last if _is_sequel(site, last) else None


def _is_sequel(site: Site, last: Plan) -> bool:
    """Same battery and grid, a recent plan, a state of charge and prices that it expected."""
    if last.site.inverter != site.inverter:
        return False
    t = last.interval_at(site.horizon.start)
    age = (site.horizon.start - last.site.horizon.start).total_seconds()
    if t is None or age > _FRESH or len(site.batteries) != 1 or len(last.site.batteries) != 1:
        return False
    battery, before = site.batteries[0], last.site.batteries[0]
    if replace(before, initial_soc=battery.initial_soc) != battery or not last.site.grid.same_as(
        site.grid
    ):
        return False
    if abs(float(last.soc[0, t]) - battery.initial_soc) > _NEAR_SOC:
        return False
    tariff, expected = site.tariff, last.site.tariff
    return _alike(expected.import_price[t:], tariff.import_price) and _alike(
        expected.export_price[t:], tariff.export_price
    )


def _alike(expected: Vector, present: Vector) -> bool:
    n = min(expected.size, present.size)
    moved = np.abs(expected[:n] - present[:n]).mean()
    return bool(moved <= _PENNY + _NEAR_PRICE * np.abs(expected[:n]).mean())
