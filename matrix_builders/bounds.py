"""Bounds of the rows."""

import numpy as np

from matrix_builders.arrays import Places, Vector
from matrix_builders.compiled import kernel
from matrix_builders.layout import BALANCE, CEILING, DYNAMICS, END_LEVEL, FLOOR


@kernel(
    "void(i8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],"
    " i8[::1], f8[::1], f8[::1])"
)
def write_row_bounds(
    row_starts: Places,
    net_load: Vector,
    initial: Vector,
    stored_lower: Vector,
    stored_upper: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    end_of: Places,
    row_lower: Vector,
    row_upper: Vector,
) -> None:
    """Bounds of every row: equalities but for the soft levels.

    Parameters
    ----------
    row_starts : int64 array
        Offsets of the layout.
    net_load : float64 array, shape (T,)
        Load less solar. [kWh per interval]
    initial : float64 array, shape (K,)
        Energy stored now. [kWh]
    stored_lower, stored_upper, soft_floor, soft_ceiling : float64 array, shape (K, T)
        Hard and soft levels. [kWh]
    end_of : int64 array, shape (K,)
        End value that each storage counts in.
    row_lower, row_upper : float64 array, shape (n_rows,)
        Zeros; modified in place.
    """
    n_storages, n_intervals = stored_lower.shape
    for t in range(n_intervals):
        row_lower[row_starts[BALANCE] + t] = net_load[t]
        row_upper[row_starts[BALANCE] + t] = net_load[t]
    floor = row_starts[FLOOR]
    ceiling = row_starts[CEILING]
    for k in range(n_storages):
        first = row_starts[DYNAMICS] + k * n_intervals
        row_lower[first] = initial[k]
        row_upper[first] = initial[k]
        for t in range(n_intervals):
            if soft_floor[k, t] > stored_lower[k, t]:
                row_lower[floor] = soft_floor[k, t]
                row_upper[floor] = np.inf
                floor += 1
            if soft_ceiling[k, t] < stored_upper[k, t]:
                row_lower[ceiling] = -np.inf
                row_upper[ceiling] = soft_ceiling[k, t]
                ceiling += 1
    if row_starts[END_LEVEL] < row_starts[END_LEVEL + 1]:
        for k in range(n_storages):
            row_lower[row_starts[END_LEVEL] + end_of[k]] += stored_lower[k, n_intervals - 1]
            row_upper[row_starts[END_LEVEL] + end_of[k]] += stored_lower[k, n_intervals - 1]
