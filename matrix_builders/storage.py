"""Rows of the storages: dynamics, soft levels and the value of what is left."""

import numpy as np
from numpy.typing import NDArray

from matrix_builders.arrays import Indices, Vector
from matrix_builders.compiled import kernel
from matrix_builders.layout import (
    CEILING,
    CHARGE,
    DISCHARGE,
    DYNAMICS,
    END_ENERGY,
    END_LEVEL,
    FLOOR,
    OVERFILL,
    SHORTFALL,
    STORED,
)


@kernel("i8(i8[::1], i8[::1], i8, f8[::1], f8[::1], i4[::1], i4[::1], f8[::1], i8)")
def write_dynamics(
    column_starts: NDArray[np.int64],
    row_starts: NDArray[np.int64],
    n_intervals: int,
    charge_efficiency: Vector,
    discharge_efficiency: Vector,
    rows: Indices,
    cols: Indices,
    values: Vector,
    place: int,
) -> int:
    """Dynamics rows of every storage, as a recursion.

    Row ``(k, t)`` reads ``stored[k, t] - stored[k, t-1] - eta_c charge[k, t]
    + discharge[k, t] / eta_d = 0``; ``stored[k, -1]``, known, belongs to the right-hand side.
    A cumulative sum would say the same in a dense triangle, and solve ten times slower.

    Parameters
    ----------
    column_starts, row_starts : int64 array
        Offsets of the layout.
    n_intervals : int
        T.
    charge_efficiency, discharge_efficiency : float64 array, shape (K,)
        One-way efficiencies, in (0, 1]. [-]
    rows, cols : int32 array, shape (capacity,)
        Modified in place, from `place` on; ``K (4 T - 1)`` entries.
    values : float64 array, shape (capacity,)
        Modified in place.
    place : int
        Next free entry.

    Returns
    -------
    int
        Next free entry.
    """
    for k in range(charge_efficiency.size):
        for t in range(n_intervals):
            at = k * n_intervals + t
            row = row_starts[DYNAMICS] + at
            rows[place] = row
            cols[place] = column_starts[CHARGE] + at
            values[place] = -charge_efficiency[k]
            rows[place + 1] = row
            cols[place + 1] = column_starts[DISCHARGE] + at
            values[place + 1] = 1.0 / discharge_efficiency[k]
            rows[place + 2] = row
            cols[place + 2] = column_starts[STORED] + at
            values[place + 2] = 1.0
            place += 3
            if t > 0:  # what the interval before left, this one finds
                rows[place] = row
                cols[place] = column_starts[STORED] + at - 1
                values[place] = -1.0
                place += 1
    return place


@kernel(
    "i8(i8[::1], i8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],"
    " i4[::1], i4[::1], f8[::1], i8)"
)
def write_soft_levels(
    column_starts: NDArray[np.int64],
    row_starts: NDArray[np.int64],
    stored_lower: Vector,
    stored_upper: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    rows: Indices,
    cols: Indices,
    values: Vector,
    place: int,
) -> int:
    """Rows of the levels that may be missed at a price.

    ``stored + shortfall >= soft_floor`` wherever the soft floor lies above the hard one, then
    ``stored - overfill <= soft_ceiling`` wherever the soft ceiling lies below the hard one.

    Parameters
    ----------
    column_starts, row_starts : int64 array
        Offsets of the layout.
    stored_lower, stored_upper, soft_floor, soft_ceiling : float64 array, shape (K, T)
        Hard and soft levels. [kWh]
    rows, cols : int32 array, shape (capacity,)
        Modified in place, from `place` on; two entries for each soft level.
    values : float64 array, shape (capacity,)
        Modified in place.
    place : int
        Next free entry.

    Returns
    -------
    int
        Next free entry.
    """
    n_storages, n_intervals = stored_lower.shape
    slack = 0
    for k in range(n_storages):
        for t in range(n_intervals):
            if soft_floor[k, t] > stored_lower[k, t]:
                rows[place] = row_starts[FLOOR] + slack
                cols[place] = column_starts[STORED] + k * n_intervals + t
                values[place] = 1.0
                rows[place + 1] = row_starts[FLOOR] + slack
                cols[place + 1] = column_starts[SHORTFALL] + slack
                values[place + 1] = 1.0
                place += 2
                slack += 1
    slack = 0
    for k in range(n_storages):
        for t in range(n_intervals):
            if soft_ceiling[k, t] < stored_upper[k, t]:
                rows[place] = row_starts[CEILING] + slack
                cols[place] = column_starts[STORED] + k * n_intervals + t
                values[place] = 1.0
                rows[place + 1] = row_starts[CEILING] + slack
                cols[place + 1] = column_starts[OVERFILL] + slack
                values[place + 1] = -1.0
                place += 2
                slack += 1
    return place


@kernel("i8(i8[::1], i8[::1], i8, i8[::1], i8, i8, i4[::1], i4[::1], f8[::1], i8)")
def write_end_levels(
    column_starts: NDArray[np.int64],
    row_starts: NDArray[np.int64],
    n_intervals: int,
    end_of: NDArray[np.int64],
    n_ends: int,
    n_segments: int,
    rows: Indices,
    cols: Indices,
    values: Vector,
    place: int,
) -> int:
    """Rows that split what is left at the end into the segments of its value.

    Row ``e`` reads ``sum over its k of stored[k, T-1] - sum over j of end_energy[e, j]
    = sum over its k of stored_lower[k, T-1]``.  Prices descend from segment to segment, so the
    optimum fills them in order.

    Parameters
    ----------
    column_starts, row_starts : int64 array
        Offsets of the layout.
    n_intervals : int
        T.
    end_of : int64 array, shape (K,)
        End value that each storage counts in.
    n_ends, n_segments : int
        E and S; nothing is written where S is zero.
    rows, cols : int32 array, shape (capacity,)
        Modified in place, from `place` on; ``K + E S`` entries.
    values : float64 array, shape (capacity,)
        Modified in place.
    place : int
        Next free entry.

    Returns
    -------
    int
        Next free entry.
    """
    if n_segments == 0:
        return place
    for e in range(n_ends):
        for k in range(end_of.size):
            if end_of[k] == e:
                rows[place] = row_starts[END_LEVEL] + e
                cols[place] = column_starts[STORED] + (k + 1) * n_intervals - 1
                values[place] = 1.0
                place += 1
        for j in range(n_segments):
            rows[place] = row_starts[END_LEVEL] + e
            cols[place] = column_starts[END_ENERGY] + e * n_segments + j
            values[place] = -1.0
            place += 1
    return place
