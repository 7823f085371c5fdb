"""The whole programme of a site: its columns, and what ties them together."""

import numpy as np

from matrix_builders.arrays import (
    UNCOUPLED,
    CouplingArrays,
    CscArrays,
    Indices,
    LinearProgram,
    SiteArrays,
    StorageArrays,
)
from matrix_builders.bounds import write_row_bounds
from matrix_builders.coupling import write_coupling_bounds, write_couplings
from matrix_builders.layout import Layout
from matrix_builders.meter import write_meter
from matrix_builders.sparse import csc_from_triplets, stacked
from matrix_builders.storage import write_levels, write_movements


def build(
    layout: Layout,
    site: SiteArrays,
    storages: StorageArrays,
    couplings: CouplingArrays = UNCOUPLED,
) -> LinearProgram:
    """Write every array of the programme.

    Parameters
    ----------
    layout : Layout
        From `layout_for`, for the same arguments.
    site : SiteArrays
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
    cost, col_lower, col_upper = np.zeros((3, layout.n_cols))
    row_lower, row_upper = np.zeros((2, layout.n_rows))
    indptr: Indices = np.empty(layout.n_cols + 1, dtype=np.int32)
    indices: Indices = np.empty(layout.n_entries, dtype=np.int32)
    data = np.empty(layout.n_entries)
    levels = (
        storages.stored_lower,
        storages.stored_upper,
        storages.soft_floor,
        storages.soft_ceiling,
    )
    write_meter(
        layout.column_starts,
        site.import_price,
        site.export_price,
        site.import_limit,
        site.export_limit,
        site.import_excess,
        site.export_excess,
        site.curtail_limit,
        site.penalty,
        cost,
        col_upper,
        indptr,
        indices,
        data,
    )
    write_movements(
        *starts,
        storages.charge_limit,
        storages.discharge_limit,
        storages.charge_efficiency,
        storages.discharge_efficiency,
        storages.wear,
        cost,
        col_upper,
        indptr,
        indices,
        data,
    )
    write_levels(
        *starts,
        *levels,
        storages.level_price,
        storages.end_of,
        storages.end_width,
        storages.end_price,
        cost,
        col_lower,
        col_upper,
        indptr,
        indices,
        data,
    )
    write_row_bounds(
        layout.row_starts,
        site.net_load,
        storages.initial,
        *levels,
        storages.end_of,
        row_lower,
        row_upper,
    )
    matrix = CscArrays(indptr, indices, data)
    if couplings.lower.size > 0:
        write_coupling_bounds(*starts, *couplings[4:], cost, col_upper, row_lower, row_upper)
        matrix = stacked(matrix, _coupling_rows(layout, couplings))
    return LinearProgram(cost, matrix, row_lower, row_upper, col_lower, col_upper)


def _coupling_rows(layout: Layout, couplings: CouplingArrays) -> CscArrays:
    rows, cols = np.empty((2, couplings.row.size), dtype=np.int32)
    values = np.empty(couplings.row.size)
    size = write_couplings(
        layout.column_starts, layout.row_starts, *couplings[:4], rows, cols, values
    )
    return csc_from_triplets(rows[:size], cols[:size], values[:size], layout.n_cols)
