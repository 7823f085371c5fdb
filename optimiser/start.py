"""The optimal plan of one storage as a start for the simplex method: its point, and its basis."""

from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from optimiser.basis import (
    EQUAL,
    FALLS,
    FREE,
    RISES,
    choose_worth,
    mark_basis,
    may_move,
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
    lp, layout = formulation.lp, formulation.layout
    x = formulation.point(dispatch)
    moves = np.empty(layout.n_cols, dtype=np.int64)
    may_move(x, lp.col_lower, lp.col_upper, _AT_BOUND, moves)
    softs = tuple(_soft(formulation, x, block) for block in (blocks.FLOOR, blocks.CEILING))
    worth = _worth(formulation, moves, *softs)

    stored, ends = layout.columns(blocks.STORED), layout.columns(blocks.END_ENERGY)
    basic, basic_rows = (np.zeros(size, dtype=np.bool_) for size in (layout.n_cols, layout.n_rows))
    goes_on, duals = _unchanged(worth, *softs)
    basic[stored] = goes_on | (moves[stored] == FREE)
    for soft, dual in zip(softs, duals, strict=True):
        is_loose, is_missed = dual <= EQUAL, dual >= soft.price - EQUAL
        basic_rows[soft.rows] = is_loose[soft.where]
        basic[soft.columns] = (is_missed & ~is_loose)[soft.where]
        goes_on &= is_loose | is_missed
    decided = ends.start == ends.stop  # what is left is worth nothing
    of_end = moves[ends] * (np.abs(lp.cost[ends] + worth[-1]) <= EQUAL)
    if of_end.any():
        basic[ends.start + int(of_end.argmax())] = decided = True
    tight = np.empty((2, layout.n_intervals), dtype=np.int64)
    tight_columns(*_of_columns(formulation, moves), worth, tight)
    mark_basis(tight, moves, goes_on, decided, basic)
    return Start(x, basic, basic_rows)


def _of_columns(
    formulation: Formulation, moves: Places
) -> tuple[Places, Vector, Places, float, float]:
    """What the kernels begin with."""
    storages = formulation.programme.storages
    charge, discharge = storages.charge_efficiency, storages.discharge_efficiency
    starts, cost = formulation.layout.column_starts, formulation.lp.cost
    return starts, cost, moves, float(charge[0]), float(discharge[0])


def _worth(formulation: Formulation, moves: Places, floor: "_Soft", ceiling: "_Soft") -> Vector:
    """Worth of stored energy in each interval, and at the end; shape (T + 1,). [$/kWh]"""
    low, high, worth = (np.empty(formulation.layout.n_intervals + 1) for _ in range(3))
    worth_bounds(*_of_columns(formulation, moves), low, high)
    stored = moves[formulation.layout.columns(blocks.STORED)]
    least_fall = np.where(stored & RISES, 0.0, -np.inf) + floor.least - ceiling.most
    most_fall = np.where(stored & FALLS, 0.0, np.inf) + floor.most - ceiling.least
    choose_worth(low, high, least_fall, most_fall, worth)
    return worth


def _unchanged(
    worth: Vector, floor: "_Soft", ceiling: "_Soft"
) -> tuple[Mask, tuple[Vector, Vector]]:
    """Where the worth stays the same but for soft levels, and what those take of it."""
    fall = worth[:-1] - worth[1:]
    of_floor = np.clip(fall, floor.least, floor.most)
    of_ceiling = np.clip(of_floor - fall, ceiling.least, ceiling.most)
    return np.abs(fall - of_floor + of_ceiling) <= EQUAL, (of_floor, of_ceiling)


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
    rows = layout.rows(row_block)
    if rows.start == rows.stop:
        nothing = np.zeros(layout.n_intervals)
        return _Soft(nothing > 0.0, rows, rows, 0.0, nothing, nothing)
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
        rows=rows,
        columns=layout.columns(block),
        price=price,
        least=np.where(where & (above < -_AT_BOUND), price, 0.0),
        most=np.where(where & (above <= _AT_BOUND), price, 0.0),
    )
