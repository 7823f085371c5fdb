"""From programme to linear programme, and from a solution back to stored energy."""

from dataclasses import dataclass

from matrix_builders import Layout, LinearProgram, Vector, build, layout_for
from matrix_builders.layout import STORED
from optimiser.programme import Programme


@dataclass(frozen=True, slots=True)
class Formulation:
    """A linear programme and where its columns are.

    Attributes
    ----------
    lp : LinearProgram
        The arrays.
    layout : Layout
        Offsets of its blocks.
    """

    lp: LinearProgram
    layout: Layout

    def stored(self, x: Vector) -> Vector:
        """Stored energy in the point `x`; shape (K, T). [kWh]"""
        block = x[self.layout.columns(STORED)]
        return block.reshape(self.layout.n_storages, self.layout.n_intervals)


def formulate(programme: Programme) -> Formulation:
    """Write the linear programme; the only caller of the builders."""
    layout = layout_for(programme.site, programme.storages)
    return Formulation(build(layout, programme.site, programme.storages), layout)
