"""Where each block of columns and rows begins."""

from hypothesis import given

from matrix_builders import layout_for
from matrix_builders.layout import (
    BALANCE,
    CEILING,
    CHARGE,
    CURTAIL,
    DISCHARGE,
    DYNAMICS,
    END_ENERGY,
    END_LEVEL,
    EXPORT,
    EXPORT_EXCESS,
    FLOOR,
    IMPORT,
    IMPORT_EXCESS,
    OVERFILL,
    SHORTFALL,
    STORED,
)
from tests.matrix_builders import HAND_METER, HAND_STORAGES, written
from tests.oracle import model_of_arrays
from tests.strategies import problems
from tests.tables import with_rows

COLUMN_BLOCKS = {
    "import": IMPORT,
    "export": EXPORT,
    "curtail": CURTAIL,
    "import excess": IMPORT_EXCESS,
    "export excess": EXPORT_EXCESS,
    "charge": CHARGE,
    "discharge": DISCHARGE,
    "stored": STORED,
    "shortfall": SHORTFALL,
    "overfill": OVERFILL,
    "end energy": END_ENERGY,
}
ROW_BLOCKS = {
    "balance": BALANCE,
    "dynamics": DYNAMICS,
    "floor": FLOOR,
    "ceiling": CEILING,
    "end level": END_LEVEL,
}


def test_blocks_follow_each_other_without_holes():
    layout = layout_for(HAND_METER, HAND_STORAGES)

    assert layout.column_starts.tolist() == [
        0,
        2,
        4,
        6,
        8,
        8,
        10,
        12,
        14,
        15,
        16,
        18,
        18,
        18,
        18,
        18,
    ]
    assert layout.row_starts.tolist() == [0, 2, 4, 5, 6, 7, 7]
    assert (layout.n_rows, layout.n_cols) == (7, 18)


def test_a_block_is_a_slice():
    layout = layout_for(HAND_METER, HAND_STORAGES)

    assert layout.columns[STORED] == slice(12, 14)
    assert layout.rows[FLOOR] == slice(4, 5)


def test_an_excess_that_no_interval_needs_has_no_columns():
    layout = layout_for(HAND_METER, HAND_STORAGES)

    assert layout.column_lengths[IMPORT_EXCESS] == 2
    assert layout.column_lengths[EXPORT_EXCESS] == 0


def test_a_soft_level_on_a_hard_one_has_no_slack():
    on_the_bounds = HAND_STORAGES._replace(
        limits=with_rows(HAND_STORAGES.limits, soft_floor=0.5, soft_ceiling=4.0)
    )

    layout = layout_for(HAND_METER, on_the_bounds)

    assert layout.column_lengths[SHORTFALL] == layout.row_lengths[FLOOR] == 0
    assert layout.column_lengths[OVERFILL] == layout.row_lengths[CEILING] == 0


def test_energy_without_a_value_at_the_end_has_neither_columns_nor_rows():
    without_value = HAND_STORAGES._replace(end_values=HAND_STORAGES.end_values[:, :, :0])

    layout = layout_for(HAND_METER, without_value)

    assert layout.column_lengths[END_ENERGY] == layout.row_lengths[END_LEVEL] == 0


@given(problems())
def test_every_block_is_where_the_written_out_programme_has_it(problem):
    dense = model_of_arrays(problem)

    layout, _ = written(problem)

    for name, block in COLUMN_BLOCKS.items():
        named = [j for j, column in enumerate(dense.columns) if column[0] == name]
        assert named == list(range(layout.n_cols))[layout.columns[block]]
    for name, block in ROW_BLOCKS.items():
        named = [i for i, row in enumerate(dense.rows) if row.name[0] == name]
        assert named == list(range(layout.n_rows))[layout.rows[block]]
    assert (layout.n_rows, layout.n_cols) == (len(dense.rows), len(dense.columns))
