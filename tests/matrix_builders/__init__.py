"""Tests of the kernels, and one hand-sized problem for them.

Two intervals and one battery of 4 kWh that holds 1 kWh now and should hold 2 kWh at the end; the
numbers differ from each other, so that one in the wrong place is seen.
"""

import numpy as np
from scipy.sparse import csc_array

from matrix_builders import SiteArrays, StorageArrays

HAND_SITE = SiteArrays(
    net_load=np.array([1.5, -0.5]),
    import_price=np.array([0.30, 0.40]),
    export_price=np.array([0.05, -0.10]),
    import_limit=np.array([1.2, 2.0]),
    export_limit=np.array([0.7, 0.8]),
    import_excess=np.array([0.3, 0.0]),
    export_excess=np.array([0.0, 0.0]),
    curtail_limit=np.array([0.0, 0.6]),
    penalty=7.0,
)

HAND_STORAGES = StorageArrays(
    charge_limit=np.array([[1.0, 1.1]]),
    discharge_limit=np.array([[1.3, 1.4]]),
    stored_lower=np.array([[0.5, 0.5]]),
    stored_upper=np.array([[4.0, 4.0]]),
    soft_floor=np.array([[0.0, 2.0]]),
    soft_ceiling=np.array([[3.5, np.inf]]),
    initial=np.array([1.0]),
    charge_efficiency=np.array([0.8]),
    discharge_efficiency=np.array([0.5]),
    wear=np.array([0.02]),
    level_price=np.array([6.0]),
    least_charge=np.array([[0.0, 0.0]]),
    group=np.array([0]),
    end_of=np.array([0]),
    end_width=np.array([[1.5, 2.0]]),
    end_price=np.array([[0.25, 0.15]]),
)


def dense_matrix(lp):
    """Coefficients of a `LinearProgram`; shape (n_rows, n_cols)."""
    matrix, shape = lp.matrix, (lp.row_lower.size, lp.cost.size)
    return csc_array((matrix.data, matrix.indices, matrix.indptr), shape=shape).toarray()
