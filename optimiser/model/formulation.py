"""From programme to linear programme, and between its columns and physical dispatches."""

from dataclasses import dataclass

import numpy as np

from matrix_builders import Layout, LinearProgram, Vector, build, layout_for
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from matrix_builders.compiled import kernel
from optimiser.model.arrays import Programme
from optimiser.model.dispatch import Course, Dispatch, end_segments


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
        x = np.zeros(self.layout.n_cols)
        place_columns(
            self.layout.column_starts,
            site.import_limit,
            site.export_limit,
            storages.stored_lower,
            storages.stored_upper,
            storages.soft_floor,
            storages.soft_ceiling,
            dispatch.grid_import,
            dispatch.grid_export,
            dispatch.curtailed,
            dispatch.charge,
            dispatch.discharge,
            dispatch.stored,
            x,
        )
        if self.layout.n_segments > 0:
            x[self.layout.columns(blocks.END_ENERGY)] = end_segments(
                storages, dispatch.stored
            ).ravel()
        if not couplings.is_empty:
            x[self.layout.columns(blocks.PEAK)] = couplings.rises(dispatch.grid_import)
            x[self.layout.columns(blocks.BONUS)] = couplings.bonus_energy(
                dispatch.grid_import, dispatch.grid_export
            )
            x[self.layout.columns(blocks.SERVICE)] = couplings.served(dispatch.discharge)
        return x


@kernel(
    "void(i8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],"
    " f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[::1])"
)
def place_columns(
    column_starts: Places,
    import_limit: Vector,
    export_limit: Vector,
    stored_lower: Vector,
    stored_upper: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    grid_import: Vector,
    grid_export: Vector,
    curtailed: Vector,
    charge: Vector,
    discharge: Vector,
    stored: Vector,
    x: Vector,
) -> None:
    """Columns of the meter and of the storages in a dispatch.

    Parameters
    ----------
    column_starts : int64 array
        Offsets of the layout; a block without columns is left out.
    import_limit, export_limit : float64 array, shape (T,)
        Energy through the meter beyond which a column of excess counts. [kWh per interval]
    stored_lower, stored_upper, soft_floor, soft_ceiling : float64 array, shape (K, T)
        Hard and soft levels. [kWh]
    grid_import, grid_export, curtailed : float64 array, shape (T,)
        What the meter sees, and what solar is left unused. [kWh per interval]
    charge, discharge, stored : float64 array, shape (K, T)
        What the storages do [kWh per interval] and hold [kWh].
    x : float64 array, shape (n_cols,)
        Modified in place. [kWh]
    """
    n_storages, n_intervals = stored.shape
    has_curtailed = column_starts[blocks.CURTAIL] < column_starts[blocks.CURTAIL + 1]
    has_over_import = column_starts[blocks.IMPORT_EXCESS] < column_starts[blocks.IMPORT_EXCESS + 1]
    has_over_export = column_starts[blocks.EXPORT_EXCESS] < column_starts[blocks.EXPORT_EXCESS + 1]
    for t in range(n_intervals):
        x[column_starts[blocks.IMPORT] + t] = min(grid_import[t], import_limit[t])
        x[column_starts[blocks.EXPORT] + t] = min(grid_export[t], export_limit[t])
        if has_curtailed:
            x[column_starts[blocks.CURTAIL] + t] = curtailed[t]
        if has_over_import:
            over = max(grid_import[t] - import_limit[t], 0.0)
            x[column_starts[blocks.IMPORT_EXCESS] + t] = over
        if has_over_export:
            over = max(grid_export[t] - export_limit[t], 0.0)
            x[column_starts[blocks.EXPORT_EXCESS] + t] = over
    shortfall = column_starts[blocks.SHORTFALL]
    overfill = column_starts[blocks.OVERFILL]
    for k in range(n_storages):
        for t in range(n_intervals):
            at = k * n_intervals + t
            x[column_starts[blocks.CHARGE] + at] = charge[k, t]
            x[column_starts[blocks.DISCHARGE] + at] = discharge[k, t]
            x[column_starts[blocks.STORED] + at] = stored[k, t]
            if soft_floor[k, t] > stored_lower[k, t]:
                x[shortfall] = max(soft_floor[k, t] - stored[k, t], 0.0)
                shortfall += 1
            if soft_ceiling[k, t] < stored_upper[k, t]:
                x[overfill] = max(stored[k, t] - soft_ceiling[k, t], 0.0)
                overfill += 1


def formulate(programme: Programme) -> Formulation:
    """Write the linear programme; the only caller of the builders."""
    arrays = programme.site, programme.storages, programme.couplings.arrays
    layout = layout_for(*arrays)
    return Formulation(programme, build(layout, *arrays), layout)
