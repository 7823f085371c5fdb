"""Rows that tie intervals or storages together: peaks, allowances, shares, the inverter."""

import numpy as np

from matrix_builders import tables
from matrix_builders.arrays import CouplingArrays, CscArrays, Vector
from matrix_builders.layout import BONUS, CHARGE_SHORTFALL, COUPLING, PEAK, SERVICE, Layout
from matrix_builders.sparse import csc_from_triplets


def coupling_rows(layout: Layout, couplings: CouplingArrays) -> CscArrays:
    """Build the coupling rows, from entries that name their column by its block.

    Parameters
    ----------
    layout : Layout
        Entries of a block that it leaves out are skipped.
    couplings : CouplingArrays
        The entries.

    Returns
    -------
    CscArrays
        Shape (n_rows, n_cols), empty above the coupling rows.
    """
    lengths = np.array(layout.column_lengths)
    present = lengths[couplings.block] > 0
    rows = layout.row_starts[COUPLING] + couplings.row[present]
    cols = layout.column_starts[couplings.block[present]] + couplings.within[present]
    return csc_from_triplets(
        rows.astype(np.int32), cols.astype(np.int32), couplings.value[present], layout.n_cols
    )


def write_coupling_bounds(
    layout: Layout, couplings: CouplingArrays, columns: Vector, rows: Vector
) -> None:
    """Write costs and bounds of the columns of couplings, and bounds of their rows.

    Parameters
    ----------
    layout : Layout
        Of the programme.
    couplings : CouplingArrays
        Of the same.
    columns : float64 array, shape (3, n_cols)
        Costs and bounds; modified in place.
    rows : float64 array, shape (2, n_rows)
        Bounds; modified in place.
    """
    columns[tables.COST, layout.columns[PEAK]] = couplings.peak_price
    columns[tables.LOWER, layout.columns[PEAK]] = couplings.peak_lower
    columns[tables.UPPER, layout.columns[PEAK]] = couplings.peak_limit
    columns[tables.COST, layout.columns[BONUS]] = -couplings.bonus_price
    columns[tables.UPPER, layout.columns[BONUS]] = couplings.bonus_limit
    columns[tables.UPPER, layout.columns[SERVICE]] = couplings.service_limit
    columns[tables.COST, layout.columns[CHARGE_SHORTFALL]] = couplings.charge_shortfall_price
    columns[tables.UPPER, layout.columns[CHARGE_SHORTFALL]] = couplings.charge_shortfall_limit
    rows[0, layout.rows[COUPLING]] = couplings.lower
    rows[1, layout.rows[COUPLING]] = couplings.upper
