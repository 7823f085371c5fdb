"""The cost vector."""

import numpy as np
from numpy.typing import NDArray

from matrix_builders.arrays import Vector
from matrix_builders.compiled import kernel
from matrix_builders.layout import (
    CHARGE,
    DISCHARGE,
    END_ENERGY,
    EXPORT,
    EXPORT_EXCESS,
    IMPORT,
    IMPORT_EXCESS,
    OVERFILL,
    SHORTFALL,
)


@kernel(
    "void(i8[::1], f8[::1], f8[::1], f8, f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],"
    " f8[:, ::1], f8[:, ::1], f8[::1])"
)
def write_costs(
    column_starts: NDArray[np.int64],
    import_price: Vector,
    export_price: Vector,
    penalty: float,
    wear: Vector,
    level_price: Vector,
    stored_lower: Vector,
    stored_upper: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    end_price: Vector,
    cost: Vector,
) -> None:
    """Cost of one unit of each column.

    Parameters
    ----------
    column_starts : int64 array
        Offsets of the layout.
    import_price, export_price : float64 array, shape (T,)
        Prices that the plan is made against. [$/kWh]
    penalty : float
        Price of a kWh by which a limit is missed, on top of its energy. [$/kWh]
    wear : float64 array, shape (K,)
        Price of energy through each storage, each way. [$/kWh]
    level_price : float64 array, shape (K,)
        Price of missing a soft level of each storage by one kWh. [$/kWh]
    stored_lower, stored_upper, soft_floor, soft_ceiling : float64 array, shape (K, T)
        Hard and soft levels. [kWh]
    end_price : float64 array, shape (E, S)
        Value of energy left, by segment. [$/kWh]
    cost : float64 array, shape (n_cols,)
        Zeros; modified in place.
    """
    n_intervals = import_price.size
    has_import_excess = column_starts[IMPORT_EXCESS] < column_starts[EXPORT_EXCESS]
    has_export_excess = column_starts[EXPORT_EXCESS] < column_starts[CHARGE]
    for t in range(n_intervals):
        cost[column_starts[IMPORT] + t] = import_price[t]
        cost[column_starts[EXPORT] + t] = -export_price[t]
        if has_import_excess:
            cost[column_starts[IMPORT_EXCESS] + t] = import_price[t] + penalty
        if has_export_excess:
            cost[column_starts[EXPORT_EXCESS] + t] = penalty - export_price[t]
    n_storages = stored_lower.shape[0]
    shortfall = column_starts[SHORTFALL]
    overfill = column_starts[OVERFILL]
    for k in range(n_storages):
        for t in range(n_intervals):
            cost[column_starts[CHARGE] + k * n_intervals + t] = wear[k]
            cost[column_starts[DISCHARGE] + k * n_intervals + t] = wear[k]
            if soft_floor[k, t] > stored_lower[k, t]:
                cost[shortfall] = level_price[k]
                shortfall += 1
            if soft_ceiling[k, t] < stored_upper[k, t]:
                cost[overfill] = level_price[k]
                overfill += 1
    n_ends, n_segments = end_price.shape
    for e in range(n_ends):
        for j in range(n_segments):
            cost[column_starts[END_ENERGY] + e * n_segments + j] = -end_price[e, j]
