"""The previous plan, which the next one should not change without need."""

import numpy as np

from matrix_builders import Vector
from optimiser import CostFunction, Plan, Site

_MOST_AGE = 2 * 3600.0  # s; an older plan is no guide
_SOC_TOLERANCE = 0.03
_PRICE_TOLERANCE = 0.1  # share of the mean price by which forecasts may have moved
_PENNY = 0.01  # $/kWh; and this much where prices are near zero


class History:
    """The last plan, for the one thread that plans."""

    def __init__(self) -> None:
        self._last: Plan | None = None

    def record(self, plan: Plan) -> None:
        """Remember `plan` as the last one."""
        self._last = plan

    def before(self, site: Site, cost_function: CostFunction) -> Plan | None:
        """Return the last plan where it is of the same home and purpose; else None."""
        last = self._last
        if last is None or last.cost_function is not cost_function:
            return None
        return last if _is_same_home(site, last.site) and _is_as_expected(site, last) else None


def _is_same_home(site: Site, known: Site) -> bool:
    """Return True where a site has the single battery, the inverter and the grid of another."""
    if len(site.batteries) != 1 or len(known.batteries) != 1:
        return False
    return (
        known.inverter == site.inverter
        and known.batteries[0].same_as(site.batteries[0])
        and known.grid.same_as(site.grid)
    )


def _is_as_expected(site: Site, last: Plan) -> bool:
    """Return True where a recent plan expected the present state of charge and prices."""
    horizon = last.site.horizon
    age = (site.horizon.start - horizon.start).total_seconds()
    if not 0.0 <= age <= _MOST_AGE:
        return False
    now = last.interval_at(site.horizon.start)
    if now is None:  # the plan has ended
        return False
    before, tariff = last.site.tariff, site.tariff
    return (
        bool(abs(last.soc[0, now] - site.batteries[0].initial_soc) <= _SOC_TOLERANCE)
        and is_near(before.import_price[now:], tariff.import_price)
        and is_near(before.export_price[now:], tariff.export_price)
    )


def is_near(expected: Vector, prices: Vector) -> bool:
    """Return True where prices moved little from those expected, while both are known. [$/kWh]"""
    n = min(expected.size, prices.size)
    moved = np.abs(expected[:n] - prices[:n]).sum()
    return bool(moved <= n * _PENNY + _PRICE_TOLERANCE * np.abs(expected[:n]).sum())
