"""Kernels of the storage dynamic programme, backwards: the value of stored energy.

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
from optimiser.value_function.convolution import (
    N_SCRATCH,
    NO_ROOM,
    add_level_penalty,
    convolve,
    merge_convex,
)
from optimiser.value_function.piecewise import SLOPE, X, Y, convex_run_end, from_slopes

_FIRST_ROOM = 256  # breakpoints; most value functions have fewer than a hundred

# Breakpoints that all value functions together may have: half a second and 32 MB.  Export prices
# above import prices all day, in steps of a minute, would otherwise need minutes and gigabytes.
_MOST_BREAKPOINTS = 2_000_000
_MOST_PER_INTERVAL = 128
GAVE_UP = -1
"""In place of ``place[0]``: the value functions grew beyond all use."""
RISE = 1
"""Row of the slopes, where stored value functions have no values."""


@kernel("f8[:, ::1](f8[:, ::1], i8, i8)")
def with_room(f: Vector, size: int, room: int) -> Vector:
    """Copy of the first `size` columns of an array, with room for more."""
    longer = np.empty((f.shape[0], room))
    for row in range(f.shape[0]):
        for i in range(size):
            longer[row, i] = f[row, i]
    return longer


@kernel("void(f8[:, ::1], i8, f8[:, ::1], i8)", inlined=True)
def store(f: Vector, size: int, values: Vector, first: int) -> None:
    """Keep breakpoints and slopes of a function, from breakpoint `first` of the store."""
    for i in range(size):
        values[X, first + i] = f[X, i]
        values[RISE, first + i] = f[SLOPE, i]
    values[X, first + size] = f[X, size]


@kernel("void(f8[:, ::1], i8, i8, f8[:, ::1])", inlined=True)
def recall(values: Vector, first: int, size: int, f: Vector) -> None:
    """Make `f` what the store has from breakpoint `first` on, with values that begin at zero."""
    f[X, 0] = values[X, first]
    f[Y, 0] = 0.0
    for i in range(size):
        f[X, i + 1] = values[X, first + i + 1]
        f[SLOPE, i] = values[RISE, first + i]
        f[Y, i + 1] = f[Y, i] + f[SLOPE, i] * (f[X, i + 1] - f[X, i])


@kernel(
    "Tuple((i8, i8, i8, f8))(i8, i8, i8, f8[:, ::1], i8[::1], f8[::1], f8[::1], i8[::1],"
    " b1[::1], f8[::1], f8[::1], f8, f8, i8)",
    inlined=True,
)
def merge_backwards(
    after: int,
    first: int,
    size: int,
    costs: Vector,
    cost_place: NDArray[np.int64],
    x: Vector,
    rise: Vector,
    place: NDArray[np.int64],
    is_merge: NDArray[np.bool_],
    floor: Vector,
    ceiling: Vector,
    low: float,
    high: float,
    room: int,
) -> tuple[int, int, int, float]:
    """Go backwards over intervals of convex cost without soft levels, by slopes alone.

    Parameters
    ----------
    after : int
        One after the interval to begin with.
    first, size : int
        First breakpoint and number of segments of ``V`` there, which is convex.
    costs, cost_place, floor, ceiling
        As in `value_backwards`.
    x, rise : float64 array, shape (n,)
        Breakpoints and slopes of every ``W_t``; modified in place.
    place, is_merge : array
        Modified in place; as `value_backwards` gives them.
    low, high : float
        The band. [kWh]
    room : int
        Breakpoints that must stay free.

    Returns
    -------
    after, first, size : int
        Where it ended: at the beginning, at another kind of interval, or for want of room.
    total : float
        What ``V`` has grown by at the lower end of the band. [$]
    """
    total = 0.0
    while after > 0:
        t = after - 1
        h_first = cost_place[t]
        h_last = cost_place[t + 1] - 1
        end = first + size + 1
        if (
            floor[t] > low
            or ceiling[t] < high
            or end + 2 * (size + h_last - h_first) + room > x.size
            or convex_run_end(costs, h_first, h_last) < h_last
        ):
            break
        place[t] = end
        is_merge[t] = True
        size, value = merge_convex(x, rise, first, size, costs, h_first, h_last, high)
        total += value
        first = end
        after = t
    return after, first, size, total


@kernel(
    "Tuple((f8[:, ::1], i8[::1], b1[::1], f8[:, ::1]))"
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
) -> tuple[Vector, NDArray[np.int64], NDArray[np.bool_], Vector]:
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
    is_merge : bool array, shape (T,)
        Whether the cost of an interval and its ``W_t`` are both convex.
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
    x, rise = values[X], values[RISE]
    place = np.zeros(n + 1, dtype=np.int64)
    is_merge = np.zeros(n, dtype=np.bool_)

    size = from_slopes(end_x, end_slope, v)
    store(v, size, values, 0)
    is_convex = convex_run_end(v, 0, size) == size
    has_values = True  # `v` is V_{t+1}; otherwise only the store has it, from breakpoint `first`
    first = 0
    total = 0.0  # to be added to V_t: small values keep their digits over long horizons
    t = n
    while t > 0:
        if is_convex and not has_values:
            t, first, size, rises = merge_backwards(
                t,
                first,
                size,
                costs,
                cost_place,
                x,
                rise,
                place,
                is_merge,
                floor,
                ceiling,
                low,
                high,
                room,
            )
            total += rises
            if t == 0:
                break
        t -= 1
        h_first = cost_place[t]
        h_last = cost_place[t + 1] - 1
        is_merge[t] = is_convex and convex_run_end(costs, h_first, h_last) == h_last
        is_penalised = floor[t] > low or ceiling[t] < high
        if not has_values and (is_penalised or not is_merge[t]):
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
            x, rise = values[X], values[RISE]

        if is_merge[t]:
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
                x, rise = values[X], values[RISE]
            store(v, size, values, place[t])
        first = place[t]
    if has_values:
        result = with_room(v, size + 1, size + 1)
    else:
        result = np.empty((3, size + 1))
        recall(values, first, size, result)
    for i in range(size + 1):
        result[Y, i] += total
    return values, place, is_merge, result
