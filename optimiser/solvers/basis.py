"""Kernels that find the basis of an optimal plan of one storage.

The duals of its programme have a meaning: the price of energy in the house belongs to the balance
row of an interval, the worth of stored energy to its dynamics row.  A column between its bounds
fixes what these may be, one at a bound leaves them a side.  The worth changes from one interval to
the next only where the stored energy is at a bound or a soft level, so a pass backwards finds what
it may be, and one forwards chooses it with as few changes as can be.  Columns whose reduced cost is
zero then are the basis: one of each interval, and one more for each run of intervals of one worth,
which decides what the worth is.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from matrix_builders.compiled import kernel
from optimiser.model.linear_program import BASIC, Statuses

RISES = 1
FALLS = 2
FREE = RISES | FALLS
"""How a column may move: bits."""

EQUAL = 1e-9
"""Prices nearer than this are the same. [$/kWh]"""

_NONE = -1  # in place of a column


@kernel("void(f8[::1], f8[::1], f8[::1], f8, i8[::1])")
def may_move(x: Vector, lower: Vector, upper: Vector, near: float, moves: Places) -> None:
    """Tell how each column may move from where it is.

    Parameters
    ----------
    x, lower, upper : float64 array, shape (n_cols,)
        Values and bounds. [kWh]
    near : float
        Nearer than this, a column is at its bound. [kWh]
    moves : int64 array, shape (n_cols,)
        Modified in place.
    """
    for column in range(x.size):
        rises = RISES if x[column] < upper[column] - near else 0
        falls = FALLS if x[column] > lower[column] + near else 0
        moves[column] = rises | falls


@kernel("void(i8[::1], f8[::1], i8[::1], f8[:, ::1])")
def price_bounds(
    starts: NDArray[np.int64], cost: Vector, moves: NDArray[np.int64], price: Vector
) -> None:
    """Least and most price of energy in the house that the meter allows in each interval.

    Parameters
    ----------
    starts : int64 array
        First column of each block.
    cost : float64 array, shape (n_cols,)
        Of each column. [$/kWh]
    moves : int64 array, shape (n_cols,)
        How each column may move.
    price : float64 array, shape (2, T)
        Modified in place. [$/kWh]
    """
    price[0] = -np.inf
    price[1] = np.inf
    for block in range(blocks.IMPORT, blocks.CHARGE):
        draws = block in (blocks.IMPORT, blocks.IMPORT_EXCESS)
        first = starts[block]
        for t in range(starts[block + 1] - first):
            own = cost[first + t] if draws else -cost[first + t]
            if moves[first + t] & (RISES if draws else FALLS):
                price[1, t] = min(price[1, t], own)
            if moves[first + t] & (FALLS if draws else RISES):
                price[0, t] = max(price[0, t], own)


@kernel("void(i8[::1], f8[::1], i8[::1], f8, f8, f8[:, ::1], f8[::1], f8[::1])")
def worth_bounds(
    starts: NDArray[np.int64],
    cost: Vector,
    moves: NDArray[np.int64],
    charge_efficiency: float,
    discharge_efficiency: float,
    price: Vector,
    low: Vector,
    high: Vector,
) -> None:
    """Least and most worth of stored energy that each interval allows, and the end.

    Parameters
    ----------
    starts, cost, moves
        As in `price_bounds`.
    charge_efficiency, discharge_efficiency : float
        One-way. [-]
    price : float64 array, shape (2, T)
        From `price_bounds`. [$/kWh]
    low, high : float64 array, shape (T + 1,)
        Modified in place. [$/kWh]
    """
    n = low.size - 1
    lost = 1.0 / discharge_efficiency - charge_efficiency
    for t in range(n):
        low[t] = -np.inf
        high[t] = np.inf
        charge = starts[blocks.CHARGE] + t
        if moves[charge] & RISES:
            high[t] = (price[1, t] + cost[charge]) / charge_efficiency
        if moves[charge] & FALLS:
            low[t] = (price[0, t] + cost[charge]) / charge_efficiency
        discharge = starts[blocks.DISCHARGE] + t
        if moves[discharge] & RISES:
            low[t] = max(low[t], (price[0, t] - cost[discharge]) * discharge_efficiency)
            if moves[charge] & RISES and lost > 0.0:  # or doing both would pay
                low[t] = max(low[t], -(cost[charge] + cost[discharge]) / lost)
        if moves[discharge] & FALLS:
            high[t] = min(high[t], (price[1, t] - cost[discharge]) * discharge_efficiency)
    first = starts[blocks.END_ENERGY]
    after = starts[blocks.END_ENERGY + 1]
    low[n] = -np.inf if first < after else 0.0
    high[n] = np.inf if first < after else 0.0
    for column in range(first, after):
        if moves[column] & RISES:
            low[n] = max(low[n], -cost[column])
        if moves[column] & FALLS:
            high[n] = min(high[n], -cost[column])


@kernel("b1(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def choose_worth(
    low: Vector, high: Vector, least_fall: Vector, most_fall: Vector, worth: Vector
) -> bool:
    """Worth of stored energy, the same from interval to interval where it may be.

    Parameters
    ----------
    low, high : float64 array, shape (T + 1,)
        What each interval allows, and the end; modified in place: what later ones leave of it.
        [$/kWh]
    least_fall, most_fall : float64 array, shape (T,)
        By how much the worth may fall after each interval. [$/kWh]
    worth : float64 array, shape (T + 1,)
        Modified in place. [$/kWh]

    Returns
    -------
    bool
        Whether there is such a worth in every interval; the plan is no optimum of the relaxation
        where there is none.
    """
    n = worth.size - 1
    is_consistent = True
    for t in range(n - 1, -1, -1):
        least = max(low[t], low[t + 1] + least_fall[t])
        most = min(high[t], high[t + 1] + most_fall[t])
        if least <= most + EQUAL:
            low[t] = least
            high[t] = max(least, most)
        else:
            is_consistent = False
    present = low[0] if np.isfinite(low[0]) else high[0]
    worth[0] = present if np.isfinite(present) else 0.0
    for t in range(n):
        least = max(low[t + 1], worth[t] - most_fall[t])
        most = min(high[t + 1], worth[t] - least_fall[t])
        worth[t + 1] = max(min(worth[t], most), least)
    return is_consistent


@kernel("i8(i8, i8, i8[::1])", inlined=True)
def freer(column: int, other: int, moves: NDArray[np.int64]) -> int:
    """That of two columns which is further from its bounds; the first of equals."""
    if column == _NONE or (moves[other] == FREE and moves[column] != FREE):
        return other
    return column


@kernel("void(i8[::1], f8[::1], i8[::1], f8, f8, f8[:, ::1], f8[::1], i8[:, ::1])")
def tight_columns(
    starts: NDArray[np.int64],
    cost: Vector,
    moves: NDArray[np.int64],
    charge_efficiency: float,
    discharge_efficiency: float,
    price: Vector,
    worth: Vector,
    tight: NDArray[np.int64],
) -> None:
    """Columns of each interval without reduced cost: one of the meter, one of the storage.

    Parameters
    ----------
    starts, cost, moves, charge_efficiency, discharge_efficiency, price
        As in `worth_bounds`.
    worth : float64 array, shape (T + 1,)
        Of stored energy. [$/kWh]
    tight : int64 array, shape (2, T)
        Modified in place; -1 where there is none.
    """
    for t in range(worth.size - 1):
        charge = starts[blocks.CHARGE] + t
        discharge = starts[blocks.DISCHARGE] + t
        charging = charge_efficiency * worth[t] - cost[charge]
        giving = worth[t] / discharge_efficiency + cost[discharge]
        least = price[0, t]
        most = price[1, t]
        if moves[charge] & RISES:
            least = max(least, charging)
        if moves[charge] & FALLS:
            most = min(most, charging)
        if moves[discharge] & RISES:
            most = min(most, giving)
        if moves[discharge] & FALLS:
            least = max(least, giving)
        present = least if np.isfinite(least) else most
        tight[0, t] = _NONE
        for block in range(blocks.IMPORT, blocks.CHARGE):
            if starts[block] < starts[block + 1]:
                column = starts[block] + t
                draws = block in (blocks.IMPORT, blocks.IMPORT_EXCESS)
                own = cost[column] if draws else -cost[column]
                if moves[column] and abs(own - present) <= EQUAL:
                    tight[0, t] = freer(tight[0, t], column, moves)
        tight[1, t] = _NONE
        if moves[charge] and abs(charging - present) <= EQUAL:
            tight[1, t] = charge
        if moves[discharge] and abs(giving - present) <= EQUAL:
            tight[1, t] = freer(tight[1, t], discharge, moves)


@kernel("void(i8[:, ::1], i8[::1], b1[::1], i8, i1[::1])")
def mark_basis(
    tight: NDArray[np.int64],
    moves: NDArray[np.int64],
    goes_on: NDArray[np.bool_],
    decided: int,
    status: Statuses,
) -> None:
    """Mark a column of each interval, and one more of each run of intervals of one worth.

    Parameters
    ----------
    tight : int64 array, shape (2, T)
        From `tight_columns`.
    moves : int64 array, shape (n_cols,)
        How each column may move.
    goes_on : bool array, shape (T,)
        Whether the run goes on after each interval; after the last, to the end.
    decided : int
        Whether something else decides the worth of the run that goes on to the end.
    status : int8 array, shape (n_cols,)
        Modified in place: `BASIC` where marked.
    """
    n = goes_on.size
    first = 0
    while first < n:
        last = first
        while last < n - 1 and goes_on[last]:
            last += 1
        decides = _NONE
        is_sure = False
        for t in range(first, last + 1):
            meter = tight[0, t]
            storage = tight[1, t]
            if min(meter, storage) == _NONE:
                if max(meter, storage) != _NONE:
                    status[max(meter, storage)] = BASIC
                continue
            both = moves[meter] == FREE and moves[storage] == FREE
            status[storage if moves[meter] != FREE and moves[storage] == FREE else meter] = BASIC
            if decides == _NONE or (both and not is_sure):
                decides = t
                is_sure = both
        if decides != _NONE and not (decided and last == n - 1 and goes_on[last]):
            status[tight[0, decides]] = BASIC
            status[tight[1, decides]] = BASIC
        first = last + 1
