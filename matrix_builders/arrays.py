"""The array types that builders take and give."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int32]


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
    """The storages of one site, stacked; K storages, T intervals, S end-value segments.

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
    end_width : float64 array, shape (K, S)
        Length of each segment of the end value, from `stored_lower` upwards. [kWh]
    end_price : float64 array, shape (K, S)
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
    end_width: Vector
    end_price: Vector


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
        Price of missing a limit by one kWh; above any gain from doing so. [$/kWh]
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
