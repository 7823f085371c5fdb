"""Columns of the meter and of the panels: each has one entry, in the balance of its interval."""

from matrix_builders.arrays import Indices, Places, Vector
from matrix_builders.compiled import kernel
from matrix_builders.layout import CHARGE, CURTAIL, EXPORT, IMPORT, IMPORT_EXCESS


@kernel(
    "void(i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8,"
    " f8[::1], f8[::1], i4[::1], i4[::1], f8[::1])"
)
def write_meter(
    column_starts: Places,
    import_price: Vector,
    export_price: Vector,
    import_limit: Vector,
    export_limit: Vector,
    import_excess: Vector,
    export_excess: Vector,
    curtail_limit: Vector,
    penalty: float,
    cost: Vector,
    col_upper: Vector,
    indptr: Indices,
    indices: Indices,
    data: Vector,
) -> None:
    """Columns of import, export, curtailed solar and both excesses.

    Balance row ``t``, the first rows of all, reads ``import[t] + import_excess[t] - export[t]
    - export_excess[t] - curtail[t] + sum over k of (discharge[k, t] - charge[k, t])
    = load[t] - solar[t]``.

    Parameters
    ----------
    column_starts : int64 array
        Offsets of the layout.
    import_price, export_price : float64 array, shape (T,)
        Prices that the plan is made against. [$/kWh]
    import_limit, export_limit, import_excess, export_excess, curtail_limit : float64 array, \
shape (T,)
        Limits; their lower bounds are zero. [kWh per interval]
    penalty : float
        Price of a kWh by which a limit is missed, on top of its energy. [$/kWh]
    cost, col_upper : float64 array, shape (n_cols,)
        Zeros; modified in place.
    indptr : int32 array, shape (n_cols + 1,)
        Start of each column; modified in place.
    indices : int32 array, shape (nnz,)
        Modified in place.
    data : float64 array, shape (nnz,)
        Modified in place.
    """
    for block in range(IMPORT, CHARGE):
        first = column_starts[block]
        for t in range(column_starts[block + 1] - first):
            column = first + t
            if block == IMPORT:
                cost[column] = import_price[t]
                col_upper[column] = import_limit[t]
            elif block == EXPORT:
                cost[column] = -export_price[t]
                col_upper[column] = export_limit[t]
            elif block == CURTAIL:
                col_upper[column] = curtail_limit[t]
            elif block == IMPORT_EXCESS:
                cost[column] = import_price[t] + penalty
                col_upper[column] = import_excess[t]
            else:
                cost[column] = penalty - export_price[t]
                col_upper[column] = export_excess[t]
            indptr[column] = column
            indices[column] = t
            data[column] = 1.0 if block in (IMPORT, IMPORT_EXCESS) else -1.0
