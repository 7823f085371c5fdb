"""Tests of the kernels, and one hand-sized problem for them.

Two intervals and one battery of 4 kWh that holds 1 kWh now and should hold 2 kWh at the end; the
numbers differ from each other, so that one in the wrong place is seen.
"""

import numpy as np
from scipy.sparse import csc_array

from matrix_builders import MeterArrays, build, layout_for
from tests.tables import METER, storages_from, table_of

HAND_METER = MeterArrays(
    table_of(
        METER,
        {
            "net_load": [1.5, -0.5],
            "import_price": [0.30, 0.40],
            "export_price": [0.05, -0.10],
            "import_limit": [1.2, 2.0],
            "export_limit": [0.7, 0.8],
            "import_excess": [0.3, 0.0],
            "export_excess": [0.0, 0.0],
            "curtail_limit": [0.0, 0.6],
            "may_curtail": [1.0, 1.0],
        },
    ),
    penalty=7.0,
)

HAND_STORAGES = storages_from(
    {
        "charge_limit": [[1.0, 1.1]],
        "discharge_limit": [[1.3, 1.4]],
        "stored_lower": [[0.5, 0.5]],
        "stored_upper": [[4.0, 4.0]],
        "soft_floor": [[0.0, 2.0]],
        "soft_ceiling": [[3.5, np.inf]],
        "least_charge": [[0.0, 0.0]],
        "initial": [1.0],
        "charge_efficiency": [0.8],
        "discharge_efficiency": [0.5],
        "wear": [0.02],
        "level_price": [6.0],
        "end_width": [[1.5, 2.0]],
        "end_price": [[0.25, 0.15]],
    },
    group=[0],
    end_of=[0],
)


def written(problem):
    """Layout and programme of a problem, couplings left out."""
    arrays = MeterArrays(problem.meter, problem.penalty), problem.storages
    layout = layout_for(*arrays)
    return layout, build(layout, *arrays)


def dense_matrix(lp):
    """Coefficients of a `LinearProgram`; shape (n_rows, n_cols)."""
    matrix, shape = lp.matrix, (lp.row_lower.size, lp.cost.size)
    return csc_array((matrix.data, matrix.indices, matrix.indptr), shape=shape).toarray()
