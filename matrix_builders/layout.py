"""The layout of the programme: where each block of columns and rows begins."""

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise, starmap

import numpy as np

from matrix_builders import tables
from matrix_builders.arrays import UNCOUPLED, CouplingArrays, MeterArrays, Places, StorageArrays

# Column blocks, in the order of the matrix.  Plain integers, since kernels index with them.
IMPORT = 0
EXPORT = 1
CURTAIL = 2
IMPORT_EXCESS = 3
EXPORT_EXCESS = 4
CHARGE = 5
DISCHARGE = 6
STORED = 7
SHORTFALL = 8
OVERFILL = 9
END_ENERGY = 10
PEAK = 11
BONUS = 12
SERVICE = 13
CHARGE_SHORTFALL = 14

# Row blocks, in the order of the matrix.
BALANCE = 0
DYNAMICS = 1
FLOOR = 2
CEILING = 3
END_LEVEL = 4
COUPLING = 5


@dataclass(frozen=True)
class Layout:
    """Offsets of every block; the one place that computes them.

    Blocks of storages are row-major in (storage, interval).  A block that this site does not
    need has length zero.

    Attributes
    ----------
    n_intervals, n_storages, n_segments : int
        T, K and S of the shapes.
    column_lengths, row_lengths : tuple of int
        Length of each block, in order.
    """

    n_intervals: int
    n_storages: int
    n_segments: int
    column_lengths: tuple[int, ...]
    row_lengths: tuple[int, ...]

    @cached_property
    def column_starts(self) -> Places:
        """First column of each block, then the total."""
        return np.array([0, *accumulate(self.column_lengths)], dtype=np.int64)

    @cached_property
    def row_starts(self) -> Places:
        """First row of each block, then the total."""
        return np.array([0, *accumulate(self.row_lengths)], dtype=np.int64)

    @cached_property
    def n_cols(self) -> int:
        """Number of columns."""
        return int(self.column_starts[-1])

    @cached_property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.row_starts[-1])

    @cached_property
    def n_entries(self) -> int:
        """Entries of the matrix above the rows of couplings."""
        soft = self.row_lengths[FLOOR] + self.row_lengths[CEILING]
        ends = self.column_lengths[END_ENERGY] + (self.n_storages if self.n_segments else 0)
        moved_and_stored = self.n_storages * (6 * self.n_intervals - 1)
        return int(self.column_starts[CHARGE]) + moved_and_stored + 2 * soft + ends

    @cached_property
    def columns(self) -> tuple[slice, ...]:
        """Columns of each block."""
        return tuple(starmap(slice, pairwise(self.column_starts.tolist())))

    @cached_property
    def rows(self) -> tuple[slice, ...]:
        """Rows of each block."""
        return tuple(starmap(slice, pairwise(self.row_starts.tolist())))

    def table(self, block: int) -> Places:
        """Indices of one block's columns, by storage and interval; shape (K, T), or (1, T)."""
        columns = self.columns[block]
        return np.arange(columns.start, columns.stop).reshape(-1, self.n_intervals)


def layout_for(
    meter: MeterArrays, storages: StorageArrays, couplings: CouplingArrays = UNCOUPLED
) -> Layout:
    """Return the layout of the programme of one site."""
    n, k = meter.table.shape[1], len(storages.group)
    n_ends, n_segments = storages.end_values.shape[1:]
    limits = storages.limits
    floors = int(np.count_nonzero(limits[tables.SOFT_FLOOR] > limits[tables.STORED_LOWER]))
    ceilings = int(np.count_nonzero(limits[tables.SOFT_CEILING] < limits[tables.STORED_UPPER]))
    optional = meter.table[[tables.CURTAIL_LIMIT, tables.IMPORT_EXCESS, tables.EXPORT_EXCESS]]
    return Layout(
        n_intervals=n,
        n_storages=k,
        n_segments=n_segments,
        column_lengths=(
            n,  # import
            n,  # export
            *(n * optional.any(axis=1)).tolist(),  # curtailed solar, import excess, export excess
            k * n,  # charge
            k * n,  # discharge
            k * n,  # stored
            floors,  # shortfall
            ceilings,  # overfill
            n_ends * n_segments,  # energy at the end, by segment of its value
            couplings.peak_price.size,
            couplings.bonus_price.size,
            couplings.service_limit.size,
            couplings.charge_shortfall_price.size,
        ),
        row_lengths=(
            n,  # balance
            k * n,  # dynamics
            floors,
            ceilings,
            n_ends if n_segments else 0,  # end level
            couplings.lower.size,
        ),
    )
