"""A linear programme that grows: more columns, more rows, and which columns are integers."""

import numpy as np

from matrix_builders import LinearProgram, Vector
from matrix_builders.arrays import Indices, Places
from matrix_builders.sparse import csc_from_triplets


class Programme:
    """A linear programme and what was added to it; its own columns and rows come first.

    Parameters
    ----------
    lp : LinearProgram
        The programme; it is not modified.
    """

    def __init__(self, lp: LinearProgram) -> None:
        columns = np.repeat(np.arange(lp.cost.size), np.diff(lp.matrix.indptr))
        self._entries: list[tuple[Places, Places, Vector]] = [
            (lp.matrix.indices.astype(np.int64), columns, lp.matrix.data)
        ]
        self._cost, self._lower, self._upper = lp.cost, lp.col_lower, lp.col_upper
        self._row_lower, self._row_upper = lp.row_lower, lp.row_upper
        self._integers: list[Places] = []

    def add_columns(self, upper: Vector, *, are_integers: bool = False) -> Places:
        """Add columns between zero and `upper` that cost nothing; return their indices."""
        columns = np.arange(self._upper.size, self._upper.size + upper.size)
        self._upper = np.append(self._upper, upper)
        self._lower, self._cost = (
            np.append(old, np.zeros(upper.size)) for old in (self._lower, self._cost)
        )
        if are_integers:
            self._integers.append(columns)
        return columns

    def add_rows(self, lower: Vector, upper: Vector) -> Places:
        """Add rows without entries between bounds; return their indices."""
        rows = np.arange(self._row_lower.size, self._row_lower.size + lower.size)
        self._row_lower = np.append(self._row_lower, lower)
        self._row_upper = np.append(self._row_upper, upper)
        return rows

    def enter(self, rows: Places, columns: Places, values: Vector | float) -> None:
        """Write entries of added rows, no place twice; arguments are broadcast."""
        row, column, value = (a.ravel() for a in np.broadcast_arrays(rows, columns, values))
        self._entries.append((row, column, value.astype(np.float64)))

    def close(self, columns: Places) -> None:
        """Hold columns at zero."""
        self.fix(columns, np.zeros(columns.size))

    def fix(self, columns: Places, values: Vector) -> None:
        """Hold columns at values."""
        self._lower, self._upper = self._lower.copy(), self._upper.copy()
        self._lower[columns] = self._upper[columns] = values

    def narrow(self, columns: Places, upper: Vector) -> None:
        """Lower the upper bounds of columns."""
        self._upper = self._upper.copy()
        self._upper[columns] = np.minimum(self._upper[columns], upper)

    @property
    def integers(self) -> Places:
        """Columns that are whole numbers, of those that were added."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *self._integers])

    def lp(self) -> LinearProgram:
        """Return the longer programme."""
        rows, columns, values = map(np.concatenate, zip(*self._entries, strict=True))
        order = np.argsort(rows, kind="stable")
        row: Indices = rows[order].astype(np.int32)
        column: Indices = columns[order].astype(np.int32)
        matrix = csc_from_triplets(
            row, column, np.ascontiguousarray(values[order]), self._cost.size
        )
        return LinearProgram(
            self._cost, matrix, self._row_lower, self._row_upper, self._lower, self._upper
        )
