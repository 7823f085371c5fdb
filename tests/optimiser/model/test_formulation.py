"""Columns of a physical dispatch, block by block."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matrix_builders import layout as blocks
from optimiser import CostFunction
from optimiser.model.dispatch import dispatch_from_trajectory, end_segments
from optimiser.model.formulation import formulate
from optimiser.result.fallback import rule_levels
from tests.builders import a_problem
from tests.strategies import levels_of, programmes, sites


def blocks_of(programme, done):
    """What each block holds, where it has columns."""
    site, storages, couplings = programme.site, programme.storages, programme.couplings
    short = storages.soft_floor > storages.stored_lower
    over = storages.soft_ceiling < storages.stored_upper
    return {
        blocks.IMPORT: np.minimum(done.grid_import, site.import_limit),
        blocks.EXPORT: np.minimum(done.grid_export, site.export_limit),
        blocks.CURTAIL: done.curtailed,
        blocks.IMPORT_EXCESS: np.maximum(done.grid_import - site.import_limit, 0.0),
        blocks.EXPORT_EXCESS: np.maximum(done.grid_export - site.export_limit, 0.0),
        blocks.CHARGE: done.charge,
        blocks.DISCHARGE: done.discharge,
        blocks.STORED: done.stored,
        blocks.SHORTFALL: np.maximum(storages.soft_floor - done.stored, 0.0)[short],
        blocks.OVERFILL: np.maximum(done.stored - storages.soft_ceiling, 0.0)[over],
        blocks.END_ENERGY: end_segments(storages, done.stored),
        blocks.PEAK: couplings.rises(done.grid_import),
        blocks.SERVICE: couplings.served(done.discharge),
        blocks.BONUS: couplings.bonus_energy(done.grid_import, done.grid_export),
    }


def assert_placed(programme, dispatch):
    formulation = formulate(programme)

    x = formulation.point(dispatch)

    for block, values in blocks_of(programme, dispatch).items():
        placed = x[formulation.layout.columns(block)]
        if placed.size > 0:
            np.testing.assert_array_equal(placed, values.ravel())


@given(st.data())
def test_every_column_of_a_dispatch_is_where_its_block_is(drawn):
    programme = drawn.draw(programmes())

    assert_placed(programme, dispatch_from_trajectory(programme, drawn.draw(levels_of(programme))))


@given(sites(), st.sampled_from(CostFunction))
def test_those_of_ties_are_too(site, cost_function):
    programme = a_problem(site, cost_function)

    assert_placed(programme, dispatch_from_trajectory(programme, rule_levels(programme)))
