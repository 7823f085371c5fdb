"""The whole programme of a site: its columns, and what ties them together; and more of both."""

from typing import TypeAlias

import numpy as np

from matrix_builders import tables
from matrix_builders.arrays import (
    UNCOUPLED,
    CouplingArrays,
    CscArrays,
    Indices,
    LinearProgram,
    MeterArrays,
    Places,
    StorageArrays,
    Vector,
)
from matrix_builders.compiled import kernel
from matrix_builders.coupling import coupling_rows, write_coupling_bounds
from matrix_builders.layout import (
    BALANCE,
    CEILING,
    DYNAMICS,
    END_LEVEL,
    FLOOR,
    Layout,
)
from matrix_builders.meter import write_meter
from matrix_builders.sparse import csc_from_triplets, stack
from matrix_builders.storage import (
    write_end_energy,
    write_levels,
    write_missed_levels,
    write_movements,
)

Term: TypeAlias = tuple[Places, Vector | float]
"""Columns and their coefficients, for as many rows as they have entries."""

_NOTHING = 1e-12  # kWh; a row that only rounding could break is left out


def build(
    layout: Layout,
    meter: MeterArrays,
    storages: StorageArrays,
    couplings: CouplingArrays = UNCOUPLED,
) -> LinearProgram:
    """Write every array of the programme.

    Parameters
    ----------
    layout : Layout
        From `layout_for`, for the same arguments.
    meter : MeterArrays
        The meter.
    storages : StorageArrays
        Batteries and vehicles.
    couplings : CouplingArrays, optional
        What ties them together.

    Returns
    -------
    LinearProgram
        New arrays.
    """
    starts = layout.column_starts, layout.row_starts
    limits, traits, end_of = storages.limits, storages.traits, storages.end_of
    n_cols, n_rows = int(layout.column_starts[-1]), int(layout.row_starts[-1])
    columns, rows = np.zeros((3, n_cols)), np.zeros((2, n_rows))
    indptr: Indices = np.empty(n_cols + 1, dtype=np.int32)
    indices: Indices = np.empty(layout.n_entries, dtype=np.int32)
    data = np.empty(layout.n_entries)
    write_meter(layout.column_starts, meter.table, meter.penalty, columns, indptr, indices, data)
    write_movements(*starts, limits, traits, columns, indptr, indices, data)
    write_levels(*starts, limits, end_of, columns, indptr, indices, data)
    write_missed_levels(*starts, limits, traits, columns, indptr, indices, data)
    write_end_energy(*starts, storages.end_values, columns, indptr, indices, data)
    write_row_bounds(layout.row_starts, meter.table[tables.NET_LOAD], limits, traits, end_of, rows)
    matrix = CscArrays(indptr, indices, data)
    if couplings.lower.size > 0:
        write_coupling_bounds(layout, couplings, columns, rows)
        matrix = stack(matrix, coupling_rows(layout, couplings))
    return LinearProgram(
        columns[tables.COST], matrix, rows[0], rows[1], columns[tables.LOWER], columns[tables.UPPER]
    )


@kernel("void(i8[::1], f8[::1], f8[:, :, ::1], f8[:, ::1], i8[::1], f8[:, ::1])")
def write_row_bounds(
    row_starts: Places,
    net_load: Vector,
    limits: Vector,
    traits: Vector,
    end_of: Places,
    rows: Vector,
) -> None:
    """Write the bounds of every row: equalities but for the soft levels.

    Parameters
    ----------
    row_starts : int64 array
        Offsets of the layout.
    net_load : float64 array, shape (T,)
        Load less solar. [kWh per interval]
    limits, traits, end_of
        As in `StorageArrays`.
    rows : float64 array, shape (2, n_rows)
        Zeros; modified in place: lower and upper bounds. [kWh]
    """
    n_storages, n_intervals = limits.shape[1:]
    lower, upper = rows[0], rows[1]
    for t in range(n_intervals):
        lower[row_starts[BALANCE] + t] = net_load[t]
    floor = row_starts[FLOOR]
    ceiling = row_starts[CEILING]
    for k in range(n_storages):
        lower[row_starts[DYNAMICS] + k * n_intervals] = traits[tables.INITIAL, k]
        if row_starts[END_LEVEL] < row_starts[END_LEVEL + 1]:
            lower[row_starts[END_LEVEL] + end_of[k]] += limits[
                tables.STORED_LOWER, k, n_intervals - 1
            ]
    for row in range(lower.size):
        upper[row] = lower[row]
    for k in range(n_storages):
        for t in range(n_intervals):  # `floor` and `ceiling` are the next free rows
            if limits[tables.SOFT_FLOOR, k, t] > limits[tables.STORED_LOWER, k, t]:
                lower[floor] = limits[tables.SOFT_FLOOR, k, t]
                upper[floor] = np.inf
                floor += 1
            if limits[tables.SOFT_CEILING, k, t] < limits[tables.STORED_UPPER, k, t]:
                lower[ceiling] = -np.inf
                upper[ceiling] = limits[tables.SOFT_CEILING, k, t]
                ceiling += 1


class Extension:
    """A linear programme with room for more columns and rows; its own come first.

    Parameters
    ----------
    lp : LinearProgram
        The programme; it is not modified.
    """

    def __init__(self, lp: LinearProgram) -> None:
        self._lp = lp
        self._lower, self._upper = lp.col_lower, lp.col_upper
        self._entries: list[tuple[Places, Places, Vector]] = []
        self._least: list[Vector] = []
        self._limits: list[Vector] = []
        self._n_rows = lp.row_lower.size

    def add_columns(self, upper: Vector) -> Places:
        """Add columns between zero and `upper` that cost nothing; return their indices."""
        first = self._upper.size
        self._lower = np.append(self._lower, np.zeros(upper.size))
        self._upper = np.append(self._upper, upper)
        return np.arange(first, first + upper.size).reshape(upper.shape)

    def at_most(self, limit: Vector | float, *terms: Term) -> None:
        """Add rows: the sum of the terms is at most `limit`.

        Rows that the bounds of the columns imply are left out.
        """
        limits, columns, values = _flat_rows(limit, terms)
        most = np.where(values > 0.0, self._upper[columns], self._lower[columns])
        binds = (values * most).sum(axis=0) > limits + _NOTHING
        limits, columns, values = limits[binds], columns[:, binds], values[:, binds]
        self._add(np.full(limits.size, -np.inf), limits, columns, values)

    def exactly(self, level: Vector | float, *terms: Term) -> None:
        """Add rows: the sum of the terms is `level`."""
        levels, columns, values = _flat_rows(level, terms)
        self._add(levels, levels, columns, values)

    def add_row(self, limit: float, columns: Places, values: Vector) -> None:
        """Add one row: the sum of all columns by their values is at most `limit`."""
        limits = np.array([limit])
        self._add(np.full(1, -np.inf), limits, columns[:, None], values[:, None])

    def _add(self, least: Vector, limits: Vector, columns: Places, values: Vector) -> None:
        """Add rows between `least` and `limits`, one a column of the other two arrays."""
        rows = np.broadcast_to(self._n_rows + np.arange(columns.shape[1]), columns.shape)
        present = values != 0.0
        self._entries.append((rows[present], columns[present], values[present]))
        self._least.append(least)
        self._limits.append(limits)
        self._n_rows += columns.shape[1]

    def programme(self) -> LinearProgram:
        """Return the longer programme."""
        lp, n_cols = self._lp, self._upper.size
        n_more = n_cols - lp.cost.size
        ends = np.full(n_more, lp.matrix.indptr[-1], dtype=np.int32)
        matrix = lp.matrix._replace(indptr=np.append(lp.matrix.indptr, ends))
        if self._entries:
            matrix = stack(matrix, self._rows(n_cols))
        return lp._replace(
            cost=np.append(lp.cost, np.zeros(n_more)),
            matrix=matrix,
            row_lower=np.concatenate([lp.row_lower, *self._least]),
            row_upper=np.concatenate([lp.row_upper, *self._limits]),
            col_lower=self._lower,
            col_upper=self._upper,
        )

    def _rows(self, n_cols: int) -> CscArrays:
        """Return the new rows as a matrix of all columns."""
        rows, columns, values = map(np.concatenate, zip(*self._entries, strict=True))
        order = np.argsort(rows, kind="stable")
        row: Indices = rows[order].astype(np.int32)
        column: Indices = columns[order].astype(np.int32)
        return csc_from_triplets(row, column, np.ascontiguousarray(values[order]), n_cols)


def _flat_rows(level: Vector | float, terms: tuple[Term, ...]) -> tuple[Vector, Places, Vector]:
    """Return the level of each row; its columns and their coefficients, a row a column."""
    parts = [part for term in terms for part in term]
    levels, *flat = (part.ravel() for part in np.broadcast_arrays(level, *parts))
    columns = np.array(flat[::2], dtype=np.int64)
    return levels.astype(np.float64), columns, np.array(flat[1::2], dtype=np.float64)
