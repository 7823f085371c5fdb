"""Compressed columns: from triplets, and one matrix below another."""

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


def stack(upper: CscArrays, lower: CscArrays) -> CscArrays:
    """Put one matrix below another of as many columns; rows of both count in the same numbers."""
    size = upper.data.size + lower.data.size
    both = CscArrays(upper.indptr + lower.indptr, np.empty(size, dtype=np.int32), np.empty(size))
    stack_columns(*upper, *lower, *both[1:])
    return both


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


@kernel("void(i4[::1], i4[::1], f8[::1], i4[::1], i4[::1], f8[::1], i4[::1], f8[::1])")
def stack_columns(
    upper_indptr: Indices,
    upper_indices: Indices,
    upper_data: Vector,
    lower_indptr: Indices,
    lower_indices: Indices,
    lower_data: Vector,
    both_indices: Indices,
    both_data: Vector,
) -> None:
    """Put the entries of every column of two matrices together, the upper ones first.

    Parameters
    ----------
    upper_indptr, upper_indices, upper_data, lower_indptr, lower_indices, lower_data : array
        Both matrices, as in `CscArrays`.
    both_indices : int32 array, shape (nnz of both,)
        Modified in place.
    both_data : float64 array, shape (nnz of both,)
        Modified in place.
    """
    place = 0
    for j in range(upper_indptr.size - 1):
        for i in range(upper_indptr[j], upper_indptr[j + 1]):
            both_indices[place] = upper_indices[i]
            both_data[place] = upper_data[i]
            place += 1
        for i in range(lower_indptr[j], lower_indptr[j + 1]):
            both_indices[place] = lower_indices[i]
            both_data[place] = lower_data[i]
            place += 1
