"""Bounds of columns and rows."""

import numpy as np
from numpy.typing import NDArray

from matrix_builders.arrays import Vector
from matrix_builders.compiled import kernel
from matrix_builders.layout import (
    BALANCE,
    CEILING,
    CHARGE,
    CURTAIL,
    DISCHARGE,
    DYNAMICS,
    END_ENERGY,
    END_LEVEL,
    EXPORT,
    EXPORT_EXCESS,
    FLOOR,
    IMPORT,
    IMPORT_EXCESS,
    OVERFILL,
    SHORTFALL,
    STORED,
)


@kernel("void(i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def write_site_bounds(
    column_starts: NDArray[np.int64],
    import_limit: Vector,
    export_limit: Vector,
    curtail_limit: Vector,
    import_excess: Vector,
    export_excess: Vector,
    col_upper: Vector,
) -> None:
    """Upper bounds of the columns of the meter; their lower bounds are zero.

    Parameters
    ----------
    column_starts : int64 array
        Offsets of the layout.
    import_limit, export_limit, curtail_limit, import_excess, export_excess : float64 array, \
shape (T,)
        Limits. [kWh per interval]
    col_upper : float64 array, shape (n_cols,)
        Modified in place.
    """
    for t in range(import_limit.size):
        col_upper[column_starts[IMPORT] + t] = import_limit[t]
        col_upper[column_starts[EXPORT] + t] = export_limit[t]
    if column_starts[CURTAIL] < column_starts[IMPORT_EXCESS]:
        for t in range(import_limit.size):
            col_upper[column_starts[CURTAIL] + t] = curtail_limit[t]
    if column_starts[IMPORT_EXCESS] < column_starts[EXPORT_EXCESS]:
        for t in range(import_limit.size):
            col_upper[column_starts[IMPORT_EXCESS] + t] = import_excess[t]
    if column_starts[EXPORT_EXCESS] < column_starts[CHARGE]:
        for t in range(import_limit.size):
            col_upper[column_starts[EXPORT_EXCESS] + t] = export_excess[t]


@kernel(
    "void(i8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],"
    " f8[:, ::1], f8[::1], f8[::1])"
)
def write_storage_bounds(
    column_starts: NDArray[np.int64],
    charge_limit: Vector,
    discharge_limit: Vector,
    stored_lower: Vector,
    stored_upper: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    end_width: Vector,
    col_lower: Vector,
    col_upper: Vector,
) -> None:
    """Bounds of the columns of the storages.

    Parameters
    ----------
    column_starts : int64 array
        Offsets of the layout.
    charge_limit, discharge_limit : float64 array, shape (K, T)
        Limits. [kWh per interval]
    stored_lower, stored_upper, soft_floor, soft_ceiling : float64 array, shape (K, T)
        Hard and soft levels. [kWh]
    end_width : float64 array, shape (E, S)
        Segments of the end values. [kWh]
    col_lower, col_upper : float64 array, shape (n_cols,)
        Modified in place.
    """
    n_storages, n_intervals = charge_limit.shape
    n_segments = end_width.shape[1]
    shortfall = column_starts[SHORTFALL]
    overfill = column_starts[OVERFILL]
    for k in range(n_storages):
        for t in range(n_intervals):
            at = k * n_intervals + t
            col_upper[column_starts[CHARGE] + at] = charge_limit[k, t]
            col_upper[column_starts[DISCHARGE] + at] = discharge_limit[k, t]
            col_lower[column_starts[STORED] + at] = stored_lower[k, t]
            col_upper[column_starts[STORED] + at] = stored_upper[k, t]
            if soft_floor[k, t] > stored_lower[k, t]:
                col_upper[shortfall] = soft_floor[k, t] - stored_lower[k, t]
                shortfall += 1
            if soft_ceiling[k, t] < stored_upper[k, t]:
                col_upper[overfill] = stored_upper[k, t] - soft_ceiling[k, t]
                overfill += 1
    for e in range(end_width.shape[0]):
        for j in range(n_segments):
            col_upper[column_starts[END_ENERGY] + e * n_segments + j] = end_width[e, j]


@kernel(
    "void(i8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],"
    " i8[::1], f8[::1], f8[::1])"
)
def write_row_bounds(
    row_starts: NDArray[np.int64],
    net_load: Vector,
    initial: Vector,
    stored_lower: Vector,
    stored_upper: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    end_of: NDArray[np.int64],
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
