"""Where each block of columns and rows of the programme begins."""

from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from matrix_builders.arrays import UNCOUPLED, CouplingArrays, SiteArrays, StorageArrays, Vector
from matrix_builders.compiled import kernel

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

# Row blocks, in the order of the matrix.
BALANCE = 0
DYNAMICS = 1
FLOOR = 2
CEILING = 3
END_LEVEL = 4
COUPLING = 5


@dataclass(frozen=True, slots=True)
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
    column_starts, row_starts : int64 array
        First column and row of each block, then the total.
    """

    n_intervals: int
    n_storages: int
    n_segments: int
    column_lengths: tuple[int, ...]
    row_lengths: tuple[int, ...]
    column_starts: NDArray[np.int64] = field(init=False)
    row_starts: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "column_starts", _starts(self.column_lengths))
        object.__setattr__(self, "row_starts", _starts(self.row_lengths))

    @property
    def n_cols(self) -> int:
        """Number of columns."""
        return int(self.column_starts[-1])

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.row_starts[-1])

    @property
    def n_entries(self) -> int:
        """Entries of the matrix above the rows of couplings."""
        soft = self.row_lengths[FLOOR] + self.row_lengths[CEILING]
        ends = self.column_lengths[END_ENERGY] + (self.n_storages if self.n_segments else 0)
        moved_and_stored = self.n_storages * (6 * self.n_intervals - 1)
        return int(self.column_starts[CHARGE]) + moved_and_stored + 2 * soft + ends

    def columns(self, block: int) -> slice:
        """Columns of one block."""
        return slice(int(self.column_starts[block]), int(self.column_starts[block + 1]))

    def table(self, block: int) -> NDArray[np.int64]:
        """Indices of one block's columns, by storage and interval; shape (K, T), or (1, T)."""
        columns = self.columns(block)
        return np.arange(columns.start, columns.stop).reshape(-1, self.n_intervals)

    def rows(self, block: int) -> slice:
        """Rows of one block."""
        return slice(int(self.row_starts[block]), int(self.row_starts[block + 1]))


def layout_for(
    site: SiteArrays, storages: StorageArrays, couplings: CouplingArrays = UNCOUPLED
) -> Layout:
    """Layout of the programme of one site."""
    n = site.net_load.size
    k = storages.charge_limit.shape[0]
    ends, segments = storages.end_width.shape
    needed: NDArray[np.int64] = np.zeros(5, dtype=np.int64)
    count_needed(
        site.curtail_limit,
        site.import_excess,
        site.export_excess,
        storages.stored_lower,
        storages.stored_upper,
        storages.soft_floor,
        storages.soft_ceiling,
        needed,
    )
    curtailed, over_import, over_export, floors, ceilings = needed.tolist()
    return Layout(
        n_intervals=n,
        n_storages=k,
        n_segments=segments,
        column_lengths=(
            n,  # import
            n,  # export
            n if curtailed else 0,
            n if over_import else 0,
            n if over_export else 0,
            k * n,  # charge
            k * n,  # discharge
            k * n,  # stored
            floors,  # shortfall
            ceilings,  # overfill
            ends * segments,  # energy at the end, by segment of its value
            couplings.peak_price.size,
            couplings.bonus_price.size,
            couplings.service_limit.size,
        ),
        row_lengths=(n, k * n, floors, ceilings, ends if segments else 0, couplings.lower.size),
    )


@kernel("void(f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], i8[::1])")
def count_needed(
    curtail_limit: Vector,
    import_excess: Vector,
    export_excess: Vector,
    stored_lower: Vector,
    stored_upper: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    needed: NDArray[np.int64],
) -> None:
    """Count what not every site needs.

    Parameters
    ----------
    curtail_limit, import_excess, export_excess : float64 array, shape (T,)
        Limits of columns that a site may do without. [kWh per interval]
    stored_lower, stored_upper, soft_floor, soft_ceiling : float64 array, shape (K, T)
        Hard and soft levels. [kWh]
    needed : int64 array, shape (5,)
        Zeros; modified in place: intervals that need each of the three limits, then soft floors
        above the hard ones, and soft ceilings below them.
    """
    n_storages, n_intervals = stored_lower.shape
    for t in range(n_intervals):
        needed[0] += curtail_limit[t] != 0.0
        needed[1] += import_excess[t] != 0.0
        needed[2] += export_excess[t] != 0.0
    for k in range(n_storages):
        for t in range(n_intervals):
            needed[3] += soft_floor[k, t] > stored_lower[k, t]
            needed[4] += soft_ceiling[k, t] < stored_upper[k, t]


def _starts(lengths: tuple[int, ...]) -> NDArray[np.int64]:
    return np.array([0, *accumulate(lengths)], dtype=np.int64)
