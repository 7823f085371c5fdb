"""Steady power over neighbouring intervals in which energy costs the same."""

import numpy as np

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from matrix_builders.tables import EXPORT_PRICE, IMPORT_PRICE, NET_LOAD
from optimiser.model.arrays import Programme
from optimiser.model.dispatch import Dispatch, follow
from optimiser.model.dispatch_kernels import meter_cost_at

_EQUAL_PRICE = 1e-9  # $/kWh
_NOTHING = 1e-9  # $; steadying a plan must be free


def steadied(programme: Programme, dispatch: Dispatch) -> Dispatch:
    """Spread what one storage trades evenly over intervals of one price.

    Parameters
    ----------
    programme : Programme
        Of one storage.
    dispatch : Dispatch
        A plan of it.

    Returns
    -------
    Dispatch
        The same plan where there is nothing to spread.
    """
    storages = programme.storages
    net = dispatch.charge[0] - dispatch.discharge[0]
    spread = spread_evenly(
        programme.meter,
        programme.site.penalty,
        programme.hours,
        dispatch.grid_import,
        dispatch.grid_export,
        dispatch.curtailed,
        net,
    )
    if spread == 0:
        return dispatch
    change = np.where(
        net > 0, net * storages.charge_efficiency[0], net / storages.discharge_efficiency[0]
    )
    levels = storages.initial[0] + np.cumsum(change)
    return follow(programme, levels[None, :])


@kernel("f8(f8, f8, f8)", inlined=True)
def direction_of(net: float, grid_import: float, grid_export: float) -> float:
    """Way in which a storage trades with the grid, 1 in, -1 out; 0 where it does not."""
    if net > 0.0 and grid_import > 0.0:
        return 1.0
    if net < 0.0 and grid_export > 0.0:
        return -1.0
    return 0.0


@kernel("i8(f8[:, ::1], f8, Array(f8, 1, 'C', readonly=True), f8[::1], f8[::1], f8[::1], f8[::1])")
def spread_evenly(
    meter: Vector,
    penalty: float,
    hours: Vector,
    grid_import: Vector,
    grid_export: Vector,
    curtailed: Vector,
    net: Vector,
) -> int:
    """Spread the energy of every run of intervals of one price, where that costs nothing.

    Parameters
    ----------
    meter, penalty
        As in `cost_at_meter`.
    hours : float64 array, shape (T,)
        Length of each interval. [h]
    grid_import, grid_export, curtailed : float64 array, shape (T,)
        Of the plan. [kWh per interval]
    net : float64 array, shape (T,)
        Energy into the storage, or out where negative; modified in place. [kWh per interval]

    Returns
    -------
    int
        Number of runs that were spread.
    """
    n_spread = 0
    first = 0
    while first < net.size:
        direction = direction_of(net[first], grid_import[first], grid_export[first])
        price = IMPORT_PRICE if direction > 0.0 else EXPORT_PRICE
        after = first + 1
        while (
            after < net.size
            and direction != 0.0
            and direction_of(net[after], grid_import[after], grid_export[after]) == direction
            and abs(meter[price, after] - meter[price, after - 1]) < _EQUAL_PRICE
        ):
            after += 1
        if after - first > 1:
            power = net[first:after].sum() / hours[first:after].sum()
            dearer = 0.0
            for t in range(first, after):
                rest = meter[NET_LOAD, t] + curtailed[t]
                dearer += meter_cost_at(meter, penalty, t, rest + power * hours[t])
                dearer -= meter_cost_at(meter, penalty, t, rest + net[t])
            if dearer <= _NOTHING:
                n_spread += 1
                for t in range(first, after):
                    net[t] = power * hours[t]
        first = after
    return n_spread
