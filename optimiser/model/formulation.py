"""From a problem to its linear programme, and between columns and physical dispatches."""

from dataclasses import dataclass
from itertools import compress

import numpy as np

from matrix_builders import Layout, LinearProgram, MeterArrays, Vector, build, layout_for, tables
from matrix_builders import layout as blocks
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch, Trajectory, end_segments


@dataclass(frozen=True, slots=True)
class Formulation:
    """A linear programme and where its columns are.

    Attributes
    ----------
    problem : ProblemArrays
        The problem that it states.
    lp : LinearProgram
        The arrays.
    layout : Layout
        Offsets of its blocks.
    """

    problem: ProblemArrays
    lp: LinearProgram
    layout: Layout

    def block(self, x: Vector, block: int) -> Vector:
        """Return one block of the point `x`; of storages shape (K, T), else (T,). [kWh]"""
        values = x[self.layout.columns[block]]
        if block in {blocks.CHARGE, blocks.DISCHARGE, blocks.STORED}:
            return values.reshape(self.layout.n_storages, self.layout.n_intervals)
        return values

    def meter_energy(self, x: Vector) -> Vector:
        """Return import less export of the point `x`; shape (T,). [kWh]"""
        metered = self.block(x, blocks.IMPORT) - self.block(x, blocks.EXPORT)
        for block, sign in ((blocks.IMPORT_EXCESS, 1.0), (blocks.EXPORT_EXCESS, -1.0)):
            excess = self.block(x, block)
            metered = metered + sign * excess if excess.size else metered
        return metered

    def trajectory(self, x: Vector) -> Trajectory:
        """Return the trajectory of the point `x`."""
        return Trajectory(self.block(x, blocks.STORED), self.meter_energy(x))

    def point(self, dispatch: Dispatch) -> Vector:
        """Return the columns of a physical dispatch; shape (n_cols,). [kWh]"""
        meter, storages = self.problem.meter, self.problem.storages
        couplings, limits = self.problem.couplings, storages.limits
        grid_import, grid_export = dispatch.grid_import, dispatch.grid_export
        short = np.maximum(limits[tables.SOFT_FLOOR] - dispatch.stored, 0.0)
        over = np.maximum(dispatch.stored - limits[tables.SOFT_CEILING], 0.0)
        columns = {
            blocks.IMPORT: np.minimum(grid_import, meter[tables.IMPORT_LIMIT]),
            blocks.EXPORT: np.minimum(grid_export, meter[tables.EXPORT_LIMIT]),
            blocks.CURTAIL: dispatch.curtailed,
            blocks.IMPORT_EXCESS: np.maximum(grid_import - meter[tables.IMPORT_LIMIT], 0.0),
            blocks.EXPORT_EXCESS: np.maximum(grid_export - meter[tables.EXPORT_LIMIT], 0.0),
            blocks.CHARGE: dispatch.charge.ravel(),
            blocks.DISCHARGE: dispatch.discharge.ravel(),
            blocks.STORED: dispatch.stored.ravel(),
            blocks.SHORTFALL: short[limits[tables.SOFT_FLOOR] > limits[tables.STORED_LOWER]],
            blocks.OVERFILL: over[limits[tables.SOFT_CEILING] < limits[tables.STORED_UPPER]],
            blocks.END_ENERGY: end_segments(storages, dispatch.stored).ravel(),
        }
        if not couplings.is_empty:
            columns[blocks.PEAK] = couplings.rises(grid_import)
            columns[blocks.BONUS] = couplings.bonus_energy(grid_import, grid_export)
            columns[blocks.SERVICE] = couplings.service_energy(dispatch.discharge)
            columns[blocks.CHARGE_SHORTFALL] = couplings.charge_shortfall(dispatch.charge)
        return np.concatenate([*compress(columns.values(), self.layout.column_lengths)])


def formulate(problem: ProblemArrays) -> Formulation:
    """Write the linear programme; the only caller of the builders."""
    meter = MeterArrays(problem.meter, problem.penalty)
    arrays = meter, problem.storages, problem.couplings.arrays
    layout = layout_for(*arrays)
    return Formulation(problem, build(layout, *arrays), layout)
