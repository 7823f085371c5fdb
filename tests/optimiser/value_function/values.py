"""Value functions of a programme, by the kernels of the recursion."""

from typing import NamedTuple

import numpy as np

from optimiser.value_function.backward import value_backwards
from optimiser.value_function.interval_cost import interval_costs


class ValueFunction(NamedTuple):
    """Least cost by the energy stored: breakpoints [kWh], values there [$], slopes [$/kWh]."""

    x: np.ndarray
    y: np.ndarray
    slope: np.ndarray


def costs_of(programme, first=0):
    """Cost of every interval from `first` on, by the energy that the storage gives."""
    storages = programme.storages
    return interval_costs(
        programme.meter,
        storages.charge_limit[0],
        storages.discharge_limit[0],
        first,
        programme.site.penalty,
        float(storages.charge_efficiency[0]),
        float(storages.discharge_efficiency[0]),
        float(storages.wear[0]),
    )


def value_at(programme, first, end):
    """Value function at the beginning of interval `first`, given that at the end."""
    storages = programme.storages
    _, _, _, (x, y, slope) = value_backwards(
        *costs_of(programme, first),
        float(storages.level_price[0]),
        storages.soft_floor[0, first:],
        storages.soft_ceiling[0, first:],
        end.x,
        end.slope,
    )
    return ValueFunction(x, y + end.y[0], slope[:-1])
