"""Power-balance rows: what the meter, the panels and the storages do adds up to the load."""

import numpy as np
from numpy.typing import NDArray

from matrix_builders.arrays import Indices, Vector
from matrix_builders.compiled import kernel
from matrix_builders.layout import (
    BALANCE,
    CHARGE,
    DISCHARGE,
    EXPORT_EXCESS,
    IMPORT,
    IMPORT_EXCESS,
)


@kernel("i8(i8[::1], i8[::1], i8, i8, i4[::1], i4[::1], f8[::1], i8)")
def write_balance(
    column_starts: NDArray[np.int64],
    row_starts: NDArray[np.int64],
    n_intervals: int,
    n_storages: int,
    rows: Indices,
    cols: Indices,
    values: Vector,
    place: int,
) -> int:
    """Balance rows of every interval.

    Row ``t`` reads ``import[t] + import_excess[t] - export[t] - export_excess[t] - curtail[t]
    + sum over k of (discharge[k, t] - charge[k, t]) = load[t] - solar[t]``.

    Parameters
    ----------
    column_starts, row_starts : int64 array
        Offsets of the layout.
    n_intervals, n_storages : int
        T and K.
    rows, cols : int32 array, shape (capacity,)
        Modified in place, from `place` on; at most ``T (5 + 2 K)`` entries.
    values : float64 array, shape (capacity,)
        Modified in place.
    place : int
        Next free entry.

    Returns
    -------
    int
        Next free entry.
    """
    for t in range(n_intervals):
        for block in range(IMPORT, EXPORT_EXCESS + 1):
            if column_starts[block] == column_starts[block + 1]:
                continue
            rows[place] = row_starts[BALANCE] + t
            cols[place] = column_starts[block] + t
            draws = block in (IMPORT, IMPORT_EXCESS)
            values[place] = 1.0 if draws else -1.0
            place += 1
        for k in range(n_storages):
            rows[place] = row_starts[BALANCE] + t
            cols[place] = column_starts[CHARGE] + k * n_intervals + t
            values[place] = -1.0
            rows[place + 1] = row_starts[BALANCE] + t
            cols[place + 1] = column_starts[DISCHARGE] + k * n_intervals + t
            values[place + 1] = 1.0
            place += 2
    return place
