"""Kernels of the corridor: all levels that some plan within a budget passes through.

With ``F_t(s)`` the least cost from the present level to level ``s`` after interval ``t``, the
cheapest plan through it costs ``F_t(s) + W_t(s)``.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.value_function.convolution import N_SCRATCH, add_level_penalty, convolve
from optimiser.value_function.piecewise import SLOPE, X, Y, append, end_at, segment_at, value_at

ROOM = 2048
"""Breakpoints that a function within a corridor may have; most have fewer than fifty."""


@kernel("f8(f8, f8[:], f8)")
def level_penalty(at: float, soft_levels: Vector, penalty: float) -> float:
    """Return the penalty on a level under the soft floor or over the soft ceiling. [$]"""
    return float(penalty * (max(soft_levels[0] - at, 0.0) + max(at - soft_levels[1], 0.0)))


@kernel("void(f8[:, :], f8[:, ::1])")
def reverse_cost(h: Vector, reverse: Vector) -> None:
    """Write the cost of an interval by the energy that the storage takes."""
    n = h.shape[1] - 1
    for i in range(n + 1):
        reverse[X, i] = -h[X, n - i]
        reverse[Y, i] = h[Y, n - i]
    for i in range(n):
        reverse[SLOPE, i] = -h[SLOPE, n - 1 - i]


@kernel("i8(f8[:, :], f8, f8, f8, f8[:, :])")
def restrict(f: Vector, low: float, high: float, steep: float, result: Vector) -> int:
    """Write a function that is the same from `low` to `high`; return its number of segments.

    Outside it rises at a slope, where that is not zero; else it ends there.  `result` has room for
    two segments more than `f` has.
    """
    n = int(f.shape[1] - 1)
    low, high = max(low, f[X, 0]), min(high, f[X, n])
    first, last = (f[X, 0], f[X, n]) if steep > 0.0 else (low, high)
    value = value_at(f, low)
    result[X, 0] = first
    result[Y, 0] = value + steep * (low - first)
    size = append(result, 0, low, value, -steep)
    for i in range(segment_at(f, low), n):
        begin, end = max(f[X, i], low), min(f[X, i + 1], high)
        if begin >= high:
            break
        value += f[SLOPE, i] * (end - begin)
        size = append(result, size, end, value, f[SLOPE, i])
    size = append(result, size, last, value + steep * (last - high), steep)
    end_at(result, size, last)
    return size


@kernel("void(f8[:, :], f8[:, :], f8, f8[:, ::1], f8[:])")
def levels_within(f: Vector, w: Vector, budget: float, points: Vector, levels: Vector) -> None:
    """Write the lowest and the highest level at which a sum is within a budget of its minimum.

    Parameters
    ----------
    f, w : float64 array, shape (3, m + 1)
        Functions; the second one is looked at where the first one is defined.
    budget : float
        [$]
    points : float64 array, shape (2, n)
        Scratch for the points of both together.
    levels : float64 array, shape (2,)
        Modified in place. [kWh]
    """
    n_f, n_w = f.shape[1] - 1, w.shape[1] - 1
    i = 0
    j = segment_at(w, f[X, 0])
    at = f[X, 0]
    value = f[Y, 0] + value_at(w, at)
    points[X, 0], points[Y, 0] = at, value
    least = value
    size = 1
    while i < n_f:
        end = f[X, i + 1]
        slope = f[SLOPE, i]
        if j < n_w:
            slope += w[SLOPE, j]
            if j < n_w - 1:
                end = min(end, w[X, j + 1])
        value += slope * (end - at)
        at = end
        points[X, size], points[Y, size] = at, value
        least = min(least, value)
        size += 1
        if f[X, i + 1] <= at:
            i += 1
        if j < n_w - 1 and w[X, j + 1] <= at:
            j += 1
    for side in range(2):  # from either end to the first point within the budget
        step = 1 - 2 * side
        i = (size - 1) * side
        while points[Y, i] > least + budget:
            i += step
        levels[side] = points[X, i]
        if 0 <= i - step < size:
            rise = points[Y, i - step] - points[Y, i]
            share = (least + budget - points[Y, i]) / rise
            levels[side] += share * (points[X, i - step] - points[X, i])


@kernel("f8[:, ::1](f8[:, ::1], i8[::1], f8[:, ::1], i8[::1], f8[:, ::1], f8[::1], f8)")
def corridor(
    costs: Vector,
    cost_place: NDArray[np.int64],
    values: Vector,
    place: NDArray[np.int64],
    soft_levels: Vector,
    traits: Vector,
    budget: float,
) -> Vector:
    """Find the lowest and the highest level that a plan within a budget passes through.

    Parameters
    ----------
    costs, cost_place
        Results of `interval_costs`.
    values, place
        First results of `value_backwards`.
    soft_levels : float64 array, shape (2, T)
        Soft floor and ceiling at the end of each interval. [kWh]
    traits : float64 array, shape (2,)
        Energy stored now [kWh], and the price of missing a soft level. [$/kWh]
    budget : float
        Most that a plan may cost beyond the cheapest one. [$]

    Returns
    -------
    float64 array, shape (2, T)
        At the end of each interval; the whole band once there are too many breakpoints. [kWh]
    """
    n = soft_levels.shape[1]
    f = np.zeros((3, ROOM))
    g = np.zeros((3, ROOM))
    reverse = np.empty((3, ROOM))
    scratch = np.empty((N_SCRATCH, 3, ROOM))
    points = np.empty((2, ROOM))
    levels = np.empty((2, n))
    band = np.empty(2)
    f[X, 0] = traits[0]
    size = 0
    for t in range(n):  # `f` is F_{t-1} with its penalty, where a plan within the budget passes
        h = costs[:, cost_place[t] : cost_place[t + 1]]
        w = values[:, place[t + 1] : place[t]]
        n_h, n_w = h.shape[1] - 1, w.shape[1] - 1
        reverse_cost(h, reverse)
        band[0] = max(w[X, 0], f[X, 0] + reverse[X, 0])
        band[1] = min(w[X, n_w], f[X, size] + reverse[X, n_h])
        n_g = convolve(f[:, : size + 1], reverse[:, : n_h + 1], band, scratch, g)
        if n_g < 0 or n_g + n_w + 2 > ROOM:
            levels[0, t:] = w[X, 0]
            levels[1, t:] = w[X, n_w]
            return levels
        levels_within(g[:, : n_g + 1], w, budget, points, levels[:, t])
        n_g = restrict(g[:, : n_g + 1], levels[0, t], levels[1, t], 0.0, scratch[0])
        size = add_level_penalty(scratch[0, :, : n_g + 1], soft_levels[:, t], traits[1], f)
    return levels
