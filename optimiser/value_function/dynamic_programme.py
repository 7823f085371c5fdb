"""Kernels of the storage dynamic programme: values of stored energy backwards, levels forwards.

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
from optimiser.value_function.piecewise import SLOPE, X, Y, convex_run_end, segment_at

_FIRST_ROOM = 256  # breakpoints; most value functions have fewer than a hundred

# Breakpoints that all value functions together may have, the larger of the two: half a second and
# 48 MB up to 15,625 intervals, in proportion beyond; a year of dynamic prices has 50 an interval.
# Export prices above import prices all day, in steps of a minute, would need minutes and gigabytes.
_MOST_BREAKPOINTS = 2_000_000
_MOST_PER_INTERVAL = 128

_EQUAL = 1e-12  # $; costs nearer than this are the same, and the level that moves less wins

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


@kernel("f8(f8[:, :], f8[:, :], f8)")
def cheapest_level(h: Vector, w: Vector, state: float) -> float:
    """Return the best level after an interval: the minimiser of ``h(state - z) + W(z)``.

    Walks along the breakpoints of both, in ascending z; of levels of equal cost it takes the one
    nearest to the present state.
    """
    n_w = w.shape[1] - 1
    j = h.shape[1] - 2
    at = max(w[X, 0], state - h[X, j + 1])
    i = segment_at(w, at)
    while j > 0 and state - h[X, j] <= at:
        j -= 1
    cost = 0.0
    best = 0.0
    choice = at
    while i < n_w and j >= 0:  # `cost` is that of `at` above that of the first level
        w_end = w[X, i + 1]
        h_end = state - h[X, j]
        end = min(w_end, h_end)
        if at < state < end:
            end = state
        if end > at:
            cost += (w[SLOPE, i] - h[SLOPE, j]) * (end - at)
            at = end
        is_equal = abs(cost - best) <= _EQUAL
        if cost < best - _EQUAL or (is_equal and abs(at - state) < abs(choice - state)):
            best = min(cost, best)
            choice = at
        if w_end <= at:
            i += 1
        if h_end <= at:
            j -= 1
    return float(choice)


@kernel("f8[:, ::1](f8[:, ::1], i8[::1], f8[:, ::1], i8[::1], f8)")
def choose_levels(
    costs: Vector,
    cost_place: NDArray[np.int64],
    values: Vector,
    place: NDArray[np.int64],
    initial: float,
) -> Vector:
    """Choose the best levels from the present one on.

    Parameters
    ----------
    costs, cost_place
        Results of `interval_costs`.
    values, place
        First results of `value_backwards`.
    initial : float
        Energy stored now. [kWh]

    Returns
    -------
    float64 array, shape (2, T)
        Energy at the end of each interval [kWh], and the marginal value of it [$/kWh].
    """
    n = cost_place.size - 1
    chosen = np.zeros((2, n))
    state = initial
    for t in range(n):
        w = values[:, place[t + 1] : place[t]]
        state = cheapest_level(costs[:, cost_place[t] : cost_place[t + 1]], w, state)
        chosen[0, t] = state
        if w.shape[1] > 1:
            chosen[1, t] = -w[SLOPE, segment_at(w, state)]
    return chosen
