"""Kernels of the storage dynamic programme, backwards: the value of stored energy.

See the head of this package for the recursion.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.value_function.convolution import (
    N_PENALTY_ENDS,
    N_SCRATCH,
    NO_ROOM,
    add_level_penalty,
    convolve,
)
from optimiser.value_function.piecewise import X, Y, convex_run_end

_FIRST_ROOM = 256  # breakpoints; most value functions have fewer than a hundred

# Breakpoints that all value functions together may have, the larger of the two: half a second and
# 48 MB up to 15,625 intervals, in proportion beyond; a year of dynamic prices has 50 an interval.
# Export prices above import prices all day, in steps of a minute, would need minutes and gigabytes.
_MOST_BREAKPOINTS = 2_000_000
_MOST_PER_INTERVAL = 128

GAVE_UP = -1
"""In place of ``place[0]``: the value functions have too many breakpoints."""


@kernel("f8[:, ::1](f8[:, :], i8)")
def with_room(f: Vector, room: int) -> Vector:
    """Return a copy of a function with room for more breakpoints."""
    longer = np.zeros((f.shape[0], room))
    for row in range(f.shape[0]):
        for i in range(f.shape[1]):
            longer[row, i] = f[row, i]
    return longer


@kernel("f8(f8[:, :])")
def begin_at_zero(f: Vector) -> float:
    """Lower a function to begin at zero; return by how much.

    Small values keep their digits over long horizons.
    """
    base = f[Y, 0]
    for i in range(f.shape[1]):
        f[Y, i] -= base
    return float(base)


@kernel(
    "Tuple((f8[:, ::1], i8[::1], f8[:, ::1], b1))(f8[:, ::1], i8[::1], f8[:, ::1], f8, f8[:, ::1])"
)
def value_backwards(
    costs: Vector,
    cost_place: NDArray[np.int64],
    soft_levels: Vector,
    penalty: float,
    end: Vector,
) -> tuple[Vector, NDArray[np.int64], Vector, bool]:
    """Build the value functions of stored energy, from the last interval to the first.

    Parameters
    ----------
    costs, cost_place
        Results of `interval_costs`.
    soft_levels : float64 array, shape (2, T)
        Soft floor and ceiling at the end of each interval. [kWh]
    penalty : float
        Price of missing a soft level. [$/kWh]
    end : float64 array, shape (3, S + 1)
        ``V_T``, on the band of stored energy.

    Returns
    -------
    values : float64 array, shape (3, n)
        Every ``W_t`` but for a constant, one after the other, from the last interval.
    place : int64 array, shape (T + 1,)
        ``W_t`` has breakpoints ``place[t + 1] .. place[t] - 1``.  `GAVE_UP` comes first where
        there would be too many.
    first : float64 array, shape (3, m + 1)
        ``V_0``.
    is_convex : bool
        Whether the costs of all intervals are convex: then the relaxation is exact.
    """
    n = soft_levels.shape[1]
    band = np.array([end[X, 0], end[X, -1]])
    room = _FIRST_ROOM + 4 * end.shape[1]
    v, size = with_room(end, room), end.shape[1] - 1
    scratch = np.empty((N_SCRATCH, 3, room))
    values = np.empty((3, 64 * n + room))
    place = np.zeros(n + 1, dtype=np.int64)
    total = 0.0
    is_convex = True
    for t in range(n - 1, -1, -1):  # `v` plus `total` is V_{t+1}
        if place[t + 1] + size + N_PENALTY_ENDS >= values.shape[1]:
            values = with_room(values, 2 * values.shape[1])
        w = values[:, place[t + 1] :]
        size = add_level_penalty(v[:, : size + 1], soft_levels[:, t], penalty, w)
        w = w[:, : size + 1]
        total += begin_at_zero(w)
        place[t] = place[t + 1] + size + 1
        if place[t] > max(_MOST_BREAKPOINTS, _MOST_PER_INTERVAL * n):
            place[0] = GAVE_UP
            return values, place, with_room(end, end.shape[1]), False

        h = costs[:, cost_place[t] : cost_place[t + 1]]
        is_convex = is_convex and convex_run_end(h, 0) == h.shape[1] - 1
        size = convolve(w, h, band, scratch, v)
        while size == NO_ROOM:
            room *= 2
            v, scratch = np.empty((3, room)), np.empty((N_SCRATCH, 3, room))
            size = convolve(w, h, band, scratch, v)
    for i in range(size + 1):
        v[Y, i] += total
    return values, place, with_room(v[:, : size + 1], size + 1), is_convex
