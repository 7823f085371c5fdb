"""The value of stored energy when every day after the horizon looks like its last one."""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector, tables
from matrix_builders.arrays import Places
from matrix_builders.compiled import kernel
from optimiser.model.arrays import ProblemArrays
from optimiser.value_function.dynamic_programme import GAVE_UP, value_backwards
from optimiser.value_function.interval_cost import interval_costs
from optimiser.value_function.piecewise import SLOPE, X, Y, value_at
from optimiser.value_function.storage_plan import function_from_slopes

_MOST_SEGMENTS = 24  # each is a column of the linear programme
_ROUNDS = 12
_CONVERGED = 1e-7  # $; a value function that moves less has reached its fixed point


@kernel("i8(f8[:, ::1])")
def keep_convex_hull(f: Vector) -> int:
    """Make a function the largest convex one below it, by its points; return its last point."""
    last = 0
    for i in range(1, f.shape[1]):
        at = f[X, i]
        value = f[Y, i]
        while last > 0 and (
            (f[Y, last] - f[Y, last - 1]) * (at - f[X, last])
            >= (value - f[Y, last]) * (f[X, last] - f[X, last - 1])
        ):
            last -= 1
        last += 1
        f[X, last] = at
        f[Y, last] = value
    return last


@kernel("i8(f8[:, ::1], i8, i8)")
def drop_points(f: Vector, last: int, most: int) -> int:
    """Leave out the points that matter least, until `most` segments are left; return the last.

    A point matters as far as its absence would lift the function there.  Neighbours do not leave
    together.
    """
    lift = np.empty(last + 1)
    while last > most:
        for i in range(1, last, 2):
            share = (f[X, i] - f[X, i - 1]) / (f[X, i + 1] - f[X, i - 1])
            lift[i] = f[Y, i - 1] + share * (f[Y, i + 1] - f[Y, i - 1]) - f[Y, i]
        for _ in range(min(last - most, last // 2)):
            leaving = 1
            for i in range(3, last, 2):
                if lift[i] < lift[leaving]:
                    leaving = i
            lift[leaving] = np.inf
        kept = 0
        for i in range(1, last + 1):
            if i % 2 == 0 or i == last or lift[i] < np.inf:
                kept += 1
                f[X, kept] = f[X, i]
                f[Y, kept] = f[Y, i]
        last = kept
    return last


@kernel("f8[:, ::1](f8[:, ::1], i8)")
def simplify(f: Vector, most: int) -> Vector:
    """Return a convex function of at most so many segments near another, which begins at zero."""
    last = drop_points(f, keep_convex_hull(f), most)
    g = np.zeros((3, last + 1))
    for i in range(last + 1):
        g[X, i] = f[X, i]
        g[Y, i] = f[Y, i] - f[Y, 0]
    for i in range(last):
        width = g[X, i + 1] - g[X, i]
        g[SLOPE, i] = (g[Y, i + 1] - g[Y, i]) / width if width > 0.0 else 0.0
    return g


@kernel("f8(f8[:, ::1], f8[:, ::1])")
def largest_difference(f: Vector, g: Vector) -> float:
    """Return how far two functions on one band are apart at most."""
    largest = 0.0
    for i in range(f.shape[1]):
        largest = max(largest, abs(f[Y, i] - value_at(g, f[X, i])))
    for i in range(g.shape[1]):
        largest = max(largest, abs(g[Y, i] - value_at(f, g[X, i])))
    return float(largest)


@kernel("f8[:, ::1](f8[:, ::1], i8[::1], f8[:, ::1], f8[:, ::1])")
def repeat_day(
    costs: Vector, cost_place: NDArray[np.int64], soft_levels: Vector, day: Vector
) -> Vector:
    """Return the fixed point of a day's recursion, or its approximation after the last round.

    Parameters
    ----------
    costs, cost_place
        Results of `interval_costs` for the day.
    soft_levels : float64 array, shape (2, T)
        Soft floor and ceiling at the end of each interval. [kWh]
    day : float64 array, shape (3, S + 1)
        The first guess.

    Returns
    -------
    float64 array, shape (3, S + 1)
        A convex function of a few segments; of none where it has too many breakpoints.
    """
    for _ in range(_ROUNDS):
        _, place, value, _ = value_backwards(costs, cost_place, soft_levels, 0.0, day)
        if place[0] == GAVE_UP:
            return np.zeros((3, 1))
        before, day = day, simplify(value, _MOST_SEGMENTS)
        if largest_difference(before, day) < _CONVERGED:
            break
    return day


def periodic_value(problem: ProblemArrays, first: int, storages: Places) -> Vector:
    """Return the value function at the start of a day that repeats without end.

    They are taken for one as large as all of them: exact where they are alike.  Penalties are left
    out: they are no money, and would add up from day to day.

    Parameters
    ----------
    problem : ProblemArrays
        Its last day is taken for every day to come.
    first : int
        Interval in which that day begins.
    storages : int64 array, shape (P,)
        The storages in question, with room for some energy.

    Returns
    -------
    float64 array, shape (3, S + 1)
        A convex function on their band, of a few segments, as `repeat_day` finds it.
    """
    limits = problem.storages.limits[:, storages]
    band = limits[tables.STORED_LOWER : tables.STORED_UPPER + 1, :, 0]
    room = band[1] - band[0]
    traits = problem.storages.traits[:, storages].copy()
    traits[tables.CHARGE_EFFICIENCY : tables.WEAR + 1] *= room / room.sum()
    meter = np.ascontiguousarray(problem.meter[:, first:])
    moves = limits[: tables.DISCHARGE_LIMIT + 1, :, first:].sum(axis=1)
    costs, cost_place = interval_costs(meter, moves, traits.sum(axis=1), 0.0)
    low, high = band.sum(axis=1)
    soft_levels = np.repeat([[low], [high]], moves.shape[1], axis=1)
    day = function_from_slopes(np.array([low, high]), np.zeros(1))
    return repeat_day(costs, cost_place, soft_levels, day)
