"""Kernels of the storage dynamic programme: backwards by value, forwards by choice.

With ``g_t`` the least cost of interval t by the change of stored energy, ``phi_t`` the penalty on
missed levels and ``V_T`` minus the worth of what is left,

    W_t(s) = phi_t(s) + V_{t+1}(s)        V_t(s) = min over x of g_t(x) + W_t(s + x),

an infimal convolution of piecewise-linear functions: exact, no grid of states.  Where both are
convex it is a merge of segments sorted by slope; elsewhere the lower envelope of the merges of
their convex runs.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.interval_cost import MOST_SEGMENTS, interval_cost
from optimiser.piecewise import add_convex_runs, append, convex_run_end, lower_onto

_EQUAL = 1e-12  # $; costs nearer than this are the same, and the calmer choice wins


@kernel("i8(f8[::1], f8[::1], f8[::1], i8, f8, f8, f8, f8[::1], f8[::1], f8[::1])")
def add_level_penalty(
    x: Vector,
    y: Vector,
    slope: Vector,
    size: int,
    floor: float,
    ceiling: float,
    penalty: float,
    spare_x: Vector,
    spare_y: Vector,
    spare_slope: Vector,
) -> int:
    """Add the penalty on energy under `floor` and over `ceiling`; return the new size."""
    for i in range(size):
        spare_x[i] = x[i]
        spare_y[i] = y[i]
        spare_slope[i] = slope[i]
    spare_x[size] = x[size]
    n = size
    size = 0
    y[0] = spare_y[0] + penalty * (max(floor - x[0], 0.0) + max(x[0] - ceiling, 0.0))
    for i in range(n):
        for piece in range(3):
            if piece == 0:
                end = min(spare_x[i + 1], min(floor, ceiling))
            elif piece == 1:
                end = min(spare_x[i + 1], max(floor, ceiling))
            else:
                end = spare_x[i + 1]
            if end > x[size]:
                rise = spare_slope[i]
                if x[size] < floor:
                    rise -= penalty
                if x[size] >= ceiling:
                    rise += penalty
                size = append(x, y, slope, size, end, y[size] + rise * (end - x[size]), rise)
    return size


@kernel(
    "i8(f8[::1], f8[::1], f8[::1], i8, f8[::1], f8[::1], f8[::1], i8, f8, f8, f8[:, ::1],"
    " f8[::1], f8[::1], f8[::1])"
)
def convolve(
    wx: Vector,
    wy: Vector,
    w_slope: Vector,
    w_size: int,
    hx: Vector,
    hy: Vector,
    h_slope: Vector,
    h_size: int,
    low: float,
    high: float,
    spare: Vector,
    x: Vector,
    y: Vector,
    slope: Vector,
) -> int:
    """Infimal convolution of two functions on ``[low, high]``, convex or not.

    `spare` has shape (6, n), n as long as `x`; the result is written to `x`, `y`, `slope`.

    Returns
    -------
    int
        Number of segments.
    """
    size = -1
    w_first = 0
    while True:
        w_after = convex_run_end(w_slope, w_first, w_size) if w_size > 0 else 0
        h_first = 0
        while True:
            h_after = convex_run_end(h_slope, h_first, h_size) if h_size > 0 else 0
            if size < 0:
                size = add_convex_runs(
                    wx, wy, w_slope, w_first, w_after, hx, hy, h_slope, h_first, h_after,
                    low, high, x, y, slope,
                )  # fmt: skip
            else:
                pieces = add_convex_runs(
                    wx, wy, w_slope, w_first, w_after, hx, hy, h_slope, h_first, h_after,
                    low, high, spare[0], spare[1], spare[2],
                )  # fmt: skip
                if pieces > 0:
                    size = lower_onto(
                        x, y, slope, size, spare[0], spare[1], spare[2], pieces,
                        spare[3], spare[4], spare[5],
                    )  # fmt: skip
            h_first = h_after
            if h_first >= h_size:
                break
        w_first = w_after
        if w_first >= w_size:
            break
    return size


@kernel(
    "Tuple((f8[::1], f8[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[::1]))"
    "(f8[:, ::1], f8, f8, f8, f8, f8[::1], f8[::1], f8[::1], f8[::1])"
)
def value_backwards(
    intervals: Vector,
    penalty: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    wear: float,
    floor: Vector,
    ceiling: Vector,
    end_x: Vector,
    end_slope: Vector,
) -> tuple[Vector, Vector, NDArray[np.int64], Vector, Vector, Vector, Vector]:
    """Value of stored energy, from the end of the horizon to its beginning.

    Parameters
    ----------
    intervals : float64 array, shape (T, N_COLUMNS)
        Table of `interval_cost`.
    penalty, charge_efficiency, discharge_efficiency, wear : float
        As there.
    floor, ceiling : float64 array, shape (T,)
        Soft levels at the end of each interval. [kWh]
    end_x : float64 array, shape (S + 1,)
        Breakpoints of the end value; the first and last are the band of stored energy. [kWh]
    end_slope : float64 array, shape (S,)
        Minus the worth of a kWh in each segment. [$/kWh]

    Returns
    -------
    all_x, all_slope : float64 array
        Breakpoints and slopes of every ``W_t``, one after the other, from the last interval.
    place : int64 array, shape (T + 1,)
        ``W_t`` has segments ``place[t + 1] .. place[t] - 1`` of `all_slope`; its breakpoints are
        shifted by one per function before it.
    base : float64 array, shape (T,)
        Value of each ``W_t`` at its first breakpoint. [$]
    first_x, first_y, first_slope : float64 array
        ``V_0``.
    """
    n = intervals.shape[0]
    low = end_x[0]
    high = end_x[-1]
    room = 1024 + 4 * end_slope.size
    wx, wy, ws = np.empty(room), np.empty(room), np.empty(room)
    vx, vy, vs = np.empty(room), np.empty(room), np.empty(room)
    spare = np.empty((6, room))
    gx, gy, gs = np.empty(MOST_SEGMENTS), np.empty(MOST_SEGMENTS), np.empty(MOST_SEGMENTS)
    hx, hy, hs = np.empty(MOST_SEGMENTS), np.empty(MOST_SEGMENTS), np.empty(MOST_SEGMENTS)
    all_x, all_slope = np.empty(64 * n + room), np.empty(64 * n + room)
    place = np.zeros(n + 1, dtype=np.int64)
    base = np.empty(n)

    size = 0
    vx[0] = low
    vy[0] = 0.0
    for i in range(end_slope.size):
        worth = vy[size] + end_slope[i] * (end_x[i + 1] - vx[size])
        size = append(vx, vy, vs, size, end_x[i + 1], worth, end_slope[i])
    used = 0
    for t in range(n - 1, -1, -1):
        # Every candidate of the envelope has at most size + MOST_SEGMENTS segments, and there
        # are fewer of its crossings than of its segments.
        if MOST_SEGMENTS * (size + MOST_SEGMENTS) > room:
            room = 2 * MOST_SEGMENTS * (size + MOST_SEGMENTS)
            grown_x, grown_y, grown_s = np.empty(room), np.empty(room), np.empty(room)
            grown_x[: size + 1] = vx[: size + 1]
            grown_y[: size + 1] = vy[: size + 1]
            grown_s[:size] = vs[:size]
            vx, vy, vs = grown_x, grown_y, grown_s
            wx, wy, ws = np.empty(room), np.empty(room), np.empty(room)
            spare = np.empty((6, room))
        if floor[t] > low or ceiling[t] < high:
            size = add_level_penalty(
                vx, vy, vs, size, floor[t], ceiling[t], penalty, spare[0], spare[1], spare[2]
            )
        wx, vx = vx, wx
        wy, vy = vy, wy
        ws, vs = vs, ws

        shift = n - 1 - t
        if used + shift + size + 1 > all_x.size:
            longer = 2 * all_x.size + shift + size
            grown_x, grown_s = np.empty(longer), np.empty(longer)
            grown_x[: all_x.size] = all_x
            grown_s[: all_slope.size] = all_slope
            all_x, all_slope = grown_x, grown_s
        for i in range(size):
            all_x[used + shift + i] = wx[i]
            all_slope[used + i] = ws[i]
        all_x[used + shift + size] = wx[size]
        base[t] = wy[0]
        used += size
        place[t] = used

        pieces = interval_cost(
            intervals[t], penalty, charge_efficiency, discharge_efficiency, wear, gx, gy, gs
        )
        for i in range(pieces):  # the convolution runs over minus the change
            hx[i] = -gx[pieces - i]
            hy[i] = gy[pieces - i]
            hs[i] = -gs[pieces - 1 - i]
        hx[pieces] = -gx[0]
        hy[pieces] = gy[0]
        size = convolve(wx, wy, ws, size, hx, hy, hs, pieces, low, high, spare, vx, vy, vs)
    return (
        all_x,
        all_slope,
        place,
        base,
        vx[: size + 1].copy(),
        vy[: size + 1].copy(),
        vs[:size].copy(),
    )


@kernel("i8(f8[::1], i8, i8, f8)")
def segment_at(x: Vector, first: int, size: int, at: float) -> int:
    """Last of `size` segments that begins at or before `at`; breakpoints from ``x[first]`` on."""
    below = 0
    above = max(size, 1)
    while above - below > 1:
        middle = (below + above) // 2
        if x[first + middle] <= at:
            below = middle
        else:
            above = middle
    return below


@kernel("Tuple((f8, f8))(f8[::1], f8[::1], f8[::1], i8, f8[::1], i8, f8[::1], i8, i8, f8)")
def cheapest_move(
    gx: Vector,
    gy: Vector,
    gs: Vector,
    pieces: int,
    all_x: Vector,
    x_first: int,
    all_slope: Vector,
    s_first: int,
    size: int,
    state: float,
) -> tuple[float, float]:
    """Best state after an interval, and its cost less that of the value function's first point.

    Minimises ``g(z - state) + W(z)`` along the breakpoints of both; among states of equal cost
    it takes the one nearest to the present state.
    """
    low = all_x[x_first]
    at = max(low, state + gx[0])  # leftmost state in reach
    i = segment_at(all_x, x_first, size, at)
    j = 0
    while j < pieces - 1 and state + gx[j + 1] <= at:
        j += 1
    cost = gy[j]
    if pieces > 0:
        cost += gs[j] * (at - state - gx[j])
    for k in range(i):
        cost += all_slope[s_first + k] * (all_x[x_first + k + 1] - all_x[x_first + k])
    if size > 0:
        cost += all_slope[s_first + i] * (at - all_x[x_first + i])

    best = cost
    choice = at
    while i < size and j < pieces:
        end = min(all_x[x_first + i + 1], state + gx[j + 1])
        if at < state < end:
            end = state
        if end > at:
            cost += (all_slope[s_first + i] + gs[j]) * (end - at)
            at = end
        is_equal = abs(cost - best) <= _EQUAL
        if cost < best - _EQUAL or (is_equal and abs(at - state) < abs(choice - state)):
            best = min(cost, best)
            choice = at
        if all_x[x_first + i + 1] <= at:
            i += 1
        if state + gx[j + 1] <= at:
            j += 1
    return choice, best


@kernel("f8(f8[:, ::1], f8, f8, f8, f8, f8, f8[::1], f8[::1], i8[::1], f8[::1], f8[::1], f8[::1])")
def choose_forwards(
    intervals: Vector,
    penalty: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    wear: float,
    initial: float,
    all_x: Vector,
    all_slope: Vector,
    place: NDArray[np.int64],
    base: Vector,
    levels: Vector,
    marginal_value: Vector,
) -> float:
    """Follow the value functions from the present state; return the value of doing so.

    Parameters
    ----------
    intervals, penalty, charge_efficiency, discharge_efficiency, wear
        As in `value_backwards`.
    initial : float
        Energy stored now. [kWh]
    all_x, all_slope, place, base
        Its first results.
    levels, marginal_value : float64 array, shape (T,)
        Energy at the end of each interval [kWh] and the worth of one kWh more of it [$/kWh];
        modified in place.

    Returns
    -------
    float
        ``V_0`` of the present state. [$]
    """
    n = intervals.shape[0]
    gx, gy, gs = np.empty(MOST_SEGMENTS), np.empty(MOST_SEGMENTS), np.empty(MOST_SEGMENTS)
    state = initial
    value = 0.0
    for t in range(n):
        pieces = interval_cost(
            intervals[t], penalty, charge_efficiency, discharge_efficiency, wear, gx, gy, gs
        )
        s_first = place[t + 1]
        size = place[t] - s_first
        x_first = s_first + n - 1 - t
        state = min(max(state, all_x[x_first]), all_x[x_first + size])
        state, cost = cheapest_move(
            gx, gy, gs, pieces, all_x, x_first, all_slope, s_first, size, state
        )
        if t == 0:
            value = base[0] + cost
        levels[t] = state
        k = segment_at(all_x, x_first, size, state)
        marginal_value[t] = -all_slope[s_first + k] if size > 0 else 0.0
    return value
