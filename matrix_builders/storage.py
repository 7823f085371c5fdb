"""Columns of the storages: what they move, what they hold, and how that is judged."""

from matrix_builders import tables
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


@kernel("f8(f8[:, :], f8, f8, f8)")
def most_charge(taper: Vector, into: float, level: float, most: float) -> float:
    """Return the most energy in, from a level on: where it ends no line of the taper is exceeded.

    Parameters
    ----------
    taper : float64 array, shape (2, J)
        Of one storage and interval, as in `StorageArrays`.
    into : float
        Efficiency. [-]
    level : float
        Energy stored before. [kWh]
    most : float
        Without the taper. [kWh per interval]

    Returns
    -------
    float
        [kWh per interval]
    """
    for j in range(taper.shape[1]):
        fall = taper[tables.TAPER_FALL, j]
        most = min(most, (taper[tables.TAPER_EMPTY, j] - fall * level) / (1.0 + fall * into))
    return float(max(most, 0.0))


@kernel("void(i8[::1], i8[::1], f8[:, :, ::1], f8[:, ::1], f8[:, ::1], i4[::1], i4[::1], f8[::1])")
def write_movements(
    column_starts: Places,
    row_starts: Places,
    limits: Vector,
    traits: Vector,
    columns: Vector,
    indptr: Indices,
    indices: Indices,
    data: Vector,
) -> None:
    """Write the columns of charge and discharge: an entry in the balance, one in the dynamics.

    Parameters
    ----------
    column_starts, row_starts : int64 array
        Offsets of the layout.
    limits, traits
        As in `StorageArrays`.
    columns, indptr, indices, data
        As in `write_meter`; modified in place.
    """
    n_storages, n_intervals = limits.shape[1:]
    place = column_starts[CHARGE]  # columns of the meter have one entry each
    for block in (CHARGE, DISCHARGE):
        limit = tables.CHARGE_LIMIT if block == CHARGE else tables.DISCHARGE_LIMIT
        of_balance = -1.0 if block == CHARGE else 1.0
        for k in range(n_storages):
            of_dynamics = -traits[tables.CHARGE_EFFICIENCY, k]
            if block == DISCHARGE:
                of_dynamics = 1.0 / traits[tables.DISCHARGE_EFFICIENCY, k]
            for t in range(n_intervals):
                at = k * n_intervals + t
                column = column_starts[block] + at
                columns[tables.COST, column] = traits[tables.WEAR, k]
                columns[tables.UPPER, column] = limits[limit, k, t]
                indptr[column] = place
                indices[place] = row_starts[BALANCE] + t
                indices[place + 1] = row_starts[DYNAMICS] + at
                data[place] = of_balance
                data[place + 1] = of_dynamics
                place += 2


@kernel("void(i8[::1], i8[::1], f8[:, :, ::1], i8[::1], f8[:, ::1], i4[::1], i4[::1], f8[::1])")
def write_levels(
    column_starts: Places,
    row_starts: Places,
    limits: Vector,
    end_of: Places,
    columns: Vector,
    indptr: Indices,
    indices: Indices,
    data: Vector,
) -> None:
    """Write the columns of stored energy.

    Dynamics row ``(k, t)`` reads ``stored[k, t] - stored[k, t-1] - eta_c charge[k, t]
    + discharge[k, t] / eta_d = 0``; ``stored[k, -1]``, known, belongs to the right-hand side.
    A cumulative sum would say the same in a dense triangle, and solve ten times slower.

    Parameters
    ----------
    column_starts, row_starts, limits
        As in `write_movements`.
    end_of : int64 array, shape (K,)
        End value that each storage counts in.
    columns, indptr, indices, data
        As in `write_meter`; modified in place.
    """
    n_storages, n_intervals = limits.shape[1:]
    has_end = row_starts[END_LEVEL] < row_starts[END_LEVEL + 1]
    place = column_starts[CHARGE] + 2 * (column_starts[STORED] - column_starts[CHARGE])
    floor = row_starts[FLOOR]
    ceiling = row_starts[CEILING]
    for k in range(n_storages):
        for t in range(n_intervals):  # `place` is the next free entry
            at = k * n_intervals + t
            column = column_starts[STORED] + at
            columns[tables.LOWER, column] = limits[tables.STORED_LOWER, k, t]
            columns[tables.UPPER, column] = limits[tables.STORED_UPPER, k, t]
            indptr[column] = place
            indices[place] = row_starts[DYNAMICS] + at
            data[place] = 1.0
            place += 1
            if t < n_intervals - 1:  # what this interval leaves, the next one starts from
                indices[place] = row_starts[DYNAMICS] + at + 1
                data[place] = -1.0
                place += 1
            if limits[tables.SOFT_FLOOR, k, t] > limits[tables.STORED_LOWER, k, t]:
                indices[place] = floor
                data[place] = 1.0
                place += 1
                floor += 1
            if limits[tables.SOFT_CEILING, k, t] < limits[tables.STORED_UPPER, k, t]:
                indices[place] = ceiling
                data[place] = 1.0
                place += 1
                ceiling += 1
            if t == n_intervals - 1 and has_end:
                indices[place] = row_starts[END_LEVEL] + end_of[k]
                data[place] = 1.0
                place += 1
    indptr[column_starts[SHORTFALL]] = place


@kernel("void(i8[::1], i8[::1], f8[:, :, ::1], f8[:, ::1], f8[:, ::1], i4[::1], i4[::1], f8[::1])")
def write_missed_levels(
    column_starts: Places,
    row_starts: Places,
    limits: Vector,
    traits: Vector,
    columns: Vector,
    indptr: Indices,
    indices: Indices,
    data: Vector,
) -> None:
    """Write the columns of missed soft levels, after those of stored energy.

    ``stored + shortfall >= soft_floor`` wherever the soft floor lies above the hard one, and
    ``stored - overfill <= soft_ceiling`` wherever the soft ceiling lies below the hard one.

    Parameters
    ----------
    column_starts, row_starts, limits, traits
        As in `write_movements`.
    columns, indptr, indices, data
        As in `write_meter`; modified in place.
    """
    cost, upper = columns[tables.COST], columns[tables.UPPER]
    shortfall = column_starts[SHORTFALL]
    overfill = column_starts[OVERFILL]
    place = indptr[shortfall]
    for k in range(limits.shape[1]):
        for t in range(limits.shape[2]):  # both are the next free columns
            above = limits[tables.SOFT_FLOOR, k, t] - limits[tables.STORED_LOWER, k, t]
            if above > 0.0:
                cost[shortfall] = traits[tables.LEVEL_PRICE, k]
                upper[shortfall] = above
                shortfall += 1
            below = limits[tables.STORED_UPPER, k, t] - limits[tables.SOFT_CEILING, k, t]
            if below > 0.0:
                cost[overfill] = traits[tables.LEVEL_PRICE, k]
                upper[overfill] = below
                overfill += 1
    for missed in range(overfill - column_starts[SHORTFALL]):
        column = column_starts[SHORTFALL] + missed
        indptr[column] = place + missed
        indices[place + missed] = row_starts[FLOOR] + missed
        data[place + missed] = 1.0 if column < column_starts[OVERFILL] else -1.0
    indptr[overfill] = place + overfill - column_starts[SHORTFALL]


@kernel("void(i8[::1], i8[::1], f8[:, :, ::1], f8[:, ::1], i4[::1], i4[::1], f8[::1])")
def write_end_energy(
    column_starts: Places,
    row_starts: Places,
    end_values: Vector,
    columns: Vector,
    indptr: Indices,
    indices: Indices,
    data: Vector,
) -> None:
    """Write the columns of what is left at the end, by segments of its value.

    End-level row ``e`` reads ``sum over its k of stored[k, T-1] - sum over j of end_energy[e, j]
    = sum over its k of stored_lower[k, T-1]``.  Prices descend from segment to segment, so the
    optimum fills them in order.

    Parameters
    ----------
    column_starts, row_starts
        As in `write_movements`.
    end_values : float64 array, shape (2, E, S)
        As in `StorageArrays`.
    columns, indptr, indices, data
        As in `write_meter`; modified in place, `indptr` to its end.
    """
    n_segments = end_values.shape[2]
    place = indptr[column_starts[END_ENERGY]]
    for e in range(end_values.shape[1]):
        for j in range(n_segments):
            column = column_starts[END_ENERGY] + e * n_segments + j
            columns[tables.COST, column] = -end_values[tables.END_PRICE, e, j]
            columns[tables.UPPER, column] = end_values[tables.END_WIDTH, e, j]
            indptr[column] = place
            indices[place] = row_starts[END_LEVEL] + e
            data[place] = -1.0
            place += 1
    for column in range(column_starts[PEAK], indptr.size):  # of couplings, added later
        indptr[column] = place
