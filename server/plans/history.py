"""The plan before: what the next one should not change without need."""

import numpy as np

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser import CostFunction, Plan, Site

_FRESH = 2 * 3600.0  # s; an older plan binds nobody
_NEAR_SOC = 0.03
_NEAR_PRICE = 0.1  # share of the mean price by which forecasts may have moved
_PENNY = 0.01  # $/kWh; and this much where prices are near zero
_TINY = 1e-9  # h; rounding of sums of interval lengths


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
    known = last.site
    if len(site.batteries) != 1 or len(known.batteries) != 1:
        return False
    age = (site.horizon.start - known.horizon.start).total_seconds()
    if not 0.0 <= age <= _FRESH:
        return False
    battery = site.batteries[0]
    if (
        known.inverter != site.inverter
        or not known.batteries[0].same_as(battery)
        or not known.grid.same_as(site.grid)
    ):
        return False
    return is_foreseen(
        known.horizon.elapsed,
        last.soc[0],
        known.tariff.import_price,
        known.tariff.export_price,
        age / 3600.0,
        battery.initial_soc,
        site.tariff.import_price,
        site.tariff.export_price,
    )


@kernel(
    "b1(Array(f8, 1, 'C', readonly=True), Array(f8, 1, 'C', readonly=True),"
    " Array(f8, 1, 'C', readonly=True), Array(f8, 1, 'C', readonly=True), f8, f8,"
    " Array(f8, 1, 'C', readonly=True), Array(f8, 1, 'C', readonly=True))"
)
def is_foreseen(
    ends: Vector,
    soc: Vector,
    expected_import: Vector,
    expected_export: Vector,
    age: float,
    present_soc: float,
    present_import: Vector,
    present_export: Vector,
) -> bool:
    """Tell whether a plan expected the present state of charge and prices.

    Parameters
    ----------
    ends : float64 array, shape (T,)
        End of each of its intervals, from its start. [h]
    soc : float64 array, shape (T + 1,)
        State of charge that it expected at every instant. [-]
    expected_import, expected_export : float64 array, shape (T,)
        Its prices. [$/kWh]
    age : float
        Time since its start; not negative. [h]
    present_soc : float
        State of charge now. [-]
    present_import, present_export : float64 array, shape (n,)
        Prices from now on. [$/kWh]

    Returns
    -------
    bool
        False also where the plan has ended.
    """
    now = int(np.searchsorted(ends, age + _TINY, side="right"))
    if now == ends.size or abs(soc[now] - present_soc) > _NEAR_SOC:
        return False
    n = min(ends.size - now, present_import.size)
    for side in range(2):
        expected = expected_import if side == 0 else expected_export
        present = present_import if side == 0 else present_export
        moved, size = 0.0, 0.0
        for i in range(n):
            moved += abs(expected[now + i] - present[i])
            size += abs(expected[now + i])
        if moved > n * _PENNY + _NEAR_PRICE * size:
            return False
    return True
