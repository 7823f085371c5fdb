"""Sparse matrices put together, against dense ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matrix_builders.sparse import csc_from_triplets, stack

MOST = 5
entries = st.sampled_from((0.0, 0.0, 1.0, -2.5))


def compressed(dense, first_row):
    """The entries that are not zero, by column; rows count from `first_row`."""
    cols, rows = np.nonzero(dense.T)
    values = dense[rows, cols]
    cols, rows = cols.astype(np.int32), (rows + first_row).astype(np.int32)
    return csc_from_triplets(rows, cols, values, dense.shape[1])


def dense(matrix, shape):
    full = np.zeros(shape)
    cols = np.repeat(np.arange(shape[1]), np.diff(matrix.indptr))
    full[matrix.indices, cols] = matrix.data
    return full


@given(st.data())
def test_one_matrix_stands_below_the_other(drawn):
    n_upper, n_lower, n_cols = (drawn.draw(st.integers(0, MOST)) for _ in range(3))
    upper = drawn.draw(arrays(np.float64, (n_upper, n_cols), elements=entries))
    lower = drawn.draw(arrays(np.float64, (n_lower, n_cols), elements=entries))

    both = stack(compressed(upper, 0), compressed(lower, n_upper))

    expected = np.vstack([upper, lower])
    assert (both.indptr.dtype, both.indices.dtype) == (np.int32, np.int32)
    assert both.data.size == np.count_nonzero(expected)
    np.testing.assert_array_equal(dense(both, expected.shape), expected)
    for j in range(n_cols):
        assert (np.diff(both.indices[both.indptr[j] : both.indptr[j + 1]]) > 0).all()
