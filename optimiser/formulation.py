"""From programme to linear programme, and between its columns and physical dispatches."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matrix_builders import Layout, LinearProgram, Vector, build, layout_for
from matrix_builders import layout as blocks
from optimiser.dispatch import Course, Dispatch, end_segments
from optimiser.programme import Programme


@dataclass(frozen=True, slots=True)
class Formulation:
    """A linear programme and where its columns are.

    Attributes
    ----------
    programme : Programme
        What it states.
    lp : LinearProgram
        The arrays.
    layout : Layout
        Offsets of its blocks.
    """

    programme: Programme
    lp: LinearProgram
    layout: Layout

    def block(self, x: Vector, block: int) -> Vector:
        """Columns of one block in the point `x`; per storage, shape (K, T), else (T,). [kWh]"""
        values = x[self.layout.columns(block)]
        if block in {blocks.CHARGE, blocks.DISCHARGE, blocks.STORED}:
            return values.reshape(self.layout.n_storages, self.layout.n_intervals)
        return values

    def metered(self, x: Vector) -> Vector:
        """Import less export in the point `x`; shape (T,). [kWh]"""
        metered = self.block(x, blocks.IMPORT) - self.block(x, blocks.EXPORT)
        for block, sign in ((blocks.IMPORT_EXCESS, 1.0), (blocks.EXPORT_EXCESS, -1.0)):
            excess = self.block(x, block)
            metered = metered + sign * excess if excess.size else metered
        return metered

    def course(self, x: Vector) -> Course:
        """What the point `x` wants done."""
        return Course(self.block(x, blocks.STORED), self.metered(x))

    def point(self, dispatch: Dispatch) -> Vector:
        """Columns of a physical dispatch; shape (n_cols,). [kWh]"""
        site, storages = self.programme.site, self.programme.storages
        couplings = self.programme.couplings
        short = storages.soft_floor > storages.stored_lower
        over = storages.soft_ceiling < storages.stored_upper
        done = dispatch
        values: dict[int, Callable[[], Vector]] = {
            blocks.IMPORT: lambda: np.minimum(done.grid_import, site.import_limit),
            blocks.EXPORT: lambda: np.minimum(done.grid_export, site.export_limit),
            blocks.CURTAIL: lambda: done.curtailed,
            blocks.IMPORT_EXCESS: lambda: np.maximum(done.grid_import - site.import_limit, 0.0),
            blocks.EXPORT_EXCESS: lambda: np.maximum(done.grid_export - site.export_limit, 0.0),
            blocks.CHARGE: lambda: done.charge,
            blocks.DISCHARGE: lambda: done.discharge,
            blocks.STORED: lambda: done.stored,
            blocks.SHORTFALL: lambda: np.maximum(storages.soft_floor - done.stored, 0.0)[short],
            blocks.OVERFILL: lambda: np.maximum(done.stored - storages.soft_ceiling, 0.0)[over],
            blocks.END_ENERGY: lambda: end_segments(storages, done.stored),
            blocks.PEAK: lambda: couplings.rises(done.grid_import),
            blocks.SERVICE: lambda: couplings.served(done.discharge),
            blocks.BONUS: lambda: couplings.bonus_energy(done.grid_import, done.grid_export),
        }
        x = np.zeros(self.layout.n_cols)
        for block, value in values.items():
            columns = self.layout.columns(block)
            if columns.start < columns.stop:
                x[columns] = value().ravel()
        return x


def formulate(programme: Programme) -> Formulation:
    """Write the linear programme; the only caller of the builders."""
    arrays = programme.site, programme.storages, programme.couplings.arrays
    layout = layout_for(*arrays)
    return Formulation(programme, build(layout, *arrays), layout)
