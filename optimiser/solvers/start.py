"""The optimal plan of one storage as a start for the simplex method: its point, and its basis."""

import numpy as np

from matrix_builders import Vector
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from matrix_builders.compiled import kernel
from optimiser.model.dispatch import Dispatch
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import AT_LOWER, AT_UPPER, BASIC, Start, Statuses
from optimiser.solvers.basis import (
    EQUAL,
    FALLS,
    FREE,
    RISES,
    choose_worth,
    mark_basis,
    may_move,
    price_bounds,
    tight_columns,
    worth_bounds,
)

_AT_BOUND = 1e-9  # kWh

# Rows of what is known of the soft levels of an interval.
_FLOOR, _CEILING = 0, 1


def start_from(formulation: Formulation, dispatch: Dispatch) -> Start:
    """Start from a dispatch of one storage.

    Parameters
    ----------
    formulation : Formulation
        Linear programme of one storage without couplings.
    dispatch : Dispatch
        A plan of the same site.

    Returns
    -------
    Start
        Feasible where the dispatch keeps every hard limit; where it is an optimum of the linear
        programme, and a vertex, its basis is optimal too.
    """
    lp, layout, storages = formulation.lp, formulation.layout, formulation.programme.storages
    x = formulation.point(dispatch)
    col_status = np.empty(layout.n_cols, dtype=np.int8)
    row_status = np.empty(layout.n_rows, dtype=np.int8)
    may_be_optimal = find_basis(
        layout.column_starts,
        layout.row_starts,
        x,
        lp.cost,
        lp.col_lower,
        lp.col_upper,
        storages.stored_lower[0],
        storages.stored_upper[0],
        storages.soft_floor[0],
        storages.soft_ceiling[0],
        float(storages.level_price[0]),
        float(storages.charge_efficiency[0]),
        float(storages.discharge_efficiency[0]),
        col_status,
        row_status,
    )
    return Start(x, col_status, row_status, may_be_optimal=bool(may_be_optimal))


@kernel(
    "b1(i8[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], f8, f8, f8, i1[::1], i1[::1])"
)
def find_basis(
    column_starts: Places,
    row_starts: Places,
    x: Vector,
    cost: Vector,
    col_lower: Vector,
    col_upper: Vector,
    stored_lower: Vector,
    stored_upper: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    level_price: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    col_status: Statuses,
    row_status: Statuses,
) -> bool:
    """Tell where every column and row of the programme of one storage begins.

    Parameters
    ----------
    column_starts, row_starts : int64 array
        Offsets of the layout.
    x, cost, col_lower, col_upper : float64 array, shape (n_cols,)
        A point [kWh], and the columns of the programme.
    stored_lower, stored_upper, soft_floor, soft_ceiling : float64 array, shape (T,)
        Hard and soft levels. [kWh]
    level_price : float
        Of missing a soft level. [$/kWh]
    charge_efficiency, discharge_efficiency : float
        One-way. [-]
    col_status, row_status : int8 array, shape (n_cols,) and (n_rows,)
        Modified in place.

    Returns
    -------
    bool
        Whether the point may be an optimum.
    """
    n = soft_floor.size
    stored = column_starts[blocks.STORED]
    moves = np.empty(x.size, dtype=np.int64)
    may_move(x, col_lower, col_upper, _AT_BOUND, moves)
    for column in range(x.size):
        is_upper = col_upper[column] - x[column] < x[column] - col_lower[column]
        col_status[column] = AT_UPPER if is_upper else AT_LOWER
    row_status[:] = AT_LOWER

    # What the duals of the soft levels may be, and by how much the worth may fall for it.
    least = np.zeros((2, n))
    most = np.zeros((2, n))
    least_fall = np.empty(n)
    most_fall = np.empty(n)
    for t in range(n):
        level = x[stored + t]
        if soft_floor[t] > stored_lower[t]:
            above = level - soft_floor[t]
            least[_FLOOR, t] = level_price if above < -_AT_BOUND else 0.0
            most[_FLOOR, t] = level_price if above <= _AT_BOUND else 0.0
        if soft_ceiling[t] < stored_upper[t]:
            below = soft_ceiling[t] - level
            least[_CEILING, t] = level_price if below < -_AT_BOUND else 0.0
            most[_CEILING, t] = level_price if below <= _AT_BOUND else 0.0
        free = moves[stored + t]
        least_fall[t] = (0.0 if free & RISES else -np.inf) + least[_FLOOR, t] - most[_CEILING, t]
        most_fall[t] = (0.0 if free & FALLS else np.inf) + most[_FLOOR, t] - least[_CEILING, t]

    price = np.empty((2, n))
    price_bounds(column_starts, cost, moves, price)
    low = np.empty(n + 1)
    high = np.empty(n + 1)
    worth = np.empty(n + 1)
    worth_bounds(
        column_starts, cost, moves, charge_efficiency, discharge_efficiency, price, low, high
    )
    may_be_optimal = choose_worth(low, high, least_fall, most_fall, worth)

    goes_on = np.empty(n, dtype=np.bool_)
    floor = 0
    ceiling = 0
    for t in range(n):
        fall = worth[t] - worth[t + 1]
        of_floor = min(max(fall, least[_FLOOR, t]), most[_FLOOR, t])
        of_ceiling = min(max(of_floor - fall, least[_CEILING, t]), most[_CEILING, t])
        is_same = abs(fall - of_floor + of_ceiling) <= EQUAL
        if is_same or moves[stored + t] == FREE:
            col_status[stored + t] = BASIC
        if soft_floor[t] > stored_lower[t]:
            is_loose = of_floor <= EQUAL
            is_missed = of_floor >= level_price - EQUAL
            if is_loose:
                row_status[row_starts[blocks.FLOOR] + floor] = BASIC
            elif is_missed:
                col_status[column_starts[blocks.SHORTFALL] + floor] = BASIC
            is_same = is_same and (is_loose or is_missed)
            floor += 1
        if soft_ceiling[t] < stored_upper[t]:
            is_loose = of_ceiling <= EQUAL
            is_missed = of_ceiling >= level_price - EQUAL
            if is_loose:
                row_status[row_starts[blocks.CEILING] + ceiling] = BASIC
            elif is_missed:
                col_status[column_starts[blocks.OVERFILL] + ceiling] = BASIC
            is_same = is_same and (is_loose or is_missed)
            ceiling += 1
        goes_on[t] = is_same

    first = column_starts[blocks.END_ENERGY]
    after = column_starts[blocks.END_ENERGY + 1]
    decided = 1 if first == after else 0  # what is left is worth nothing
    chosen = first
    for column in range(first, after):
        is_tight = moves[column] and abs(cost[column] + worth[n]) <= EQUAL
        if is_tight and (not decided or moves[column] > moves[chosen]):
            decided = 1
            chosen = column
    if first < after and decided:
        col_status[chosen] = BASIC
    tight = np.empty((2, n), dtype=np.int64)
    tight_columns(
        column_starts, cost, moves, charge_efficiency, discharge_efficiency, price, worth, tight
    )
    mark_basis(tight, moves, goes_on, decided, col_status)
    return may_be_optimal
