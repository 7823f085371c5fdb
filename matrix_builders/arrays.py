"""The array types that builders take and give."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int32]
Places: TypeAlias = NDArray[np.int64]


class CscArrays(NamedTuple):
    """A sparse matrix by compressed columns.

    Attributes
    ----------
    indptr : int32 array, shape (n_cols + 1,)
        Start of each column in `indices` and `data`.
    indices : int32 array, shape (nnz,)
        Row of each entry, ascending within a column.
    data : float64 array, shape (nnz,)
        Value of each entry.
    """

    indptr: Indices
    indices: Indices
    data: Vector


class StorageArrays(NamedTuple):
    """The storages of one site, stacked: K storages, T intervals, E end values of S segments.

    Attributes
    ----------
    charge_limit, discharge_limit : float64 array, shape (K, T)
        Most energy in and out, grid side. [kWh per interval]
    stored_lower, stored_upper : float64 array, shape (K, T)
        Hard bounds of the energy stored at the end of each interval. [kWh]
    soft_floor, soft_ceiling : float64 array, shape (K, T)
        Levels that are missed only at the penalty; without effect where they do not lie
        strictly inside the hard bounds. [kWh]
    initial : float64 array, shape (K,)
        Energy stored now. [kWh]
    charge_efficiency, discharge_efficiency : float64 array, shape (K,)
        One-way efficiencies, in (0, 1]. [-]
    wear : float64 array, shape (K,)
        Price of energy through the storage, each way. [$/kWh]
    level_price : float64 array, shape (K,)
        Price of missing a soft level by one kWh. [$/kWh]
    least_charge : float64 array, shape (K, T)
        Energy in is zero or at least this; a linear programme cannot say so. [kWh per interval]
    group : int64 array, shape (K,)
        Storages of one group charge or discharge together, never into each other.
    end_of : int64 array, shape (K,)
        End value that the energy left in each storage counts in, with that of others.
    end_width : float64 array, shape (E, S)
        Length of each segment of an end value, from the sum of `stored_lower` upwards. [kWh]
    end_price : float64 array, shape (E, S)
        Value of energy left in each segment, descending. [$/kWh]
    """

    charge_limit: Vector
    discharge_limit: Vector
    stored_lower: Vector
    stored_upper: Vector
    soft_floor: Vector
    soft_ceiling: Vector
    initial: Vector
    charge_efficiency: Vector
    discharge_efficiency: Vector
    wear: Vector
    level_price: Vector
    least_charge: Vector
    group: Places
    end_of: Places
    end_width: Vector
    end_price: Vector


PER_STORAGE = tuple(
    name for name in StorageArrays._fields if name not in {"end_width", "end_price"}
)
"""Fields of `StorageArrays` with an entry for each storage."""


class SiteArrays(NamedTuple):
    """What the meter sees, per interval; T intervals.

    Attributes
    ----------
    net_load : float64 array, shape (T,)
        Load less solar. [kWh per interval]
    import_price, export_price : float64 array, shape (T,)
        Prices that the plan is made against. [$/kWh]
    import_limit, export_limit : float64 array, shape (T,)
        Most energy through the meter, restrictions included. [kWh per interval]
    import_excess, export_excess : float64 array, shape (T,)
        How far each limit may be exceeded, at the penalty, because the house leaves no
        choice. [kWh per interval]
    curtail_limit : float64 array, shape (T,)
        Most solar that may be left unused. [kWh per interval]
    penalty : float
        Price of going beyond a limit by one kWh; above any gain from doing so. [$/kWh]
    """

    net_load: Vector
    import_price: Vector
    export_price: Vector
    import_limit: Vector
    export_limit: Vector
    import_excess: Vector
    export_excess: Vector
    curtail_limit: Vector
    penalty: float


class CouplingArrays(NamedTuple):
    """Rows that tie intervals or storages together; R rows, W peaks, B bonuses, S services.

    Attributes
    ----------
    row, block, within : int64 array, shape (nnz,)
        Row of each entry, ascending; block of its column, and place within the block.
    value : float64 array, shape (nnz,)
        Value of each entry.
    lower, upper : float64 array, shape (R,)
        Bounds of each row.
    peak_price : float64 array, shape (W,)
        Cost of each kW by which a peak rises. [$/kW]
    peak_limit : float64 array, shape (W,)
        Rise over the peak already reached that nothing can exceed. [kW]
    bonus_price : float64 array, shape (B,)
        Gain of a kWh traded within an allowance. [$/kWh]
    bonus_limit : float64 array, shape (B,)
        Most energy within it. [kWh per interval]
    service_limit : float64 array, shape (S,)
        Most energy that a storage gives to the house, where that must be told from what it
        feeds in. [kWh per interval]
    """

    row: Places
    block: Places
    within: Places
    value: Vector
    lower: Vector
    upper: Vector
    peak_price: Vector
    peak_limit: Vector
    bonus_price: Vector
    bonus_limit: Vector
    service_limit: Vector


_NO_PLACES: Places = np.zeros(0, dtype=np.int64)
_NO_VALUES: Vector = np.zeros(0)
UNCOUPLED = CouplingArrays(
    row=_NO_PLACES,
    block=_NO_PLACES,
    within=_NO_PLACES,
    value=_NO_VALUES,
    lower=_NO_VALUES,
    upper=_NO_VALUES,
    peak_price=_NO_VALUES,
    peak_limit=_NO_VALUES,
    bonus_price=_NO_VALUES,
    bonus_limit=_NO_VALUES,
    service_limit=_NO_VALUES,
)
"""No such rows."""


class LinearProgram(NamedTuple):
    """The programme ``min cost x`` with ``row_lower <= A x <= row_upper`` and bounds on ``x``.

    Attributes
    ----------
    cost, col_lower, col_upper : float64 array, shape (n_cols,)
        Cost and bounds of each column. [$ per kWh; kWh]
    matrix : CscArrays
        A, shape (n_rows, n_cols).
    row_lower, row_upper : float64 array, shape (n_rows,)
        Bounds of each row. [kWh]
    """

    cost: Vector
    matrix: CscArrays
    row_lower: Vector
    row_upper: Vector
    col_lower: Vector
    col_upper: Vector
