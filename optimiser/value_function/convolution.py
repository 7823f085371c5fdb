"""Kernels of the infimal convolution of piecewise-linear functions, convex or not.

Where both are convex it is a merge of segments sorted by slope; elsewhere the lower envelope of
the merges of their convex runs.
"""

import numpy as np

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.value_function.piecewise import (
    NOTHING,
    SLOPE,
    X,
    Y,
    append,
    convex_run_end,
    convolve_convex,
    end_at,
    lower_onto,
)

NO_ROOM = -2
"""In place of a number of segments, where they might not have fitted."""

N_SCRATCH = 3
"""Functions beside the result, in a convolution."""


N_PENALTY_ENDS = 2
"""Breakpoints that `add_level_penalty` may add."""


@kernel("i8(f8[:, :], f8[:], f8, f8[:, :])")
def add_level_penalty(f: Vector, soft_levels: Vector, penalty: float, result: Vector) -> int:
    """Write a function plus the penalty on levels under a soft floor and over a soft ceiling.

    Both are in `soft_levels`.  `result` has room for `N_PENALTY_ENDS` segments more than `f` has;
    its number of segments is returned.
    """
    floor, ceiling = soft_levels[0], soft_levels[1]
    n = int(f.shape[1] - 1)
    if floor <= f[X, 0] and f[X, n] <= ceiling:  # most homes have no soft levels
        for row in range(3):
            for i in range(n + 1):
                result[row, i] = f[row, i]
        return n
    at = f[X, 0]
    value = f[Y, 0] + penalty * (max(floor - at, 0.0) + max(at - ceiling, 0.0))
    result[X, 0] = at
    result[Y, 0] = value
    size = 0
    for i in range(n):
        for stop in (min(floor, ceiling), max(floor, ceiling), np.inf):
            end = min(f[X, i + 1], stop)
            if end > at:
                slope = f[SLOPE, i]
                if at < floor:
                    slope -= penalty
                if at >= ceiling:
                    slope += penalty
                value += slope * (end - at)
                at = end
                size = append(result, size, at, value, slope)
    return size


@kernel("i8(f8[:, :], f8[:, :], f8[::1], f8[:, :, ::1], f8[:, :])")
def convolve_run(w: Vector, run: Vector, band: Vector, scratch: Vector, result: Vector) -> int:
    """Write the infimal convolution of a function and a convex one; see `convolve`.

    `scratch` holds two functions.  The merges come from left to right, each beginning and ending
    no earlier than the one before.
    """
    size = NOTHING
    first = 0
    while True:  # `result` is the minimum over the runs of `w` before `first`
        last = convex_run_end(w, first)
        piece = w[:, first : last + 1]
        if size < 0:
            size = convolve_convex(piece, run, band, result)
        else:
            n = convolve_convex(piece, run, band, scratch[0])
            if 2 * (size + n) + 2 > result.shape[1]:
                return NO_ROOM
            if n >= 0:
                size = lower_onto(result, size, scratch[0, :, : n + 1], scratch[1])
        first = last
        if first >= w.shape[1] - 1:
            return size


@kernel("i8(f8[:, :], f8[:, :], f8[::1], f8[:, :, ::1], f8[:, :])")
def convolve(w: Vector, h: Vector, band: Vector, scratch: Vector, result: Vector) -> int:
    """Write the infimal convolution of two functions on a band, convex or not.

    Parameters
    ----------
    w : float64 array, shape (3, m + 1)
        Function on the whole band.
    h : float64 array, shape (3, k + 1)
        Function; zero lies in its domain.
    band : float64 array, shape (2,)
        Lower and upper end. [kWh]
    scratch : float64 array, shape (3, 3, n)
        Room for three functions.
    result : float64 array, shape (3, n)
        Modified in place.

    Returns
    -------
    int
        Number of segments of `result`, which then has room for two more; `NO_ROOM` where it
        might not have had room.
    """
    if w.shape[1] + h.shape[1] > result.shape[1]:
        return NO_ROOM
    size = NOTHING
    first = 0
    while True:  # `result` is the minimum over the convex runs of `h` before `first`
        last = convex_run_end(h, first)
        run = h[:, first : last + 1]
        if size < 0:
            size = convolve_run(w, run, band, scratch, result)
        else:
            n = convolve_run(w, run, band, scratch, scratch[2])
            if n == NO_ROOM or 2 * (size + n) + 2 > result.shape[1]:
                return NO_ROOM
            if n >= 0:
                size = lower_onto(result, size, scratch[2, :, : n + 1], scratch[0])
        first = last
        if size == NO_ROOM or first >= h.shape[1] - 1:
            break
    if size + 2 >= result.shape[1]:
        return NO_ROOM
    if size >= 0:
        end_at(result, size, band[1])
    return size
