"""Kernels of the storage dynamic programme: backwards by value, forwards by choice.

With ``h_t`` the least cost of interval t by the energy that the storage gives, ``phi_t`` the
penalty on missed levels and ``V_T`` minus the worth of what is left,

    W_t(s) = phi_t(s) + V_{t+1}(s)        V_t(s) = min over u of h_t(u) + W_t(s - u),

an infimal convolution of piecewise-linear functions: exact, no grid of states.  Where both are
convex it is a merge of segments sorted by slope; elsewhere the lower envelope of the merges of
their convex runs.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.piecewise import (
    SLOPE,
    X,
    Y,
    append,
    convex_run_end,
    end_at,
    from_slopes,
    lower_onto,
    merge_convex_runs,
    segment_at,
)

_EQUAL = 1e-12  # $; costs nearer than this are the same, and the calmer choice wins

_FIRST_ROOM = 256  # breakpoints; most value functions have fewer than a hundred
_N_SCRATCH = 3  # functions beside the result, in a convolution
_NO_ROOM = -2  # in place of a number of segments

# Breakpoints that all value functions together may have: half a second and 32 MB.  Export prices
# above import prices all day, in steps of a minute, would otherwise need minutes and gigabytes.
_MOST_BREAKPOINTS = 2_000_000
_MOST_PER_INTERVAL = 128
GAVE_UP = -1
"""In place of ``place[0]``: the value functions grew beyond all use."""
_RISE = 1  # row of the slopes, where stored value functions have no values


@kernel("i8(f8[:, ::1], i8, f8, f8, f8, f8[:, ::1])")
def add_level_penalty(
    f: Vector, size: int, floor: float, ceiling: float, penalty: float, aside: Vector
) -> int:
    """Add the penalty on energy under `floor` and over `ceiling`; return the new size.

    There is room for two more segments; `aside` is scratch, as long as `f`.
    """
    n = size
    size = 0
    for i in range(n):
        aside[X, i] = f[X, i + 1]
        aside[SLOPE, i] = f[SLOPE, i]
    at = f[X, 0]
    value = f[Y, 0] + penalty * (max(floor - at, 0.0) + max(at - ceiling, 0.0))
    f[Y, 0] = value
    for i in range(n):
        for stop in (min(floor, ceiling), max(floor, ceiling), np.inf):
            end = min(aside[X, i], stop)
            if end > at:
                rise = aside[SLOPE, i]
                if at < floor:
                    rise -= penalty
                if at >= ceiling:
                    rise += penalty
                value += rise * (end - at)
                at = end
                size = append(f, size, at, value, rise)
    return size


@kernel("i8(f8[:, ::1], i8, f8[:, ::1], i8, i8, f8, f8, f8[:, :, ::1], f8[:, ::1])")
def convolve_run(
    w: Vector,
    w_size: int,
    h: Vector,
    h_first: int,
    h_last: int,
    low: float,
    high: float,
    scratch: Vector,
    result: Vector,
) -> int:
    """Infimal convolution of a function and a convex run, on ``[low, high]``.

    `scratch` holds two functions.  The merges come from left to right, each beginning and ending
    no earlier than the one before.

    Returns
    -------
    int
        Number of segments of `result`; -1 where nothing lies in the band, `_NO_ROOM` where it might
        not have had room.
    """
    size = -1
    w_first = 0
    while True:
        w_last = convex_run_end(w, w_first, w_size)
        if size < 0:
            size = merge_convex_runs(w, w_first, w_last, h, h_first, h_last, low, high, result)
        else:
            other = scratch[0]
            pieces = merge_convex_runs(w, w_first, w_last, h, h_first, h_last, low, high, other)
            if 2 * (size + pieces) + 2 > result.shape[1]:
                return _NO_ROOM
            if pieces >= 0:
                size = lower_onto(result, size, other, pieces, scratch[1])
        w_first = w_last
        if w_first >= w_size:
            return size


@kernel("i8(f8[:, ::1], i8, f8[:, ::1], i8, i8, f8, f8, f8[:, :, ::1], f8[:, ::1])")
def convolve(
    w: Vector,
    w_size: int,
    h: Vector,
    h_first: int,
    h_last: int,
    low: float,
    high: float,
    scratch: Vector,
    result: Vector,
) -> int:
    """Infimal convolution of two functions on ``[low, high]``, convex or not.

    Parameters
    ----------
    w : float64 array, shape (3, n)
        Function of `w_size` segments on the whole band.
    h : float64 array, shape (3, m)
        Function between its breakpoints `h_first` and `h_last`; zero lies in its domain.
    low, high : float
        The band.
    scratch : float64 array, shape (3, 3, n)
        Room for three functions.
    result : float64 array, shape (3, n)
        Modified in place.

    Returns
    -------
    int
        Number of segments of `result`, which then has room for two more; `_NO_ROOM` where it
        might not have had room.
    """
    if w_size + h_last - h_first + 1 > result.shape[1]:
        return _NO_ROOM
    size = -1
    first = h_first
    while True:
        last = convex_run_end(h, first, h_last)
        if size < 0:
            size = convolve_run(w, w_size, h, first, last, low, high, scratch, result)
        else:
            other = scratch[2]
            pieces = convolve_run(w, w_size, h, first, last, low, high, scratch, other)
            if pieces == _NO_ROOM or 2 * (size + pieces) + 2 > result.shape[1]:
                return _NO_ROOM
            if pieces >= 0:
                size = lower_onto(result, size, other, pieces, scratch[0])
        first = last
        if size == _NO_ROOM or first >= h_last:
            break
    if size + 2 >= result.shape[1]:
        return _NO_ROOM
    if size >= 0:
        end_at(result, size, high)
    return size


@kernel("f8[:, ::1](f8[:, ::1], i8, i8)")
def with_room(f: Vector, size: int, room: int) -> Vector:
    """Copy of the first `size` columns of an array, with room for more."""
    longer = np.empty((f.shape[0], room))
    for row in range(f.shape[0]):
        for i in range(size):
            longer[row, i] = f[row, i]
    return longer


@kernel(
    "Tuple((f8[:, ::1], i8[::1], f8[:, ::1]))"
    "(f8[:, ::1], i8[::1], f8, f8[::1], f8[::1], f8[::1], f8[::1])"
)
def value_backwards(
    costs: Vector,
    cost_place: NDArray[np.int64],
    penalty: float,
    floor: Vector,
    ceiling: Vector,
    end_x: Vector,
    end_slope: Vector,
) -> tuple[Vector, NDArray[np.int64], Vector]:
    """Value of stored energy, from the end of the horizon to its beginning.

    Parameters
    ----------
    costs, cost_place
        Results of `interval_costs`.
    penalty : float
        Price of missing a soft level. [$/kWh]
    floor, ceiling : float64 array, shape (T,)
        Soft levels at the end of each interval. [kWh]
    end_x : float64 array, shape (S + 1,)
        Breakpoints of the end value; the first and last are the band of stored energy. [kWh]
    end_slope : float64 array, shape (S,)
        Minus the worth of a kWh in each segment. [$/kWh]

    Returns
    -------
    values : float64 array, shape (2, n)
        Breakpoints and slopes of every ``W_t``, one after the other, from the last interval.
    place : int64 array, shape (T + 1,)
        ``W_t`` has breakpoints ``place[t + 1] .. place[t] - 1``.  `GAVE_UP` comes first where
        there would be too many.
    first : float64 array, shape (3, m + 1)
        ``V_0``.
    """
    n = floor.size
    low = end_x[0]
    high = end_x[-1]
    room = _FIRST_ROOM + 4 * end_x.size
    v = np.empty((3, room))
    w = np.empty((3, room))
    scratch = np.empty((_N_SCRATCH, 3, room))
    values = np.empty((2, 64 * n + room))
    place = np.zeros(n + 1, dtype=np.int64)

    size = from_slopes(end_x, end_slope, v)
    total = 0.0  # to be added to V_t: small values keep their digits over long horizons
    used = 0
    for t in range(n - 1, -1, -1):
        if floor[t] > low or ceiling[t] < high:
            size = add_level_penalty(v, size, floor[t], ceiling[t], penalty, scratch[0])
        if used + size + 1 > values.shape[1]:
            values = with_room(values, used, 2 * values.shape[1] + size)
        base = v[Y, 0]
        total += base
        for i in range(size + 1):
            v[Y, i] -= base
            values[X, used + i] = v[X, i]
            values[_RISE, used + i] = v[SLOPE, i]
        used += size + 1
        place[t] = used
        if used > max(_MOST_BREAKPOINTS, _MOST_PER_INTERVAL * n):
            place[0] = GAVE_UP
            break

        v, w = w, v
        w_size = size
        size = _NO_ROOM
        while size == _NO_ROOM:
            size = convolve(
                w, w_size, costs, cost_place[t], cost_place[t + 1] - 1, low, high, scratch, v
            )
            if size == _NO_ROOM:
                room *= 2
                v = np.empty((3, room))
                w = with_room(w, w_size + 1, room)
                scratch = np.empty((_N_SCRATCH, 3, room))
    first = with_room(v, size + 1, size + 1)
    for i in range(size + 1):
        first[Y, i] += total
    return values, place, first


@kernel("f8(f8[:, ::1], i8, i8, f8[:, ::1], i8, i8, f8)")
def cheapest_level(
    h: Vector, h_first: int, h_last: int, w: Vector, w_first: int, w_last: int, state: float
) -> float:
    """Best level after an interval: the minimiser of ``h(state - z) + W(z)``.

    Walks along the breakpoints of both, in ascending z; of levels of equal cost it takes the one
    nearest to the present state.  `w` is one of the stored value functions.
    """
    at = max(float(w[X, w_first]), state - h[X, h_last])
    i = segment_at(w, w_first, w_last, at)
    j = h_last - 1
    while j > h_first and state - h[X, j] <= at:
        j -= 1
    cost = 0.0
    best = 0.0
    choice = at
    while i < w_last and j >= h_first:
        end = min(w[X, i + 1], state - h[X, j])
        if at < state < end:
            end = state
        if end > at:
            cost += (w[_RISE, i] - h[SLOPE, j]) * (end - at)
            at = end
        is_equal = abs(cost - best) <= _EQUAL
        if cost < best - _EQUAL or (is_equal and abs(at - state) < abs(choice - state)):
            best = min(cost, best)
            choice = at
        if w[X, i + 1] <= at:
            i += 1
        if state - h[X, j] <= at:
            j -= 1
    return float(choice)


@kernel("void(f8[:, ::1], i8[::1], f8, f8[:, ::1], i8[::1], f8[::1], f8[::1])")
def choose_forwards(
    costs: Vector,
    cost_place: NDArray[np.int64],
    initial: float,
    values: Vector,
    place: NDArray[np.int64],
    levels: Vector,
    marginal_value: Vector,
) -> None:
    """Follow the value functions from the present state.

    Parameters
    ----------
    costs, cost_place
        Results of `interval_costs`.
    initial : float
        Energy stored now. [kWh]
    values, place
        First results of `value_backwards`.
    levels, marginal_value : float64 array, shape (T,)
        Energy at the end of each interval [kWh] and the worth of one kWh more of it [$/kWh];
        modified in place.
    """
    state = initial
    for t in range(levels.size):
        first = place[t + 1]
        last = place[t] - 1
        state = cheapest_level(
            costs, cost_place[t], cost_place[t + 1] - 1, values, first, last, state
        )
        levels[t] = state
        k = segment_at(values, first, last, state)
        marginal_value[t] = -values[_RISE, k] if last > first else 0.0
