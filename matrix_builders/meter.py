"""Columns of the meter and of the panels: each has one entry, in the balance of its interval."""

from matrix_builders import tables
from matrix_builders.arrays import Indices, Places, Vector
from matrix_builders.compiled import kernel
from matrix_builders.layout import CHARGE, CURTAIL, EXPORT, IMPORT, IMPORT_EXCESS


@kernel("void(i8[::1], f8[:, ::1], f8, f8[:, ::1], i4[::1], i4[::1], f8[::1])")
def write_meter(
    column_starts: Places,
    meter: Vector,
    penalty: float,
    columns: Vector,
    indptr: Indices,
    indices: Indices,
    data: Vector,
) -> None:
    """Write the columns of import, export, curtailed solar and both excesses.

    Balance row ``t``, the first rows of all, reads ``import[t] + import_excess[t] - export[t]
    - export_excess[t] - curtail[t] + sum over k of (discharge[k, t] - charge[k, t])
    = load[t] - solar[t]``.

    Parameters
    ----------
    column_starts : int64 array
        Offsets of the layout.
    meter, penalty
        As in `MeterArrays`.
    columns : float64 array, shape (3, n_cols)
        Zeros; modified in place: costs [$/kWh] and bounds [kWh].
    indptr : int32 array, shape (n_cols + 1,)
        Start of each column; modified in place.
    indices : int32 array, shape (nnz,)
        Modified in place.
    data : float64 array, shape (nnz,)
        Modified in place.
    """
    cost, upper = columns[tables.COST], columns[tables.UPPER]
    for block in range(IMPORT, CHARGE):
        first = column_starts[block]
        for t in range(column_starts[block + 1] - first):
            column = first + t
            if block == IMPORT:
                cost[column] = meter[tables.IMPORT_PRICE, t]
                upper[column] = meter[tables.IMPORT_LIMIT, t]
            elif block == EXPORT:
                cost[column] = -meter[tables.EXPORT_PRICE, t]
                upper[column] = meter[tables.EXPORT_LIMIT, t]
            elif block == CURTAIL:
                upper[column] = meter[tables.CURTAIL_LIMIT, t]
            elif block == IMPORT_EXCESS:
                cost[column] = meter[tables.IMPORT_PRICE, t] + penalty
                upper[column] = meter[tables.IMPORT_EXCESS, t]
            else:
                cost[column] = penalty - meter[tables.EXPORT_PRICE, t]
                upper[column] = meter[tables.EXPORT_EXCESS, t]
            indptr[column] = column
            indices[column] = t
            data[column] = 1.0 if block in (IMPORT, IMPORT_EXCESS) else -1.0
