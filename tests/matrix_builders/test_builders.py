"""The programme that the kernels write: by hand where small, by its properties where drawn."""

import numpy as np
import pytest
from hypothesis import given

from matrix_builders import build, layout_for
from matrix_builders.layout import (
    BALANCE,
    CEILING,
    DYNAMICS,
    END_LEVEL,
    FLOOR,
)
from matrix_builders.sparse import csc_from_triplets
from tests.matrix_builders import HAND_METER, HAND_STORAGES, dense_matrix, written
from tests.strategies import problems
from tests.tables import with_rows
from tests.tolerances import KERNEL

LAYOUT = layout_for(HAND_METER, HAND_STORAGES)


@pytest.fixture(scope="module")
def lp():
    return build(LAYOUT, HAND_METER, HAND_STORAGES)


def rows_of(lp, block):
    """Coefficients and bounds of the rows of one block, zeros left out."""
    rows = LAYOUT.rows[block]
    coefficients = [
        {j: value for j, value in enumerate(row) if value != 0}
        for row in dense_matrix(lp)[rows].tolist()
    ]
    bounds = lp.row_lower[rows].tolist(), lp.row_upper[rows].tolist()
    return list(zip(coefficients, *bounds, strict=True))


# Columns: import 0-1, export 2-3, curtail 4-5, import excess 6-7, charge 8-9, discharge 10-11,
# stored 12-13, shortfall 14, overfill 15, end energy 16-17.


def test_balance_rows_add_up_to_the_net_load(lp):
    assert rows_of(lp, BALANCE) == [
        ({0: 1, 2: -1, 4: -1, 6: 1, 8: -1, 10: 1}, 1.5, 1.5),
        ({1: 1, 3: -1, 5: -1, 7: 1, 9: -1, 11: 1}, -0.5, -0.5),
    ]


def test_dynamics_rows_step_from_the_energy_stored_now(lp):
    assert rows_of(lp, DYNAMICS) == [
        ({8: -0.8, 10: 2.0, 12: 1}, 1.0, 1.0),
        ({9: -0.8, 11: 2.0, 12: -1, 13: 1}, 0.0, 0.0),
    ]


def test_a_floor_row_lets_a_shortfall_make_up_the_difference(lp):
    assert rows_of(lp, FLOOR) == [({13: 1, 14: 1}, 2.0, np.inf)]


def test_a_ceiling_row_lets_an_overfill_take_the_surplus(lp):
    assert rows_of(lp, CEILING) == [({12: 1, 15: -1}, -np.inf, 3.5)]


def test_an_end_level_row_splits_what_is_left_above_the_floor(lp):
    assert rows_of(lp, END_LEVEL) == [({13: 1, 16: -1, 17: -1}, 0.5, 0.5)]


def test_costs_are_prices_wear_penalties_and_less_the_end_value(lp):
    costs = [0.3, 0.4, -0.05, 0.1, 0, 0, 7.3, 7.4, 0.02, 0.02, 0.02, 0.02, 0, 0, 6, 6, -0.25, -0.15]

    assert lp.cost.tolist() == pytest.approx(costs, abs=KERNEL)


def test_column_bounds_are_the_limits(lp):
    upper = [1.2, 2.0, 0.7, 0.8, 0, 0.6, 0.3, 0, 1.0, 1.1, 1.3, 1.4, 4, 4, 1.5, 0.5, 1.5, 2.0]

    assert lp.col_lower.tolist() == [0.0] * 12 + [0.5, 0.5] + [0.0] * 4
    assert lp.col_upper.tolist() == upper


def test_a_forced_export_pays_the_penalty_less_its_price():
    table = with_rows(HAND_METER.table, export_excess=[0.0, 0.4], import_excess=0.0)
    forced = HAND_METER._replace(table=table)

    lp = build(layout_for(forced, HAND_STORAGES), forced, HAND_STORAGES)

    assert lp.cost[6:8].tolist() == pytest.approx([6.95, 7.1], abs=KERNEL)
    assert lp.col_upper[6:8].tolist() == [0.0, 0.4]
    assert dense_matrix(lp)[:2, 6:8].tolist() == [[-1, 0], [0, -1]]


def test_triplets_are_sorted_by_column_and_keep_their_order_within():
    rows, cols = np.array([2, 0, 1, 1], dtype=np.int32), np.array([1, 3, 1, 0], dtype=np.int32)

    matrix = csc_from_triplets(rows, cols, np.array([5.0, 6.0, 7.0, 8.0]), 4)

    assert matrix.indptr.tolist() == [0, 1, 3, 3, 4]
    assert matrix.indices.tolist() == [1, 2, 1, 0]
    assert matrix.data.tolist() == [8.0, 5.0, 7.0, 6.0]


@given(problems())
def test_rows_ascend_within_every_column_and_none_comes_twice(problem):
    layout, lp = written(problem)

    indptr, indices, data = lp.matrix

    assert indptr[0] == 0
    assert indices.size == layout.n_entries
    assert indptr[-1] == indices.size == data.size
    for j in range(layout.n_cols):
        assert (np.diff(indices[indptr[j] : indptr[j + 1]]) > 0).all()
    assert (data != 0).all()


@given(problems())
def test_every_column_is_boxed_and_no_box_is_empty(problem):
    _, lp = written(problem)

    assert np.isfinite(lp.col_lower).all()
    assert np.isfinite(lp.col_upper).all()
    assert (lp.col_lower <= lp.col_upper).all()
    assert (lp.row_lower <= lp.row_upper).all()
