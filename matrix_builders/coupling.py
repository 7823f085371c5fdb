"""Rows that tie intervals or storages together: peaks, allowances, shares, the inverter."""

from matrix_builders.arrays import Indices, Places, Vector
from matrix_builders.compiled import kernel
from matrix_builders.layout import BONUS, COUPLING, PEAK, SERVICE


@kernel("i8(i8[::1], i8[::1], i8[::1], i8[::1], i8[::1], f8[::1], i4[::1], i4[::1], f8[::1])")
def write_couplings(
    column_starts: Places,
    row_starts: Places,
    row: Places,
    block: Places,
    within: Places,
    value: Vector,
    rows: Indices,
    cols: Indices,
    values: Vector,
) -> int:
    """Coupling rows, from entries that name their column by its block.

    Parameters
    ----------
    column_starts, row_starts : int64 array
        Offsets of the layout.
    row, block, within : int64 array, shape (nnz,)
        Row, block and place in the block of each entry; entries of a block that the layout
        leaves out are skipped.
    value : float64 array, shape (nnz,)
        Value of each entry.
    rows, cols : int32 array, shape (nnz,)
        Modified in place.
    values : float64 array, shape (nnz,)
        Modified in place.

    Returns
    -------
    int
        Number of entries written.
    """
    place = 0
    for i in range(row.size):
        if column_starts[block[i]] == column_starts[block[i] + 1]:
            continue
        rows[place] = row_starts[COUPLING] + row[i]
        cols[place] = column_starts[block[i]] + within[i]
        values[place] = value[i]
        place += 1
    return place


@kernel(
    "void(i8[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], f8[::1], f8[::1], f8[::1])"
)
def write_coupling_bounds(
    column_starts: Places,
    row_starts: Places,
    lower: Vector,
    upper: Vector,
    peak_price: Vector,
    peak_limit: Vector,
    bonus_price: Vector,
    bonus_limit: Vector,
    service_limit: Vector,
    cost: Vector,
    col_upper: Vector,
    row_lower: Vector,
    row_upper: Vector,
) -> None:
    """Costs and bounds of peaks, bonuses and services, and bounds of the coupling rows.

    Parameters
    ----------
    column_starts, row_starts : int64 array
        Offsets of the layout.
    lower, upper : float64 array, shape (R,)
        Bounds of each row.
    peak_price, peak_limit : float64 array, shape (W,)
        Cost [$/kW] and limit [kW] of the rise of each peak.
    bonus_price, bonus_limit : float64 array, shape (B,)
        Gain [$/kWh] and limit [kWh per interval] of each bonus.
    service_limit : float64 array, shape (S,)
        Limit of each service. [kWh per interval]
    cost, col_upper : float64 array, shape (n_cols,)
        Zeros; modified in place.
    row_lower, row_upper : float64 array, shape (n_rows,)
        Zeros; modified in place.
    """
    for w in range(peak_price.size):
        cost[column_starts[PEAK] + w] = peak_price[w]
        col_upper[column_starts[PEAK] + w] = peak_limit[w]
    for b in range(bonus_price.size):
        cost[column_starts[BONUS] + b] = -bonus_price[b]
        col_upper[column_starts[BONUS] + b] = bonus_limit[b]
    for s in range(service_limit.size):
        col_upper[column_starts[SERVICE] + s] = service_limit[s]
    for r in range(lower.size):
        row_lower[row_starts[COUPLING] + r] = lower[r]
        row_upper[row_starts[COUPLING] + r] = upper[r]
