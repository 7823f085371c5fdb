"""The programme of the columns in the basis of a start: what it proves, its prices prove of all.

Sifting: a programme of many more columns than rows is solved for a few of them, and the duals of
that price the others.  A start from the value function has the right few nearly always, and HiGHS
checks and copies every column that it is given ten times over.
"""

from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import CscArrays, LinearProgram, Vector
from matrix_builders.arrays import Indices, Places
from matrix_builders.compiled import kernel
from optimiser.linear_program import AT_UPPER, BASIC, LpSolution, Start, Statuses

# Rows of the table of what is left.
_COST, _LOWER, _UPPER, _VALUE = range(4)


@dataclass(frozen=True, slots=True)
class Sifted:
    """A programme without the columns that rest at a bound.

    Attributes
    ----------
    lp : LinearProgram
        Of the columns that are left; what the others take or give is in the bounds of the rows.
    start : Start
        All of it in the basis.
    whole : Start
        That of all columns.
    columns : int64 array, shape (m,)
        Which ones are left.
    """

    lp: LinearProgram
    start: Start
    whole: Start
    columns: Places

    def lifted(self, solution: LpSolution) -> LpSolution:
        """The same for all columns; optimal only where its duals prove it."""
        x = self.whole.x.copy()
        x[self.columns] = solution.x
        return replace(solution, x=x, basis=self.whole)


def sifted(lp: LinearProgram, start: Start) -> Sifted | None:
    """The columns in the basis of a start.

    Parameters
    ----------
    lp : LinearProgram
        The programme.
    start : Start
        Of the same.

    Returns
    -------
    Sifted or None
        None where they are not a basis.
    """
    n_rows = lp.row_lower.size
    if start.n_basic != n_rows:
        return None
    n_basic = np.count_nonzero(start.col_status == BASIC)
    columns = np.empty(n_basic, dtype=np.int64)
    indptr = np.empty(n_basic + 1, dtype=np.int32)
    indices = np.empty(lp.matrix.indices.size, dtype=np.int32)
    data = np.empty(indices.size)
    table = np.empty((4, n_basic))
    resting = np.zeros(n_rows)
    n_entries = sift(
        *lp.matrix,
        lp.cost,
        lp.col_lower,
        lp.col_upper,
        start.x,
        start.col_status,
        columns,
        indptr,
        indices,
        data,
        table,
        resting,
    )
    matrix = CscArrays(indptr, indices[:n_entries], data[:n_entries])
    part = LinearProgram(
        cost=table[_COST],
        matrix=matrix,
        row_lower=lp.row_lower - resting,
        row_upper=lp.row_upper - resting,
        col_lower=table[_LOWER],
        col_upper=table[_UPPER],
    )
    basic = np.full(n_basic, BASIC, dtype=np.int8)
    return Sifted(part, Start(table[_VALUE], basic, start.row_status), start, columns)


@kernel(
    "i8(i4[::1], i4[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i1[::1],"
    " i8[::1], i4[::1], i4[::1], f8[::1], f8[:, ::1], f8[::1])"
)
def sift(
    indptr: Indices,
    indices: Indices,
    data: Vector,
    cost: Vector,
    col_lower: Vector,
    col_upper: Vector,
    x: Vector,
    col_status: Statuses,
    columns: Places,
    part_indptr: Indices,
    part_indices: Indices,
    part_data: Vector,
    table: Vector,
    resting: Vector,
) -> int:
    """Write down the basic columns of a programme, and what the others add to its rows.

    Parameters
    ----------
    indptr, indices, data, cost, col_lower, col_upper : array
        The programme, as in `LinearProgram`.
    x : float64 array, shape (n_cols,)
        A point. [kWh]
    col_status : int8 array, shape (n_cols,)
        `BASIC`, or the bound that a column rests at.
    columns : int64 array, shape (m,)
        Modified in place: the basic ones.
    part_indptr, part_indices, part_data : array
        Modified in place: their matrix; the last two have room for the whole one.
    table : float64 array, shape (4, m)
        Modified in place: their costs [$/kWh], bounds and values [kWh].
    resting : float64 array, shape (n_rows,)
        Zero at first; modified in place: the sum of the others in each row. [kWh]

    Returns
    -------
    int
        Number of entries of their matrix.
    """
    kept = 0
    n_entries = 0
    part_indptr[0] = 0
    for j in range(cost.size):
        if col_status[j] == BASIC:
            for place in range(indptr[j], indptr[j + 1]):
                part_indices[n_entries] = indices[place]
                part_data[n_entries] = data[place]
                n_entries += 1
            columns[kept] = j
            table[_COST, kept] = cost[j]
            table[_LOWER, kept] = col_lower[j]
            table[_UPPER, kept] = col_upper[j]
            table[_VALUE, kept] = x[j]
            kept += 1
            part_indptr[kept] = n_entries
        else:
            value = col_upper[j] if col_status[j] == AT_UPPER else col_lower[j]
            if value != 0.0:
                for place in range(indptr[j], indptr[j + 1]):
                    resting[indices[place]] += data[place] * value
    return n_entries
