"""What a plan misses, against the plain reading of every level and every limit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser.model.dispatch import Trajectory, simulate
from optimiser.model.storages import REGAIN_HOURS
from optimiser.result.shortfalls import SoftLimit, find_shortfalls
from tests.builders import a_problem
from tests.strategies import homes, levels_of, sites
from tests.tolerances import KERNEL

NOTICEABLE = 1e-4  # kWh


def missed_levels(battery, stored, regained):
    """SoftLimit, worst miss and first interval of everything that one battery misses."""
    low = np.maximum(battery.reserve * battery.capacity - stored, 0.0)
    high = np.maximum(stored - battery.max_soc * battery.capacity, 0.0)
    low[:regained] = high[:regained] = 0.0
    short = np.zeros(stored.size)
    if battery.target_end_soc is not None:
        short[-1] = battery.target_end_soc * battery.capacity - stored[-1]
    for limit, miss in (
        (SoftLimit.RESERVE, low),
        (SoftLimit.MAX_SOC, high),
        (SoftLimit.TARGET_END_SOC, short),
    ):
        if miss.max() > NOTICEABLE:
            yield limit, miss.max(), int(np.argmax(miss > NOTICEABLE))


def gone_beyond(hours, energy, limit):
    """Energy in sum, first interval and highest power, where a limit of the meter is missed."""
    beyond = energy - hours * limit
    at = beyond > NOTICEABLE
    if at.any():
        yield beyond[at].sum(), int(np.argmax(at)), (energy / hours)[at].max()


@given(st.data())
def test_every_miss_is_told(data):
    site = data.draw(homes() | sites())
    problem = a_problem(site)
    dispatch = simulate(problem, Trajectory(data.draw(levels_of(problem)))).dispatch
    hours, grid = site.horizon.hours, site.grid

    found = find_shortfalls(site, dispatch, problem.permissions.charge_from_grid)

    regained = site.horizon.index_at(REGAIN_HOURS)
    of_batteries = [
        (limit, k, amount, t)
        for k, battery in enumerate(site.batteries)
        for limit, amount, t in missed_levels(battery, dispatch.stored[k], regained)
    ]
    of_meter = [
        (limit, amount, t, needs, np.broadcast_to(power, hours.shape)[t])
        for limit, energy, power in (
            (SoftLimit.IMPORT_LIMIT, dispatch.grid_import, grid.import_limit),
        )
        for amount, t, needs in gone_beyond(hours, energy, power)
    ]
    of_vehicles = [miss for miss in found if miss.limit is SoftLimit.VEHICLE_TARGET]
    told = [miss for miss in found if miss not in of_vehicles]
    assert [(m.limit, m.storage, m.interval) for m in told] == [
        *((limit, k, t) for limit, k, _, t in of_batteries),
        *((limit, None, t) for limit, _, t, _, _ in of_meter),
    ]
    assert [(m.amount, m.needs, m.has) for m in told] == [
        *(pytest.approx((amount, 0.0, 0.0), rel=KERNEL) for _, _, amount, _ in of_batteries),
        *(pytest.approx((amount, needs, has), rel=KERNEL) for _, amount, _, needs, has in of_meter),
    ]
