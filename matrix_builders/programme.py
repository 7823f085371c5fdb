"""The whole programme of a site, assembled from its row families."""

import numpy as np

from matrix_builders.arrays import (
    UNCOUPLED,
    CouplingArrays,
    CscArrays,
    Indices,
    LinearProgram,
    SiteArrays,
    StorageArrays,
    Vector,
)
from matrix_builders.balance import write_balance
from matrix_builders.bounds import write_row_bounds, write_site_bounds, write_storage_bounds
from matrix_builders.costs import write_costs
from matrix_builders.coupling import write_coupling_bounds, write_couplings
from matrix_builders.layout import CEILING, FLOOR, Layout
from matrix_builders.sparse import csc_from_triplets
from matrix_builders.storage import write_dynamics, write_end_levels, write_soft_levels


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
    row_lower, row_upper = np.zeros(layout.n_rows), np.zeros(layout.n_rows)
    col_lower, col_upper = np.zeros(layout.n_cols), np.zeros(layout.n_cols)
    cost = np.zeros(layout.n_cols)
    starts = layout.column_starts
    levels = (
        storages.stored_lower,
        storages.stored_upper,
        storages.soft_floor,
        storages.soft_ceiling,
    )
    write_costs(
        starts,
        site.import_price,
        site.export_price,
        site.penalty,
        storages.wear,
        storages.level_price,
        *levels,
        storages.end_price,
        cost,
    )
    write_site_bounds(
        starts,
        site.import_limit,
        site.export_limit,
        site.curtail_limit,
        site.import_excess,
        site.export_excess,
        col_upper,
    )
    write_storage_bounds(
        starts,
        storages.charge_limit,
        storages.discharge_limit,
        *levels,
        storages.end_width,
        col_lower,
        col_upper,
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
    write_coupling_bounds(
        starts,
        layout.row_starts,
        *couplings[4:],
        cost,
        col_upper,
        row_lower,
        row_upper,
    )
    matrix = _matrix(layout, storages, couplings)
    return LinearProgram(cost, matrix, row_lower, row_upper, col_lower, col_upper)


def _matrix(layout: Layout, storages: StorageArrays, couplings: CouplingArrays) -> CscArrays:
    n, k, segments = layout.n_intervals, layout.n_storages, layout.n_segments
    ends = storages.end_width.shape[0]
    soft = layout.row_lengths[FLOOR] + layout.row_lengths[CEILING]
    capacity = n * (5 + 2 * k) + 4 * k * n + 2 * soft + k + ends * segments + couplings.row.size
    rows: Indices = np.empty(capacity, dtype=np.int32)
    cols: Indices = np.empty(capacity, dtype=np.int32)
    values: Vector = np.empty(capacity)
    starts = (layout.column_starts, layout.row_starts)

    # Families in the order of their rows, so that rows ascend within every column.
    size = write_balance(*starts, n, k, rows, cols, values, 0)
    size = write_dynamics(
        *starts,
        n,
        storages.charge_efficiency,
        storages.discharge_efficiency,
        rows,
        cols,
        values,
        size,
    )
    size = write_soft_levels(
        *starts,
        storages.stored_lower,
        storages.stored_upper,
        storages.soft_floor,
        storages.soft_ceiling,
        rows,
        cols,
        values,
        size,
    )
    size = write_end_levels(*starts, n, storages.end_of, ends, segments, rows, cols, values, size)
    size = write_couplings(
        *starts,
        couplings.row,
        couplings.block,
        couplings.within,
        couplings.value,
        rows,
        cols,
        values,
        size,
    )
    return csc_from_triplets(rows[:size], cols[:size], values[:size], layout.n_cols)
