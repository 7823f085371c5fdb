"""The rule-based plan, for the day when nothing else works."""

import numpy as np

from matrix_builders import Vector
from optimiser.programme import Programme


def rule_levels(programme: Programme) -> Vector:
    """Stored energy when each battery keeps surplus solar and serves the load, in order.

    No forecast is used, no energy is bought for later and none is sold, so the levels respect
    every permission.

    Parameters
    ----------
    programme : Programme
        The problem.

    Returns
    -------
    float64 array, shape (K, T)
        Energy at the end of each interval. [kWh]
    """
    storages = programme.storages
    levels = np.empty(storages.charge_limit.shape)
    present = np.array(storages.initial)
    for t, net_load in enumerate(programme.site.net_load.tolist()):
        open_load = net_load
        for k in range(present.size):
            if open_load < 0:
                room = (storages.stored_upper[k, t] - present[k]) / storages.charge_efficiency[k]
                moved = max(0.0, min(-open_load, storages.charge_limit[k, t], room))
                present[k] += moved * storages.charge_efficiency[k]
                open_load += moved
            else:
                spare = (present[k] - storages.stored_lower[k, t]) * storages.discharge_efficiency[
                    k
                ]
                moved = max(0.0, min(open_load, storages.discharge_limit[k, t], spare))
                present[k] -= moved / storages.discharge_efficiency[k]
                open_load -= moved
        levels[:, t] = present
    return levels
