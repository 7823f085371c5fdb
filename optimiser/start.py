"""The optimal plan of one storage as a start for the simplex method: its point, and its basis."""

from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector
from matrix_builders import layout as blocks
from optimiser.basis import (
    EQUAL,
    FALLS,
    FREE,
    RISES,
    choose_worth,
    mark_basis,
    tight_columns,
    worth_bounds,
)
from optimiser.dispatch import Dispatch
from optimiser.formulation import Formulation
from optimiser.linear_program import Start
from optimiser.window import Mask

_AT_BOUND = 1e-9  # kWh


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
    rises, falls = x < lp.col_upper - _AT_BOUND, x > lp.col_lower + _AT_BOUND
    moves = RISES * rises + FALLS * falls
    n = layout.n_intervals
    efficiency = float(storages.charge_efficiency[0]), float(storages.discharge_efficiency[0])
    of_columns = layout.column_starts, lp.cost, moves, *efficiency

    stored = layout.columns(blocks.STORED)
    floor = _soft(formulation, x, blocks.FLOOR)
    ceiling = _soft(formulation, x, blocks.CEILING)
    low, high, worth = np.empty(n + 1), np.empty(n + 1), np.empty(n + 1)
    worth_bounds(*of_columns, low, high)
    least_fall = np.where(rises[stored], 0.0, -np.inf) + floor.least - ceiling.most
    most_fall = np.where(falls[stored], 0.0, np.inf) + floor.most - ceiling.least
    choose_worth(low, high, least_fall, most_fall, worth)

    fall = worth[:-1] - worth[1:]
    of_floor = np.clip(fall, floor.least, floor.most)
    of_ceiling = np.clip(of_floor - fall, ceiling.least, ceiling.most)
    costs_nothing = np.abs(fall - of_floor + of_ceiling) <= EQUAL
    basic, basic_rows = (np.zeros(size, dtype=np.bool_) for size in (layout.n_cols, layout.n_rows))
    basic[stored] = costs_nothing | (moves[stored] == FREE)
    goes_on = costs_nothing.copy()
    for soft, dual in ((floor, of_floor), (ceiling, of_ceiling)):
        is_loose, is_missed = dual <= EQUAL, dual >= soft.price - EQUAL
        basic_rows[soft.rows] = is_loose[soft.where]
        basic[soft.columns] = (is_missed & ~is_loose)[soft.where]
        goes_on &= is_loose | is_missed
    tight = np.empty((2, n), dtype=np.int64)
    tight_columns(*of_columns, worth, tight)
    ends = layout.columns(blocks.END_ENERGY)
    decided = ends.start == ends.stop  # what is left is worth nothing
    of_end = moves[ends] * (np.abs(lp.cost[ends] + worth[-1]) <= EQUAL)
    if of_end.any():
        basic[ends.start + int(of_end.argmax())] = decided = True
    mark_basis(tight, moves, goes_on, decided, basic)
    return Start(x, basic, basic_rows)


@dataclass(frozen=True, slots=True)
class _Soft:
    """The rows of soft floors, or of soft ceilings.

    Attributes
    ----------
    where : bool array, shape (T,)
        Intervals that have one.
    rows, columns : slice
        The rows, and the columns of what is missed.
    price : float
        Of missing it. [$/kWh]
    least, most : float64 array, shape (T,)
        What its dual may be. [$/kWh]
    """

    where: Mask
    rows: slice
    columns: slice
    price: float
    least: Vector
    most: Vector


def _soft(formulation: Formulation, x: Vector, row_block: int) -> _Soft:
    """Floors or ceilings in the point `x`."""
    layout, storages = formulation.layout, formulation.programme.storages
    stored = x[layout.columns(blocks.STORED)]
    if row_block == blocks.FLOOR:
        where, block = storages.soft_floor[0] > storages.stored_lower[0], blocks.SHORTFALL
        above = stored - storages.soft_floor[0]
    else:
        where, block = storages.soft_ceiling[0] < storages.stored_upper[0], blocks.OVERFILL
        above = storages.soft_ceiling[0] - stored
    price = float(storages.level_price[0])
    return _Soft(
        where=where,
        rows=layout.rows(row_block),
        columns=layout.columns(block),
        price=price,
        least=np.where(where & (above < -_AT_BOUND), price, 0.0),
        most=np.where(where & (above <= _AT_BOUND), price, 0.0),
    )
