"""Triplets to compressed columns."""

import numpy as np

from matrix_builders.arrays import CscArrays, Indices, Vector
from matrix_builders.compiled import kernel


def csc_from_triplets(rows: Indices, cols: Indices, values: Vector, n_cols: int) -> CscArrays:
    """Compressed columns of entries given as triplets.

    Parameters
    ----------
    rows, cols : int32 array, shape (nnz,)
        Row and column of each entry; no pair twice.  Where rows ascend, or ascend for each
        column, they do so within every column of the result.
    values : float64 array, shape (nnz,)
        Value of each entry.
    n_cols : int
        Number of columns.

    Returns
    -------
    CscArrays
        New arrays.
    """
    indptr = np.zeros(n_cols + 1, dtype=np.int32)
    indices = np.empty(rows.size, dtype=np.int32)
    data = np.empty(rows.size)
    compress_columns(rows, cols, values, indptr, indices, data)
    return CscArrays(indptr, indices, data)


@kernel("void(i4[::1], i4[::1], f8[::1], i4[::1], i4[::1], f8[::1])")
def compress_columns(
    rows: Indices, cols: Indices, values: Vector, indptr: Indices, indices: Indices, data: Vector
) -> None:
    """Sort triplets by column, stably: a counting sort.

    Parameters
    ----------
    rows, cols : int32 array, shape (nnz,)
        Row and column of each entry.
    values : float64 array, shape (nnz,)
        Value of each entry.
    indptr : int32 array, shape (n_cols + 1,)
        Zeros; modified in place.
    indices : int32 array, shape (nnz,)
        Modified in place.
    data : float64 array, shape (nnz,)
        Modified in place.
    """
    n_cols = indptr.size - 1
    for i in range(cols.size):
        indptr[cols[i] + 1] += 1
    for j in range(n_cols):
        indptr[j + 1] += indptr[j]
    for i in range(cols.size):  # indptr[j] is the next free place of column j
        place = indptr[cols[i]]
        indices[place] = rows[i]
        data[place] = values[i]
        indptr[cols[i]] = place + 1
    for j in range(n_cols, 0, -1):  # every start has moved on to the next column's
        indptr[j] = indptr[j - 1]
    indptr[0] = 0
