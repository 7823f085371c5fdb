"""The part of a programme that its start leaves to be found out.

Sifting: of many columns only those in the basis of a start are looked at, and the duals that this
gives price the others, which stay where the start has them: mostly at a bound, between its bounds
where energy costs the same at several times.  Of the basis, too, most leaves no question:

- one with a single entry takes what the rest of its row leaves, as the meter does in most
  intervals, and its cost is the price of the row;
- one with two entries ties the prices of its rows, as the energy stored does with those of an
  interval and the next.  Of rows that are tied their sum is asked, each times what its price is of
  that of the first: the columns that tie them vanish from it.

What is left has a row for each run of intervals with one worth of energy.  A start from the value
function has the right basis nearly always, and a solver checks and copies every column and row
that it is given many times over.
"""

from dataclasses import dataclass

import numpy as np

from matrix_builders import CscArrays, LinearProgram, Vector
from matrix_builders.arrays import Indices, Places
from matrix_builders.compiled import kernel
from optimiser.model.linear_program import AT_LOWER, BASIC, LpSolution, Start, Statuses
from optimiser.problem.windows import Mask

# Rows of the table of what is left of the columns, and of the rows.
_COST, _LOWER, _UPPER, _VALUE = range(4)
_ROW_LOWER, _ROW_UPPER = range(2)

# Rows of the table of prices: a part that is known, and how much of the first of its tied rows.
_KNOWN, _SHARE = range(2)

_DECIDED = -1  # in place of the row that a row is tied to: its price is known
_TIE = 2  # rows of unknown price that a column is in, which ties them


@dataclass(frozen=True, slots=True)
class Sifted:
    """A programme without the columns out of the basis, and without what others decide.

    Attributes
    ----------
    lp : LinearProgram
        What is left; what the other columns take or give is in the bounds of its rows.
    start : Start
        All of its columns in the basis, and none of its rows.
    begins : Start
        That of the whole programme.
    columns : int64 array, shape (m,)
        Which ones are left.
    row : int64 array, shape (n_rows,)
        For each row of the whole, the one of `lp` that it is in; any, where its price is known.
    price : float64 array, shape (2, n_rows)
        What is known of its price [$/kWh], and its share of the price of that row [-].
    """

    lp: LinearProgram
    start: Start
    begins: Start
    columns: Places
    row: Places
    price: Vector

    def lifted(self, solution: LpSolution) -> LpSolution:
        """The same for all columns and rows; optimal only where its duals prove it."""
        x = self.begins.x.copy()
        x[self.columns] = solution.x
        row_dual = self.price[_KNOWN] + self.price[_SHARE] * solution.row_dual[self.row]
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
    row, price = np.empty(n_rows, dtype=np.int64), np.empty((2, n_rows))
    columns = np.empty(n_cols, dtype=np.int64)
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
        row,
        price,
        columns,
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
    return Sifted(part, begins, start, columns[:m], row, price)


@kernel("i8(i8[::1], f8[:, ::1], i8)", inlined=True)
def first_of(tied: Places, price: Vector, row: int) -> int:
    """Find the first of the rows that a row is tied to, and shorten the way there.

    Parameters
    ----------
    tied : int64 array, shape (n_rows,)
        The row that each is tied to, or itself; modified in place.
    price : float64 array, shape (2, n_rows)
        The price of each by that of the row it is tied to; modified in place.
    row : int
        Whose price is not known.

    Returns
    -------
    int
        The row; `row` is tied to nothing else then.
    """
    while tied[tied[row]] != tied[row]:
        before = tied[row]
        price[_KNOWN, row] += price[_SHARE, row] * price[_KNOWN, before]
        price[_SHARE, row] *= price[_SHARE, before]
        tied[row] = tied[before]
    return int(tied[row])


@kernel(
    "void(i4[::1], i4[::1], f8[::1], f8[::1], f8[::1], f8[::1], i1[::1], i1[::1], i8[::1],"
    " f8[:, ::1], b1[::1])",
    inlined=True,
)
def decide_prices(
    indptr: Indices,
    indices: Indices,
    data: Vector,
    cost: Vector,
    row_lower: Vector,
    row_upper: Vector,
    col_status: Statuses,
    row_status: Statuses,
    tied: Places,
    price: Vector,
    is_asked: Mask,
) -> None:
    """Price the rows whose basic columns do so; see `sift`.

    Parameters
    ----------
    tied : int64 array, shape (n_rows,)
        Modified in place: the row that each is tied to, itself, or `_DECIDED`.
    price : float64 array, shape (2, n_rows)
        Modified in place: the price of each by that of the row it is tied to.
    is_asked : bool array, shape (n_cols,)
        Modified in place: whether a column is in the basis, and decides nothing.
    """
    for i in range(tied.size):
        tied[i] = _DECIDED if row_status[i] == BASIC else i
        price[_KNOWN, i] = 0.0
        price[_SHARE, i] = 0.0 if row_status[i] == BASIC else 1.0
    for j in range(cost.size):
        place = indptr[j]
        is_asked[j] = col_status[j] == BASIC
        if is_asked[j] and indptr[j + 1] == place + 1:
            i = indices[place]
            if tied[i] == i and row_lower[i] == row_upper[i]:
                tied[i] = _DECIDED
                price[_KNOWN, i] = cost[j] / data[place]
                price[_SHARE, i] = 0.0
                is_asked[j] = False
    for j in range(cost.size):
        if not is_asked[j]:
            continue
        left = cost[j]
        n_open = 0
        one = 0
        other = 0
        for place in range(indptr[j], indptr[j + 1]):
            i = indices[place]
            if tied[i] == _DECIDED:
                left -= data[place] * price[_KNOWN, i]
            else:
                one, other = other, place
                n_open += 1
        if n_open != _TIE:
            continue
        i = indices[one]
        k = indices[other]
        if row_lower[i] != row_upper[i] or row_lower[k] != row_upper[k]:
            continue
        first = first_of(tied, price, i)
        last = first_of(tied, price, k)
        if first == last:
            continue
        left -= data[one] * price[_KNOWN, i] + data[other] * price[_KNOWN, k]
        size = data[other] * price[_SHARE, k]
        tied[last] = first
        price[_KNOWN, last] = left / size
        price[_SHARE, last] = -data[one] * price[_SHARE, i] / size
        is_asked[j] = False


@kernel(
    "Tuple((i8, i8))(i4[::1], i4[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], i1[::1], i1[::1], i8[::1], f8[:, ::1], i8[::1], i4[::1], i4[::1], f8[::1],"
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
    row: Places,
    price: Vector,
    columns: Places,
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
    row : int64 array, shape (n_rows,)
        Modified in place: the row of the part that each is in.
    price : float64 array, shape (2, n_rows)
        Modified in place: what is known of the price of each [$/kWh], and its share of the price
        of that row [-].
    columns : int64 array, shape (n_cols,)
        Modified in place at its beginning: what is left.
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
    tied = np.empty(row.size, dtype=np.int64)
    is_asked = np.empty(cost.size, dtype=np.bool_)
    decide_prices(
        indptr,
        indices,
        data,
        cost,
        row_lower,
        row_upper,
        col_status,
        row_status,
        tied,
        price,
        is_asked,
    )
    n_rows = 0
    for i in range(row.size):
        row[i] = 0
        if tied[i] == i:
            row[i] = n_rows
            of_rows[_ROW_LOWER, n_rows] = row_lower[i]
            of_rows[_ROW_UPPER, n_rows] = row_upper[i]
            n_rows += 1
    for i in range(row.size):
        if tied[i] != _DECIDED and tied[i] != i:
            row[i] = row[first_of(tied, price, i)]
            of_rows[_ROW_LOWER, row[i]] += price[_SHARE, i] * row_lower[i]
            of_rows[_ROW_UPPER, row[i]] += price[_SHARE, i] * row_lower[i]
    kept = 0
    n_entries = 0
    part_indptr[0] = 0
    for j in range(cost.size):
        if is_asked[j]:
            left = cost[j]
            for place in range(indptr[j], indptr[j + 1]):
                i = indices[place]
                left -= data[place] * price[_KNOWN, i]
                if tied[i] == _DECIDED:
                    continue
                at = part_indptr[kept]
                while at < n_entries and part_indices[at] != row[i]:
                    at += 1
                if at == n_entries:
                    part_indices[at] = row[i]
                    part_data[at] = 0.0
                    n_entries += 1
                part_data[at] += data[place] * price[_SHARE, i]
            columns[kept] = j
            of_columns[_COST, kept] = left
            of_columns[_LOWER, kept] = col_lower[j]
            of_columns[_UPPER, kept] = col_upper[j]
            of_columns[_VALUE, kept] = x[j]
            kept += 1
            part_indptr[kept] = n_entries
        elif col_status[j] != BASIC and x[j] != 0.0:
            for place in range(indptr[j], indptr[j + 1]):
                i = indices[place]
                if tied[i] != _DECIDED:
                    of_rows[_ROW_LOWER, row[i]] -= price[_SHARE, i] * data[place] * x[j]
                    of_rows[_ROW_UPPER, row[i]] -= price[_SHARE, i] * data[place] * x[j]
    return kept, n_rows
