"""Columns of the storages: what they move, what they hold, and how that is judged."""

from matrix_builders.arrays import Indices, Places, Vector
from matrix_builders.compiled import kernel
from matrix_builders.layout import (
    BALANCE,
    CEILING,
    CHARGE,
    DISCHARGE,
    DYNAMICS,
    END_ENERGY,
    END_LEVEL,
    FLOOR,
    OVERFILL,
    PEAK,
    SHORTFALL,
    STORED,
)


@kernel(
    "void(i8[::1], i8[::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], f8[::1], i4[::1], i4[::1], f8[::1])"
)
def write_movements(
    column_starts: Places,
    row_starts: Places,
    charge_limit: Vector,
    discharge_limit: Vector,
    charge_efficiency: Vector,
    discharge_efficiency: Vector,
    wear: Vector,
    cost: Vector,
    col_upper: Vector,
    indptr: Indices,
    indices: Indices,
    data: Vector,
) -> None:
    """Columns of charge and discharge: an entry in the balance, and one in the dynamics.

    Parameters
    ----------
    column_starts, row_starts : int64 array
        Offsets of the layout.
    charge_limit, discharge_limit : float64 array, shape (K, T)
        Limits. [kWh per interval]
    charge_efficiency, discharge_efficiency : float64 array, shape (K,)
        One-way efficiencies, in (0, 1]. [-]
    wear : float64 array, shape (K,)
        Price of energy through each storage, each way. [$/kWh]
    cost, col_upper : float64 array, shape (n_cols,)
        Modified in place.
    indptr : int32 array, shape (n_cols + 1,)
        Start of each column; modified in place.
    indices : int32 array, shape (nnz,)
        Modified in place.
    data : float64 array, shape (nnz,)
        Modified in place.
    """
    n_storages, n_intervals = charge_limit.shape
    place = column_starts[CHARGE]  # columns of the meter have one entry each
    for block in (CHARGE, DISCHARGE):
        for k in range(n_storages):
            for t in range(n_intervals):
                at = k * n_intervals + t
                column = column_starts[block] + at
                cost[column] = wear[k]
                indptr[column] = place
                indices[place] = row_starts[BALANCE] + t
                indices[place + 1] = row_starts[DYNAMICS] + at
                if block == CHARGE:
                    col_upper[column] = charge_limit[k, t]
                    data[place] = -1.0
                    data[place + 1] = -charge_efficiency[k]
                else:
                    col_upper[column] = discharge_limit[k, t]
                    data[place] = 1.0
                    data[place + 1] = 1.0 / discharge_efficiency[k]
                place += 2


@kernel(
    "void(i8[::1], i8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[::1], i8[::1],"
    " f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], f8[::1], i4[::1], i4[::1], f8[::1])"
)
def write_levels(
    column_starts: Places,
    row_starts: Places,
    stored_lower: Vector,
    stored_upper: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    level_price: Vector,
    end_of: Places,
    end_width: Vector,
    end_price: Vector,
    cost: Vector,
    col_lower: Vector,
    col_upper: Vector,
    indptr: Indices,
    indices: Indices,
    data: Vector,
) -> None:
    """Columns of stored energy, of missed soft levels, and of what is left at the end.

    Dynamics row ``(k, t)`` reads ``stored[k, t] - stored[k, t-1] - eta_c charge[k, t]
    + discharge[k, t] / eta_d = 0``; ``stored[k, -1]``, known, belongs to the right-hand side.
    A cumulative sum would say the same in a dense triangle, and solve ten times slower.

    ``stored + shortfall >= soft_floor`` wherever the soft floor lies above the hard one, and
    ``stored - overfill <= soft_ceiling`` wherever the soft ceiling lies below the hard one.

    End-level row ``e`` reads ``sum over its k of stored[k, T-1] - sum over j of end_energy[e, j]
    = sum over its k of stored_lower[k, T-1]``.  Prices descend from segment to segment, so the
    optimum fills them in order.

    Parameters
    ----------
    column_starts, row_starts : int64 array
        Offsets of the layout.
    stored_lower, stored_upper, soft_floor, soft_ceiling : float64 array, shape (K, T)
        Hard and soft levels. [kWh]
    level_price : float64 array, shape (K,)
        Price of missing a soft level of each storage by one kWh. [$/kWh]
    end_of : int64 array, shape (K,)
        End value that each storage counts in.
    end_width, end_price : float64 array, shape (E, S)
        Length [kWh] and value [$/kWh] of each segment.
    cost, col_lower, col_upper : float64 array, shape (n_cols,)
        Modified in place.
    indptr : int32 array, shape (n_cols + 1,)
        Start of each column; modified in place, to its end.
    indices : int32 array, shape (nnz,)
        Modified in place.
    data : float64 array, shape (nnz,)
        Modified in place.
    """
    n_storages, n_intervals = stored_lower.shape
    n_ends, n_segments = end_width.shape
    place = column_starts[CHARGE] + 2 * (column_starts[STORED] - column_starts[CHARGE])
    floor = 0
    ceiling = 0
    for k in range(n_storages):
        for t in range(n_intervals):
            at = k * n_intervals + t
            column = column_starts[STORED] + at
            col_lower[column] = stored_lower[k, t]
            col_upper[column] = stored_upper[k, t]
            indptr[column] = place
            indices[place] = row_starts[DYNAMICS] + at
            data[place] = 1.0
            place += 1
            if t < n_intervals - 1:  # what this interval leaves, the next one finds
                indices[place] = row_starts[DYNAMICS] + at + 1
                data[place] = -1.0
                place += 1
            if soft_floor[k, t] > stored_lower[k, t]:
                cost[column_starts[SHORTFALL] + floor] = level_price[k]
                col_upper[column_starts[SHORTFALL] + floor] = soft_floor[k, t] - stored_lower[k, t]
                indices[place] = row_starts[FLOOR] + floor
                data[place] = 1.0
                place += 1
                floor += 1
            if soft_ceiling[k, t] < stored_upper[k, t]:
                cost[column_starts[OVERFILL] + ceiling] = level_price[k]
                col_upper[column_starts[OVERFILL] + ceiling] = (
                    stored_upper[k, t] - soft_ceiling[k, t]
                )
                indices[place] = row_starts[CEILING] + ceiling
                data[place] = 1.0
                place += 1
                ceiling += 1
            if t == n_intervals - 1 and n_segments > 0:
                indices[place] = row_starts[END_LEVEL] + end_of[k]
                data[place] = 1.0
                place += 1
    for missed in range(floor + ceiling):
        is_floor = missed < floor
        indptr[column_starts[SHORTFALL] + missed] = place
        indices[place] = row_starts[FLOOR] + missed
        data[place] = 1.0 if is_floor else -1.0
        place += 1
    for e in range(n_ends):
        for j in range(n_segments):
            column = column_starts[END_ENERGY] + e * n_segments + j
            cost[column] = -end_price[e, j]
            col_upper[column] = end_width[e, j]
            indptr[column] = place
            indices[place] = row_starts[END_LEVEL] + e
            data[place] = -1.0
            place += 1
    for column in range(column_starts[PEAK], indptr.size):  # of couplings, added later
        indptr[column] = place
