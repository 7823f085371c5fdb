"""Kernels of the storage dynamic programme: backwards by value, forwards by choice.

With ``h_t`` the least cost of interval t by the energy that the storage gives, ``phi_t`` the
penalty on missed levels and ``V_T`` minus the worth of what is left,

    W_t(s) = phi_t(s) + V_{t+1}(s)        V_t(s) = min over u of h_t(u) + W_t(s - u),

an infimal convolution of piecewise-linear functions: exact, no grid of states.  While all of them
are convex the slopes alone decide, so no values are kept but the one at the lower end of the band.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.convolution import N_SCRATCH, NO_ROOM, add_level_penalty, convolve, merge_convex
from optimiser.piecewise import SLOPE, X, Y, convex_run_end, from_slopes

_EQUAL = 1e-12  # $; costs nearer than this are the same, and the calmer choice wins

_FIRST_ROOM = 256  # breakpoints; most value functions have fewer than a hundred

# Breakpoints that all value functions together may have: half a second and 32 MB.  Export prices
# above import prices all day, in steps of a minute, would otherwise need minutes and gigabytes.
_MOST_BREAKPOINTS = 2_000_000
_MOST_PER_INTERVAL = 128
GAVE_UP = -1
"""In place of ``place[0]``: the value functions grew beyond all use."""
_RISE = 1  # row of the slopes, where stored value functions have no values


@kernel("f8[:, ::1](f8[:, ::1], i8, i8)")
def with_room(f: Vector, size: int, room: int) -> Vector:
    """Copy of the first `size` columns of an array, with room for more."""
    longer = np.empty((f.shape[0], room))
    for row in range(f.shape[0]):
        for i in range(size):
            longer[row, i] = f[row, i]
    return longer


@kernel("void(f8[:, ::1], i8, f8[:, ::1], i8)")
def store(f: Vector, size: int, values: Vector, first: int) -> None:
    """Keep breakpoints and slopes of a function, from breakpoint `first` of the store."""
    for i in range(size):
        values[X, first + i] = f[X, i]
        values[_RISE, first + i] = f[SLOPE, i]
    values[X, first + size] = f[X, size]


@kernel("void(f8[:, ::1], i8, i8, f8[:, ::1])")
def recall(values: Vector, first: int, size: int, f: Vector) -> None:
    """Make `f` what the store has from breakpoint `first` on, with values that begin at zero."""
    f[X, 0] = values[X, first]
    f[Y, 0] = 0.0
    for i in range(size):
        f[X, i + 1] = values[X, first + i + 1]
        f[SLOPE, i] = values[_RISE, first + i]
        f[Y, i + 1] = f[Y, i] + f[SLOPE, i] * (f[X, i + 1] - f[X, i])


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
    scratch = np.empty((N_SCRATCH, 3, room))
    values = np.empty((2, 64 * n + room))
    x, rise = values[X], values[_RISE]
    place = np.zeros(n + 1, dtype=np.int64)

    size = from_slopes(end_x, end_slope, v)
    store(v, size, values, 0)
    is_convex = convex_run_end(v, 0, size) == size
    has_values = True  # `v` is V_{t+1}; otherwise only the store has it, from breakpoint `first`
    first = 0
    total = 0.0  # to be added to V_t: small values keep their digits over long horizons
    for t in range(n - 1, -1, -1):
        h_first = cost_place[t]
        h_last = cost_place[t + 1] - 1
        is_merge = is_convex and convex_run_end(costs, h_first, h_last) == h_last
        is_penalised = floor[t] > low or ceiling[t] < high
        if not has_values and (is_penalised or not is_merge):
            if size + 3 > room:
                room = 2 * size + 3
                v = np.empty((3, room))
                w = np.empty((3, room))
                scratch = np.empty((N_SCRATCH, 3, room))
            recall(values, first, size, v)
            has_values = True
        if is_penalised:
            size = add_level_penalty(v, size, floor[t], ceiling[t], penalty, scratch[0])
            store(v, size, values, first)
        place[t] = first + size + 1
        if place[t] > max(_MOST_BREAKPOINTS, _MOST_PER_INTERVAL * n):
            place[0] = GAVE_UP
            break
        if place[t] + 2 * (size + h_last - h_first) + room > values.shape[1]:
            values = with_room(values, place[t], 2 * values.shape[1] + 2 * room)
            x, rise = values[X], values[_RISE]

        if is_merge:
            if has_values:
                total += v[Y, 0]
                has_values = False
            size, value = merge_convex(x, rise, first, size, costs, h_first, h_last, high)
            total += value
        else:
            base = v[Y, 0]
            total += base
            for i in range(size + 1):
                v[Y, i] -= base
            v, w = w, v
            w_size = size
            size = NO_ROOM
            while size == NO_ROOM:
                size = convolve(w, w_size, costs, h_first, h_last, low, high, scratch, v)
                if size == NO_ROOM:
                    room *= 2
                    v = np.empty((3, room))
                    w = with_room(w, w_size + 1, room)
                    scratch = np.empty((N_SCRATCH, 3, room))
            is_convex = convex_run_end(v, 0, size) == size
            if place[t] + size + 3 > values.shape[1]:
                values = with_room(values, place[t], 2 * values.shape[1] + 2 * room)
                x, rise = values[X], values[_RISE]
            store(v, size, values, place[t])
        first = place[t]
    if has_values:
        result = with_room(v, size + 1, size + 1)
    else:
        result = np.empty((3, size + 1))
        recall(values, first, size, result)
    for i in range(size + 1):
        result[Y, i] += total
    return values, place, result


@kernel("i8(f8[::1], i8, i8, f8, i8)")
def segment_near(x: Vector, first: int, last: int, at: float, near: int) -> int:
    """Find the same as `segment_at`, by steps from a segment that is not far off."""
    i = max(min(near, last - 1), first)
    while i > first and x[i] > at:
        i -= 1
    while i + 1 < last and x[i + 1] <= at:
        i += 1
    return i


@kernel("f8(f8[:, ::1], i8, i8, f8[::1], f8[::1], i8, i8, i8, f8)")
def cheapest_level(
    h: Vector,
    h_first: int,
    h_last: int,
    x: Vector,
    rise: Vector,
    first: int,
    last: int,
    near: int,
    state: float,
) -> float:
    """Best level after an interval: the minimiser of ``h(state - z) + W(z)``.

    Walks along the breakpoints of both, in ascending z; of levels of equal cost it takes the one
    nearest to the present state.  ``W`` has breakpoints `first` to `last` of `x`, and these slopes;
    the search for the first of them begins at `near`.
    """
    at = max(x[first], state - h[X, h_last])
    i = segment_near(x, first, last, at, near)
    j = h_last - 1
    while j > h_first and state - h[X, j] <= at:
        j -= 1
    cost = 0.0
    best = 0.0
    choice = at
    while i < last and j >= h_first:
        w_end = x[i + 1]
        h_end = state - h[X, j]
        end = min(w_end, h_end)
        if at < state < end:
            end = state
        if end > at:
            cost += (rise[i] - h[SLOPE, j]) * (end - at)
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
    x = values[X]
    rise = values[_RISE]
    state = initial
    k = 0  # the segment of the level, counted from the first: it hardly moves between intervals
    for t in range(levels.size):
        first = place[t + 1]
        last = place[t] - 1
        h_first = cost_place[t]
        h_last = cost_place[t + 1] - 1
        state = cheapest_level(costs, h_first, h_last, x, rise, first, last, first + k, state)
        levels[t] = state
        k = segment_near(x, first, last, state, first + k) - first
        marginal_value[t] = -rise[first + k] if last > first else 0.0
