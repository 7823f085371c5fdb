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
    limits : float64 array, shape (7, K, T)
        Most energy in and out, grid side, and the least where a charger has one [kWh per
        interval]; hard and soft levels at the end of each interval [kWh].  A soft level is missed
        only at its price, and without effect where it does not lie strictly inside the hard ones.
    traits : float64 array, shape (6, K)
        Energy stored now [kWh], one-way efficiencies in (0, 1] [-], price of energy through the
        storage, each way, and of missing a soft level [$/kWh]; 1 where the last charge before a
        target may be below the least.
    group : int64 array, shape (K,)
        Storages of one group charge or discharge together, never into each other.
    end_of : int64 array, shape (K,)
        End value that the energy left in each storage counts in, with that of others.
    end_values : float64 array, shape (2, E, S)
        Length of each segment, from the sum of the lower bounds upwards [kWh], and value of the
        energy in it, descending [$/kWh].
    taper : float64 array, shape (2, K, T, J)
        Most energy in, as it falls with the energy stored at the end of the interval: the least of
        J lines; infinite where there is none. [kWh per interval; per kWh]

    Rows of the tables are named in `matrix_builders.tables`.
    """

    limits: Vector
    traits: Vector
    group: Places
    end_of: Places
    end_values: Vector
    taper: Vector


class MeterArrays(NamedTuple):
    """The meter, per interval; T intervals.

    Attributes
    ----------
    table : float64 array, shape (9, T)
        Prices that the plan is made against [$/kWh]; most energy through the meter, restrictions
        included, how far each limit may be exceeded at the penalty because the house leaves no
        choice, most solar that is left unused, load less solar [kWh per interval], and 1 where
        solar may be left unused at will, 0 where only what a limit cuts is lost,
        the same in all intervals.
    penalty : float
        Price of going beyond a limit by one kWh; above any gain from doing so. [$/kWh]

    Rows of the table are named in `matrix_builders.tables`.
    """

    table: Vector
    penalty: float


class CouplingArrays(NamedTuple):
    """Rows that tie intervals or storages; R rows, W peaks, B bonuses, S services, U shortfalls.

    Attributes
    ----------
    row, block, within : int64 array, shape (nnz,)
        Row of each entry, ascending; block of its column, and place within the block.
    value : float64 array, shape (nnz,)
        Value of each entry.
    lower, upper : float64 array, shape (R,)
        Bounds of each row.
    peak_price : float64 array, shape (W,)
        Cost of each kW by which a peak rises, or each kWh beyond a step. [$/kW; $/kWh]
    peak_lower : float64 array, shape (W,)
        Least of it: below zero where a peak already reached may count for less. [kW; kWh]
    peak_limit : float64 array, shape (W,)
        Rise over the peak already reached, or energy beyond a step, that nothing can exceed.
        [kW; kWh]
    bonus_price : float64 array, shape (B,)
        Gain of a kWh traded within an allowance. [$/kWh]
    bonus_limit : float64 array, shape (B,)
        Most energy within it. [kWh per interval]
    service_limit : float64 array, shape (S,)
        Most energy that a storage gives to the house, where that must be told from what it
        feeds in. [kWh per interval]
    charge_shortfall_price, charge_shortfall_limit : float64 array, shape (U,)
        Cost of missing a charge that is wanted [$/kWh], and all of it [kWh per interval].
    """

    row: Places
    block: Places
    within: Places
    value: Vector
    lower: Vector
    upper: Vector
    peak_price: Vector
    peak_lower: Vector
    peak_limit: Vector
    bonus_price: Vector
    bonus_limit: Vector
    service_limit: Vector
    charge_shortfall_price: Vector
    charge_shortfall_limit: Vector


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
    peak_lower=_NO_VALUES,
    peak_limit=_NO_VALUES,
    bonus_price=_NO_VALUES,
    bonus_limit=_NO_VALUES,
    service_limit=_NO_VALUES,
    charge_shortfall_price=_NO_VALUES,
    charge_shortfall_limit=_NO_VALUES,
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
