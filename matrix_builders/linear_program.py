"""The whole programme of a site: its columns, and what ties them together."""

import numpy as np

from matrix_builders import tables
from matrix_builders.arrays import (
    UNCOUPLED,
    CouplingArrays,
    CscArrays,
    Indices,
    LinearProgram,
    MeterArrays,
    Places,
    StorageArrays,
    Vector,
)
from matrix_builders.compiled import kernel
from matrix_builders.coupling import coupling_rows, write_coupling_bounds
from matrix_builders.layout import (
    BALANCE,
    CEILING,
    DYNAMICS,
    END_LEVEL,
    FLOOR,
    Layout,
)
from matrix_builders.meter import write_meter
from matrix_builders.sparse import stack
from matrix_builders.storage import (
    write_end_energy,
    write_levels,
    write_missed_levels,
    write_movements,
)


def build(
    layout: Layout,
    meter: MeterArrays,
    storages: StorageArrays,
    couplings: CouplingArrays = UNCOUPLED,
) -> LinearProgram:
    """Write every array of the programme.

    Parameters
    ----------
    layout : Layout
        From `layout_for`, for the same arguments.
    meter : MeterArrays
        The meter.
    storages : StorageArrays
        Batteries and vehicles.
    couplings : CouplingArrays, optional
        What ties them together.

    Returns
    -------
    LinearProgram
        New arrays.
    """
    starts = layout.column_starts, layout.row_starts
    limits, traits, end_of = storages.limits, storages.traits, storages.end_of
    n_cols, n_rows = int(layout.column_starts[-1]), int(layout.row_starts[-1])
    columns, rows = np.zeros((3, n_cols)), np.zeros((2, n_rows))
    indptr: Indices = np.empty(n_cols + 1, dtype=np.int32)
    indices: Indices = np.empty(layout.n_entries, dtype=np.int32)
    data = np.empty(layout.n_entries)
    write_meter(layout.column_starts, meter.table, meter.penalty, columns, indptr, indices, data)
    write_movements(*starts, limits, traits, columns, indptr, indices, data)
    write_levels(*starts, limits, end_of, columns, indptr, indices, data)
    write_missed_levels(*starts, limits, traits, columns, indptr, indices, data)
    write_end_energy(*starts, storages.end_values, columns, indptr, indices, data)
    write_row_bounds(layout.row_starts, meter.table[tables.NET_LOAD], limits, traits, end_of, rows)
    matrix = CscArrays(indptr, indices, data)
    if couplings.lower.size > 0:
        write_coupling_bounds(layout, couplings, columns, rows)
        matrix = stack(matrix, coupling_rows(layout, couplings))
    return LinearProgram(
        columns[tables.COST], matrix, rows[0], rows[1], columns[tables.LOWER], columns[tables.UPPER]
    )


@kernel("void(i8[::1], f8[::1], f8[:, :, ::1], f8[:, ::1], i8[::1], f8[:, ::1])")
def write_row_bounds(
    row_starts: Places,
    net_load: Vector,
    limits: Vector,
    traits: Vector,
    end_of: Places,
    rows: Vector,
) -> None:
    """Write the bounds of every row: equalities but for the soft levels.

    Parameters
    ----------
    row_starts : int64 array
        Offsets of the layout.
    net_load : float64 array, shape (T,)
        Load less solar. [kWh per interval]
    limits, traits, end_of
        As in `StorageArrays`.
    rows : float64 array, shape (2, n_rows)
        Zeros; modified in place: lower and upper bounds. [kWh]
    """
    n_storages, n_intervals = limits.shape[1:]
    lower, upper = rows[0], rows[1]
    for t in range(n_intervals):
        lower[row_starts[BALANCE] + t] = net_load[t]
    floor = row_starts[FLOOR]
    ceiling = row_starts[CEILING]
    for k in range(n_storages):
        lower[row_starts[DYNAMICS] + k * n_intervals] = traits[tables.INITIAL, k]
        if row_starts[END_LEVEL] < row_starts[END_LEVEL + 1]:
            lower[row_starts[END_LEVEL] + end_of[k]] += limits[
                tables.STORED_LOWER, k, n_intervals - 1
            ]
    for row in range(lower.size):
        upper[row] = lower[row]
    for k in range(n_storages):
        for t in range(n_intervals):  # `floor` and `ceiling` are the next free rows
            if limits[tables.SOFT_FLOOR, k, t] > limits[tables.STORED_LOWER, k, t]:
                lower[floor] = limits[tables.SOFT_FLOOR, k, t]
                upper[floor] = np.inf
                floor += 1
            if limits[tables.SOFT_CEILING, k, t] < limits[tables.STORED_UPPER, k, t]:
                lower[ceiling] = -np.inf
                upper[ceiling] = limits[tables.SOFT_CEILING, k, t]
                ceiling += 1
