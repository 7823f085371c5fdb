"""The plan before: what the next one should not change without need."""

from dataclasses import replace

import numpy as np

from optimiser import Plan, Site

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

    def before(self, site: Site) -> Plan | None:
        """The last plan, where `site` is the same house a little later; else None."""
        last = self._last
        return last if last is not None and _is_sequel(site, last) else None


def _is_sequel(site: Site, last: Plan) -> bool:
    """Same battery, a recent plan, a state of charge and prices that it expected."""
    t = last.interval_at(site.horizon.start)
    age = (site.horizon.start - last.site.horizon.start).total_seconds()
    if t is None or age > _FRESH or len(site.batteries) != 1 or len(last.site.batteries) != 1:
        return False
    battery, before = site.batteries[0], last.site.batteries[0]
    if replace(before, initial_soc=battery.initial_soc) != battery:
        return False
    if abs(float(last.soc[0, t]) - battery.initial_soc) > _NEAR_SOC:
        return False
    expected = last.site.tariff.import_price[t:]
    n = min(expected.size, site.tariff.import_price.size)
    moved = np.abs(expected[:n] - site.tariff.import_price[:n]).mean()
    return bool(moved <= _PENNY + _NEAR_PRICE * np.abs(expected[:n]).mean())
