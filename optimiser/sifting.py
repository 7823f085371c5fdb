"""The part of a programme that its start leaves to be found out.

Sifting: of many columns only those in the basis of a start are looked at, and the duals that this
gives price the others.  Nor is there a question in a row that has a basic column of its own, as
the meter has in most intervals: the column takes what the rest of the row leaves, and its cost is
the price of the row.  A start from the value function has the right basis nearly always, and a
solver checks and copies every column and row that it is given many times over.
"""

from dataclasses import dataclass

import numpy as np

from matrix_builders import CscArrays, LinearProgram, Vector
from matrix_builders.arrays import Indices, Places
from matrix_builders.compiled import kernel
from optimiser.linear_program import AT_LOWER, AT_UPPER, BASIC, LpSolution, Start, Statuses

# Rows of the table of what is left of the columns, and of the rows.
_COST, _LOWER, _UPPER, _VALUE = range(4)
_ROW_LOWER, _ROW_UPPER = range(2)

_ASKED = -1  # in place of the column of its own that a row has
_IDLE = -2  # of a row that no price hangs on


@dataclass(frozen=True, slots=True)
class Sifted:
    """A programme without the columns that rest at a bound, and the rows that they leave decided.

    Attributes
    ----------
    lp : LinearProgram
        What is left; what the columns at rest take or give is in the bounds of its rows.
    start : Start
        All of its columns in the basis, and none of its rows.
    whole : LinearProgram
        The programme.
    begins : Start
        Its start.
    columns, rows : int64 array, shape (m,)
        Which ones are left.
    own : int64 array, shape (n_rows,)
        For rows that are left out, their own column, or less than zero.
    price : float64 array, shape (n_rows,)
        For rows that are left out. [$/kWh]
    """

    lp: LinearProgram
    start: Start
    whole: LinearProgram
    begins: Start
    columns: Places
    rows: Places
    own: Places
    price: Vector

    def lifted(self, solution: LpSolution) -> LpSolution:
        """The same for all columns and rows; optimal only where its duals prove it."""
        x, row_dual = self.begins.x.copy(), self.price.copy()
        x[self.columns] = solution.x
        row_dual[self.rows] = solution.row_dual
        decide_own(*self.whole.matrix, self.whole.row_lower, self.own, x)
        return LpSolution(x, row_dual, solution.backend, basis=self.begins)


def sifted(lp: LinearProgram, start: Start) -> Sifted | None:
    """What the basis of a start leaves to be found out.

    Parameters
    ----------
    lp : LinearProgram
        The programme.
    start : Start
        Of the same.

    Returns
    -------
    Sifted or None
        None where there is nothing, or too much: its columns and rows are no basis, or not that of
        an optimum.
    """
    if not start.may_be_optimal:
        return None
    n_cols, n_rows = lp.cost.size, lp.row_lower.size
    own, price = np.empty(n_rows, dtype=np.int64), np.zeros(n_rows)
    columns, rows = np.empty(n_cols, dtype=np.int64), np.empty(n_rows, dtype=np.int64)
    indptr = np.empty(n_cols + 1, dtype=np.int32)
    indices, data = np.empty_like(lp.matrix.indices), np.empty_like(lp.matrix.data)
    of_columns, of_rows = np.empty((4, n_cols)), np.empty((2, n_rows))
    m, m_rows = sift(
        *lp.matrix,
        lp.cost,
        lp.col_lower,
        lp.col_upper,
        lp.row_lower,
        lp.row_upper,
        start.x,
        start.col_status,
        start.row_status,
        own,
        price,
        columns,
        rows,
        indptr,
        indices,
        data,
        of_columns,
        of_rows,
    )
    if m != m_rows or m == 0:
        return None
    part = LinearProgram(
        cost=of_columns[_COST, :m],
        matrix=CscArrays(indptr[: m + 1], indices[: indptr[m]], data[: indptr[m]]),
        row_lower=of_rows[_ROW_LOWER, :m],
        row_upper=of_rows[_ROW_UPPER, :m],
        col_lower=of_columns[_LOWER, :m],
        col_upper=of_columns[_UPPER, :m],
    )
    all_basic, none = np.full(m, BASIC, dtype=np.int8), np.full(m, AT_LOWER, dtype=np.int8)
    begins = Start(of_columns[_VALUE, :m], all_basic, none)
    return Sifted(part, begins, lp, start, columns[:m], rows[:m], own, price)


@kernel(
    "Tuple((i8, i8))(i4[::1], i4[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], i1[::1], i1[::1], i8[::1], f8[::1], i8[::1], i8[::1], i4[::1], i4[::1], f8[::1],"
    " f8[:, ::1], f8[:, ::1])"
)
def sift(
    indptr: Indices,
    indices: Indices,
    data: Vector,
    cost: Vector,
    col_lower: Vector,
    col_upper: Vector,
    row_lower: Vector,
    row_upper: Vector,
    x: Vector,
    col_status: Statuses,
    row_status: Statuses,
    own: Places,
    price: Vector,
    columns: Places,
    rows: Places,
    part_indptr: Indices,
    part_indices: Indices,
    part_data: Vector,
    of_columns: Vector,
    of_rows: Vector,
) -> tuple[int, int]:
    """Write down what a basis leaves to be found out; see `Sifted`.

    Parameters
    ----------
    indptr, indices, data, cost, col_lower, col_upper, row_lower, row_upper : array
        The programme, as in `LinearProgram`.
    x : float64 array, shape (n_cols,)
        A point. [kWh]
    col_status, row_status : int8 array, shape (n_cols,) and (n_rows,)
        `BASIC`, or the bound that a column or row rests at.
    own : int64 array, shape (n_rows,)
        Modified in place: the own column of each row that is left out, `_IDLE` or `_ASKED`.
    price : float64 array, shape (n_rows,)
        Zero at first; modified in place for rows with a column of their own. [$/kWh]
    columns, rows : int64 array, shape (n_cols,) and (n_rows,)
        Modified in place at their beginning: what is left.
    part_indptr, part_indices, part_data : array
        Modified in place: the matrix of that; each has room for the whole one.
    of_columns : float64 array, shape (4, n_cols)
        Modified in place: its costs [$/kWh], bounds and values [kWh].
    of_rows : float64 array, shape (2, n_rows)
        Modified in place: bounds of its rows. [kWh]

    Returns
    -------
    n_columns, n_rows : int
        How many are left.
    """
    for i in range(own.size):
        own[i] = _IDLE if row_status[i] == BASIC else _ASKED
    for j in range(cost.size):
        place = indptr[j]
        if col_status[j] == BASIC and indptr[j + 1] == place + 1:
            i = indices[place]
            if own[i] == _ASKED and row_lower[i] == row_upper[i]:
                own[i] = j
                price[i] = cost[j] / data[place]
    n_rows = 0
    new_place = np.empty(own.size, dtype=np.int64)
    for i in range(own.size):
        if own[i] == _ASKED:
            rows[n_rows] = i
            of_rows[_ROW_LOWER, n_rows] = row_lower[i]
            of_rows[_ROW_UPPER, n_rows] = row_upper[i]
            new_place[i] = n_rows
            n_rows += 1
    kept = 0
    n_entries = 0
    part_indptr[0] = 0
    for j in range(cost.size):
        if col_status[j] == BASIC:
            if indptr[j + 1] == indptr[j] + 1 and own[indices[indptr[j]]] == j:
                continue
            left = cost[j]
            for place in range(indptr[j], indptr[j + 1]):
                i = indices[place]
                if own[i] == _ASKED:
                    part_indices[n_entries] = new_place[i]
                    part_data[n_entries] = data[place]
                    n_entries += 1
                else:
                    left -= data[place] * price[i]
            columns[kept] = j
            of_columns[_COST, kept] = left
            of_columns[_LOWER, kept] = col_lower[j]
            of_columns[_UPPER, kept] = col_upper[j]
            of_columns[_VALUE, kept] = x[j]
            kept += 1
            part_indptr[kept] = n_entries
        else:
            value = col_upper[j] if col_status[j] == AT_UPPER else col_lower[j]
            if value != 0.0:
                for place in range(indptr[j], indptr[j + 1]):
                    i = indices[place]
                    if own[i] == _ASKED:
                        of_rows[_ROW_LOWER, new_place[i]] -= data[place] * value
                        of_rows[_ROW_UPPER, new_place[i]] -= data[place] * value
    return kept, n_rows


@kernel("void(i4[::1], i4[::1], f8[::1], f8[::1], i8[::1], f8[::1])")
def decide_own(
    indptr: Indices, indices: Indices, data: Vector, bound: Vector, own: Places, x: Vector
) -> None:
    """Give the columns that rows have of their own what the others leave.

    Parameters
    ----------
    indptr, indices, data : array
        The matrix.
    bound : float64 array, shape (n_rows,)
        What those rows must come to. [kWh]
    own : int64 array, shape (n_rows,)
        Their columns; less than zero elsewhere.
    x : float64 array, shape (n_cols,)
        Modified in place. [kWh]
    """
    left = bound.copy()
    for j in range(x.size):
        for place in range(indptr[j], indptr[j + 1]):
            if own[indices[place]] != j:
                left[indices[place]] -= data[place] * x[j]
    for i in range(own.size):
        if own[i] >= 0:
            x[own[i]] = left[i] / data[indptr[own[i]]]
